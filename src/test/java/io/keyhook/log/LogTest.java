package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The log of a webhook: pending ones too, newest first, filtered and in pages; and its health. */
class LogTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Webhook webhook;
  static String activated;
  static String validated;
  static String disabled;
  static String failed;

  /** Two delivered, then one that is pending, then one that has failed. */
  @BeforeAll
  static void deliver() {
    Receiver receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    activated = receiver.take().id();
    keyhook.awaitStatus(activated, "delivered");
    String path = "/api/webhooks/" + webhook.id();
    keyhook.api().patch(path, new JsonObject("{\"events\":[\"license.validated\",\"license.disabled\"]}")).expect(200);
    keyhook.api().validate(license.key(), "device").expect(200);
    validated = receiver.take().id();
    keyhook.awaitStatus(validated, "delivered");
    receiver.answer(Answer.status(500, "broken"));
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    disabled = receiver.take().id();
    keyhook.awaitAttempts(disabled, 1);
    keyhook.api().post("/api/licenses/" + license.id() + "/enable").expect(200);
    keyhook.api().validate(license.key(), "device").expect(200);
    failed = receiver.take().id();
    for (int attempt = 1; attempt <= 3; attempt++) {
      keyhook.awaitAttempts(failed, attempt);
      keyhook.clock().advance(failed, Duration.ofMinutes(31));
      receiver.take();
    }
    keyhook.awaitStatus(failed, "failed");
  }

  private static List<JsonObject> list(String query) {
    return keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries" + query).expect(200).data();
  }

  private static List<String> ids(String query) {
    return list(query).stream().map(delivery -> delivery.getString("id")).toList();
  }

  @Test
  void itIsNewestFirstAndHoldsWhatIsPending() {
    assertThat(ids("")).containsExactly(failed, disabled, validated, activated);
    assertThat(list("")).allSatisfy(delivery -> assertThat(delivery.fieldNames())
        .contains("id", "webhookId", "event", "status").doesNotContain("payload", "attempts"));
  }

  @Test
  void itIsFilteredByStatus() {
    assertThat(ids("?status=delivered")).containsExactly(validated, activated);
    assertThat(ids("?status=pending")).containsExactly(disabled);
    assertThat(ids("?status=failed")).containsExactly(failed);
    assertThat(ids("?status=canceled")).isEmpty();
  }

  @Test
  void itIsFilteredByEvent() {
    assertThat(ids("?event=license.validated")).containsExactly(failed, validated);
    assertThat(ids("?event=license.disabled&status=pending")).containsExactly(disabled);
    assertThat(ids("?event=webhook.test")).isEmpty();
  }

  @Test
  void itIsFilteredByTime() {
    Instant at = Instant.parse(list("").get(2).getString("createdAt"));
    assertThat(ids("?from=" + at)).containsExactly(failed, disabled, validated);
    assertThat(ids("?to=" + at)).containsExactly(activated);
    assertThat(ids("?from=" + at + "&to=" + at.plusMillis(1))).containsExactly(validated);
    assertThat(ids("?from=2099-01-01T00:00:00Z")).isEmpty();
  }

  @Test
  void itComesInPages() {
    List<String> all = new ArrayList<>();
    String cursor = "";
    do {
      JsonObject page = keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries?limit=1" + cursor).expect(200).json();
      assertThat(page.getJsonArray("data")).hasSize(1);
      all.add(page.getJsonArray("data").getJsonObject(0).getString("id"));
      cursor = page.getString("nextCursor") == null ? null : "&cursor=" + page.getString("nextCursor");
    } while (cursor != null);
    assertThat(all).containsExactly(failed, disabled, validated, activated);
  }

  @Test
  void aBadFilterIsNamed() {
    String path = "/api/webhooks/" + webhook.id() + "/deliveries?";
    for (String query : List.of("status=lost", "event=lost", "from=yesterday", "to=now", "limit=1000", "cursor=x")) {
      assertThat(keyhook.api().get(path + query).expect(400).badFields()).as(query).containsExactly(query.split("=")[0]);
    }
    keyhook.api().get("/api/webhooks/webhook_" + "0".repeat(26) + "/deliveries").expect(404);
  }

  @Test
  void aTimeRangeThatEndsBeforeItBeginsIsRefused() {
    String range = "from=2025-02-01T00:00:00Z&to=2025-01-01T00:00:00Z";
    for (String path : List.of("/api/webhooks/" + webhook.id() + "/deliveries?", "/api/deliveries?", "/api/deliveries/causes?")) {
      JsonObject refused = keyhook.api().get(path + range).expect(400).json();
      assertThat(refused.getString("detail")).isEqualTo("from must not be later than to");
    }
    keyhook.api().get("/api/deliveries?attemptedFrom=2025-02-01T00:00:00Z&attemptedTo=2025-01-01T00:00:00Z").expect(400);
  }

  @Test
  void oneDeliveryHasItsPayloadAndAttempts() {
    JsonObject delivery = keyhook.logged(disabled);
    assertThat(delivery.getString("webhookId")).isEqualTo(webhook.id());
    assertThat(delivery.getString("event")).isEqualTo("license.disabled");
    assertThat(delivery.getString("status")).isEqualTo("pending");
    assertThat(delivery.getJsonObject("payload").getString("deliveryId")).isEqualTo(disabled);
    assertThat(Instant.parse(delivery.getString("nextAttemptAt"))).isAfter(Instant.now());
    JsonObject attempt = delivery.getJsonArray("attempts").getJsonObject(0);
    assertThat(List.copyOf(attempt.fieldNames()))
        .containsExactly("number", "startedAt", "durationMs", "statusCode", "error", "responseHeaders", "responseBody");
    assertThat(attempt.getString("responseBody")).isEqualTo("broken");
    assertThat(keyhook.logged(failed).getJsonArray("attempts")).hasSize(4);
  }

  @Test
  void healthCountsAttempts() {
    JsonObject health = keyhook.api().get("/api/webhooks/" + webhook.id() + "/health").expect(200).json();
    for (String window : List.of("lastHour", "lastDay", "lastWeek")) {
      assertThat(health.getJsonObject(window)).isEqualTo(
          new JsonObject().put("count", 7).put("succeeded", 2).put("successRate", 0.2857));
    }
    assertThat(health.getInteger("consecutiveFailures")).isEqualTo(5);
    assertThat(health.getInteger("pending")).isEqualTo(1);
    assertThat(Instant.parse(health.getString("lastSuccessAt"))).isBefore(Instant.parse(health.getString("lastFailureAt")));
    assertThat(health.getJsonObject("responseTime").getLong("p50")).isNotNegative();
    assertThat(health.getJsonObject("responseTime").getLong("p95"))
        .isGreaterThanOrEqualTo(health.getJsonObject("responseTime").getLong("p50"));
  }

  @Test
  void responseTimesAreThoseOfTheLatestDeliveriesWithAnAttempt() {
    Receiver receiver = keyhook.receiver();
    Webhook canceled = keyhook.webhook(receiver, "license.expired");
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT d.account_id, gen_random_uuid(), ?, d.event_id, d.keep_until, d.type, 3, '[]'
        FROM (SELECT * FROM keyhook.delivery LIMIT 1) d, generate_series(1, 1001)""", Id.WEBHOOK.parse(canceled.id()));
    assertThat(responseTime(canceled).getLong("p50")).isNull();
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT d.account_id, '00000000-0000-7000-8000-000000000001', ?, d.event_id, d.keep_until, d.type, 1, '[{"at": 0, "ms": 42, "status": 200}]'
        FROM (SELECT * FROM keyhook.delivery LIMIT 1) d""", Id.WEBHOOK.parse(canceled.id()));
    assertThat(responseTime(canceled).getLong("p50")).isEqualTo(42);
  }

  @Test
  void responseTimesAreAlsoThoseOfDeliveriesThatAreRetried() {
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(503, "no"));
    Webhook retried = keyhook.webhook(receiver, "license.created");
    keyhook.license(1);
    keyhook.awaitAttempts(receiver.take().id(), 1);
    assertThat(responseTime(retried).getLong("p50")).isNotNegative();
    keyhook.api().delete("/api/webhooks/" + retried.id()).expect(204);
  }

  private static JsonObject responseTime(Webhook webhook) {
    return keyhook.api().get("/api/webhooks/" + webhook.id() + "/health").expect(200).json().getJsonObject("responseTime");
  }

  @Test
  void healthOfAWebhookThatWasNeverSentToIsEmpty() {
    Webhook unused = keyhook.webhook(keyhook.receiver(), "license.expired");
    JsonObject health = keyhook.api().get("/api/webhooks/" + unused.id() + "/health").expect(200).json();
    assertThat(health.getJsonObject("lastHour")).isEqualTo(
        new JsonObject().put("count", 0).put("succeeded", 0).putNull("successRate"));
    assertThat(health.getValue("lastSuccessAt")).isNull();
    assertThat(health.getInteger("pending")).isZero();
  }
}
