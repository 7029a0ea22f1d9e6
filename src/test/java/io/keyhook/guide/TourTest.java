package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Program;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the guide tells people to type does what it says, page by page. */
class TourTest {
  /** One more attempt, at once: nobody waits for half an hour here. */
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT0.1S"))));

  @TempDir
  Path directory;

  private Path visitor;
  private Shell shell;
  private int port;

  @BeforeEach
  void open() throws IOException {
    List.of("curl", "jq").forEach(Tool::require);
    visitor = Files.createDirectory(directory.resolve("visitor"));
    shell = new Shell(Tool.require("bash"), visitor, directory.resolve("output"));
    port = Program.freePort();
  }

  @AfterEach
  void close() {
    shell.close();
    keyhook.deleteWebhooks();
  }

  /** A page from its top to its end; of several languages, one. */
  private void follow(String page, String language) throws IOException {
    for (Guide.Block block : Guide.page(page).blocks()) {
      if (block.label().isEmpty() || block.label().equals(language)) {
        if (block.isFile()) {
          Files.writeString(visitor.resolve(block.file()), here(block.text()));
        } else if (block.isShell()) {
          shell.run(here(block.text()));
          keyhook.awaitEmptyQueue(); // a reader takes longer than a delivery
        }
      }
    }
  }

  private String here(String text) {
    return text.replace("http://127.0.0.1:8080", keyhook.node().uri().toString())
        .replace("kh_put_your_key_here", Node.API_KEY)
        .replaceAll("\\b9000\\b", Integer.toString(port));
  }

  private void set(Map<String, String> variables) throws IOException {
    shell.run(variables.entrySet().stream().map(variable -> variable.getKey() + "='" + variable.getValue() + "'")
        .collect(Collectors.joining("\n")));
  }

  private void setCredential() throws IOException {
    set(Map.of("KEYHOOK", keyhook.node().uri().toString(), "KEY", Node.API_KEY));
  }

  @ParameterizedTest
  @CsvSource({"Node.js, node", "Python, python3"})
  void gettingStartedLeadsToVerifiedDeliveries(String language, String program) throws IOException {
    Tool.require(program);
    follow("start", language);
    assertThat(shell.output().lines().filter(line -> line.startsWith("verified ")).map(line -> line.split(" ")[1]))
        .containsExactly("webhook.test", "license.activated", "license.disabled");
    assertThat(shell.output()).contains("\"success\": true", "\"valid\": true", "\"disabled\"", "\"statusCode\": 204");
    assertThat(keyhook.api().get("/api/webhooks").expect(200).data()).isEmpty();
  }

  @Test
  void policiesAndProductsAreCreatedAndUsed() throws IOException {
    setCredential();
    follow("policies", "");
    assertThat(shell.output()).contains("\"expiresAt\": null", "\"maxActivations\"", "true").doesNotContain("\"code\"");
  }

  @Test
  void aBodyThatIsSignedByHandIsAccepted() throws IOException {
    List.of("openssl", "base64", "od", "python3").forEach(Tool::require);
    Guide.Block receiver = Guide.page("start").file("receiver.py");
    Files.writeString(visitor.resolve(receiver.file()), here(receiver.text()));
    String secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    try (Program running = Program.serve(visitor, Map.of("WEBHOOK_SECRET", secret), port, List.of("python3", "receiver.py"))) {
      set(Map.of("WEBHOOK_SECRET", secret));
      follow("local", "");
      assertThat(shell.output()).contains("\n204\n");
      assertThat(running.output()).contains("verified webhook.test delivery_test_1");
    }
  }

  @Test
  void aRotatedSecretSignsBesideTheOldOne() throws IOException {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    setCredential();
    set(Map.of("WEBHOOK", webhook.id()));
    follow("security", "");
    String renewed = new JsonObject(Files.readString(visitor.resolve("rotated.json"))).getString("secret");
    receiver.trust(renewed);
    keyhook.api().validate(keyhook.license(1).key(), "device-1").expect(200);
    Delivery delivery = receiver.take();
    assertThat(Set.of(webhook.secret(), renewed)).hasSize(2).allMatch(delivery::isStandardSignedWith);
  }

  @Test
  void whatFailedIsSentAgain() throws IOException {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    receiver.answer(Answer.status(500, "no disk left"));
    for (int i = 0; i < 2; i++) {
      keyhook.api().validate(license.key(), "device-1").expect(200);
      keyhook.awaitStatus(receiver.take(2).get(0).id(), "failed");
    }
    receiver.answer(Answer.OK);
    setCredential();
    set(Map.of("WEBHOOK", webhook.id(), "DELIVERY", receiver.all().get(0).id()));
    follow("troubleshooting", "");
    assertThat(shell.output()).contains("\"statusCode\": 500", "no disk left");
    follow("retries", "");
    assertThat(shell.output()).contains("\"recovering\": 1");
    await().atMost(Waiting.LONG).until(() -> receiver.untaken() == 2);
    assertThat(receiver.take(2)).extracting(Delivery::id)
        .containsExactlyInAnyOrder(receiver.all().get(0).id(), receiver.all().get(2).id());
  }

  @Test
  void aDeviceIsValidatedAndRemoved() throws IOException {
    License license = keyhook.license(1);
    setCredential();
    set(Map.of("LICENSE", license.id(), "LICENSE_KEY", license.key()));
    follow("validate", "");
    assertThat(shell.output()).contains("\"valid\": true");
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).expect(200).json().getInteger("currentActivations"))
        .isZero();
  }

  @Test
  void aValidationIsSigned() throws IOException {
    Tool.require("openssl");
    setCredential();
    License license = keyhook.license(1);
    set(Map.of("LICENSE_KEY", license.key(), "LICENSE", license.id()));
    follow("offline", "");
    assertThat(visitor.resolve("lease.json")).content().contains("statement");
    assertThat(shell.output()).containsPattern("eyJ[\\w-]++\\.eyJ[\\w-]++\\.[\\w-]{86}").contains("\"kid\": \"signkey_");
  }

  @Test
  void anAccountSeesItsPlan() throws IOException {
    setCredential();
    follow("plans", "");
    assertThat(shell.output()).contains("\"plan\": \"enterprise\"", "\"max\": 50");
  }

  @Test
  void everyPageIsServedWithoutLoggingInAndFindsItsParts() {
    Api anyone = keyhook.api().anonymous();
    for (Guide.Page page : Guide.pages()) {
      String path = "/docs/" + (page.name().equals("index") ? "" : page.name());
      Document served = Jsoup.parse(anyone.get(path).expect(200).body(), "http://keyhook.test" + path);
      assertThat(served.title()).isEqualTo(page.html().title());
      for (Element part : served.select("script[src], link[href], img[src]")) {
        anyone.get(URI.create(part.absUrl(part.hasAttr("src") ? "src" : "href")).getPath()).expect(200);
      }
    }
  }

  @Test
  void everyPageWithSomethingToTypeIsFollowed() {
    assertThat(Guide.pages().stream().filter(page -> page.blocks().stream().anyMatch(Guide.Block::isShell))
        .map(Guide.Page::name))
        .as("the one on headers by HeadersPageTest").containsExactlyInAnyOrder("start", "local", "security", "retries",
            "troubleshooting", "validate", "policies", "offline", "scaling", "operating", "plans", "headers");
  }
}
