package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Receiver;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Load, a fault in the middle of it, the time after it, and the balance. */
final class Round {
  private static final int BEFORE = 150;
  private static final int AFTER = 100;
  private static final int EXPIRING = 10;
  /** The first one expires so long after its making, the others one by one. Making one takes less. */
  private static final int FIRST_EXPIRY_MILLIS = 2000;
  private static final int EXPIRY_MILLIS = 150;
  /** How long the receiver takes: something is in flight at any time. */
  private static final int RECEIVER_MILLIS = 40;

  private final Rig rig;
  private final Receiver receiver;
  private final Webhook webhook;
  private final Load load;
  private final Set<String> expiring = new HashSet<>();
  private final Map<NodeProcess, Integer> attemptsBefore;

  Round(Rig rig) {
    this.rig = rig;
    Installation installation = rig.installation();
    installation.deleteWebhooks(rig.apis().get(0)); // of a round that failed
    attemptsBefore = rig.attempts(); // on a slow machine licenses expire before the play begins
    receiver = installation.receiver();
    receiver.answer(Round::answer);
    webhook = installation.webhook(rig.apis().get(0), receiver, "license.validated", "license.activated",
        "license.expired");
    License license = installation.license(rig.apis().get(0),
        new JsonObject().put("name", "Validated").put("maxActivations", 10_000));
    Instant begun = Instant.now();
    for (int i = 0; i < EXPIRING; i++) {
      String name = "Expiring " + begun + " " + i;
      installation.license(rig.apis().get(0), new JsonObject().put("name", name)
          .put("expiresAt", Instant.now().plusMillis(FIRST_EXPIRY_MILLIS + i * EXPIRY_MILLIS).toString()));
      expiring.add("license.expired " + name);
    }
    load = new Load(rig::apis, license.key());
  }

  /** As the ledger's rule says, after a while. */
  static void answer(HttpServerRequest request) {
    int attempt = Integer.parseInt(request.getHeader("X-Webhook-Attempt"));
    boolean accepted = Ledger.accepts(request.getHeader("webhook-id"), attempt);
    Vertx.currentContext().owner().setTimer(RECEIVER_MILLIS, timer -> Answer.status(accepted ? 200 : 500).to(request));
  }

  Load load() {
    return load;
  }

  Receiver receiver() {
    return receiver;
  }

  /** Plays it, and throws where something does not add up. */
  Count play(Fault fault) {
    long start = System.nanoTime();
    Set<String> inFlight;
    try {
      load.allow(BEFORE);
      load.awaitAcknowledged(BEFORE / 2);
      inFlight = fault.strike(rig, this);
      load.allow(AFTER);
      load.awaitAcknowledged(AFTER);
    } finally {
      load.finish();
    }
    rig.settle();
    List<Delivery> arrived = receiver.all();
    Count count = new Ledger(arrived).balance(load.acknowledged(), load.promised(), expiring, rig.log(webhook.id()),
        inFlight);
    fault.check(count);
    // a paused node's attempt that waited for its connection is over when the node goes on, and never arrives
    assertAttemptsAreArrivals(arrived.size(), fault == Fault.NODE_PAUSED ? inFlight.size() - count.unlogged() : 0);
    rig.installation().retire(receiver);
    return count.lasting((System.nanoTime() - start) / 1e9);
  }

  /**
   * Where no node has ended, each attempt that one of them counts has arrived.
   *
   * @param unsent how many may have ended without: deliveries that were in flight, but arrived only from the other node
   */
  private void assertAttemptsAreArrivals(int arrived, int unsent) {
    Map<NodeProcess, Integer> after = rig.attempts();
    if (after.keySet().equals(attemptsBefore.keySet())) {
      int made = after.keySet().stream().mapToInt(node -> after.get(node) - attemptsBefore.get(node)).sum();
      assertThat(made).as("attempts by the nodes' count").isBetween(arrived, arrived + unsent);
    }
  }
}
