package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Webhooks that receive the events of a license one at a time and in order, from two nodes. */
class OrderTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  private Receiver receiver;
  private JsonObject webhook;
  private License license;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  @BeforeEach
  void create() {
    receiver = keyhook.receiver();
    license = license();
    webhook = create(new JsonObject().put("ordering", "license"));
  }

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  private JsonObject create(JsonObject options) {
    JsonObject created = keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.updated").add("license.deleted")).mergeIn(options)).expect(201).json();
    receiver.trust(created.getString("secret"));
    return created;
  }

  private static License license() {
    return keyhook.license(1);
  }

  private UUID id() {
    return Id.WEBHOOK.parse(webhook.getString("id"));
  }

  /** Raises events of a license, on both nodes in turns. They have the sequence numbers from 2 on, if they are its first. */
  private static void change(License license, int times) {
    List<Api> nodes = List.of(keyhook.api(), other.api());
    for (int i = 0; i < times; i++) {
      nodes.get(i % 2).patch("/api/licenses/" + license.id(), new JsonObject().put("name", UUID.randomUUID().toString())).expect(200);
    }
  }

  private JsonObject patch(JsonObject change) {
    return keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), change).expect(200).json();
  }

  private static long sequence(Delivery delivery) {
    return delivery.data().getLong("sequence");
  }

  private List<Long> takeSequences(int count) {
    return receiver.take(count).stream().map(OrderTest::sequence).toList();
  }

  private static List<Long> upTo(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private long held() {
    return keyhook.database().number(
        "SELECT count(*) FROM keyhook.delivery_queue WHERE webhook_id = ? AND due_at > now() + interval '10000000 hours'", id());
  }

  private void awaitHeld(int count) {
    Waiting.until(count + " wait for their turn", () -> held() == count);
  }

  /** As if an hour had passed, as far as this webhook's retries are concerned. */
  private void skipDelay(String deliveryId) {
    keyhook.clock().advance(deliveryId, Duration.ofHours(1));
  }

  @Test
  void eachEventWaitsUntilTheOneBeforeIsDelivered() {
    List<Answer.Held> answers = IntStream.range(0, 3).mapToObj(i -> Answer.held(Answer.OK)).toList();
    receiver.answerNext(answers.toArray(Answer.Held[]::new));
    change(license, 3);
    Delivery first = receiver.take();
    assertThat(sequence(first)).isEqualTo(2);
    awaitHeld(2);
    assertThat(receiver.untaken()).isZero();
    answers.get(0).release();
    assertThat(sequence(receiver.take())).isEqualTo(3);
    assertThat(held()).isEqualTo(1);
    assertThat(receiver.untaken()).isZero();
    answers.get(1).release();
    assertThat(sequence(receiver.take())).isEqualTo(4);
    answers.get(2).release();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.all()).hasSize(3);
  }

  @Test
  void otherLicensesAreNotHeldUp() {
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    change(license, 2);
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(license.id());
    License second = license();
    change(second, 5);
    assertThat(receiver.take(5)).extracting(delivery -> delivery.data().getString("licenseId")).containsOnly(second.id());
    awaitHeld(1);
    held.release();
    assertThat(sequence(receiver.take())).isEqualTo(3);
  }

  @Test
  void aRetryHoldsUpTheEventsAfterIt() {
    receiver.answerNext(Answer.status(500));
    change(license, 3);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    awaitHeld(2);
    assertThat(receiver.untaken()).isZero();
    skipDelay(first.id());
    Delivery retry = receiver.take();
    assertThat(retry.id()).isEqualTo(first.id());
    assertThat(retry.attempt()).isEqualTo(2);
    assertThat(takeSequences(2)).containsExactly(3L, 4L);
  }

  @Test
  void theNextGoesWhenOneHasFailedForGood() {
    receiver.answer(Answer.status(500));
    change(license, 2);
    Delivery first = receiver.take();
    for (int attempt = 1; attempt < 4; attempt++) {
      keyhook.awaitAttempts(first.id(), attempt);
      skipDelay(first.id());
      assertThat(receiver.take().id()).isEqualTo(first.id());
    }
    keyhook.awaitStatus(first.id(), "failed");
    assertThat(sequence(receiver.take())).isEqualTo(3);
  }

  @Test
  void aWaitingDeliveryShowsNoTimeAndIsPending() {
    receiver.answerNext(Answer.status(500));
    change(license, 2);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    awaitHeld(1);
    JsonObject waiting = keyhook.api().get("/api/deliveries?status=pending").expect(200).data().stream()
        .filter(delivery -> delivery.getInteger("attemptCount") == 0).findFirst().orElseThrow();
    assertThat(waiting.getValue("nextAttemptAt")).isNull();
    assertThat(waiting.getBoolean("paused")).isFalse();
    // it keeps its turn
    keyhook.api().post("/api/deliveries/" + waiting.getString("id") + "/redeliver", new JsonObject()).expect(202);
    assertThat(held()).isEqualTo(1);
    skipDelay(first.id());
    assertThat(takeSequences(2)).containsExactly(2L, 3L);
  }

  @Test
  void theLeaseOfADeadNodeHoldsUpItsLicenseUntilItEnds() {
    receiver.answerNext(Answer.status(500));
    change(license, 1);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    keyhook.database().update("UPDATE keyhook.delivery_queue SET leased = true, fence = fence + 1, due_at = now() + interval '25 seconds'"
        + " WHERE delivery_id = ?", Id.DELIVERY.parse(first.id()));
    change(license, 2);
    awaitHeld(2);
    assertThat(receiver.untaken()).isZero();
    keyhook.clock().advance(first.id(), Duration.ofSeconds(26));
    assertThat(takeSequences(3)).containsExactly(2L, 3L, 4L);
  }

  @Test
  void manyEventsOfManyLicensesFromTwoNodesArriveInOrder() {
    int licenses = 8;
    int events = 20;
    List<License> all = IntStream.range(0, licenses).mapToObj(i -> license()).toList();
    receiver.answer(request -> Answer.status(Math.floorMod(request.getHeader("webhook-id").hashCode(), 7) == 0
        && "1".equals(request.getHeader("X-Webhook-Attempt")) ? 500 : 200).to(request));
    all.parallelStream().forEach(one -> change(one, events));
    Waiting.until("all are delivered", () -> {
      keyhook.database().update("UPDATE keyhook.delivery_queue SET due_at = now() WHERE attempts IS NOT NULL AND NOT leased");
      return keyhook.database().count("delivery_queue") == 0;
    });
    for (License one : all) {
      List<Delivery> arrived = receiver.all().stream()
          .filter(delivery -> one.id().equals(delivery.data().getString("licenseId"))).toList();
      assertThat(arrived.stream().map(OrderTest::sequence).distinct()).isEqualTo(upTo(2, events + 1));
      assertThat(arrived.stream().map(OrderTest::sequence)).isSorted();
    }
  }

  @Test
  void aPauseKeepsTheOrder() {
    String path = "/api/webhooks/" + webhook.getString("id");
    keyhook.api().post(path + "/pause", new JsonObject()).expect(200);
    change(license, 10);
    keyhook.api().post(path + "/resume", new JsonObject()).expect(200);
    change(license, 5);
    assertThat(takeSequences(15)).isEqualTo(upTo(2, 16));
  }

  @Test
  void aPauseWhileEventsWaitKeepsThem() {
    receiver.answerNext(Answer.status(500));
    change(license, 3);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    awaitHeld(2);
    String path = "/api/webhooks/" + webhook.getString("id");
    keyhook.api().post(path + "/pause", new JsonObject()).expect(200);
    Waiting.until("the retry is parked", () -> keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue"
        + " WHERE delivery_id = ? AND due_at > now() + interval '8000000 hours'", Id.DELIVERY.parse(first.id())) == 1);
    keyhook.clock().advance(first.id(), Duration.ofHours(1));
    keyhook.api().post(path + "/resume", new JsonObject()).expect(200);
    assertThat(takeSequences(3)).containsExactly(2L, 3L, 4L);
  }

  @Test
  void anOrderBeginsWithTheEventsAfterTheChange() {
    patch(new JsonObject().put("ordering", "none"));
    receiver.answerNext(Answer.status(500));
    change(license, 1);
    Delivery before = receiver.take();
    keyhook.awaitAttempts(before.id(), 1);
    assertThat(patch(new JsonObject().put("ordering", "license")).getString("ordering")).isEqualTo("license");
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    change(license, 2);
    assertThat(sequence(receiver.take())).as("not held up by what was there").isEqualTo(3);
    awaitHeld(1);
    skipDelay(before.id());
    assertThat(receiver.take().id()).as("it is not in the order").isEqualTo(before.id());
    held.release();
    assertThat(sequence(receiver.take())).isEqualTo(4);
  }

  @Test
  void whatWaitsGoesAtOnceWhenTheOrderEnds() {
    receiver.answerNext(Answer.status(500));
    change(license, 4);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    awaitHeld(3);
    assertThat(patch(new JsonObject().put("ordering", "none")).getString("ordering")).isEqualTo("none");
    assertThat(takeSequences(3)).containsExactlyInAnyOrder(3L, 4L, 5L);
    Waiting.until("nothing is left of the order", () -> keyhook.database().number(
        "SELECT count(*) FROM keyhook.webhook WHERE webhook_id = ? AND ordering IS NULL", id()) == 1);
    change(license, 1);
    assertThat(sequence(receiver.take())).isEqualTo(6);
    skipDelay(first.id());
    assertThat(receiver.take().id()).isEqualTo(first.id());
  }

  @Test
  void whatWaitsForADeliveryThatIsGoneIsFound() {
    receiver.answerNext(Answer.status(500));
    change(license, 3);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    awaitHeld(2);
    keyhook.database().update("DELETE FROM keyhook.delivery_queue WHERE delivery_id = ?", Id.DELIVERY.parse(first.id()));
    patch(new JsonObject().put("description", "Hurries the look that is due within half a minute"));
    assertThat(takeSequences(2)).containsExactly(3L, 4L);
  }

  @Test
  void aRedeliveryIsNotInTheOrder() {
    change(license, 1);
    Delivery old = receiver.take();
    keyhook.awaitStatus(old.id(), "delivered");
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    change(license, 2);
    assertThat(sequence(receiver.take())).isEqualTo(3);
    awaitHeld(1);
    keyhook.api().post("/api/deliveries/" + old.id() + "/redeliver", new JsonObject()).expect(202);
    assertThat(receiver.take().id()).isEqualTo(old.id());
    held.release();
    assertThat(sequence(receiver.take())).isEqualTo(4);
  }

  @Test
  void aDeletedLicenseIsTheLastThatArrivesOfIt() {
    change(license, 3);
    keyhook.api().delete("/api/licenses/" + license.id()).expect(204);
    assertThat(takeSequences(4)).containsExactly(2L, 3L, 4L, 5L);
    assertThat(receiver.all().get(3).event()).isEqualTo("license.deleted");
  }

  @Test
  void anActivationComesBeforeTheValidationThatCausedIt() {
    keyhook.deleteWebhooks();
    webhook = create(new JsonObject().put("ordering", "license")
        .put("events", new JsonArray().add("license.validated").add("license.activated")));
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    keyhook.api().validate(license.key(), "device").expect(200);
    assertThat(receiver.take().event()).isEqualTo("license.activated");
    other.api().validate(license.key(), "device").expect(200);
    awaitHeld(2);
    held.release();
    assertThat(receiver.take(2)).extracting(Delivery::event).containsOnly("license.validated");
  }

  @Test
  void aRateLimitHoldsToo() {
    patch(new JsonObject().put("rateLimit", 4));
    keyhook.database().update("UPDATE keyhook.webhook_pace SET next_at = now() + interval '1 hour' WHERE webhook_id = ?", id());
    change(license, 3);
    assertThat(receiver.untaken()).isZero();
    keyhook.database().update("UPDATE keyhook.webhook_pace SET next_at = now() - interval '1 day' WHERE webhook_id = ?", id());
    assertThat(takeSequences(3)).containsExactly(2L, 3L, 4L);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook_pace"
        + " WHERE webhook_id = ? AND next_at > now() - interval '1 hour'",
        id())).isEqualTo(1);
  }

  @Test
  void whatWaitsIsCanceledWithAWebhookAndAnotherOrderBeginsAfterwards() {
    receiver.answerNext(Answer.status(500));
    change(license, 3);
    keyhook.awaitAttempts(receiver.take().id(), 1);
    awaitHeld(2);
    patch(new JsonObject().put("isActive", false));
    keyhook.awaitEmptyQueue();
    patch(new JsonObject().put("isActive", true));
    change(license, 2);
    assertThat(takeSequences(2)).containsExactly(5L, 6L);
  }

  @Test
  void theNextEventWaitsForAnAttemptDuringWhichTheWebhookWasDeactivated() {
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    change(license, 2);
    Delivery first = receiver.take();
    awaitHeld(1);
    patch(new JsonObject().put("isActive", false));
    assertThat(held()).as("canceled").isZero();
    patch(new JsonObject().put("isActive", true));
    change(license, 1);
    awaitHeld(1);
    assertThat(receiver.untaken()).isZero();
    held.release();
    assertThat(sequence(receiver.take())).isEqualTo(4);
    keyhook.awaitStatus(first.id(), "delivered");
  }

  /** As another node deactivates the webhook or suspends its account, which this one need not have heard of. */
  @ParameterizedTest
  @CsvSource({"webhook, is_active = false, is_active = true", "account, suspended_at = now(), suspended_at = NULL"})
  void anAttemptThatFailsWhenNothingIsSentAnyMoreIsTheLast(String table, String stop, String start) {
    String change = "UPDATE keyhook." + table + " SET %s WHERE account_id = (SELECT account_id FROM keyhook.webhook WHERE webhook_id = ?)";
    Answer.Held held = Answer.held(Answer.status(500));
    receiver.answerNext(held);
    change(license, 2);
    Delivery first = receiver.take();
    awaitHeld(1);
    keyhook.database().update(change.formatted(stop), id());
    held.release();
    Waiting.until("it is canceled", () -> keyhook.database()
        .number("SELECT count(*) FROM keyhook.delivery WHERE webhook_id = ? AND status = 3 AND jsonb_array_length(attempts) = 1", id()) == 1);
    Waiting.until("so is the next one", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue WHERE webhook_id = ?", id()) == 0);
    keyhook.database().update(change.formatted(start), id());
    keyhook.awaitStatus(first.id(), "canceled");
    change(license, 1);
    assertThat(sequence(receiver.take())).isEqualTo(4);
  }

  @Test
  void aWebhookThatIsActiveAgainBeforeItsDeliveriesAreCanceledKeepsThemInOrder() throws SQLException {
    receiver.answerNext(Answer.status(500));
    change(license, 3);
    Delivery first = receiver.take();
    keyhook.awaitAttempts(first.id(), 1);
    awaitHeld(2);
    CompletableFuture<JsonObject> deactivated;
    try (Connection lock = keyhook.database().lock("webhook_pace", id())) { // as a claim and a result do
      deactivated = CompletableFuture.supplyAsync(() -> patch(new JsonObject().put("isActive", false)));
      Waiting.until("it is inactive", () ->
          keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE webhook_id = ? AND NOT is_active", id()) == 1);
      patch(new JsonObject().put("isActive", true));
      lock.rollback();
    }
    deactivated.join();
    skipDelay(first.id());
    assertThat(takeSequences(3)).containsExactly(2L, 3L, 4L);
  }

  @Test
  void aWebhookWithoutAnOrderHasNoneOfIt() {
    keyhook.deleteWebhooks();
    webhook = create(new JsonObject());
    assertThat(webhook.getString("ordering")).isEqualTo("none");
    receiver.answerNext(Answer.status(500));
    change(license, 3);
    assertThat(takeSequences(3)).containsExactlyInAnyOrder(2L, 3L, 4L);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue WHERE lane IS NOT NULL OR sequence IS NOT NULL")).isZero();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook_pace WHERE webhook_id = ?", id())).isZero();
  }

  @Test
  void anOrderIsShownAndABadOneRefused() {
    assertThat(webhook.getString("ordering")).isEqualTo("license");
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.getString("id")).expect(200).json().getString("ordering")).isEqualTo("license");
    assertThat(keyhook.api().get("/api/webhooks").expect(200).data()).extracting(one -> one.getString("ordering")).contains("license");
    for (Object bad : List.of("", "global", 1)) {
      keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
          .put("events", new JsonArray().add("license.updated")).put("ordering", bad)).expect(400);
      keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), new JsonObject().put("ordering", bad)).expect(400);
    }
    keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), new JsonObject().putNull("ordering")).expect(400);
    String updated = webhook.getString("updatedAt");
    assertThat(patch(new JsonObject().put("ordering", "license")).getString("updatedAt")).as("no change").isEqualTo(updated);
  }
}
