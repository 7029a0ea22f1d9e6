package io.keyhook.log;

import io.keyhook.account.Plans;
import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Id;
import io.keyhook.bus.Recoveries;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EndpointId;
import io.keyhook.fair.FairShare;
import io.keyhook.log.RecoveryStore.Due;
import io.keyhook.log.RecoveryStore.Key;
import io.keyhook.log.RecoveryStore.Requeued;
import io.keyhook.log.RecoveryStore.Rest;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves failed deliveries from the log back to the queue, oldest first, at a limited rate, and only while few wait there: an
 * endpoint that has just come back is not to be buried, and one that has not is not sent all of it in vain.
 *
 * <p>Every node polls for recoveries and takes the next step of each that is due. Between two steps, a recovery belongs to
 * nobody: when a node stops or dies, the others go on.
 */
public final class RecoveryVerticle extends VerticleBase {
  /** A recovery has been started on this node. */
  static final Address<Started, Void> STARTED = new Address<>("recovery.started");

  record Started() {}

  private static final Logger log = LoggerFactory.getLogger(RecoveryVerticle.class);
  private static final int BATCH = 100;
  /** Of one recovery, from one batch to the next. */
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int MAX_WAITING = 200;
  /** The longest wait: other nodes do not announce recoveries. */
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration SHORTEST = Duration.ofMillis(5);
  private static final int MAX_STEPS = 64;
  /** Steps at a time, so that they leave connections to others. */
  private static final int LANES = 2;

  private final Bus bus;
  private final Database database;
  private final Dispatcher dispatcher;
  private final Plans plans;
  private final FairShare<UUID> share;
  private Future<Void> polled = Future.succeededFuture();
  private boolean polling;
  private boolean again;
  private boolean stopped;
  private long timer;

  /**
   * @param share of the steps under way on this node, by account
   */
  public RecoveryVerticle(Bus bus, Database database, Dispatcher dispatcher, Plans plans, FairShare<UUID> share) {
    this.bus = bus;
    this.database = database;
    this.dispatcher = dispatcher;
    this.plans = plans;
    this.share = share;
  }

  @Override
  public Future<?> start() {
    bus.listen(STARTED, started -> pollSoon());
    pollIn(SHORTEST);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return polled;
  }

  private void pollSoon() {
    again = polling;
    if (!polling) {
      vertx.cancelTimer(timer);
      pollIn(SHORTEST);
    }
  }

  private void pollIn(Duration wait) {
    if (!stopped) {
      timer = vertx.setTimer(wait.toMillis(), due -> polled = poll());
    }
  }

  private Future<Void> poll() {
    polling = true;
    return RecoveryStore.due(database.pool(), MAX_STEPS).compose(found -> {
      Iterator<Due> due = found.stream().filter(one -> one.seconds() <= 0).iterator();
      Duration wait = found.stream().filter(one -> one.seconds() > 0).map(one -> Duration.ofNanos((long) (one.seconds() * 1e9)))
          .min(Duration::compareTo).orElse(POLL);
      return Future.join(Stream.generate(() -> steps(due)).limit(LANES).toList()).map(
          found.stream().anyMatch(one -> one.seconds() <= 0) || wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait);
    }).transform(done -> {
      polling = false;
      if (done.failed()) {
        log.atLevel(DatabaseError.of(done.cause()).level())
            .log("Could not read recoveries; retrying in {} s: {}", POLL.toSeconds(), done.cause().getMessage());
      }
      Duration wait = done.failed() ? POLL : again ? SHORTEST : done.result().compareTo(POLL) > 0 ? POLL : done.result();
      again = false;
      pollIn(wait);
      return Future.succeededFuture();
    });
  }

  private Future<Void> steps(Iterator<Due> due) {
    if (stopped || !due.hasNext()) {
      return Future.succeededFuture();
    }
    Key key = due.next().key();
    if (!share.tryAcquire(key.accountId())) {
      return steps(due);
    }
    return step(key).onComplete(done -> share.release(key.accountId(), 1)).compose(done -> steps(due));
  }

  private Future<Void> step(Key key) {
    return database.transaction(tx -> RecoveryStore.lock(tx, key, plans.withWebhooks())
            .compose(rest -> rest.isEmpty() ? Future.succeededFuture(Optional.<EndpointId>empty()) : step(tx, key, rest.get())))
        .transform(done -> {
          if (done.succeeded()) {
            done.result().ifPresent(endpoint -> dispatcher.dispatch(List.of(), List.of(endpoint)));
            return Future.succeededFuture();
          }
          return failed(key, done.cause());
        });
  }

  /** Returns the endpoint if it has deliveries to send now. */
  private static Future<Optional<EndpointId>> step(SqlConnection tx, Key key, Rest rest) {
    if (!rest.active()) {
      return RecoveryStore.end(tx, key, Recoveries.Status.STOPPED).map(Optional.empty());
    }
    if (rest.paused()) {
      return RecoveryStore.progress(tx, key, null, 0, PAUSE).map(Optional.empty());
    }
    return RecoveryStore.requeue(tx, rest.failed(), BATCH, MAX_WAITING).compose(requeued ->
        RecoveryStore.progress(tx, key, requeued.last(), requeued.taken(), pause(requeued))
            .compose(progressed -> requeued.isLast() ? RecoveryStore.end(tx, key, Recoveries.Status.COMPLETED).mapEmpty()
                : Future.succeededFuture())
            .map(done -> requeued.taken() > 0 ? Optional.of(rest.failed().endpoint()) : Optional.empty()));
  }

  /** A batch in which nothing had to be recovered costs the endpoint nothing. */
  private static Duration pause(Requeued requeued) {
    return requeued.seen() > 0 && requeued.taken() == 0 ? Duration.ZERO : PAUSE;
  }

  private Future<Void> failed(Key key, Throwable e) {
    DatabaseError error = DatabaseError.of(e);
    if (!error.isOutage()) {
      log.error("Could not recover deliveries by {}", Id.RECOVERY.of(key.recoveryId()), e);
    }
    Future<?> next = error.isItemsOwn() ? RecoveryStore.end(database.pool(), key, Recoveries.Status.FAILED)
        : error.isOutage() ? Future.succeededFuture()
        : RecoveryStore.progress(database.pool(), key, null, 0, PAUSE);
    return next.transform(done -> Future.succeededFuture());
  }
}
