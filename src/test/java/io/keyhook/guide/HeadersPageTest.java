package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.HeaderRules;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.TokenEndpoint;
import io.keyhook.testing.Tool;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The page on headers and authentication shows requests that work, and the limits that there are. */
class HeadersPageTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  private static final Guide.Page PAGE = Guide.page("headers");

  private static JsonObject request(String section) {
    return new JsonObject(PAGE.blocksOf(section).get(0).text());
  }

  private static Delivery test(JsonObject webhook, Receiver receiver) {
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id"))).expect(200);
    return receiver.take();
  }

  private static String basic(String password) {
    return "Basic " + Base64.getEncoder().encodeToString(("keyhook:" + password).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void itsRequestsDoWhatItSays() {
    Receiver receiver = keyhook.receiver();
    JsonObject create = request("set").put("url", receiver.url());
    create.getJsonObject("headers").put("X-Old-Key", "old");
    JsonObject webhook = keyhook.api().post("/api/webhooks", create).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    Delivery first = test(webhook, receiver);
    assertThat(first.header("X-Api-Key")).isEqualTo("k-7f2a9c");
    assertThat(first.header("X-Old-Key")).isEqualTo("old");
    assertThat(first.header("Authorization")).isEqualTo(basic("s3-9d41b0"));
    keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), request("change")).expect(200);
    Delivery second = test(webhook, receiver);
    assertThat(second.header("X-Api-Key")).isEqualTo("k-91d0c3");
    assertThat(second.header("X-Old-Key")).isNull();
    assertThat(second.header("Authorization")).isEqualTo(basic("s3-0c77e2"));
    assertThat(webhook.getJsonArray("events")).isEqualTo(new JsonArray().add("license.activated"));
  }

  @Test
  void itsClientGetsTokens() {
    Receiver receiver = keyhook.receiver();
    Vertx vertx = Vertx.vertx();
    try (TokenEndpoint tokens = new TokenEndpoint(vertx)) {
      JsonObject authentication = request("oauth2").getJsonObject("authentication").put("tokenUrl", tokens.url());
      JsonObject webhook = keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
          .put("events", new JsonArray().add("license.activated")).put("authentication", authentication)).expect(201).json();
      receiver.trust(webhook.getString("secret"));
      assertThat(test(webhook, receiver).header("Authorization")).isEqualTo("Bearer " + TokenEndpoint.TOKEN + 1);
      assertThat(tokens.requests().get(0).form()).containsEntry("scope", "webhooks:write");
    } finally {
      Waiting.on(vertx.close());
    }
  }

  @Test
  void itsCommandSetsAClientCertificate() throws Exception {
    List.of("curl", "jq").forEach(Tool::require);
    TlsFiles.in(directory, "client");
    String webhook = keyhook.api().post("/api/webhooks", new JsonObject().put("url", "https://127.0.0.1/")
        .put("events", new JsonArray().add("license.activated"))).expect(201).json().getString("id");
    try (Shell shell = new Shell(Tool.require("bash"), directory, directory.resolve("output"))) {
      shell.run("KEYHOOK=" + keyhook.node().uri() + " KEY=" + Node.API_KEY + " WEBHOOK=" + webhook);
      shell.run(PAGE.blocksOf("mtls").get(0).text());
    }
    assertThat(keyhook.api().get("/api/webhooks/" + webhook).expect(200).json().getJsonObject("authentication").getString("subject"))
        .isEqualTo("CN=client");
  }

  @Test
  void itNamesTheLimits() {
    assertThat(PAGE.html().getElementById("limits").nextElementSibling().text()).contains("At most " + HeaderRules.MAX_HEADERS
        + " headers", "up to " + HeaderRules.NAME_CHARACTERS + " characters", "at most " + HeaderRules.MAX_BYTES + " bytes");
  }
}
