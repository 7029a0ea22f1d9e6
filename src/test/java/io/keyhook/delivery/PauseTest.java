package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A paused webhook is sent nothing, loses nothing, and catches up in order when it resumes. */
class PauseTest {
  /** One attempt at a time arrives in the order in which attempts start. */
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(
      new JsonObject().put("delivery", new JsonObject().put("maxInFlightPerEndpoint", 1)));
  static Node other;

  @TempDir
  Path directory;

  private Receiver receiver;
  private Webhook webhook;
  private License license;
  private int raised;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  @BeforeEach
  void createWebhook() {
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated");
    license = keyhook.license(1000);
  }

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
    keyhook.awaitEmptyQueue();
  }

  private String path() {
    return "/api/webhooks/" + webhook.id();
  }

  private JsonObject pause() {
    return keyhook.api().post(path() + "/pause").expect(200).json();
  }

  private JsonObject resume() {
    return keyhook.api().post(path() + "/resume").expect(200).json();
  }

  /** The fingerprint that the event names. */
  private String raise(Node node) {
    String device = "device-" + raised++;
    node.api().validate(license.key(), device).expect(200);
    return device;
  }

  private List<String> raiseMany(int count) {
    return IntStream.range(0, count).mapToObj(i -> raise(i % 2 == 0 ? keyhook.node() : other)).toList();
  }

  private static String device(Delivery delivery) {
    return delivery.data().getString("fingerprint");
  }

  /** Each of the two nodes sends in order, and how fast one is beside the other is up to the machine. */
  private static void assertInOrder(List<Delivery> received, List<String> devices) {
    List<String> order = received.stream().map(PauseTest::device).toList();
    assertThat(order).containsExactlyInAnyOrderElementsOf(devices);
    int[] latest = {-1, -1};
    for (String device : order) {
      int next = devices.indexOf(device);
      int node = latest[0] < next && (latest[1] > next || latest[1] < latest[0]) ? 0 : 1;
      assertThat(next).as("after %s and %s in %s", latest[0], latest[1], order).isGreaterThan(latest[node]);
      latest[node] = next;
    }
  }

  private long pending() {
    return keyhook.api().get(path() + "/health").expect(200).json().getLong("pending");
  }

  private JsonObject statistics() {
    return keyhook.api().get("/api/stats/webhooks").expect(200).data().get(0);
  }

  /** What a node of the version before would take. */
  private long unparked() {
    return keyhook.database().number("""
        SELECT count(*) FROM keyhook.delivery_queue WHERE webhook_id = ? AND due_at < now() + interval '100 years'""",
        Id.WEBHOOK.parse(webhook.id()));
  }

  /** A poll of each node that began later. */
  private static void awaitPolls() {
    List<Node> nodes = List.of(keyhook.node(), other);
    List<Double> before = nodes.stream().map(PauseTest::polls).toList();
    Waiting.until("another poll of each node", () -> IntStream.range(0, nodes.size())
        .allMatch(i -> polls(nodes.get(i)) >= before.get(i) + 2));
  }

  private static double polls(Node node) {
    return node.api().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith("keyhook_queue_polls_total "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' ')))).sum();
  }

  @Test
  void whatIsRaisedDuringAPauseIsSentInOrderWhenItEnds() {
    JsonObject paused = pause();
    assertThat(paused.getBoolean("isActive")).isTrue();
    assertThat(paused.getString("pausedAt")).isNotNull();
    assertThat(keyhook.api().get(path()).expect(200).json()).isEqualTo(paused);
    List<String> devices = raiseMany(30);
    awaitPolls();
    assertThat(receiver.untaken()).isZero();
    assertThat(pending()).isEqualTo(30);
    assertThat(statistics().getLong("waiting")).isEqualTo(30);
    assertThat(keyhook.api().get("/api/deliveries?status=pending&webhookId=" + webhook.id()).expect(200).data()).hasSize(30)
        .allSatisfy(delivery -> assertThat(delivery.getValue("nextAttemptAt")).isNull());

    assertThat(resume().getValue("pausedAt")).isNull();
    assertInOrder(receiver.take(30), devices);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
    assertThat(statistics().getLong("waiting")).isZero();
  }

  @Test
  void whatIsRaisedAfterAPauseFollowsWhatWaited() {
    pause();
    List<String> waited = raiseMany(5);
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    resume();
    Delivery first = receiver.take();
    String later = raise(other);
    held.release();
    assertThat(device(first)).isEqualTo(waited.get(0));
    assertThat(receiver.take(5)).extracting(PauseTest::device)
        .containsExactlyInAnyOrder(waited.get(1), waited.get(2), waited.get(3), waited.get(4), later);
    keyhook.awaitEmptyQueue();
    String last = raise(other);
    assertThat(device(receiver.take())).as("sent at once, as nothing waits any more").isEqualTo(last);
  }

  @Test
  void whatWaitsOnAnotherNodeIsNotSentDuringAPause() {
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    List<String> devices = IntStream.range(0, 4).mapToObj(i -> raise(other)).toList();
    assertThat(device(receiver.take())).isEqualTo(devices.get(0));
    pause();
    awaitPolls();
    held.release();
    Waiting.until("the attempt in flight counts, and the rest is back", () -> pending() == 3 && unparked() == 0);
    assertThat(receiver.untaken()).isZero();
    resume();
    assertThat(receiver.take(3)).extracting(PauseTest::device).containsExactlyInAnyOrderElementsOf(devices.subList(1, 4));
  }

  @Test
  void aRetryWaitsForTheEndOfAPauseAndLosesNoAttempt() {
    receiver.answerNext(Answer.status(500));
    raise(keyhook.node());
    String id = receiver.take().id();
    JsonObject failed = keyhook.awaitAttempts(id, 1);
    assertThat(failed.getValue("nextAttemptAt")).isNotNull();
    pause();
    assertThat(unparked()).as("what an old node would send").isZero();
    assertThat(keyhook.logged(id).getValue("nextAttemptAt")).isNull();
    keyhook.clock().advance(id, Duration.ofMinutes(2));
    awaitPolls();
    assertThat(receiver.untaken()).isZero();
    receiver.answerNext(Answer.status(500), Answer.status(500));
    resume();
    for (int attempt = 2; attempt <= 4; attempt++) {
      assertThat(receiver.take().attempt()).isEqualTo(attempt);
      keyhook.awaitAttempts(id, attempt);
      keyhook.clock().advance(id, Duration.ofMinutes(31));
    }
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void aRetryThatIsNotDueWhenAPauseEndsKeepsItsTime() {
    receiver.answerNext(Answer.status(500));
    raise(keyhook.node());
    String id = receiver.take().id();
    String due = keyhook.awaitAttempts(id, 1).getString("nextAttemptAt");
    pause();
    resume();
    String fresh = raise(keyhook.node());
    assertThat(device(receiver.take())).as("does not wait for the retry").isEqualTo(fresh);
    awaitPolls();
    assertThat(receiver.untaken()).isZero();
    assertThat(keyhook.database().value("""
        SELECT to_char((due_at - interval '8760000 hours') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM keyhook.delivery_queue WHERE delivery_id = ?""", Id.DELIVERY.parse(id))).isEqualTo(due);
    keyhook.clock().advance(id, Duration.ofSeconds(61));
    assertThat(receiver.take().attempt()).isEqualTo(2);
  }

  @Test
  void anAttemptThatFailsDuringAPauseIsRetriedAfterIt() {
    Answer.Held held = Answer.held(Answer.status(500));
    receiver.answerNext(held);
    raise(other);
    String id = receiver.take().id();
    pause();
    held.release();
    keyhook.awaitAttempts(id, 1);
    keyhook.clock().advance(id, Duration.ofMinutes(2));
    Waiting.until("it is parked", () -> unparked() == 0);
    awaitPolls();
    assertThat(receiver.untaken()).isZero();
    resume();
    assertThat(receiver.take().attempt()).isEqualTo(2);
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void aPausedWebhookCanBeTestedRotatedAndRedeliveredTo() {
    raise(keyhook.node());
    String delivered = receiver.take().id();
    keyhook.awaitStatus(delivered, "delivered");
    pause();
    JsonObject test = keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id()))
        .expect(200).json();
    assertThat(test.getBoolean("success")).isTrue();
    assertThat(receiver.take().event()).isEqualTo("webhook.test");
    keyhook.api().post("/api/deliveries/" + delivered + "/redeliver").expect(202);
    String secret = keyhook.api().post(path() + "/rotate-secret", new JsonObject().put("overlapHours", 0)).expect(200)
        .json().getString("secret");
    awaitPolls();
    assertThat(receiver.untaken()).isZero();
    receiver.trust(secret);
    resume();
    Delivery again = receiver.take();
    assertThat(again.id()).isEqualTo(delivered);
    assertThat(again.isSignedWith(secret)).isTrue();
    keyhook.awaitStatus(delivered, "delivered");
  }

  @Test
  void deactivatingEndsAPauseAndCancelsWhatWaits() {
    pause();
    raiseMany(3);
    JsonObject inactive = keyhook.api().patch(path(), new JsonObject().put("isActive", false)).expect(200).json();
    assertThat(inactive.getValue("pausedAt")).isNull();
    keyhook.awaitEmptyQueue();
    assertThat(keyhook.api().get(path() + "/deliveries?status=canceled").data()).hasSize(3);
    keyhook.api().post(path() + "/pause").expect(409, "WEBHOOK_INACTIVE");
    keyhook.api().post(path() + "/resume").expect(409, "WEBHOOK_INACTIVE");
    assertThat(keyhook.api().patch(path(), new JsonObject().put("isActive", true)).expect(200).json().getValue("pausedAt"))
        .as("reactivated without the pause").isNull();
    String device = raise(keyhook.node());
    assertThat(device(receiver.take())).isEqualTo(device);
  }

  @Test
  void deletingCancelsWhatWaits() {
    pause();
    raiseMany(3);
    keyhook.api().delete(path()).expect(204);
    keyhook.awaitEmptyQueue();
    assertThat(keyhook.api().get("/api/deliveries?status=canceled&webhookId=" + webhook.id()).data()).hasSize(3);
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void pausingAgainAndResumingAgainChangeNothing() {
    JsonObject active = keyhook.api().get(path()).expect(200).json();
    assertThat(resume()).isEqualTo(active);
    JsonObject paused = pause();
    assertThat(pause()).isEqualTo(paused);
    resume();
    assertThat(keyhook.api().get("/api/audit?subjectId=" + webhook.id()).data())
        .extracting(entry -> entry.getString("action"))
        .containsExactly("webhook.resumed", "webhook.paused", "webhook.created");
    keyhook.api().post("/api/webhooks/" + Id.WEBHOOK.of(UUID.randomUUID()) + "/pause").expect(404);
  }

  /** Its transaction began before the pause ended, or it was missed for any other reason. */
  @Test
  void whatIsParkedAfterAPauseIsSent() {
    pause();
    resume();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answerNext(held);
    String device = raise(keyhook.node());
    String id = receiver.take().id();
    keyhook.database().update("""
        UPDATE keyhook.delivery_queue SET leased = false, fence = fence + 1, due_at = now() + interval '8760000 hours'
        WHERE delivery_id = ?""", Id.DELIVERY.parse(id));
    held.release();
    assertThat(device(receiver.take())).isEqualTo(device);
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void nothingIsLostWhenTheNodeThatCatchesUpIsKilled() {
    NodeProcess killed = keyhook.fork(keyhook.proxy(),
        new JsonObject().put("delivery", new JsonObject().put("maxInFlightPerEndpoint", 1)), Map.of(),
        directory.resolve("killed.log"));
    killed.api().post(path() + "/pause").expect(200);
    List<String> devices = IntStream.range(0, 20).mapToObj(i -> "device-" + i).toList();
    devices.forEach(device -> killed.api().validate(license.key(), device).expect(200));
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    killed.api().post(path() + "/resume").expect(200);
    receiver.take();
    killed.kill();
    receiver.answer(Answer.OK);
    held.release();
    Waiting.until("all arrive but what the killed node holds", () -> {
      keyhook.clock().advanceQueue(Duration.ofSeconds(10)); // leases end
      return pending() == 0;
    });
    assertThat(receiver.all().stream().map(PauseTest::device).distinct()).containsExactlyInAnyOrderElementsOf(devices);
  }
}
