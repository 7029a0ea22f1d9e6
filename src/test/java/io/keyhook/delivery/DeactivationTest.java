package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.db.Partitions;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An endpoint that is gone, or that does nothing but fail, is not sent to any more, and its owner sees why. */
class DeactivationTest {
  /** More than one transaction deactivates. */
  private static final int MANY = HealthStore.MAX_FOUND + 20;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static void raise() {
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
  }

  private static JsonObject webhook(Webhook webhook) {
    return keyhook.api().get("/api/webhooks/" + webhook.id()).expect(200).json();
  }

  private static JsonObject awaitInactive(Webhook webhook) {
    await("it is deactivated").atMost(Waiting.LONG).until(() -> !webhook(webhook).getBoolean("isActive"));
    return webhook(webhook);
  }

  private static JsonObject activate(Webhook webhook) {
    return keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", true))
        .expect(200).json();
  }

  /** A delivery whose first attempt was answered so. */
  private static String attempt(Receiver receiver, Answer answer) {
    receiver.answerNext(answer);
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    return id;
  }

  @Test
  void anEndpointThatIsGoneIsDeactivatedAtOnceAndWhatIsPendingIsCanceled() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String waiting = attempt(receiver, Answer.status(500));
    receiver.answerNext(Answer.status(410));
    raise();
    String gone = receiver.take().id();

    assertThat(awaitInactive(webhook).getString("deactivatedReason"))
        .isEqualTo("Your endpoint returned 410 Gone, so Keyhook stopped sending to it");
    keyhook.awaitStatus(waiting, "canceled");
    JsonObject canceled = keyhook.awaitStatus(gone, "canceled");
    assertThat(canceled.getJsonArray("attempts").getJsonObject(0).getInteger("statusCode")).isEqualTo(410);
    assertAudited(webhook);
    raise();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void whatIsCanceledAfterAFailureHasACauseAndIsFound() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String failed = attempt(receiver, Answer.status(500, "no"));
    receiver.answerNext(Answer.status(410, "gone for good"));
    raise();
    String gone = receiver.take().id();
    keyhook.awaitStatus(failed, "canceled");
    keyhook.awaitStatus(gone, "canceled");
    List<JsonObject> causes = keyhook.api().get("/api/deliveries/causes?webhookId=" + webhook.id()).expect(200).data();
    assertThat(causes).extracting(cause -> cause.getInteger("statusCode")).containsExactlyInAnyOrder(410, 500);
    assertThat(causes).allSatisfy(cause -> assertThat(cause.getMap())
        .containsEntry("failed", 0).containsEntry("retrying", 0).containsEntry("canceled", 1));
    assertThat(causes.stream().filter(cause -> cause.getInteger("statusCode") == 410).findAny().orElseThrow().getMap())
        .containsEntry("message", "gone for good").containsEntry("lastDeliveryId", gone);
    assertThat(listed(webhook, "&status=canceled&failing=true")).containsExactlyInAnyOrder(failed, gone);
    assertThat(listed(webhook, "&failing=true")).isEmpty();

