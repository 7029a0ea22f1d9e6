package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.ConnectProxy;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A failure of Keyhook's own network uses up no attempt of a delivery, which arrives soon after the network works again. */
class UnsentTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  static Path directory;

  private static final Vertx vertx = Vertx.vertx();
  private static final List<String> attempts = new CopyOnWriteArrayList<>();
  private static TlsFiles tls;
  private static HttpServer endpoint;

  @BeforeAll
  static void start() throws Exception {
    tls = TlsFiles.in(directory, "localhost");
    endpoint = Waiting.on(vertx.createHttpServer(new HttpServerOptions().setSsl(true).setKeyCertOptions(new PemKeyCertOptions()
            .addCertPath(tls.file("localhost.crt").toString()).addKeyPath(tls.file("localhost.key").toString())))
        .requestHandler(request -> {
          attempts.add(request.getHeader("X-Webhook-Attempt"));
          request.response().end();
        }).listen(0, "127.0.0.1"));
  }

  @AfterAll
  static void stop() {
    Waiting.on(vertx.close());
  }

  private static double metric(Api api, String sample) {
    return api.get("/metrics").expect(200).body().lines().filter(line -> line.startsWith(sample + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).findAny().orElseThrow();
  }

  @Test
  void aProxyThatIsDownUsesUpNoAttempt() {
    try (ConnectProxy proxy = new ConnectProxy()) {
      proxy.refuse("407 Proxy Authentication Required");
      Node node = keyhook.start(new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray())
          .put("proxy", "http://user:wrong@127.0.0.1:" + proxy.port()).put("trustStore", tls.file("authority.crt").toString())));
      Api api = node.api();
      assertThat(metric(api, "keyhook_egress_available{what=\"proxy\"}")).isOne();
      String webhook = api.post("/api/webhooks", new JsonObject().put("url", "https://localhost:" + endpoint.actualPort())
          .put("events", new JsonArray().add("license.created"))).expect(201).json().getString("id");
      for (int i = 0; i < 3; i++) {
        api.post("/api/licenses", new JsonObject().put("name", "L" + i)).expect(201);
      }
      await("the node tries again").atMost(Waiting.LONG).until(() ->
          metric(api, "keyhook_attempts_unsent_total{error=\"proxy_failure\"}") >= 4);
      assertThat(metric(api, "keyhook_egress_available{what=\"proxy\"}")).isZero();
      assertThat(metric(api, "keyhook_attempts_errors_total{error=\"proxy_failure\"}")).isZero();
      JsonArray pending = api.get("/api/webhooks/" + webhook + "/deliveries").expect(200).json().getJsonArray("data");
      assertThat(pending).hasSize(3).allSatisfy(delivery -> {
        assertThat(((JsonObject) delivery).getString("status")).isEqualTo("pending");
        assertThat(((JsonObject) delivery).getString("lastError")).isNull();
      });
      proxy.refuse(null);
      keyhook.awaitEmptyQueue();
      assertThat(attempts).as("without a retry in the schedule").containsExactly("1", "1", "1");
      assertThat(api.get("/api/webhooks/" + webhook + "/deliveries?status=delivered").expect(200).json().getJsonArray("data"))
          .hasSize(3);
      assertThat(metric(api, "keyhook_egress_available{what=\"proxy\"}")).isOne();
      node.stop();
    }
  }
}
