package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A webhook that changes on one node while its deliveries wait on another under a lease: the next poll there sees it. */
class ChangeElsewhereTest {
  private static final int WAITING = 3;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(
      new JsonObject().put("delivery", new JsonObject().put("maxInFlightPerEndpoint", 1)));
  static Node sending;
  static Node other;

  private Receiver old;
  private Api api;
  private Webhook webhook;
  private Answer.Held held;
  private String inFlight;

  @BeforeAll
  static void startAnother() {
    sending = keyhook.node();
    other = keyhook.start();
  }

  /** One attempt is in flight, and others wait for it to end. */
  @BeforeEach
  void letDeliveriesWait() {
    api = keyhook.account("enterprise");
    old = keyhook.receiver();
    webhook = keyhook.webhook(api, old, "license.validated");
    License license = keyhook.license(api, new JsonObject().put("name", "L").put("maxActivations", 1));
    api.validate(license.key(), "device").expect(200);
    held = Answer.held(Answer.OK);
    keyhook.awaitEmptyQueueOf(api);
    old.take();
    old.answerNext(held);
    for (int i = 0; i <= WAITING; i++) {
      api.validate(license.key(), "device").expect(200);
    }
    inFlight = old.take().id();
    Waiting.until("the node holds them", () -> metric("keyhook_deliveries_held") == 1 + WAITING);
  }

  @AfterEach
  void forgetWebhooks() {
    held.release();
    keyhook.deleteWebhooks(api);
    keyhook.awaitEmptyQueueOf(api);
  }

  private static double metric(String name) {
    Matcher metric = Pattern.compile("^" + name + " (\\S+)$", Pattern.MULTILINE)
        .matcher(sending.api().get("/metrics").expect(200).body());
    assertThat(metric.find()).as(name).isTrue();
    return Double.parseDouble(metric.group(1));
  }

  /** A poll that began after the call has ended: the one under way may have read the database before. */
  private static void awaitPoll() {
    double before = metric("keyhook_queue_polls_total");
    Waiting.until("another poll", () -> metric("keyhook_queue_polls_total") >= before + 2);
  }

  private Api elsewhere() {
    return api.at(other.uri());
  }

  /** The queue may be empty before: whoever deletes a webhook takes its deliveries, and the result joins them in the log. */
  private void endAttempt() {
    held.release();
    Waiting.until("the attempt is in the log", () -> api.get("/api/deliveries/" + inFlight).expect(200).json()
        .getString("status").equals("delivered"));
    keyhook.awaitEmptyQueueOf(api);
  }

  private List<JsonObject> deliveries(String status) {
    return api.get("/api/webhooks/" + webhook.id() + "/deliveries?status=" + status).expect(200).data();
  }

  private void patch(String field, Object value) {
    elsewhere().patch("/api/webhooks/" + webhook.id(), new JsonObject().put(field, value)).expect(200);
  }

  @Test
  void aWebhookThatIsDeactivatedElsewhereIsNotSentTo() {
    patch("isActive", false);
    awaitPoll();
    endAttempt();
    assertNothingMore();
  }

  @Test
  void aWebhookThatIsDeletedElsewhereIsNotSentTo() {
    elsewhere().delete("/api/webhooks/" + webhook.id()).expect(204);
    awaitPoll();
    endAttempt();
    assertNothingMore();
  }

  @Test
  void anAccountThatLosesItsWebhooksElsewhereIsNotSentTo() {
    other.operator().patch("/api/admin/accounts/" + api.get("/api/account").expect(200).json().getString("id"),
        new JsonObject().put("plan", "free")).expect(200);
    awaitPoll();
    held.release();
    keyhook.awaitEmptyQueue();
    assertThat(old.untaken()).isZero();
  }

  private void assertNothingMore() {
    assertThat(old.untaken()).as("attempts after the poll").isZero();
    assertThat(deliveries("canceled")).hasSize(WAITING);
  }

  @Test
  void aDeactivatedWebhookThatIsActivatedAgainSendsToItsNewUrlOnly() {
    Receiver next = keyhook.receiver();
    next.trust(webhook.secret());
    patch("isActive", false);
    patch("url", next.url());
    patch("isActive", true);
    awaitPoll();
    endAttempt();
    assertThat(old.untaken()).as("attempts after the poll").isZero();
  }

  @Test
  void aUrlThatIsChangedElsewhereIsWhereWhatWaitsGoes() {
    Receiver next = keyhook.receiver();
    next.trust(webhook.secret());
    patch("url", next.url());
    awaitPoll();
    endAttempt();
    assertThat(old.untaken()).as("attempts after the poll").isZero();
    assertThat(next.take(WAITING)).extracting(Delivery::id).doesNotContain(inFlight).doesNotHaveDuplicates();
    assertThat(deliveries("delivered")).hasSize(1 + 1 + WAITING);
  }

  @Test
  void aSecretThatIsRevokedElsewhereSignsNothingMore() {
    String secret = elsewhere().post("/api/webhooks/" + webhook.id() + "/rotate-secret",
        new JsonObject().put("overlapHours", 0)).expect(200).json().getString("secret");
    old.trust(secret);
    awaitPoll();
    endAttempt();
    assertThat(old.take(WAITING)).allSatisfy(delivery -> {
      assertThat(delivery.header("X-Webhook-Signature")).isEqualTo(delivery.plainSignature(secret));
      assertThat(delivery.headers().contains("X-Webhook-Signature-Previous")).isFalse();
    });
  }
}
