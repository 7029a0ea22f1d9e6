package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Packages;
import io.keyhook.testing.Program;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The endpoints that the guide shows for frameworks: each is run, and told a genuine delivery from a changed one. */
class FrameworkTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final String RESOURCES = "/io/keyhook/guide/";
  private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

  /** Of HTTP/1.1, as Keyhook's own: Next.js answers nothing to an upgrade. */
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static Delivery delivery;
  private static Webhook webhook;

  @TempDir
  Path directory;

  /** With characters of one to four bytes, spaces and escapes, which a body that was parsed and written again lacks. */
  @BeforeAll
  static void receive() {
    Receiver receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.validated");
    keyhook.api().validate(keyhook.license(new JsonObject().put("name", "Größe, \"日本\" & 🔑 </script>")).key(), "device-1")
        .expect(200);
    delivery = receiver.take();
  }

  private static void write(String file, Path directory) throws IOException {
    Guide.page("frameworks").file(file).writeTo(directory);
  }

  private void assertReceives(Path directory, Map<String, String> environment, String... command) throws Exception {
    int port = Program.freePort();
    Map<String, String> all = new HashMap<>(environment);
    all.put("WEBHOOK_SECRET", webhook.secret());
    all.put("PORT", Integer.toString(port));
    try (Program running = Program.serve(directory, all, port,
        List.of(command).stream().map(word -> word.replace("PORT", Integer.toString(port))).toList())) {
      URI endpoint = URI.create("http://127.0.0.1:" + port + "/keyhook");
      assertThat(status(endpoint, delivery.body(), delivery.header("webhook-signature"))).as(running.output()).isEqualTo(204);
      byte[] changed = delivery.body().clone();
      changed[changed.length - 3] ^= 1;
      assertThat(status(endpoint, changed, delivery.header("webhook-signature"))).as(running.output()).isEqualTo(401);
      assertThat(status(endpoint, delivery.body(), "v1,AAAA")).isEqualTo(401);
      assertThat(status(endpoint, new byte[0], delivery.header("webhook-signature"))).isIn(400, 401);
      assertThat(running.output().lines().filter(line -> line.contains("verified"))).singleElement().asString()
          .contains("license.validated", delivery.id());
      keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("url", endpoint.toString())).expect(200);
      assertThat(keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(200).json()
          .getInteger("statusCode")).as(running.output()).isEqualTo(204);
    }
  }

  private static int status(URI endpoint, byte[] body, String signature) throws IOException, InterruptedException {
    return CLIENT.send(HttpRequest.newBuilder(endpoint).POST(BodyPublishers.ofByteArray(body))
        .header("Content-Type", "application/json").header("webhook-id", delivery.id())
        .header("webhook-timestamp", delivery.header("webhook-timestamp")).header("webhook-signature", signature).build(),
        BodyHandlers.discarding()).statusCode();
  }

  @Test
  void fastify() throws Exception {
    write("fastify.js", directory);
    Guide.page("security").file("keyhook.js").writeTo(directory);
    Path packages = Packages.node(FrameworkTest.class, RESOURCES + "npm/");
    assertReceives(directory, Map.of("NODE_PATH", packages.resolve("node_modules").toString()), Tool.require("node"), "fastify.js");
  }

  /** In the directory of the packages: its bundler follows no link to them. */
  @Test
  void nextJs() throws Exception {
    Path packages = Packages.node(FrameworkTest.class, RESOURCES + "next/");
    write("app/keyhook/route.js", packages);
    Map<String, String> quiet = Map.of("NEXT_TELEMETRY_DISABLED", "1");
    String next = packages.resolve("node_modules/next/dist/bin/next").toString();
    Program.run(packages, quiet, "", List.of("node", next, "build"));
    assertReceives(packages, quiet, "node", next, "start", "-p", "PORT");
  }

  @Test
  void vertx() throws Exception {
    write("Endpoint.java", directory);
    Guide.page("security").file("Keyhook.java").writeTo(directory);
    String classPath = directory + ":" + System.getProperty("java.class.path");
    Program.run(directory, Map.of(), "", List.of(JAVA + "c", "-J-XX:TieredStopAtLevel=1", "-cp", classPath, "Endpoint.java", "Keyhook.java"));
    assertReceives(directory, Map.of(), JAVA, "-XX:TieredStopAtLevel=1", "-cp", classPath, "Endpoint");
  }

  @Test
  void axum() throws Exception {
    Path packages = Packages.cargo(FrameworkTest.class, RESOURCES + "cargo/");
    write("main.rs", packages);
    Program.run(packages, Map.of(), "", List.of("cargo", "build", "--locked", "--offline", "--quiet"));
    assertReceives(packages, Map.of(), packages.resolve("target/debug/endpoint").toString());
  }

  /** The table of frameworks names what the programs do. */
  @Test
  void theProgramsReadTheBodyAsTheTableSays() {
    Map<String, List<String>> reads = Map.of("fastify.js", List.of("addContentTypeParser('application/json', { parseAs: 'buffer' }",
        "request.body"), "app/keyhook/route.js", List.of("await request.text()", "Object.fromEntries(request.headers)"),
        "Endpoint.java", List.of("BodyHandler.create(false)", "context.body().buffer()"), "main.rs", List.of("Bytes"));
    assertThat(Guide.page("frameworks").blocks().stream().filter(Guide.Block::isFile).map(Guide.Block::file))
        .containsExactlyInAnyOrderElementsOf(reads.keySet());
    String table = Guide.page("security").html().getElementById("raw").parent().text();
    reads.forEach((file, code) -> assertThat(code).allSatisfy(part -> {
      assertThat(Guide.page("frameworks").file(file).text()).contains(part);
      assertThat(table).contains(part);
    }));
  }
}
