package io.keyhook.delivery;

import io.keyhook.bus.FailureException;
import io.keyhook.db.Batcher;
import io.keyhook.db.Database;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Writes what became of deliveries, in batches, for as long as it takes: while the database is away they wait, and the
 * delays of retries count on. Belongs to one event loop.
 */
final class Results {
  private static final int MAX_BATCH = 256;
  /** Nobody waits for a result, and at a moderate rate a statement for each costs the database more than all else. */
  private static final Duration GATHERING = Duration.ofMillis(10);
  /** More than these gather by themselves. */
  private static final int FEW = 32;
  private static final Duration AFTER_FAILURE = Duration.ofMillis(500);
  private static final Comparator<Outgoing> LOCK_ORDER =
      Comparator.comparing(Outgoing::accountId).thenComparing(Outgoing::webhookId).thenComparing(Outgoing::deliveryId);
  private static final Comparator<QueueStore.Result> RESULT_ORDER =
      Comparator.comparing(QueueStore.Result::delivery, LOCK_ORDER);

  private final Vertx vertx;
  private final Database database;
  private final TakeOver takeOver;
  private final Batcher<QueueStore.Result, Void> delivered;
  private final Batcher<QueueStore.Result, Void> failed;
  private final Batcher<Outgoing, Void> released;
  /** Written by its event loop alone. */
  private volatile int unwritten;
  private boolean givenUp;

  Results(Vertx vertx, Database database, SqlClient client, TakeOver takeOver, RetrySchedule schedule) {
    this.vertx = vertx;
    this.database = database;
    this.takeOver = takeOver;
    // What is in flight bounds what can wait here.
    this.delivered = batcher(batch -> QueueStore.delivered(client, sorted(batch, RESULT_ORDER)));
    this.failed = batcher(batch -> QueueStore.failed(client, sorted(batch, RESULT_ORDER), schedule));
    this.released = batcher(batch -> QueueStore.release(client, sorted(batch, LOCK_ORDER)));
  }

  private <I> Batcher<I, Void> batcher(Function<List<I>, Future<Void>> statement) {
    return new Batcher<>(vertx, 1, MAX_BATCH, batch -> gathering(batch.size())
        .compose(gathered -> untilWritten(() -> statement.apply(batch)))
        .map(Collections.nCopies(batch.size(), null)));
  }

  /** So that the next ones are more: these go as they are. */
  private Future<?> gathering(int batch) {
    return batch < FEW ? vertx.timer(GATHERING.toMillis()) : Future.succeededFuture();
  }

  private static <T> List<T> sorted(List<T> batch, Comparator<T> order) {
    return batch.stream().sorted(order).toList();
  }

  private <T> Future<T> untilWritten(Supplier<Future<T>> statement) {
    return statement.get().recover(e -> {
      if (givenUp || !FailureException.isDatabaseAway(e)) {
        return Future.failedFuture(e);
      }
      takeOver.outage();
      return vertx.timer(AFTER_FAILURE.toMillis()).compose(waited -> untilWritten(statement));
    });
  }

  Future<Void> add(QueueStore.Result result) {
    return counted(result.attempt().succeeded() ? delivered.add(result) : failed.add(result));
  }

  /** Gives a lease back unused. */
  Future<Void> release(Outgoing outgoing) {
    return counted(released.add(outgoing));
  }

  /** Deactivates the webhook that a delivery was sent to, and tells whether it did. */
  Future<Boolean> deactivate(Outgoing outgoing, Deactivation why) {
    return counted(untilWritten(() -> database.transaction(tx -> HealthStore.deactivate(tx, outgoing, why))));
  }

  private <T> Future<T> counted(Future<T> written) {
    unwritten++;
    return written.onComplete(done -> unwritten--);
  }

  /** How many are not written yet. */
  int unwritten() {
    return unwritten;
  }

  /** No more tries: leases run out by themselves. */
  void giveUp() {
    givenUp = true;
  }
}
