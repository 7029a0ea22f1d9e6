package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who may send: the holder of a lease, until it ends; then anyone, and what the holder says no longer counts. */
class LeaseTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  private static void raise() {
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
  }

  /** A delivery that waits for its second attempt. */
  private static String waiting(Receiver receiver) {
    receiver.answerNext(Answer.status(500));
    raise();
    String id = receiver.take().id();
    keyhook.awaitAttempts(id, 1);
    return id;
  }

  /** As if a node had claimed it. */
  private static void leaseToAnother(String id, String endsIn) {
    keyhook.database().update("UPDATE keyhook.delivery_queue SET leased = true, fence = fence + 1, "
        + "due_at = now() + ?::interval WHERE delivery_id = ?", endsIn, Id.DELIVERY.parse(id));
  }

  private static String row(String id) {
    return keyhook.database().value("SELECT fence || ' ' || leased || ' ' || due_at FROM keyhook.delivery_queue "
        + "WHERE delivery_id = ?", Id.DELIVERY.parse(id));
  }

  @Test
  void whatANodeThatIsGoneHadLeasedGoesOnWhenItsLeaseEnds() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    String id = waiting(receiver);
    leaseToAnother(id, "-1 second");
    Delivery second = receiver.take();
    assertThat(second.id()).isEqualTo(id);
    assertThat(second.attempt()).isEqualTo(2);
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void whatAnotherHasLeasedIsLeftToIt() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    String leased = waiting(receiver);
    String due = waiting(receiver);
    leaseToAnother(leased, "25 seconds");
    String row = row(leased);
    keyhook.clock().advance(due, Duration.ofMinutes(2));
    assertThat(receiver.take().id()).isEqualTo(due);
    keyhook.awaitStatus(due, "delivered");
    assertThat(row(leased)).isEqualTo(row);
  }

  @Test
  void theResultOfAnOldLeaseIsRefused() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    keyhook.webhook(receiver, "license.activated");
    raise();
    String id = receiver.take().id();
    leaseToAnother(id, "25 seconds");
    String row = row(id);
    held.release();
    raise();
    String next = receiver.take().id();
    // results of one endpoint are written in their order, so the old one has been tried by now
    keyhook.awaitStatus(next, "delivered");
    assertThat(row(id)).isEqualTo(row);
    assertThat(keyhook.logged(id).getString("status")).isEqualTo("pending");
    assertThat(keyhook.logged(id).getJsonArray("attempts")).isEmpty();
    keyhook.clock().advance(id, Duration.ofSeconds(25));
    assertThat(receiver.take().id()).isEqualTo(id);
    assertThat(keyhook.awaitStatus(id, "delivered").getJsonArray("attempts")).hasSize(1);
  }

  @Test
  void aNodeThatLostTheDatabaseIsReplacedAndItsLateResultChangesNothing() {
    Proxy proxy = keyhook.proxy();
    Node lost = keyhook.startBehind(proxy, new JsonObject());
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.status(500));
    receiver.answerNext(held);
    keyhook.webhook(receiver, "license.activated");
    License license = keyhook.license(1);
    lost.api().validate(license.key(), "device").expect(200);
    Delivery first = receiver.take();
    proxy.cut();
    keyhook.clock().advance(first.id(), Duration.ofSeconds(30));
    Delivery again = receiver.take();
    assertThat(again.id()).isEqualTo(first.id());
    assertThat(again.body()).isEqualTo(first.body());
    JsonObject delivered = keyhook.awaitStatus(first.id(), "delivered");
    held.release();
    proxy.open();
    await("the lost node is back").atMost(Waiting.LONG).ignoreExceptions()
        .until(() -> lost.api().get("/health/ready").status() == 200);
    lost.stop();
    assertThat(keyhook.logged(first.id())).isEqualTo(delivered);
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void twoNodesSendEachOf500DeliveriesOnce() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    receiver.take();
    receiver.answer(Answer.status(503));
    List<Api> apis = List.of(keyhook.api(), other.api());
    IntStream.range(0, 500).mapToObj(i -> apis.get(i % 2).validateAsync(license.key(), "device")).toList()
        .forEach(answer -> Api.join(answer).expect(200));
    List<String> ids = receiver.take(500).stream().map(Delivery::id).toList();
    assertThat(ids).doesNotHaveDuplicates();
    await("all wait for their second attempt").atMost(Waiting.LONG).until(() -> keyhook.database()
        .number("SELECT count(*) FROM keyhook.delivery_queue WHERE NOT leased AND tries = 1 AND webhook_id = ?",
            Id.WEBHOOK.parse(webhook.id())) == 500);

    receiver.answer(Answer.OK);
    keyhook.clock().advanceQueue(Duration.ofMinutes(2));
    assertThat(receiver.take(500)).extracting(Delivery::id).containsExactlyInAnyOrderElementsOf(ids);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }
}
