package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One attempt: its headers, what counts as success, and what becomes of every kind of answer. */
class AttemptTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("timeout", "PT0.5S").put("retryDelays", new JsonArray()).put("maxInFlightPerEndpoint", 1)));

  /** Of each kind of outcome one; all are in {@link ReceiverFaultTest}. */
  private static final Set<String> SOME = Set.of("accepts and never responds", "drips a body", "sends an endless body",
      "sends an endless error page", "sends 100 without end", "sends a bad chunk", "closes without a response",
      "truncates a 200");

  /** The log of a delivery that is never tried again here. */
  private static JsonObject answered(Answer answer) {
    Receiver receiver = keyhook.receiver();
    receiver.answer(answer);
    keyhook.webhook(receiver, "license.activated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    return keyhook.awaitAttempts(receiver.take().id(), 1);
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
    assertThat(delivery.header("Accept-Encoding")).isEqualTo("identity");
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
    assertThat(answered(Answer.status(status)).getString("status")).isEqualTo("delivered");
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 301, 304, 400, 401, 404, 410, 429, 500, 503, 599})
  void everyOtherStatusIsAFailure(int status) {
    assertThat(answered(Answer.status(status)).getString("status")).isEqualTo("failed");
  }

  @Test
  void theFirst4KilobytesOfTheBodyAreKept() {
    String text = "ä\u0000 ".repeat(2000);
    JsonObject attempt = answered(Answer.status(500, text)).getJsonArray("attempts").getJsonObject(0);
    String kept = attempt.getString("responseBody");
    assertThat(kept.getBytes(StandardCharsets.UTF_8).length).isBetween(4000, 3 * 4096);
    assertThat(kept).startsWith("ä\uFFFD ä");
  }

  static Stream<Fault> someFaults() {
    return Fault.ALL.stream().filter(fault -> SOME.contains(fault.name()));
  }

  @ParameterizedTest(name = "a receiver that {0}")
  @MethodSource("someFaults")
  void theLogShowsWhatTheReceiverDidAndTheNextDeliveryFindsItsPlaceFree(Fault fault) {
    try (RawReceiver receiver = new RawReceiver(fault.script())) {
      String webhook = "/api/webhooks/" + keyhook.api().post("/api/webhooks",
          new JsonObject().put("url", receiver.url()).put("events", new JsonArray().add("license.activated")))
          .expect(201).json().getString("id");
      JsonObject first = activated(webhook, 1);
      receiver.awaitClosed();
      receiver.behave(Fault.OK);
      JsonObject second = activated(webhook, 2);
      keyhook.api().delete(webhook).expect(204);

      assertThat(first.getString("status")).isEqualTo(fault.isSuccess() ? "delivered" : "failed");
      JsonObject attempt = first.getJsonArray("attempts").getJsonObject(0);
      assertThat(attempt.getInteger("statusCode")).isEqualTo(fault.status());
      assertThat(attempt.getString("error")).isEqualTo(fault.error() == null ? null : fault.error().wireName());
      assertThat(attempt.getString("responseBody")).isEqualTo(fault.body());
      assertThat(second.getString("status")).isEqualTo("delivered");
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }

  /** Raises an event, and gives its delivery when it has ended: the last of so many. */
  private static JsonObject activated(String webhook, int deliveries) {
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    await("%d ended".formatted(deliveries)).atMost(Waiting.LONG).until(() -> ended(webhook).size() == deliveries);
    return keyhook.logged(ended(webhook).get(0).getString("id"));
  }

  private static List<JsonObject> ended(String webhook) {
    return keyhook.api().get(webhook + "/deliveries").expect(200).data().stream()
        .filter(delivery -> !delivery.getString("status").equals("pending")).toList();
  }
}
