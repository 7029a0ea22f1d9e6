package io.keyhook.license;

import io.keyhook.bus.Licenses.Activation;
import io.keyhook.bus.Licenses.License;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outbox.Written;
import io.keyhook.event.Raised;
import io.keyhook.license.HeartbeatStore.Candidate;
import io.keyhook.license.HeartbeatStore.Job;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees activations whose devices have not validated for the heartbeat of their license, with the event that this raises. Every node
 * tries, and one at a time does it. An activation is freed a quarter of the heartbeat late: {@link LicenseTerms#beat} lets a validation
 * wait for its time to be written once that quarter has passed, and what is newer may be lost with a node.
 */
public final class HeartbeatVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(HeartbeatVerticle.class);
  /** From the end of a run to the next one. */
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  /** From the end of a pass over all licenses to the next one, on all nodes. */
  static final Duration PASSES = Duration.ofMinutes(5);
  /** Without a node for so long, devices could not validate. Shorter than the quarter of the shortest heartbeat. */
  static final Duration OUTAGE = Duration.ofMinutes(1);
  /** Licenses of one step. */
  private static final int STEP = 500;
  /** Activations of one transaction. */
  private static final int BATCH = 100;

  private final Database database;
  private final Outbox outbox;
  private Chore chore;
  private boolean begun;

  public HeartbeatVerticle(Database database, Outbox outbox) {
    this.database = database;
    this.outbox = outbox;
  }

  @Override
  public Future<?> start() {
    chore = Chore.every(vertx, log, "free activations without a heartbeat", INTERVAL, () -> begin().compose(ready -> pass()));
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }

  private Future<Void> begin() {
    return begun ? Future.succeededFuture() : HeartbeatStore.begin(database.chores()).onSuccess(done -> begun = true);
  }

  /** The licenses of a step. */
  private record Step(Job job, List<Candidate> licenses) {
    static final Step NONE = new Step(null, List.of());

    boolean isLast() {
      return licenses.size() < STEP;
    }
  }

  /** Goes on until a pass has ended. */
  private Future<Void> pass() {
    return chore.isStopped() ? Future.succeededFuture()
        : Database.transaction(database.chores(), this::step).compose(step -> {
          Future<Void> freed = Future.succeededFuture();
          for (Candidate license : step.licenses) {
            if (isDue(license, step.job)) {
              freed = freed.compose(before -> free(license));
            }
          }
          return step.isLast() ? freed : freed.compose(done -> pass());
        });
  }

  /** Takes the next licenses. What a node that dies does not free is left for the next pass. */
  private Future<Step> step(SqlClient tx) {
    return HeartbeatStore.alive(tx, OUTAGE).compose(alive -> HeartbeatStore.lock(tx, PASSES)).compose(locked -> {
      if (locked.isEmpty()) {
        return Future.succeededFuture(Step.NONE);
      }
      Job job = locked.get();
      return HeartbeatStore.next(tx, job, STEP).compose(licenses -> {
        Step step = new Step(job, licenses);
        return HeartbeatStore.done(tx, job.now(), step.isLast() ? null : licenses.get(licenses.size() - 1)).map(step);
      });
    });
  }

  private static boolean isDue(Candidate license, Job job) {
    return license.activations() > 0 && license.heartbeat()
        .filter(heartbeat -> !job.upSince().plus(unseen(heartbeat)).isAfter(job.now())).isPresent();
  }

  /** How long a device has not been seen, at least, whose activation is freed. */
  private static Duration unseen(Duration heartbeat) {
    return heartbeat.plus(heartbeat.dividedBy(4));
  }

  /** Frees activations of a license until there are no more to free. */
  private Future<Void> free(Candidate license) {
    return chore.isStopped() ? Future.succeededFuture()
        : Database.transaction(database.chores(), tx -> free(tx, license)).compose(freed -> {
          outbox.dispatch(freed.written);
          return freed.activations < BATCH ? Future.succeededFuture() : free(license);
        });
  }

  private record Freed(int activations, Written written) {
    static final Freed NONE = new Freed(0, Written.NOTHING);
  }

  private Future<Freed> free(SqlClient tx, Candidate license) {
    UUID accountId = license.accountId();
    return HeartbeatStore.free(tx, license, unseen(license.heartbeat().orElseThrow()), BATCH).compose(freed -> freed.isEmpty()
        ? Future.succeededFuture(Freed.NONE)
        : ActivationStore.countDown(tx, accountId, license.licenseId(), freed.size()).compose(counted -> counted.isEmpty()
            ? Future.succeededFuture(Freed.NONE)
            : outbox.write(tx, events(accountId, counted.get(), freed)).map(written -> new Freed(freed.size(), written))));
  }

  /** Each event has the license as it was after it, with a sequence number of its own. */
  private static List<Raised> events(UUID accountId, License license, List<Activation> freed) {
    List<Raised> events = new ArrayList<>(freed.size());
    for (int i = 0; i < freed.size(); i++) {
      int later = freed.size() - 1 - i;
      License after = license.at(license.currentActivations() + later, license.expiresAt(), license.sequence() - later);
      events.add(new Raised(accountId, EventType.LICENSE_DEACTIVATED,
          EventData.deactivated(after, freed.get(i), EventData.KEYHOOK), after.sequence()));
    }
    return events;
  }
}
