package io.keyhook.testendpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The built-in endpoint: it shows what a webhook sends, to its own account alone, and reaches no address. */
class TestEndpointTest {
  private static final String HOST = "https://test-endpoint.keyhook.invalid/";

  /** The policy is that of production: no private address, no name that is not public. */
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("allowInsecureTargets", false).put("retryDelays", new JsonArray().add("PT0.2S"))));

  private static JsonObject create(Api api) {
    return api.post("/api/test-endpoint").expect(200).json();
  }

  private static Exchange register(Api api, String url) {
    return api.post("/api/webhooks", new JsonObject().put("url", url).put("events", new JsonArray().add("license.activated")));
  }

  private static String webhook(Api api) {
    return register(api, create(api).getString("url")).expect(201).json().getString("id");
  }

  private static JsonObject test(Api api, String webhook) {
    return api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200).json();
  }

  private static List<JsonObject> requests(Api api) {
    return api.get("/api/test-endpoint").expect(200).json().getJsonArray("requests").stream().map(JsonObject.class::cast).toList();
  }

  private static JsonObject awaitRequest(Api api) {
    await("a request arrives").atMost(Waiting.LONG).until(() -> !requests(api).isEmpty());
    return requests(api).get(0);
  }

  @Test
  void aDeliveryArrivesAsItIsSentWithItsSignatureChecked() {
    Api api = keyhook.account("enterprise");
    webhook(api);
    License license = keyhook.license(api, new JsonObject().put("name", "Größe, 😀"));
    api.anonymous().validate(license.key(), "device-1").expect(200);
    JsonObject request = awaitRequest(api);
    assertThat(request.getBoolean("signatureValid")).isTrue();
    assertThat(request.getString("event")).isEqualTo("license.activated");
    String delivery = request.getString("deliveryId");
    await().atMost(Waiting.LONG).until(() ->
        "delivered".equals(api.get("/api/deliveries/" + delivery).expect(200).json().getString("status")));
    JsonObject logged = api.get("/api/deliveries/" + delivery).json();
    assertThat(new JsonObject(request.getString("body"))).isEqualTo(logged.getJsonObject("payload"));
    JsonObject attempt = logged.getJsonArray("attempts").getJsonObject(0);
    assertThat(attempt.getInteger("statusCode")).isEqualTo(200);
    assertThat(attempt.getString("responseBody")).isEqualTo("{\"received\":true,\"signature\":\"valid\"}");
    assertThat(request.getJsonObject("headers").fieldNames()).contains("content-type", "user-agent", "host",
        "Content-Length", "X-Webhook-Signature", "X-Webhook-Attempt", "webhook-id", "webhook-timestamp", "webhook-signature");
  }

  @Test
  void itIsOnePerAccountAndItsUrlStaysUntilItExpires() {
    Api api = keyhook.account("enterprise");
    String url = create(api).getString("url");
    assertThat(url).matches("https://test-endpoint\\.keyhook\\.invalid/[0-9A-Za-z_-]{43}");
    assertThat(create(api).getString("url")).isEqualTo(url);
    assertThat(create(keyhook.account("enterprise")).getString("url")).isNotEqualTo(url);
    assertThat(api.get("/api/audit?action=test_endpoint.created").data()).hasSize(1);
  }

  @Test
  void onlyItsOwnAccountCanUseIt() {
    Api owner = keyhook.account("enterprise");
    String url = create(owner).getString("url");
    Api other = keyhook.account("enterprise");
    assertThat(register(other, url).expect(400).badFields()).containsExactly("url");
    String own = webhook(other);
    String ownUrl = other.get("/api/test-endpoint").json().getString("url");
    assertThat(other.patch("/api/webhooks/" + own, new JsonObject().put("url", url)).expect(400).badFields())
        .containsExactly("url");
    // past the check, as if the URL had been registered in some other way
    keyhook.database().update("UPDATE keyhook.webhook SET url = ? WHERE url = ?", url, ownUrl);
    assertThat(test(other, own).getInteger("statusCode")).isEqualTo(410);
    assertThat(requests(owner)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://test-endpoint.keyhook.invalid/", "https://test-endpoint.keyhook.invalid",
      "https://test-endpoint.keyhook.invalid/guess", "https://TEST-RECEIVER.keyhook.invalid./a",
      "http://test-endpoint.keyhook.invalid/a", "https://test-endpoint.keyhook.invalid:8443/a",
      "https://x.test-endpoint.keyhook.invalid/a", "https://keyhook.invalid/a", "https://test-endpoint.keyhook.invalid@127.0.0.1/a"})
  void noOtherUrlOfItsHostIsAccepted(String url) {
    Api api = keyhook.account("enterprise");
    create(api);
    assertThat(register(api, url).expect(400).badFields()).containsExactly("url");
  }

  @Test
  void anExpiredReceiverIsGoneAndDeactivatesItsWebhook() {
    Api api = keyhook.account("enterprise");
    String webhook = webhook(api);
    test(api, webhook);
    expire(api);
    api.get("/api/test-endpoint").expect(404, "NOT_FOUND");
    api.delete("/api/test-endpoint").expect(404, "NOT_FOUND");
    assertThat(test(api, webhook).getInteger("statusCode")).isEqualTo(410);
    api.anonymous().validate(keyhook.license(api, new JsonObject().put("name", "L")).key(), "d").expect(200);
    await().atMost(Waiting.LONG).until(() -> !api.get("/api/webhooks/" + webhook).json().getBoolean("isActive"));
    JsonObject again = create(api);
    assertThat(again.getInteger("received")).isZero();
    assertThat(again.getJsonArray("requests")).isEmpty();
  }

  private static void expire(Api api) {
    String token = api.get("/api/test-endpoint").json().getString("url").substring(HOST.length());
    keyhook.database().update("UPDATE keyhook.test_endpoint SET expires_at = now() WHERE token = ?", token);
  }

  @Test
  void expiredReceiversAreDeletedWithTheirRequests() {
    Api api = keyhook.account("enterprise");
    test(api, webhook(api));
    expire(api);
    long left = keyhook.database().number("SELECT count(*) FROM keyhook.test_endpoint WHERE expires_at > now()");
    Node node = keyhook.start(); // each node looks as it starts
    await().atMost(Waiting.LONG).until(() -> keyhook.database().count("test_endpoint") == left);
    assertThat(keyhook.database().number("""
        SELECT count(*) FROM keyhook.test_request q WHERE NOT EXISTS (
          SELECT FROM keyhook.test_endpoint r WHERE r.account_id = q.account_id)""")).isZero();
    node.stop();
  }

  @Test
  void whatTwoNodesReceiveIsOneList() {
    Api api = keyhook.account("enterprise");
    String webhook = webhook(api);
    Node other = keyhook.start();
    test(api, webhook);
    test(api.at(other.uri()), webhook);
    assertThat(requests(api)).extracting(request -> request.getInteger("number")).containsExactly(2, 1);
    assertThat(requests(api.at(other.uri()))).isEqualTo(requests(api));
    other.stop();
  }

  @Test
  void itKeepsTheLatest50AndRefusesMoreThan20PerSecond() {
    Api api = keyhook.account("enterprise");
    String webhook = webhook(api);
    int kept = 0;
    boolean limited = false;
    while (kept <= 60 || !limited) {
      List<CompletableFuture<Exchange>> calls = Stream.generate(() ->
          api.postAsync("/api/webhooks/test", new JsonObject().put("webhookId", webhook))).limit(25).toList();
      for (CompletableFuture<Exchange> call : calls) {
        JsonObject result = Api.join(call).expect(200).json();
        assertThat(result.getInteger("statusCode")).isIn(200, 429);
        kept += result.getBoolean("success") ? 1 : 0;
        limited |= result.getInteger("statusCode") == 429;
      }
    }
    JsonObject endpoint = api.get("/api/test-endpoint").expect(200).json();
    assertThat(endpoint.getInteger("received")).isEqualTo(kept);
    List<Integer> numbers = requests(api).stream().map(request -> request.getInteger("number")).toList();
    assertThat(numbers).hasSize(50).startsWith(kept).endsWith(kept - 49);
  }

  @Test
  void aPlanWithoutWebhooksHasNone() {
    Api api = keyhook.account("free");
    api.post("/api/test-endpoint").expect(403, "PLAN_UPGRADE_REQUIRED");
  }

  @Test
  void aDeletedReceiverIsGone() {
    Api api = keyhook.account("enterprise");
    String webhook = webhook(api);
    test(api, webhook);
    api.delete("/api/test-endpoint").expect(204);
    api.get("/api/test-endpoint").expect(404, "NOT_FOUND");
    assertThat(test(api, webhook).getString("responseBody")).contains("expired or was deleted");
  }
}
