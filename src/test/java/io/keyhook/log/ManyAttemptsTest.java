package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A delivery that is redelivered again and again: its row keeps the last attempts, and counts them all. */
class ManyAttemptsTest {
  private static final int KEPT = DeliveryRowStore.MAX_ATTEMPTS;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static JsonArray attempts(int count) {
    return new JsonArray(IntStream.range(0, count).mapToObj(ManyAttemptsTest::attempt).toList());
  }

  private static JsonObject attempt(int at) {
    return new JsonObject().put("at", at).put("ms", 1).put("status", 500).put("body", "no");
  }

  private static JsonArray kept(JsonArray attempts, JsonObject next) {
    return new JsonArray(keyhook.database().value("SELECT " + DeliveryRowStore.withAttempt("a", "n")
        + " FROM (SELECT ?::jsonb AS a, ?::jsonb AS n) x",
        attempts == null ? null : attempts.encode(), new JsonArray().add(next).encode()));
  }

  private static long count(JsonArray attempts) {
    return keyhook.database().number("SELECT " + DeliveryRowStore.attemptCount("a") + " FROM (SELECT ?::jsonb AS a) x",
        attempts == null ? null : attempts.encode());
  }

  @Test
  void eachAttemptIsCountedAndTheLastAreKeptInOrder() {
    JsonArray attempts = null;
    assertThat(count(attempts)).isZero();
    for (int had = 0; had < 2 * KEPT + 10; had++) {
      attempts = kept(attempts, attempt(had));
      int first = Math.max(0, had + 1 - KEPT);
      assertThat(count(attempts)).isEqualTo(had + 1);
      assertThat(attempts.stream().map(one -> ((JsonObject) one).getInteger("at")).toList())
          .isEqualTo(IntStream.rangeClosed(first, had).boxed().toList());
      assertThat(attempts.getJsonObject(attempts.size() - 1)).isEqualTo(attempt(had));
    }
  }

  @Test
  void theLastAttemptsHaveTheirHeaders() {
    JsonArray attempts = null;
    for (int had = 0; had < KEPT + 10; had++) {
      attempts = kept(attempts, attempt(had).put("headers", "server: nginx"));
      int first = Math.max(0, had + 1 - DeliveryRowStore.WITH_HEADERS);
      assertThat(attempts.stream().map(one -> (JsonObject) one).filter(one -> one.containsKey("headers"))
          .map(one -> one.getInteger("at")).toList()).isEqualTo(IntStream.rangeClosed(first, had).boxed().toList());
    }
  }

  @Test
  void aRowThatGrewBeforeThereWasALimitShrinksWithItsNextAttempt() {
    JsonArray attempts = kept(attempts(383), attempt(383));
    assertThat(attempts).hasSize(KEPT);
    assertThat(count(attempts)).isEqualTo(384);
  }

  @Test
  void theLogShowsTheLastAttemptsUnderTheirNumbersAndHowManyThereWere() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    receiver.answerNext(Answer.status(500), Answer.status(500));
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    keyhook.database().update("UPDATE keyhook.delivery_queue SET attempts = ?::jsonb WHERE delivery_id = ?",
        attempts(383).encode(), Id.DELIVERY.parse(id));
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(202);

    Delivery failing = receiver.take();
    assertThat(failing.attempt()).isEqualTo(384);
    Waiting.until("it is written", () -> keyhook.logged(id).getInteger("attemptCount") == 384);
    assertShown(id, 384);
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(202);
    assertThat(receiver.take().attempt()).isEqualTo(385);
    keyhook.awaitStatus(id, "delivered");
    assertShown(id, 385);
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(202);
    assertThat(receiver.take().attempt()).as("from the log").isEqualTo(386);
    Waiting.until("it is written", () -> keyhook.logged(id).getInteger("attemptCount") == 386);
  }

  private static void assertShown(String id, int count) {
    JsonObject logged = keyhook.logged(id);
    assertThat(logged.getInteger("attemptCount")).isEqualTo(count);
    assertThat(numbers(logged)).isEqualTo(IntStream.rangeClosed(count - KEPT + 1, count).boxed().toList());
    assertThat(keyhook.api().get("/api/deliveries").expect(200).data())
        .filteredOn(listed -> listed.getString("id").equals(id))
        .extracting(listed -> listed.getInteger("attemptCount")).containsExactly(count);
    assertThat(keyhook.api().get("/api/webhooks/" + logged.getString("webhookId") + "/deliveries").expect(200).data())
        .extracting(listed -> listed.getInteger("attemptCount")).containsExactly(count);
  }

  private static List<Integer> numbers(JsonObject logged) {
    return logged.getJsonArray("attempts").stream().map(attempt -> ((JsonObject) attempt).getInteger("number")).toList();
  }
}
