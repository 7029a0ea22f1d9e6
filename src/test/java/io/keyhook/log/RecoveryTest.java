package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.bus.Recoveries.Filter;
import io.keyhook.db.Database;
import io.keyhook.event.EndpointId;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** All that failed since a time is sent again by one call. */
class RecoveryTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("retryDelays", new JsonArray())));

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  /** The first delivery of an event that is answered so, once it is logged. */
  private static Delivery deliver(Receiver receiver, Answer answer, String status) {
    receiver.answerNext(answer);
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    Delivery delivery = receiver.take();
    keyhook.awaitStatus(delivery.id(), status);
    return delivery;
  }

  private static Delivery fail(Receiver receiver) {
    return deliver(receiver, Answer.status(500), "failed");
  }

  private static Exchange recover(Api api, Webhook webhook, Instant since) {
    return api.post("/api/webhooks/" + webhook.id() + "/recover", new JsonObject().put("since", since.toString()));
  }

  private static int recovering(Webhook webhook, Instant since) {
    return recover(keyhook.api(), webhook, since).expect(202).json().getInteger("recovering");
  }

  /** Later than all that was, and not in the future by the time that it is asked for. */
  private static Instant now() {
    return Instant.now().plusMillis(1);
  }

  @Test
  void whatFailedSinceIsSentAgainAndNothingElse() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    Delivery before = fail(receiver);
    Instant since = now();
    Delivery first = fail(receiver);
    deliver(receiver, Answer.OK, "delivered");
    Delivery second = fail(receiver);
    receiver.answerNext(Answer.status(500));
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(200);
    receiver.take();

    assertThat(recovering(webhook, since)).isEqualTo(2);
    List<Delivery> again = receiver.take(2);
    assertThat(again).extracting(Delivery::id).containsExactlyInAnyOrder(first.id(), second.id());
    assertThat(again).allSatisfy(delivery -> assertThat(delivery.attempt()).isEqualTo(2));
    assertThat(again).filteredOn(delivery -> delivery.id().equals(first.id()))
        .allSatisfy(delivery -> assertThat(delivery.body()).isEqualTo(first.body()));
    assertThat(keyhook.awaitStatus(first.id(), "delivered").getJsonArray("attempts")).hasSize(2);
    keyhook.awaitStatus(second.id(), "delivered");
    assertThat(keyhook.logged(before.id()).getString("status")).isEqualTo("failed");
    assertThat(recovering(webhook, since)).as("what is left of it").isZero();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void itIsTheLastFailureThatCounts() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    Delivery old = fail(receiver);
    Instant since = now();
    receiver.answerNext(Answer.status(500));
    keyhook.api().post("/api/deliveries/" + old.id() + "/redeliver").expect(202);
    receiver.take();
    keyhook.awaitAttempts(old.id(), 2);

    receiver.answerNext(Answer.status(500));
    assertThat(recovering(webhook, since)).isEqualTo(1);
    assertThat(receiver.take().attempt()).isEqualTo(3);
    assertThat(keyhook.awaitAttempts(old.id(), 3).getString("status")).isEqualTo("failed");
    assertThat(receiver.untaken()).as("what fails again is not sent again").isZero();
  }

  @Test
  void manyAreSentAtAMeasuredPaceEachOnce() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    Instant since = Instant.now().minus(Duration.ofHours(1));
    Delivery one = fail(receiver);
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, status, attempts
        FROM keyhook.delivery, generate_series(1, 249) WHERE delivery_id = ?""", Id.DELIVERY.parse(one.id()));
    Instant asked = Instant.now();
    assertThat(recovering(webhook, since)).isEqualTo(250);
    assertThat(receiver.take(250)).extracting(Delivery::id).doesNotHaveDuplicates().contains(one.id());
    assertThat(Duration.between(asked, Instant.now())).as("a hundred a second").isGreaterThan(Duration.ofMillis(1500));
    keyhook.awaitEmptyQueue();
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries?status=failed").data()).isEmpty();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aTimeThatCannotBeMeantIsRefused() {
    Webhook webhook = keyhook.webhook(keyhook.receiver(), "license.activated");
    for (Duration ago : List.of(Duration.ofMinutes(-5), Duration.ofDays(91))) {
      assertThat(recover(keyhook.api(), webhook, Instant.now().minus(ago)).expect(400).badFields()).as("%s ago", ago)
          .containsExactly("since");
    }
    assertThat(keyhook.api().post("/api/webhooks/" + webhook.id() + "/recover", new JsonObject()).expect(400)
        .badFields()).containsExactly("since");
    assertThat(recovering(webhook, Instant.now().minus(Duration.ofDays(89)))).isZero();
  }

  @Test
  void anInactiveWebhookIsActivatedFirst() {
    Webhook webhook = keyhook.webhook(keyhook.receiver(), "license.activated");
    String path = "/api/webhooks/" + webhook.id();
    keyhook.api().patch(path, new JsonObject().put("isActive", false)).expect(200);
    recover(keyhook.api(), webhook, Instant.now().minusSeconds(1)).expect(409, "WEBHOOK_INACTIVE");
    keyhook.api().patch(path, new JsonObject().put("isActive", true)).expect(200);
    recover(keyhook.api(), webhook, Instant.now().minusSeconds(1)).expect(202);
    keyhook.api().delete(path).expect(204);
    recover(keyhook.api(), webhook, Instant.now().minusSeconds(1)).expect(404, "NOT_FOUND");
  }

  @Test
  void aPlanWithoutWebhooksRecoversNothing() {
    Api api = keyhook.account("professional");
    Webhook webhook = keyhook.webhook(api, keyhook.receiver(), "license.activated");
    keyhook.node().operator().patch("/api/admin/accounts/" + api.get("/api/account").json().getString("id"),
        new JsonObject().put("plan", "free")).expect(200);
    recover(api, webhook, Instant.now().minusSeconds(1)).expect(403, "PLAN_UPGRADE_REQUIRED");
  }

  /** So many copies of a delivery, failed as it has. */
  private static void copy(Delivery failed, int count) {
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, status, attempts
        FROM keyhook.delivery, generate_series(1, %d) WHERE delivery_id = ?""".formatted(count),
        Id.DELIVERY.parse(failed.id()));
  }

  private static JsonObject since(Instant since) {
    return new JsonObject().put("since", since.toString());
  }

  private static JsonObject preview(Webhook webhook, JsonObject filter) {
    return keyhook.api().post("/api/webhooks/" + webhook.id() + "/recover/preview", filter).expect(200).json();
  }

  private static String start(Webhook webhook, JsonObject filter) {
    return keyhook.api().post("/api/webhooks/" + webhook.id() + "/recover", filter).expect(202).json()
        .getString("recoveryId");
  }

  private static JsonObject recovery(String id) {
    return keyhook.api().get("/api/recoveries/" + id).expect(200).json();
  }

  private static JsonObject awaitEnd(String id) {
    Waiting.until("the recovery has ended", () -> !recovery(id).getString("status").equals("running"));
    return recovery(id);
  }

  @Test
  void aPreviewCountsWhatIsThenSent() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated", "license.validated");
    Instant since = Instant.now().minus(Duration.ofHours(1));
    receiver.answerNext(Answer.status(500), Answer.status(503), Answer.status(404), Answer.status(500));
    for (int i = 0; i < 2; i++) { // each raises both events
      keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    }
    List<Delivery> failed = receiver.take(4);
    failed.forEach(delivery -> keyhook.awaitStatus(delivery.id(), "failed"));

    JsonObject all = preview(webhook, since(since));
    assertThat(all.getInteger("recovering")).isEqualTo(4);
    assertThat(all.getBoolean("isComplete")).isTrue();
    assertThat(all.getJsonArray("byResult")).isEqualTo(new JsonArray()
        .add(new JsonObject().put("result", "500").put("count", 2))
        .add(new JsonObject().put("result", "404").put("count", 1))
        .add(new JsonObject().put("result", "503").put("count", 1)));
    assertThat(all.getJsonArray("byEvent").stream().mapToInt(event -> ((JsonObject) event).getInteger("count")).sum())
        .isEqualTo(4);
    assertThat(preview(webhook, since(since).put("events", new JsonArray().add("license.*")))).isEqualTo(all);
    assertThat(receiver.untaken()).as("a preview sends nothing").isZero();

    JsonObject filter = since(since).put("results", new JsonArray().add("5xx"))
        .put("events", new JsonArray().add("license.activated"));
    JsonObject some = preview(webhook, filter);
    assertThat(some.getJsonArray("byResult")).as("to choose among").isEqualTo(all.getJsonArray("byResult"));
    String id = start(webhook, filter);
    JsonObject ended = awaitEnd(id);
    assertThat(ended.getString("status")).isEqualTo("completed");
    assertThat(ended.getInteger("recovered")).isEqualTo(ended.getInteger("total")).isEqualTo(some.getInteger("recovering"));
    keyhook.awaitEmptyQueue();
    List<Delivery> sent = receiver.take(some.getInteger("recovering"));
    assertThat(receiver.untaken()).isZero();
    assertThat(sent).allSatisfy(delivery -> assertThat(delivery.event()).isEqualTo("license.activated"));
    JsonObject left = preview(webhook, since(since));
    assertThat(left.getInteger("recovering")).isEqualTo(4 - sent.size());
    assertThat(preview(webhook, filter).getInteger("recovering")).isZero();
  }

  @Test
  void aRecoveryEndsAtATimeAndSelectsByTheExactResult() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    Instant since = Instant.now().minus(Duration.ofHours(1));
    Delivery before = fail(receiver);
    Instant until = now();
    Waiting.until("a millisecond has passed", () -> Instant.now().isAfter(until));
    Delivery after = fail(receiver);
    Delivery unavailable = deliver(receiver, Answer.status(503), "failed");
    assertThat(preview(webhook, since(since).put("until", until.toString())).getInteger("recovering")).isEqualTo(1);
    start(webhook, since(since).put("until", until.toString()));
    assertThat(receiver.take().id()).isEqualTo(before.id());
    start(webhook, since(since).put("results", new JsonArray().add("503").add("timeout")));
    assertThat(receiver.take().id()).isEqualTo(unavailable.id());
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(keyhook.logged(after.id()).getString("status")).isEqualTo("failed");
  }

  @Test
  void aRecoveryThatIsStoppedLeavesTheRest() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    copy(fail(receiver), 999);
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    String id = start(webhook, since(Instant.now().minus(Duration.ofHours(1))));
    receiver.take();
    JsonObject stopped = keyhook.api().post("/api/recoveries/" + id + "/stop").expect(200).json();
    assertThat(stopped.getString("status")).isEqualTo("stopped");
    assertThat(stopped.getString("endedAt")).isNotNull();
    assertThat(stopped.getInteger("total")).isEqualTo(1000);
    int recovered = stopped.getInteger("recovered");
    assertThat(recovered).isBetween(1, 300);
    held.release();
    receiver.answer(Answer.OK);
    keyhook.awaitEmptyQueue();
    assertThat(recovery(id)).as("nothing more happened").isEqualTo(stopped);
    assertThat(keyhook.api().post("/api/recoveries/" + id + "/stop").expect(200).json()).isEqualTo(stopped);
    assertThat(receiver.all().stream().map(Delivery::id).distinct()).hasSize(recovered);
    assertThat(preview(webhook, since(Instant.now().minus(Duration.ofHours(1)))).getInteger("recovering"))
        .isEqualTo(1000 - recovered);
    assertThat(keyhook.api().get("/api/audit?action=webhook.recovery_stopped&subjectId=" + webhook.id()).data()).hasSize(1);
  }

  @Test
  void aRecoveryWaitsWhileItsWebhookIsPausedAndStopsWhenItIsDeactivated() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String path = "/api/webhooks/" + webhook.id();
    Delivery failed = fail(receiver);
    keyhook.api().post(path + "/pause").expect(200);
    String waiting = start(webhook, since(Instant.now().minus(Duration.ofHours(1))));
    assertThat(recovery(waiting).getString("status")).isEqualTo("running");
    keyhook.api().post(path + "/resume").expect(200);
    assertThat(receiver.take().id()).isEqualTo(failed.id());
    assertThat(awaitEnd(waiting).getString("status")).isEqualTo("completed");
    fail(receiver);
    keyhook.api().post(path + "/pause").expect(200);
    String ended = start(webhook, since(Instant.now().minus(Duration.ofHours(1))));
    keyhook.api().patch(path, new JsonObject().put("isActive", false)).expect(200);
    assertThat(awaitEnd(ended).getString("status")).isEqualTo("stopped");
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void whatAPauseHasKeptCountsAsWaitingAndGoesBeforeARecovery() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    fail(receiver);
    keyhook.api().post("/api/webhooks/" + webhook.id() + "/pause").expect(200);
    License license = keyhook.license(20);
    for (int i = 0; i < 12; i++) {
      keyhook.api().validate(license.key(), "device-" + i).expect(200);
    }
    UUID webhookId = Id.WEBHOOK.parse(webhook.id());
    EndpointId endpoint = new EndpointId(UUID.fromString(keyhook.database().value(
        "SELECT account_id FROM keyhook.webhook WHERE webhook_id = ?", webhookId)), webhookId);
    RecoveryStore.Failed failed = new RecoveryStore.Failed(endpoint, new UUID(0, 0), new UUID(-1, -1),
        new Filter(Instant.now().minus(Duration.ofHours(1)), null, null, null));
    Vertx vertx = Vertx.vertx();
    Database database = keyhook.database().open(vertx, 1);
    assertThat(Waiting.on(RecoveryStore.requeue(database.pool(), failed, 100, 12)).places()).isZero();
    assertThat(Waiting.on(RecoveryStore.requeue(database.pool(), failed, 100, 13)))
        .satisfies(moved -> assertThat(moved.places()).isEqualTo(1)).satisfies(moved -> assertThat(moved.taken()).isEqualTo(1));
    Waiting.on(database.close());
    Waiting.on(vertx.close());
  }

  @Test
  void aRecoveryOfEverythingReplacesOneThatRunsAndGoesBackAsFar() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    Delivery failed = fail(receiver);
    Instant since = Instant.now().minus(Duration.ofHours(1));
    keyhook.api().post("/api/webhooks/" + webhook.id() + "/pause").expect(200);
    String some = start(webhook, since(since).put("results", new JsonArray().add("404")));
    String first = start(webhook, since(since));
    String second = start(webhook, since(now().minusMillis(2)));
    assertThat(recovery(first).getString("status")).isEqualTo("stopped");
    assertThat(recovery(some).getString("status")).as("another kind").isEqualTo("running");
    assertThat(Instant.parse(recovery(second).getString("since"))).isBefore(since.plusMillis(1));
    assertThat(recovery(second).getInteger("total")).isEqualTo(1);
    assertThat(keyhook.api().get("/api/recoveries?webhookId=" + webhook.id()).expect(200).data())
        .extracting(one -> one.getString("id")).containsExactly(second, first, some);
    keyhook.api().post("/api/webhooks/" + webhook.id() + "/resume").expect(200);
    assertThat(receiver.take().id()).isEqualTo(failed.id());
    assertThat(awaitEnd(second).getInteger("recovered")).isEqualTo(1);
    assertThat(awaitEnd(some).getInteger("recovered")).isZero();
  }

  @Test
  void whatCannotBeSelectedIsRefused() {
    Webhook webhook = keyhook.webhook(keyhook.receiver(), "license.activated");
    Instant since = Instant.now().minus(Duration.ofHours(1));
    String path = "/api/webhooks/" + webhook.id() + "/recover";
    for (String call : List.of(path, path + "/preview")) {
      assertThat(keyhook.api().post(call, since(since).put("until", since.toString())).expect(400).badFields())
          .containsExactly("until");
      for (JsonArray results : List.of(new JsonArray(), new JsonArray().add("600"), new JsonArray().add("no_such_error"))) {
        assertThat(keyhook.api().post(call, since(since).put("results", results)).expect(400).badFields()).as("%s", results)
            .contains("results");
      }
      for (JsonArray events : List.of(new JsonArray(), new JsonArray().add("webhook.test"))) {
        assertThat(keyhook.api().post(call, since(since).put("events", events)).expect(400).badFields()).as("%s", events)
            .contains("events");
      }
    }
  }

  @Test
  void aWebhookHasTenRecoveriesAtMost() {
    Webhook webhook = keyhook.webhook(keyhook.receiver(), "license.activated");
    keyhook.api().post("/api/webhooks/" + webhook.id() + "/pause").expect(200);
    JsonObject filter = since(Instant.now().minus(Duration.ofHours(1))).put("results", new JsonArray().add("500"));
    for (int i = 0; i < 10; i++) {
      start(webhook, filter);
    }
    keyhook.api().post("/api/webhooks/" + webhook.id() + "/recover", filter).expect(409, "TOO_MANY_RECOVERIES");
  }
}
