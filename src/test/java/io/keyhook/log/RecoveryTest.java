package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
}
