package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Receiver;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever breaks, and under load: the events of each license arrive one at a time, in the order of their sequence numbers, and none is
 * lost; and a license whose deliveries fail holds up no other.
 */
class OrderedLedgerTest {
  private static final int LICENSES = 10;
  private static final int CALLERS = 5;
  /** Changes between two faults. */
  private static final int BETWEEN = 60;
  private static final int RECEIVER_MILLIS = 10;
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir
  Path directory;

  private final AtomicInteger changes = new AtomicInteger();
  private volatile boolean over;
  private ExecutorService callers;
  private Rig rig;

  @BeforeEach
  void start() {
    rig = Rig.in(directory.resolve("ordered"));
    rig.use(2, Map.of());
    callers = Executors.newFixedThreadPool(CALLERS);
  }

  @AfterEach
  void close() throws IOException, SQLException {
    over = true;
    callers.shutdownNow();
    rig.recover();
    rig.close();
  }

  private Api api(int number) {
    List<Api> apis = rig.apis();
    return apis.get(number % apis.size());
  }

  /** Whether a call was acknowledged. Of one that was not, nobody knows what it did. */
  private static boolean isAcknowledged(CompletableFuture<Exchange> call) {
    return call.handle((answer, e) -> e == null && answer.status() == 200).join();
  }

  /** One caller's licenses, each changed and validated in turns, one call after another. */
  private void change(List<License> licenses) {
    for (int i = 0; !over; i++) {
      License license = licenses.get(i % licenses.size());
      if (isAcknowledged(api(i).header("Content-Type", "application/json").send("PATCH", "/api/licenses/" + license.id(),
          new JsonObject().put("name", UUID.randomUUID().toString()).encode()))) {
        changes.incrementAndGet();
      }
      isAcknowledged(api(i + 1).validateAsync(license.key(), "device"));
    }
  }

  /** An eighth of all first attempts fails. */
  private void answer(HttpServerRequest request) {
    boolean first = "1".equals(request.getHeader("X-Webhook-Attempt"));
    boolean fails = first && request.getHeader("webhook-id").hashCode() % 8 == 0;
    Vertx.currentContext().owner().setTimer(RECEIVER_MILLIS, timer -> Answer.status(fails ? 500 : 200).to(request));
  }

  private void awaitChanges(int more) {
    int enough = changes.get() + more;
    await(enough + " changes").atMost(LONG).until(() -> changes.get() >= enough);
  }

  private void endChanges() {
    over = true;
    callers.shutdown();
    await("no call is under way").atMost(LONG).until(callers::isTerminated);
  }

  private static List<Long> sequences(List<Delivery> arrived, License license) {
    return arrived.stream().map(Delivery::data).filter(data -> license.id().equals(data.getString("licenseId")))
        .map(data -> data.getLong("sequence")).toList();
  }

  @Test
  void theOrderHoldsWhateverBreaks() {
    Receiver receiver = rig.installation().receiver();
    receiver.answer(this::answer);
    JsonObject webhook = rig.apis().get(0).post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.*")).put("ordering", "license")).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    List<License> licenses = IntStream.range(0, LICENSES)
        .mapToObj(i -> rig.installation().license(rig.apis().get(0), new JsonObject().put("name", "License " + i).put("maxActivations", 5)))
        .toList();
    for (int caller = 0; caller < CALLERS; caller++) {
      List<License> own = licenses.subList(caller * LICENSES / CALLERS, (caller + 1) * LICENSES / CALLERS);
      callers.execute(() -> change(own));
    }
    awaitChanges(BETWEEN);
    NodeProcess killed = rig.nodes().get(0);
    killed.kill();
    rig.replace(killed);
    awaitChanges(BETWEEN);
    rig.postgres().kill();
    rig.postgres().startAgain();
    rig.awaitReady();
    awaitChanges(BETWEEN);
    NodeProcess stopped = rig.nodes().get(1);
    stopped.stop();
    rig.replace(stopped);
    awaitChanges(BETWEEN);
    endChanges();
    rig.settle();

    List<Delivery> arrived = receiver.all();
    for (License license : licenses) {
      long last = rig.installation().database().number("SELECT sequence FROM keyhook.license WHERE license_id = ?",
          Id.LICENSE.parse(license.id()));
      List<Long> sequences = sequences(arrived, license);
      assertThat(sequences).isSorted();
      assertThat(sequences.stream().distinct().toList()).isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
    }
    assertThat(rig.log(webhook.getString("id")).values()).allMatch(logged -> logged.status().equals("1"));
    assertThat(rig.log(webhook.getString("id")).keySet())
        .isEqualTo(arrived.stream().map(Delivery::id).collect(Collectors.toSet()));
    System.out.printf("%d changes of %d licenses, %d deliveries in order%n", changes.get(), LICENSES, arrived.size());
  }

  @Test
  void aLicenseThatFailsHoldsUpNoOther() {
    Receiver receiver = rig.installation().receiver();
    Answer.Held hung = Answer.held(Answer.OK);
    JsonObject webhook = rig.apis().get(0).post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.created").add("license.updated")).put("ordering", "license")).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    receiver.answerNext(hung);
    License hanging = rig.installation().license(rig.apis().get(0), new JsonObject().put("name", "Hangs"));
    assertThat(receiver.take().data().getString("licenseId")).isEqualTo(hanging.id());
    License other = rig.installation().license(rig.apis().get(0), new JsonObject().put("name", "Goes on"));
    callers.execute(() -> change(List.of(hanging, other)));
    awaitChanges(20);
    await("the other's events arrive").atMost(LONG).until(() -> sequences(receiver.all(), other).size() >= 10);
    assertThat(sequences(receiver.all(), hanging)).containsExactly(1L);
    endChanges();
    hung.release();
    rig.settle();
    assertThat(sequences(receiver.all(), hanging)).isSorted();
    assertThat(sequences(receiver.all(), other)).isSorted();
    assertThat(receiver.all().stream().map(Delivery::id).distinct()).hasSize(changes.get() + 2);
  }
}
