package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One attempt: its headers, what counts as success, and what becomes of every kind of answer. */
class AttemptTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("timeout", "PT0.5S").put("retryDelays", new JsonArray())));

  /** Of a delivery that is never tried again here. */
  private static JsonObject attemptAnswered(Answer answer) {
    Receiver receiver = keyhook.receiver();
    receiver.answer(answer);
    keyhook.webhook(receiver, "license.activated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    return attemptOf(receiver.take().id());
  }

  private static JsonObject attemptOf(String deliveryId) {
    return keyhook.awaitAttempts(deliveryId, 1).getJsonArray("attempts").getJsonObject(0);
  }

  private static String statusAnswered(Answer answer) {
    Receiver receiver = keyhook.receiver();
    receiver.answer(answer);
    keyhook.webhook(receiver, "license.activated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    return keyhook.logged(id).getString("status");
  }

  @Test
  void theHeadersAreThoseOfTheContract() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    Instant before = Instant.now().minusSeconds(1);
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    Delivery delivery = receiver.take();
    assertThat(delivery.id()).matches("delivery_[0-9a-z]{26}").isEqualTo(delivery.json().getString("deliveryId"));
    assertThat(delivery.header("Content-Type")).isEqualTo("application/json");
    assertThat(delivery.header("User-Agent")).matches("Keyhook/\\d+\\.\\d+\\.\\d+\\S*");
    assertThat(delivery.header("X-Webhook-Event")).isEqualTo("license.activated");
    assertThat(delivery.header("X-Webhook-Attempt")).isEqualTo("1");
    assertThat(delivery.header("X-Webhook-Signature")).matches("[0-9a-f]{64}");
    assertThat(delivery.header("webhook-signature")).matches("v1,[A-Za-z0-9+/]{43}=");
    assertThat(delivery.headers().contains("X-Webhook-Signature-Previous")).isFalse();
    assertThat(Instant.ofEpochSecond(Long.parseLong(delivery.header("webhook-timestamp"))))
        .isBetween(before, Instant.now());
    assertThat(Integer.parseInt(delivery.header("Content-Length"))).isEqualTo(delivery.body().length);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204, 299})
  void everyStatusOfThe200sIsASuccess(int status) {
    assertThat(statusAnswered(Answer.status(status))).isEqualTo("delivered");
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 301, 304, 400, 401, 404, 410, 429, 500, 503, 599})
  void everyOtherStatusIsAFailure(int status) {
    assertThat(statusAnswered(Answer.status(status))).isEqualTo("failed");
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void aRedirectIsNotFollowed(int status) {
    Receiver elsewhere = keyhook.receiver();
    JsonObject attempt = attemptAnswered(Answer.redirect(status, elsewhere.url()));
    assertThat(attempt.getInteger("statusCode")).isEqualTo(status);
    assertThat(elsewhere.all()).isEmpty();
    assertThat(elsewhere.openConnections()).isZero();
  }

  @Test
  void aBodyOfMoreThan64KilobytesIsCutOffAndChangesNothing() {
    JsonObject attempt = attemptAnswered(Answer.status(200, "x".repeat(1024 * 1024)));
    assertThat(attempt.getInteger("statusCode")).isEqualTo(200);
    assertThat(attempt.getValue("error")).isNull();
    assertThat(attempt.getString("responseBody")).isEqualTo("x".repeat(4096));
  }

  @Test
  void theFirst4KilobytesOfTheBodyAreKept() {
    String text = "ä\u0000 ".repeat(2000);
    String kept = attemptAnswered(Answer.status(500, text)).getString("responseBody");
    assertThat(kept.getBytes(StandardCharsets.UTF_8).length).isBetween(4000, 3 * 4096);
    assertThat(kept).startsWith("ä\uFFFD ä");
  }

  @Test
  void aReceiverThatSaysNothingTimesOutAndItsSocketIsClosed() {
    assertTimesOut(Answer.silence(), null);
  }

  @Test
  void aBodyThatStallsTimesOutAndItsSocketIsClosed() {
    assertTimesOut(Answer.stall(200), 200);
  }

  private static void assertTimesOut(Answer answer, Integer statusCode) {
    Receiver receiver = keyhook.receiver();
    receiver.answer(answer);
    keyhook.webhook(receiver, "license.activated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    JsonObject attempt = attemptOf(id);
    assertThat(attempt.getString("error")).isEqualTo("timeout");
    assertThat(attempt.getInteger("statusCode")).isEqualTo(statusCode);
    assertThat(keyhook.logged(id).getString("status")).isEqualTo("failed");
    await("the socket is closed").atMost(Waiting.LONG).until(() -> receiver.openConnections() == 0);
  }

  @Test
  void aConnectionThatIsCutIsNamedSo() {
    assertThat(attemptAnswered(Answer.close()).getString("error")).isEqualTo("connection_reset");
  }

  @Test
  void nobodyListeningIsNamedSo() throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    assertThat(testCall("http://127.0.0.1:" + port + "/").getString("error")).isEqualTo("connection_refused");
  }

  @Test
  void aNameThatDoesNotResolveIsNamedSo() {
    assertThat(testCall("http://nobody.invalid/").getString("error")).isIn("dns_failure", "timeout");
  }

  @Test
  void aReceiverThatDoesNotSpeakTlsIsNamedSo() {
    String url = keyhook.receiver().url().replace("http:", "https:");
    assertThat(testCall(url).getString("error")).isEqualTo("tls_failure");
  }

  private static JsonObject testCall(String url) {
    String id = keyhook.api().post("/api/webhooks", new JsonObject().put("url", url)
        .put("events", new JsonArray().add("license.expired"))).expect(201).json().getString("id");
    JsonObject result = keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", id)).expect(200).json();
    assertThat(result.getBoolean("success")).isFalse();
    assertThat(result.getValue("statusCode")).isNull();
    return result;
  }
}
