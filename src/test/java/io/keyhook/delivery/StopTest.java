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
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
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

  @Test
  void attemptsInFlightAreFinishedAndTheOthersGivenBack() throws Exception {
    Node node = keyhook.start(
        new JsonObject().put("delivery", new JsonObject().put("maxInFlightPerEndpoint", 2)));
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    for (int i = 0; i < 6; i++) {
      node.api().validate(license.key(), "device").expect(200);
    }
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

    Node next = keyhook.start();
    List<Delivery> others = receiver.take(4);
    assertThat(Stream.concat(inFlight.stream(), others.stream()).map(Delivery::id)).doesNotHaveDuplicates();
    keyhook.awaitEmptyQueue();
    keyhook.deleteWebhooks();
    next.stop();
    assertThat(receiver.untaken()).isZero();
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

    Node next = keyhook.start();
    keyhook.awaitEmptyQueue();
    List<Delivery> all = receiver.all();
    assertThat(all).extracting(Delivery::id).doesNotHaveDuplicates();
    assertThat((long) all.size() - 1).isGreaterThanOrEqualTo(answered).isPositive();
    keyhook.deleteWebhooks();
    next.stop();
  }
}
