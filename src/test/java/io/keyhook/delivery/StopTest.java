package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A clean stop: what is in flight ends and is logged, what is not is given back, and nothing is sent twice. */
class StopTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private static String statusInLog(Delivery delivery) {
    return keyhook.database().value("SELECT status FROM keyhook.delivery WHERE delivery_id = ?",
        Id.DELIVERY.parse(delivery.id()));
  }

  /** A node with six deliveries, two of which it may send at once. */
  private static Node startWithSix(Receiver receiver) {
    Node node = keyhook.start(
        new JsonObject().put("delivery", new JsonObject().put("maxInFlightPerEndpoint", 2)));
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    for (int i = 0; i < 6; i++) {
      node.api().validate(license.key(), "device").expect(200);
    }
    return node;
  }

  private static void finishWithAnother() {
    Node next = keyhook.start();
    keyhook.awaitEmptyQueue();
    keyhook.deleteWebhooks();
    next.stop();
  }

  @Test
  void attemptsInFlightAreFinishedAndTheOthersGivenBack() throws Exception {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    Node node = startWithSix(receiver);
    List<Delivery> inFlight = receiver.take(2);

    CompletableFuture<Void> stopped = CompletableFuture.runAsync(node::stop);
    await("what has not started is given back").atMost(Waiting.LONG).until(() -> keyhook.database()
        .number("SELECT count(*) FROM keyhook.delivery_queue WHERE NOT leased AND due_at <= now()") == 4);
    assertThat(stopped).as("stopped before its attempts were over").isNotDone();
    held.release();
    stopped.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
    assertThat(inFlight).as("results written before the end").allMatch(delivery -> statusInLog(delivery).equals("1"));
    assertThat(keyhook.database().count("delivery_queue")).isEqualTo(4);
    assertThat(keyhook.database().connections()).isZero();

    finishWithAnother();
    assertThat(Stream.concat(inFlight.stream(), receiver.take(4).stream()).map(Delivery::id)).doesNotHaveDuplicates();
    assertThat(receiver.untaken()).isZero();
  }

  @OnlyOnPostgresql
  @Test
  void whatTheDatabaseHasNotTakenYetIsWaitedFor() throws Exception {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    Node node = startWithSix(receiver);
    receiver.take(2);
    CompletableFuture<Void> stopped;
    try (Connection other = keyhook.database().connect(); Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("SELECT FROM keyhook.delivery_queue FOR UPDATE");
      stopped = CompletableFuture.runAsync(node::stop);
      await("leases to give back wait for the lock").atMost(Waiting.LONG).until(() -> waitingForALock() == 1);
      held.release();
      await("results wait too").atMost(Waiting.LONG).until(() -> waitingForALock() == 2);
      assertThat(stopped).as("stopped before its leases were given back").isNotDone();
      other.rollback();
    }
    stopped.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue WHERE NOT leased")).isEqualTo(4);
    assertThat(keyhook.database().count("delivery_queue")).isEqualTo(4);
    finishWithAnother();
  }

  private static long waitingForALock() {
    return keyhook.database().number("""
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'""");
  }

  private static boolean accepts(URI uri) {
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aTestThatIsUnderWayIsInTheLog() throws Exception {
    Node node = keyhook.start();
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    CompletableFuture.runAsync(() -> node.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())));
    Delivery test = receiver.take();
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(node::stop);
    await("nobody is served any more").atMost(Waiting.LONG).until(() -> !accepts(node.uri()));
    held.release();
    stopped.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery WHERE delivery_id = ?",
        Id.TEST_DELIVERY.parse(test.id()))).isEqualTo(1);
  }

  @Test
  void aSecretUnderAnotherMasterKeyIsToBeRotated() {
    Node first = keyhook.start();
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    first.stop();
    Node second = keyhook.start(new JsonObject().put("secrets",
        new JsonObject().put("masterKey", Base64.getEncoder().encodeToString(new byte[32]))));
    JsonObject test = new JsonObject().put("webhookId", webhook.id());
    second.api().post("/api/webhooks/test", test).expect(409, "SECRET_UNREADABLE");
    License license = keyhook.license(2);
    second.api().validate(license.key(), "first").expect(200);
    for (boolean active : new boolean[] {false, true}) { // what could not be sent is not to be
      second.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", active)).expect(200);
    }
    receiver.trust(second.api().post("/api/webhooks/" + webhook.id() + "/rotate-secret", new JsonObject())
        .expect(200).json().getString("secret"));
    second.api().validate(license.key(), "second").expect(200);
    receiver.take(); // at once, and not when it would have been looked at again
    second.api().post("/api/webhooks/test", test).expect(200);
    keyhook.deleteWebhooks();
    second.stop();
  }

  @Test
  void requestsUnderLoadAreAnsweredOrRefusedAndTheirEventsAreNotLost() {
    Node node = keyhook.start();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    node.api().validate(license.key(), "device").expect(200);
    receiver.take();
    var answers = Stream.generate(() -> node.api().validateAsync(license.key(), "device")
        .handle((answer, failed) -> failed == null && answer.status() == 200 ? 1 : 0)).limit(400).toList();
    answers.get(0).join();
    node.stop();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue WHERE leased"))
        .as("leases that were not given back").isZero();
    long answered = answers.stream().mapToInt(CompletableFuture::join).sum();

    finishWithAnother();
    List<Delivery> all = receiver.all();
    assertThat(all).extracting(Delivery::id).doesNotHaveDuplicates();
    assertThat((long) all.size() - 1).isGreaterThanOrEqualTo(answered).isPositive();
  }
}
