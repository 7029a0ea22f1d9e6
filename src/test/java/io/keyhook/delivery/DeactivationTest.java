package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An endpoint that is gone, or that does nothing but fail, is not sent to any more, and its owner sees why. */
class DeactivationTest {
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
    return keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", true)).expect(200).json();
  }

  /** A delivery that failed once and waits. */
  private static String waiting(Receiver receiver) {
    receiver.answerNext(Answer.status(500));
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    return id;
  }

  @Test
  void anEndpointThatIsGoneIsDeactivatedAtOnceAndWhatIsPendingIsCanceled() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    String waiting = waiting(receiver);
    receiver.answerNext(Answer.status(410));
    raise();
    String gone = receiver.take().id();

    assertThat(awaitInactive(webhook).getString("deactivatedReason"))
        .isEqualTo("The endpoint answered 410 Gone: it wants no more deliveries");
    keyhook.awaitStatus(waiting, "canceled");
    JsonObject canceled = keyhook.awaitStatus(gone, "canceled");
    assertThat(canceled.getJsonArray("attempts").getJsonObject(0).getInteger("statusCode")).isEqualTo(410);
    raise();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
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
