package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Webhooks with a rate limit: what exceeds it waits in the queue. */
class PaceTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
  }

  private JsonObject create(Integer rateLimit) {
    JsonObject created = keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.validated")).put("rateLimit", rateLimit)).expect(201).json();
    receiver.trust(created.getString("secret"));
    return created;
  }

  private static UUID id(JsonObject webhook) {
    return Id.WEBHOOK.parse(webhook.getString("id"));
  }

  private static void validate(int times) {
    Installation.License license = keyhook.license(1);
    for (int i = 0; i < times; i++) {
      keyhook.api().validate(license.key(), "device").expect(200);
    }
  }

  /** As after a long time without a delivery. */
  private static void fill(JsonObject webhook) {
    keyhook.database().update("UPDATE keyhook.webhook_pace SET next_at = now() - interval '1 day' WHERE webhook_id = ?", id(webhook));
  }

  private static void hold(JsonObject webhook) {
    keyhook.database().update("UPDATE keyhook.webhook_pace SET next_at = now() + interval '1 hour' WHERE webhook_id = ?", id(webhook));
  }

  /** Deliveries of a webhook in the queue that no node has leased. */
  private static long waiting(JsonObject webhook) {
    return keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue WHERE webhook_id = ? AND NOT leased", id(webhook));
  }

  @Test
  void whatExceedsTheLimitWaitsInTheQueueAndIsNotHeld() {
    JsonObject webhook = create(4);
    assertThat(webhook.getInteger("rateLimit")).isEqualTo(4);
    hold(webhook);
    validate(3);
    assertThat(waiting(webhook)).isEqualTo(3);
    assertThat(receiver.untaken()).isZero();
    fill(webhook);
    Set<String> ids = receiver.take(3).stream().map(Delivery::id).collect(Collectors.toSet());
    assertThat(ids).hasSize(3);
    keyhook.awaitEmptyQueue();
  }

  @Test
  void attemptsAreNoMoreThanTheLimitAllows() {
    JsonObject webhook = create(4);
    keyhook.database().update("UPDATE keyhook.webhook_pace SET next_at = now() WHERE webhook_id = ?", id(webhook));
    String begin = keyhook.database().value("SELECT next_at::text FROM keyhook.webhook_pace WHERE webhook_id = ?", id(webhook));
    validate(8);
    receiver.take(8);
    // each token is a quarter of a second later than the one before, and none is taken early
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook_pace WHERE webhook_id = ?"
        + " AND next_at >= ?::timestamptz + interval '2 seconds' AND now() >= next_at - interval '250 ms'", id(webhook), begin)).isEqualTo(1);
  }

  @Test
  void aRetryCountsToo() {
    JsonObject webhook = create(1);
    receiver.answerNext(Answer.status(500));
    validate(1);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    hold(webhook);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(1));
    Waiting.until("it is due and waits", () -> keyhook.database().number(
        "SELECT count(*) FROM keyhook.delivery_queue WHERE webhook_id = ? AND due_at <= now() AND NOT leased", id(webhook)) == 1);
    assertThat(receiver.untaken()).isZero();
    fill(webhook);
    assertThat(receiver.take().attempt()).isEqualTo(2);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook_pace"
        + " WHERE webhook_id = ? AND next_at > now() - interval '1 hour'",
        id(webhook))).isEqualTo(1);
  }

  @Test
  void anotherWebhookIsNotHeldUp() {
    JsonObject slow = create(1);
    hold(slow);
    Receiver other = keyhook.receiver();
    keyhook.webhook(other, "license.validated");
    validate(2);
    assertThat(other.take(2)).hasSize(2);
    assertThat(waiting(slow)).isEqualTo(2);
    keyhook.api().patch("/api/webhooks/" + slow.getString("id"), new JsonObject().putNull("rateLimit")).expect(200);
    assertThat(receiver.take(2)).as("without its limit, at once").hasSize(2);
  }

  @Test
  void aPausedWebhookWithALimitParksAllThatWaits() {
    JsonObject webhook = create(1);
    hold(webhook);
    validate(3);
    keyhook.api().post("/api/webhooks/" + webhook.getString("id") + "/pause", new JsonObject()).expect(200);
    validate(1);
    fill(webhook);
    keyhook.api().post("/api/webhooks/" + webhook.getString("id") + "/resume", new JsonObject()).expect(200);
    assertThat(receiver.take(4)).hasSize(4);
  }

  @Test
  void aWebhookWithoutALimitHasNoBucket() {
    JsonObject webhook = create(null);
    assertThat(webhook.getValue("rateLimit")).isNull();
    validate(1);
    receiver.take();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook_pace WHERE webhook_id = ?", id(webhook))).isZero();
  }

  @Test
  void aBadLimitIsRefused() {
    for (Object bad : List.of(0, -1, 1_001, 1.5, "4")) {
      keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
          .put("events", new JsonArray().add("license.validated")).put("rateLimit", bad)).expect(400);
    }
    JsonObject webhook = create(7);
    keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), new JsonObject().put("rateLimit", 0)).expect(400);
    assertThat(keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), new JsonObject().put("rateLimit", 1_000)).expect(200).json()
        .getInteger("rateLimit")).isEqualTo(1_000);
  }
}
