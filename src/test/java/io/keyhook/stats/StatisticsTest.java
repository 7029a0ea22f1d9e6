package io.keyhook.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code GET /api/stats}: what was counted, whoever counted it, in evenly spaced points. */
class StatisticsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static JsonObject stats(Api api, String range) {
    return api.get("/api/stats?range=" + range).expect(200).json();
  }

  private static List<JsonObject> points(JsonObject stats) {
    JsonArray points = stats.getJsonArray("points");
    return IntStream.range(0, points.size()).mapToObj(points::getJsonObject).toList();
  }

  private static long sum(JsonObject stats, String field) {
    return points(stats).stream().mapToLong(point -> point.getLong(field)).sum();
  }

  private static License license(Api api, int maxActivations) {
    return keyhook.license(api, new JsonObject().put("name", "L").put("maxActivations", maxActivations));
  }

  private static UUID accountOf(Api api) {
    return Id.ACCOUNT.parse(api.get("/api/account").expect(200).json().getString("id"));
  }

  @ParameterizedTest
  @CsvSource({"1h, 60, 60", "24h, 96, 900", "7d, 84, 7200", "30d, 90, 28800"})
  void pointsAreEvenlySpacedAndTheLastIsNow(String range, int count, int seconds) {
    Instant before = Instant.now();
    JsonObject stats = stats(keyhook.account("free"), range);
    assertThat(stats.getString("range")).isEqualTo(range);
    assertThat(stats.getInteger("intervalSeconds")).isEqualTo(seconds);
    List<Instant> at = points(stats).stream().map(point -> point.getInstant("at")).toList();
    assertThat(at).hasSize(count);
    assertThat(stats.getInstant("from")).isEqualTo(at.get(0));
    assertThat(stats.getInstant("to")).isEqualTo(at.get(0).plusSeconds((long) count * seconds)).isAfter(before);
    for (int i = 1; i < count; i++) {
      assertThat(at.get(i)).isEqualTo(at.get(i - 1).plusSeconds(seconds));
    }
    assertThat(stats.getInstant("to").minusSeconds(seconds)).isBeforeOrEqualTo(Instant.now());
    assertThat(List.of(sum(stats, "valid"), sum(stats, "refused"), sum(stats, "activations"), sum(stats, "succeeded"),
        sum(stats, "failed"))).containsOnly(0L);
    assertThat(stats.getJsonObject("deliveries").getValue("successRate")).isNull();
    assertThat(stats.getJsonObject("deliveries").getValue("p95ResponseTime")).isNull();
  }

  @Test
  void aDayIsWhatIsMeantWhereNothingIsSaid() {
    assertThat(keyhook.api().get("/api/stats").expect(200).json().getString("range")).isEqualTo("24h");
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "range=", "range=2h", "range=24H", "range=1h&range=1h", "range=%00", "from=2025-01-01T00:00:00Z"})
  void whatIsNoRangeIsRefusedByItsName(String query) {
    assertThat(keyhook.api().get("/api/stats?" + query).expect(400, "INVALID_REQUEST").badFields())
        .containsExactly(query.substring(0, query.indexOf('=')));
  }

  @Test
  void whatIsValidatedIsCountedForItsAccountAlone() {
    Api api = keyhook.account("professional");
    License full = license(api, 1);
    License disabled = license(api, 1);
    api.post("/api/licenses/" + disabled.id() + "/disable").expect(200);
    for (int i = 0; i < 3; i++) {
      api.validate(full.key(), "device").expect(200);
    }
    api.validate(full.key(), "another device").expect(403);
    api.validate(disabled.key(), "device").expect(403);
    api.validate("NOBO-DYSK-EYEY-0000", "device").expect(404);
    for (String range : List.of("1h", "24h", "7d", "30d")) {
      JsonObject stats = stats(api, range);
      assertThat(stats.getJsonObject("validations"))
          .isEqualTo(new JsonObject().put("total", 5).put("valid", 3).put("refused", 2));
      assertThat(stats.getInteger("activations")).isEqualTo(1);
      assertThat(sum(stats, "valid")).isEqualTo(3);
      assertThat(sum(stats, "refused")).isEqualTo(2);
      assertThat(sum(stats, "activations")).isEqualTo(1);
    }
    assertThat(stats(keyhook.account("free"), "1h").getJsonObject("validations").getInteger("total")).isZero();
  }

  @Test
  void attemptsAreCountedWithHowLongTheyTook() {
    Api api = keyhook.account("professional");
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(500));
    Webhook webhook = keyhook.webhook(api, receiver, "license.validated");
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(200); // is not counted
    License license = license(api, 1);
    receiver.answerNext(Answer.status(500));
    for (int i = 0; i < 4; i++) {
      api.validate(license.key(), "device").expect(200);
    }
    receiver.take(5);
    await().atMost(Waiting.LONG).until(() -> stats(api, "1h").getJsonObject("deliveries").getInteger("attempts") == 4);
    JsonObject deliveries = stats(api, "24h").getJsonObject("deliveries");
    assertThat(deliveries.getInteger("succeeded")).isEqualTo(3);
    assertThat(deliveries.getInteger("failed")).isEqualTo(1);
    assertThat(deliveries.getDouble("successRate")).isEqualTo(0.75);
    assertThat(deliveries.getLong("p95ResponseTime")).isBetween(0L, 10_000L);
    assertThat(points(stats(api, "24h"))).anyMatch(point -> point.getValue("p95ResponseTime") != null);
  }

  @Test
  void aNodeThatStopsLosesNothingAndNodesAddUp() {
    Api api = keyhook.account("professional");
    License license = license(api, 1);
    Node other = keyhook.start();
    for (int i = 0; i < 2; i++) {
      other.api().validate(license.key(), "device").expect(200);
    }
    api.validate(license.key(), "device").expect(200);
    other.stop();
    assertThat(stats(api, "1h").getJsonObject("validations").getInteger("valid")).isEqualTo(3);
    Node third = keyhook.start();
    third.api().validate(license.key(), "device").expect(200);
    third.stop();
    JsonObject stats = stats(api, "30d");
    assertThat(stats.getJsonObject("validations").getInteger("valid")).isEqualTo(4);
    assertThat(stats.getInteger("activations")).isEqualTo(1);
    long rows = keyhook.database().number("SELECT count(*) FROM keyhook.account_count WHERE account_id = ?",
        accountOf(api));
    assertThat(rows).as("a row for each chart, or two where a minute ended between").isBetween(4L, 8L);
  }

  @Test
  void whatWasLongAgoIsWhereItWas() {
    Api api = keyhook.account("free");
    keyhook.database().update("""
        INSERT INTO keyhook.account_count
          (account_id, seconds, at, keep_until, valid, refused, activations, succeeded, failed, times)
        SELECT ?, 28800, at, (at AT TIME ZONE 'UTC')::date + 31, 1, 2, 3, 4, 5, '{0,0,0,0,9,0,0,0,0,0,0,0,0,0}'
        FROM generate_series(date_bin('8 hours', now(), 'epoch') - interval '89 times 8 hours', now(), '8 hours') at"""
        .replace("89 times 8 hours", 89 * 8 + " hours"), accountOf(api));
    JsonObject stats = stats(api, "30d");
    assertThat(stats.getJsonObject("validations"))
        .isEqualTo(new JsonObject().put("total", 270).put("valid", 90).put("refused", 180));
    assertThat(points(stats)).allSatisfy(point -> assertThat(point.getInteger("failed")).isEqualTo(5));
    assertThat(stats.getJsonObject("deliveries").getLong("p95ResponseTime")).isBetween(20L, 50L);
    assertThat(stats(api, "7d").getJsonObject("validations").getInteger("total")).isZero();
  }

  @Test
  void eachWebhookIsToldByTheHour() {
    Api api = keyhook.account("professional");
    Receiver receiver = keyhook.receiver();
    Webhook idle = keyhook.webhook(api, receiver, "license.expired");
    Webhook busy = keyhook.webhook(api, receiver, "license.validated");
    License license = license(api, 1);
    api.validate(license.key(), "device").expect(200);
    receiver.take();
    receiver.answer(Answer.status(503));
    api.validate(license.key(), "device").expect(200);
    api.validate(license.key(), "device").expect(200);
    receiver.take(2);
    await().atMost(Waiting.LONG).until(() -> webhooks(api).get(0).getInteger("attempts") == 3);

    List<JsonObject> webhooks = webhooks(api);
    assertThat(webhooks).extracting(webhook -> webhook.getString("webhookId")).containsExactly(busy.id(), idle.id());
    JsonObject told = webhooks.get(0);
    assertThat(told.getDouble("successRate")).isEqualTo(0.3333);
    assertThat(told.getInteger("consecutiveFailures")).isEqualTo(2);
    assertThat(told.getInstant("lastFailureAt")).isEqualTo(told.getInstant("lastAttemptAt"))
        .isAfterOrEqualTo(told.getInstant("lastSuccessAt"));
    JsonArray hours = told.getJsonArray("hours");
    assertThat(hours).hasSize(24);
    assertThat(hours.getJsonObject(23).getInstant("at")).isEqualTo(
        hours.getJsonObject(0).getInstant("at").plus(Duration.ofHours(23)));
    assertThat(IntStream.of(22, 23).map(i -> hours.getJsonObject(i).getInteger("failed")).sum()).isEqualTo(2);
    assertThat(webhooks.get(1).getInteger("attempts")).isZero();
    assertThat(webhooks.get(1).getValue("successRate")).isNull();
    assertThat(webhooks.get(1).getValue("lastAttemptAt")).isNull();

    keyhook.clock().advanceHealth(busy.id(), Duration.ofDays(1).plusHours(1));
    assertThat(webhooks(api).get(0).getInteger("attempts")).isZero();
    assertThat(webhooks(keyhook.account("free"))).isEmpty();
  }

  private static List<JsonObject> webhooks(Api api) {
    return api.get("/api/stats/webhooks").expect(200).data();
  }
}
