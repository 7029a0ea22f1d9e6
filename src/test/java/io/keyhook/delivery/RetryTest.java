package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At least once, under one id: attempts at 0, +1, +5 and +30 minutes, then failed, and redelivery. */
class RetryTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static void raise() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
  }

  /** Until the queue holds it for later, and how long that is after the end of its last attempt. */
  private static Duration delayOf(String deliveryId, int attempts) {
    JsonObject logged = keyhook.awaitAttempts(deliveryId, attempts);
    JsonObject last = logged.getJsonArray("attempts").getJsonObject(attempts - 1);
    Instant ended = Instant.parse(last.getString("startedAt")).plusMillis(last.getLong("durationMs"));
    return Duration.between(ended, Instant.parse(logged.getString("nextAttemptAt")));
  }

  private static void assertDelay(String deliveryId, int attempts, Duration expected) {
    assertThat(delayOf(deliveryId, attempts).toMillis()).isCloseTo(expected.toMillis(), within(1000L));
    keyhook.clock().advance(deliveryId, expected);
  }

  /** As one that a node of a later version queued. */
  @Test
  void aDeliveryOfAnUnknownTypeWaitsForANodeThatKnowsItAndHoldsUpNoOther() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(500), Answer.status(500));
    keyhook.webhook(receiver, "license.activated");
    raise();
    raise();
    List<Delivery> first = receiver.take(2);
    first.forEach(delivery -> keyhook.awaitAttempts(delivery.id(), 1));
    assertThat(keyhook.database().update("UPDATE keyhook.delivery_queue SET type = 99 WHERE delivery_id ="
        + " (SELECT delivery_id FROM keyhook.delivery_queue ORDER BY due_at LIMIT 1)")).isEqualTo(1);
    keyhook.clock().advanceQueue(Duration.ofDays(1));
    String known = receiver.take().id();
    keyhook.awaitStatus(known, "delivered");
    assertThat(keyhook.database().column("SELECT type || ' ' || fence FROM keyhook.delivery_queue")).containsExactly("99 1");
    keyhook.database().update("UPDATE keyhook.delivery_queue SET type = 2");
    assertThat(receiver.take().id()).isNotEqualTo(known);
    keyhook.awaitEmptyQueue();
  }

  @Test
  void attemptsAreAtOnceThenAfterOneFiveAndThirtyMinutesThenItHasFailed() {
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(500, "not today"));
    keyhook.webhook(receiver, "license.activated");
    raise();
    Delivery first = receiver.take();
    assertDelay(first.id(), 1, Duration.ofMinutes(1));
    Delivery second = receiver.take();
    assertDelay(first.id(), 2, Duration.ofMinutes(5));
    Delivery third = receiver.take();
    assertDelay(first.id(), 3, Duration.ofMinutes(30));
    Delivery fourth = receiver.take();
    JsonObject failed = keyhook.awaitStatus(first.id(), "failed");

    List<Delivery> all = List.of(first, second, third, fourth);
    assertThat(all).extracting(Delivery::id).containsOnly(first.id());
    assertThat(all).extracting(Delivery::attempt).containsExactly(1, 2, 3, 4);
    assertThat(all).allSatisfy(delivery -> assertThat(delivery.body()).isEqualTo(first.body()));
    assertThat(failed.getValue("nextAttemptAt")).isNull();
    assertThat(attempts(failed)).hasSize(4).allSatisfy(attempt -> {
      assertThat(attempt.getInteger("statusCode")).isEqualTo(500);
      assertThat(attempt.getString("responseBody")).isEqualTo("not today");
      assertThat(attempt.getValue("error")).isNull();
      assertThat(attempt.getLong("durationMs")).isNotNegative();
    });
    assertThat(attempts(failed)).extracting(attempt -> attempt.getInteger("number")).containsExactly(1, 2, 3, 4);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  /** Keyhook writes the data of the first attempt itself; PostgreSQL writes what later attempts read. */
  @ParameterizedTest
  @ValueSource(strings = {"license.created", "license.updated", "license.activated"})
  void everyAttemptHasTheSameBytesWhereEventsHaveANumber(String type) {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(500), Answer.status(500));
    Receiver older = keyhook.receiver();
    older.answerNext(Answer.status(500));
    keyhook.webhook(receiver, "license.created", "license.updated", "license.activated");
    keyhook.webhook(older, "license.activated");
    JsonObject license = keyhook.api().post("/api/licenses", new JsonObject().put("name", "\"Ünlü\" \\ } 🔑")
        .put("customerName", "Ada, \"A.\"")).expect(201).json();
    Delivery first = receiver.take();
    if (!type.equals("license.created")) {
      keyhook.awaitAttempts(first.id(), 1);
      keyhook.clock().advance(first.id(), Duration.ofMinutes(1));
      receiver.take();
      keyhook.awaitAttempts(first.id(), 2);
      keyhook.clock().advance(first.id(), Duration.ofMinutes(5));
      receiver.take();
      keyhook.awaitStatus(first.id(), "delivered");
      receiver.answerNext(Answer.status(500), Answer.status(500));
      if (type.equals("license.updated")) {
        keyhook.api().patch("/api/licenses/" + license.getString("id"), new JsonObject().put("name", "Another }")).expect(200);
      } else {
        keyhook.api().validate(license.getString("key"), "device").expect(200);
      }
      first = receiver.take();
    }
    assertThat(first.event()).isEqualTo(type);
    assertThat(first.data().getLong("sequence")).isPositive();
    assertThat(repeated(receiver, first)).containsOnly(first.body());
    if (type.equals("license.activated")) {
      Delivery without = older.take();
      assertThat(without.data().containsKey("sequence")).isFalse();
      keyhook.awaitAttempts(without.id(), 1);
      keyhook.clock().advance(without.id(), Duration.ofMinutes(1));
      assertThat(older.take().body()).isEqualTo(without.body());
    }
    keyhook.awaitEmptyQueue();
  }

  /** The bodies of two retries and a redelivery. */
  private static List<byte[]> repeated(Receiver receiver, Delivery first) {
    keyhook.awaitAttempts(first.id(), 1);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(1));
    Delivery second = receiver.take();
    keyhook.awaitAttempts(first.id(), 2);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(5));
    Delivery third = receiver.take();
    keyhook.awaitStatus(first.id(), "delivered");
    keyhook.api().post("/api/deliveries/" + first.id() + "/redeliver").expect(202);
    Delivery fourth = receiver.take();
    assertThat(List.of(second, third, fourth)).extracting(Delivery::id).containsOnly(first.id());
    return List.of(second.body(), third.body(), fourth.body());
  }

  private static List<JsonObject> attempts(JsonObject delivery) {
    JsonArray attempts = delivery.getJsonArray("attempts");
    return IntStream.range(0, attempts.size()).mapToObj(attempts::getJsonObject).toList();
  }

  private static Answer later(int status, String retryAfter) {
    return request -> request.response().setStatusCode(status).putHeader("Retry-After", retryAfter).end();
  }

  @Test
  void aReceiverThatAsksForItIsLeftAloneForLongerButNotMuchLongerAndNeverForLess() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(later(429, "90"));
    receiver.answerNext(later(503, DateTimeFormatter.RFC_1123_DATE_TIME.format(
        Instant.now().plus(Duration.ofHours(30)).atZone(ZoneOffset.UTC))));
    receiver.answerNext(later(503, "1"));
    keyhook.webhook(receiver, "license.activated");
    raise();
    String id = receiver.take().id();
    assertDelay(id, 1, Duration.ofSeconds(90));
    receiver.take();
    assertDelay(id, 2, Duration.ofMinutes(10));
    receiver.take();
    assertDelay(id, 3, Duration.ofMinutes(30));
    receiver.take();
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void whatAReceiverAsksForWithJunkOrAnotherStatusIsNotHeard() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(later(429, "-90"));
    receiver.answerNext(later(500, "600"));
    keyhook.webhook(receiver, "license.activated");
    raise();
    String id = receiver.take().id();
    assertDelay(id, 1, Duration.ofMinutes(1));
    receiver.take();
    assertDelay(id, 2, Duration.ofMinutes(5));
    receiver.take();
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void aSuccessEndsIt() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(503));
    keyhook.webhook(receiver, "license.activated");
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    assertThat(keyhook.logged(id).getString("status")).isEqualTo("pending");
    keyhook.clock().advance(id, Duration.ofMinutes(1));
    assertThat(receiver.take().attempt()).isEqualTo(2);
    assertThat(keyhook.awaitStatus(id, "delivered").getJsonArray("attempts")).hasSize(2);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void nothingIsSentBeforeItIsDue() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(500));
    keyhook.webhook(receiver, "license.activated");
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    keyhook.clock().advance(id, Duration.ofSeconds(50));
    raise();
    assertThat(receiver.take().id()).as("another delivery to the same endpoint").isNotEqualTo(id);
    assertThat(keyhook.logged(id).getJsonArray("attempts")).hasSize(1);
  }

  @Test
  void whatHasFailedIsRedeliveredUnderTheSameIdAndOnAFreshSchedule() {
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(500));
    keyhook.webhook(receiver, "license.activated");
    raise();
    Delivery first = receiver.take();
    for (int attempt = 1; attempt <= 3; attempt++) {
      keyhook.awaitAttempts(first.id(), attempt);
      keyhook.clock().advance(first.id(), Duration.ofMinutes(30));
      receiver.take();
    }
    keyhook.awaitStatus(first.id(), "failed");

    JsonObject accepted = keyhook.api().post("/api/deliveries/" + first.id() + "/redeliver").expect(202).json();
    assertThat(accepted.getString("id")).isEqualTo(first.id());
    Delivery again = receiver.take();
    assertThat(again.id()).isEqualTo(first.id());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(again.attempt()).isEqualTo(5);
    keyhook.awaitAttempts(first.id(), 5);
    receiver.answer(Answer.OK);
    assertDelay(first.id(), 5, Duration.ofMinutes(1));
    assertThat(receiver.take().attempt()).isEqualTo(6);
    keyhook.awaitStatus(first.id(), "delivered");
  }

  @Test
  void whatWasDeliveredIsRedeliveredToo() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    raise();
    Delivery first = receiver.take();
    keyhook.awaitStatus(first.id(), "delivered");
    keyhook.api().post("/api/deliveries/" + first.id() + "/redeliver").expect(202);
    assertThat(receiver.take().body()).isEqualTo(first.body());
    assertThat(keyhook.awaitAttempts(first.id(), 2).getString("status")).isEqualTo("delivered");
  }

  @Test
  void whatIsPendingIsSentAtOnceWhenRedelivered() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(500));
    keyhook.webhook(receiver, "license.activated");
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(202);
    assertThat(receiver.take().attempt()).isEqualTo(2);
    keyhook.awaitStatus(id, "delivered");
  }
}
