package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Deactivating or deleting a webhook, or a downgrade, cancels what is pending; the log stays. */
class CancelTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("maxInFlightPerEndpoint", 1)));

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static void raise(Api api) {
    License license = keyhook.license(api, new JsonObject().put("name", "L"));
    api.validate(license.key(), "device").expect(200);
  }

  /** A delivery that failed once and waits. */
  private static String waiting(Api api, Receiver receiver) {
    receiver.answerNext(Answer.status(500));
    raise(api);
    String id = receiver.take().id();
    org.awaitility.Awaitility.await().until(() ->
        api.get("/api/deliveries/" + id).json().getJsonArray("attempts").size() == 1);
    return id;
  }

  private static void assertCanceled(Api api, Webhook webhook, String id) {
    JsonObject delivery = api.get("/api/deliveries/" + id).expect(200).json();
    assertThat(delivery.getString("status")).isEqualTo("canceled");
    assertThat(delivery.getValue("nextAttemptAt")).isNull();
    assertThat(delivery.getJsonArray("attempts")).hasSize(1);
    assertThat(api.get("/api/webhooks/" + webhook.id() + "/deliveries?status=canceled").expect(200).data())
        .extracting(summary -> summary.getString("id")).contains(id);
    assertThat(keyhook.database().count("delivery_queue")).isZero();
  }

  private static void setActive(Webhook webhook, boolean active) {
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", active)).expect(200);
  }

  @Test
  void deactivatingCancelsWhatIsPendingAndActivatingWorksAgain() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String id = waiting(keyhook.api(), receiver);
    setActive(webhook, false);
    assertCanceled(keyhook.api(), webhook, id);
    raise(keyhook.api());
    setActive(webhook, true);
    raise(keyhook.api());
    assertThat(receiver.take().id()).as("the one raised while it was active").isNotEqualTo(id);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void whatIsRaisedWhenItIsActiveAgainIsNotCanceledWithTheRest() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String before = waiting(keyhook.api(), receiver);
    int many = 5 * RedeliveryStore.CANCEL_BATCH;
    keyhook.database().update("""
        INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, false, now() + interval '1 hour'
        FROM keyhook.delivery_queue, generate_series(1, %d) WHERE delivery_id = ?""".formatted(many),
        Id.DELIVERY.parse(before));
    setActive(webhook, false);
    setActive(webhook, true);
    raise(keyhook.api());
    String after = receiver.take().id();
    keyhook.awaitStatus(after, "delivered");
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery WHERE status = 3")).isPositive();
    keyhook.database().update("DELETE FROM keyhook.delivery_queue");
  }

  @Test
  void whatANodeTookWhileAWebhookWasInactiveIsSentWhenItIsActiveAgain() throws SQLException {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String id = waiting(keyhook.api(), receiver);
    UUID webhookId = Id.WEBHOOK.parse(webhook.id());
    UUID deliveryId = Id.DELIVERY.parse(id);
    keyhook.database().update("INSERT INTO keyhook.webhook_pace (account_id, webhook_id) SELECT account_id, webhook_id FROM keyhook.webhook"
        + " WHERE webhook_id = ?", webhookId);
    try (Connection lock = keyhook.database().lock("webhook_pace", webhookId)) { // nothing is canceled
      keyhook.database().update("UPDATE keyhook.webhook SET is_active = false WHERE webhook_id = ?", webhookId);
      long fence = fence(deliveryId);
      keyhook.clock().advance(id, Duration.ofHours(1));
      Waiting.until("a node has taken it", () -> fence(deliveryId) > fence);
      keyhook.database().update("UPDATE keyhook.delivery_queue SET due_at = now() + interval '1 hour' WHERE delivery_id = ? AND leased",
          deliveryId);
      keyhook.database().update("UPDATE keyhook.webhook SET is_active = true WHERE webhook_id = ?", webhookId);
      lock.rollback();
    }
    assertThat(receiver.take().id()).as("though its lease had not ended").isEqualTo(id);
  }

  private static long fence(UUID deliveryId) {
    return keyhook.database().number("SELECT fence FROM keyhook.delivery_queue WHERE delivery_id = ?", deliveryId);
  }

  @Test
  void whatWaitsGoesToTheNewUrl() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    for (int i = 0; i < 3; i++) {
      raise(keyhook.api());
    }
    receiver.take();
    Receiver next = keyhook.receiver();
    next.trust(webhook.secret());
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("url", next.url())).expect(200);
    held.release();
    next.take(2);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aCanceledDeliveryCanBeRedeliveredOnceItsWebhookIsActive() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String id = waiting(keyhook.api(), receiver);
    setActive(webhook, false);
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(409, "WEBHOOK_INACTIVE");
    setActive(webhook, true);
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(202);
    assertThat(receiver.take().id()).isEqualTo(id);
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void deletingCancelsWhatIsPendingAndItsLogStaysReadable() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String id = waiting(keyhook.api(), receiver);
    keyhook.api().delete("/api/webhooks/" + webhook.id()).expect(204);
    assertCanceled(keyhook.api(), webhook, id);
    keyhook.api().get("/api/webhooks/" + webhook.id()).expect(404);
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", true)).expect(404);
    keyhook.api().delete("/api/webhooks/" + webhook.id()).expect(404);
    keyhook.api().post("/api/deliveries/" + id + "/redeliver").expect(409);
    assertThat(keyhook.api().get("/api/webhooks").data()).isEmpty();
  }

  @Test
  void whatWaitsBehindASlowAttemptIsNotSentAnyMore() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    for (int i = 0; i < 4; i++) {
      raise(keyhook.api());
    }
    String inFlight = receiver.take().id();
    setActive(webhook, false);
    assertThat(keyhook.database().count("delivery_queue")).isZero();
    held.release();
    setActive(webhook, true);
    raise(keyhook.api());
    String last = receiver.take().id();
    keyhook.awaitStatus(last, "delivered");
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    JsonObject arrived = keyhook.awaitStatus(inFlight, "delivered"); // and no attempt is missing from the log
    assertThat(arrived.getJsonArray("attempts")).hasSize(1);
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries?status=canceled").data()).hasSize(3);
  }

  @Test
  void afterADowngradeNothingFiresAndWhatExistsStays() {
    Api api = keyhook.account("professional");
    String accountId = api.get("/api/account").json().getString("id");
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(api, receiver, "license.activated");
    String id = waiting(api, receiver);
    License license = keyhook.license(api, new JsonObject().put("name", "Kept"));
    setPlan(accountId, "free");
    assertCanceled(api, webhook, id);

    api.validate(license.key(), "device").expect(200);
    assertThat(keyhook.database().count("delivery_queue")).isZero();
    JsonObject target = new JsonObject().put("webhookId", webhook.id());
    api.post("/api/webhooks/test", target).expect(403, "PLAN_UPGRADE_REQUIRED");
    api.post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.expired"))).expect(403, "PLAN_UPGRADE_REQUIRED");
    api.patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", true)).expect(403, "PLAN_UPGRADE_REQUIRED");
    api.post("/api/deliveries/" + id + "/redeliver").expect(403, "PLAN_UPGRADE_REQUIRED");
    api.get("/api/webhooks/" + webhook.id()).expect(200);
    assertThat(api.get("/api/webhooks").expect(200).data()).hasSize(1);

    setPlan(accountId, "professional");
    raise(api);
    assertThat(receiver.take().id()).isNotEqualTo(id);
    setPlan(accountId, "starter");
    api.delete("/api/webhooks/" + webhook.id()).expect(204);
  }

  private static void setPlan(String accountId, String plan) {
    keyhook.node().operator().patch("/api/admin/accounts/" + accountId, new JsonObject().put("plan", plan)).expect(200);
  }
}