    activate(webhook);
    keyhook.api().post("/api/webhooks/" + webhook.id() + "/pause").expect(200);
    raise(); // has no attempt
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", false)).expect(200);
    await("the third is canceled").atMost(Waiting.LONG).until(() -> listed(webhook, "&status=canceled").size() == 3);
    assertThat(listed(webhook, "&status=canceled&failing=true")).containsExactlyInAnyOrder(failed, gone);
    assertThat(listed(webhook, "&status=canceled&failing=false")).hasSize(1).doesNotContain(failed, gone);
    assertThat(keyhook.api().get("/api/deliveries/causes?webhookId=" + webhook.id()).expect(200).json().getInteger("examined"))
        .isEqualTo(2);
  }

  private static List<String> listed(Webhook webhook, String filter) {
    return keyhook.api().get("/api/deliveries?webhookId=" + webhook.id() + filter).expect(200).data().stream()
        .map(delivery -> delivery.getString("id")).toList();
  }

  @Test
  void activatingItAgainIsOneCallAndClearsTheReason() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(410));
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    raise();
    String gone = receiver.take().id();
    awaitInactive(webhook);
    JsonObject active = activate(webhook);
    assertThat(active.getBoolean("isActive")).isTrue();
    assertThat(active.getValue("deactivatedReason")).isNull();
    raise();
    String next = receiver.take().id();
    assertThat(next).isNotEqualTo(gone);
    keyhook.awaitStatus(next, "delivered");
    assertThat(webhook(webhook).getBoolean("isActive")).isTrue();
  }

  @Test
  void whatTheOldUrlSaysOfItselfIsNotSaidOfTheNewOne() {
    Receiver old = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.status(410));
    old.answerNext(held);
    Webhook webhook = keyhook.webhook(old, "license.activated");
    raise();
    String id = old.take().id();
    Receiver receiver = keyhook.receiver();
    receiver.trust(webhook.secret());
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("url", receiver.url())).expect(200);
    held.release();
    keyhook.awaitAttempts(id, 1);
    raise();
    keyhook.awaitStatus(receiver.take().id(), "delivered"); // written after what the old one said was
    assertThat(webhook(webhook).getBoolean("isActive")).isTrue();
  }

  /** An endpoint that failed once so long ago, and once now. */
  private static Webhook failingFor(Receiver receiver, Duration time) {
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    keyhook.clock().advanceHealth(webhook.id(), Duration.ofDays(1)); // made well before
    attempt(receiver, Answer.status(500));
    keyhook.clock().advanceHealth(webhook.id(), time);
    attempt(receiver, Answer.status(500));
    return webhook;
  }

  /** A node looks as it starts. */
  private static void assertAudited(Webhook webhook) {
    List<JsonObject> entries = keyhook.api().get("/api/audit?action=webhook.deactivated&subjectId=" + webhook.id()).data();
    assertThat(entries).hasSize(1);
    assertThat(entries.get(0).getString("actor")).isEqualTo("Keyhook");
  }

  private static void look() {
    keyhook.start().stop();
  }

  @Test
  void anEndpointThatDidNothingButFailForFiveDaysIsDeactivatedAndWhatIsPendingIsCanceled() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = failingFor(receiver, Duration.ofDays(5).plusMinutes(2));
    look();
    assertThat(awaitInactive(webhook).getString("deactivatedReason"))
        .isEqualTo("Every attempt of the last five days failed");
    assertAudited(webhook);
    keyhook.awaitEmptyQueue();
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries?status=canceled").data()).hasSize(2);

    assertThat(activate(webhook).getValue("deactivatedReason")).isNull();
    attempt(receiver, Answer.status(500));
    look();
    assertThat(webhook(webhook).getBoolean("isActive")).as("its five days begin anew").isTrue();
  }

  @OnlyOnPostgresql
  @Test
  void manyAreDeactivatedInPagesAndTheirReportsAreQueuedWithoutLeases() {
    Receiver watcher = keyhook.receiver();
    Webhook webhook = keyhook.webhook(watcher, "webhook.deactivated");
    keyhook.database().update("""
        CREATE TABLE noted (leased boolean);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO noted VALUES (NEW.leased); RETURN NEW; END $$;
        CREATE TRIGGER note AFTER INSERT ON keyhook.delivery_queue FOR EACH ROW EXECUTE FUNCTION note();
        INSERT INTO keyhook.webhook (account_id, url, events, is_active, description, updated_at)
          SELECT account_id, 'https://example.com/' || n, '{1}', true, 'one of many', now() - interval '6 days'
          FROM keyhook.webhook, generate_series(1, %1$d) n WHERE webhook_id = '%2$s';
        INSERT INTO keyhook.attempt_count (account_id, webhook_id, minute, keep_until, succeeded, failed, failed_since)
          SELECT account_id, webhook_id, now() - age, (now() AT TIME ZONE 'UTC')::date + %3$d, 0, 1, 1
          FROM keyhook.webhook, unnest(ARRAY[interval '1 minute', interval '121 hours']) age WHERE description = 'one of many'"""
        .formatted(MANY, Id.WEBHOOK.parse(webhook.id()), Partitions.COUNT_DAYS));
    try {
      keyhook.start();
      assertThat(watcher.take(MANY)).extracting(event -> event.data().getString("webhookId")).doesNotHaveDuplicates();
      assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE description = 'one of many' AND is_active"))
          .isZero();
      assertThat(keyhook.database().column("SELECT leased FROM noted")).hasSize(MANY).containsOnly("f");
    } finally {
      keyhook.database().update("""
          DROP TRIGGER note ON keyhook.delivery_queue; DROP FUNCTION note; DROP TABLE noted;
          DELETE FROM keyhook.webhook WHERE description = 'one of many'""");
    }
  }

  @Test
  void anEndpointThatFailsForLessOrSucceededOnceOrIsNotAskedIsLeftActive() {
    Receiver receiver = keyhook.receiver();
    Webhook less = failingFor(receiver, Duration.ofDays(5).minusMinutes(5));
    look();
    assertThat(webhook(less).getBoolean("isActive")).as("less than five days").isTrue();
    keyhook.deleteWebhooks();

    Webhook once = failingFor(receiver, Duration.ofDays(3));
    attempt(receiver, Answer.OK);
    keyhook.clock().advanceHealth(once.id(), Duration.ofHours(74));
    attempt(receiver, Answer.status(500));
    look();
    assertThat(webhook(once).getBoolean("isActive")).as("a success three days ago").isTrue();
    keyhook.clock().advanceHealth(once.id(), Duration.ofHours(45));
    attempt(receiver, Answer.status(500));
    look();
    assertThat(webhook(once).getBoolean("isActive")).as("a success less than five days ago").isTrue();
    keyhook.clock().advanceHealth(once.id(), Duration.ofDays(6));
    look();
    assertThat(webhook(once).getBoolean("isActive")).as("nothing was sent for days").isTrue();
  }

  @Test
  void aTestThatHears410DeactivatesNothing() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(410));
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    JsonObject result = keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id()))
        .expect(200).json();
    assertThat(result.getInteger("statusCode")).isEqualTo(410);
    assertThat(webhook(webhook).getBoolean("isActive")).isTrue();
  }
}
