package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.bus.DatabaseError;
import io.keyhook.db.Batcher;
import io.keyhook.db.Database;
import io.keyhook.db.ShardClient;
import io.keyhook.db.Shards;
import io.keyhook.delivery.ResultStore.Result;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outbox.Written;
import io.keyhook.event.Outgoing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes results in batches. Keeps what the database does not take and retries, unless the result itself is to blame: the
 * delays of retries count on meanwhile. What may be in flight bounds what can wait here. Belongs to one event loop.
 */
final class Results {
  private static final Logger log = LoggerFactory.getLogger(Results.class);
  private static final int MAX_BATCH = 256;
  /** No caller waits for a result, and at a moderate rate, one statement per result is the database's largest cost. */
  private static final Batcher.Pace PACE = new Batcher.Pace(Duration.ofMillis(50), Duration.ofMillis(50), 32);
  private static final Duration RETRY = Duration.ofMillis(500);
  private static final Comparator<Outgoing> LOCK_ORDER =
      Comparator.comparing((Outgoing outgoing) -> outgoing.endpoint().accountId())
          .thenComparing(outgoing -> outgoing.endpoint().webhookId())
          .thenComparing(Outgoing::deliveryId);
  private static final Comparator<Result> RESULT_ORDER = Comparator.comparing(Result::delivery, LOCK_ORDER);

  private final Vertx vertx;
  private final Database database;
  private final TakeOver takeOver;
  private final Plans plans;
  private final WebhookReports reports;
  private final Batcher<Result, Void> delivered;
  private final Batcher<Result, Void> failed;
  private final Batcher<Result, Boolean> ordered;
  private final Batcher<Outgoing, Void> released;
  /** Changed only by the event loop. */
  private volatile int unwritten;
  private boolean givenUp;

  Results(Vertx vertx, Database database, Pool client, TakeOver takeOver, RetrySchedule schedule, Plans plans, WebhookReports reports) {
    this.plans = plans;
    this.reports = reports;
    this.vertx = vertx;
    this.database = database;
    this.takeOver = takeOver;
    this.delivered = batcher(client, Result::delivery,
        (shard, batch) -> ResultStore.delivered(shard, sorted(batch, RESULT_ORDER)));
    this.failed = batcher(client, Result::delivery,
        (shard, batch) -> ResultStore.failed(shard, sorted(batch, RESULT_ORDER), schedule));
    // prompt: others wait for these results
    this.ordered = new Batcher<>(vertx, 1, MAX_BATCH, Batcher.UNLIMITED, account(Result::delivery), database.shards(), batch ->
        untilWritten(account(Result::delivery).apply(batch.get(0)), () -> ordered(client, sorted(batch, RESULT_ORDER), schedule))
            .map(woken -> batch.stream().map(result -> woken.contains(result.delivery().endpoint())).toList()));
    this.released = batcher(client, outgoing -> outgoing,
        (shard, batch) -> ResultStore.release(shard, sorted(batch, LOCK_ORDER)));
  }

  private <I> Batcher<I, Void> batcher(
      SqlClient client, Function<I, Outgoing> delivery, BiFunction<ShardClient, List<I>, Future<Void>> statement) {
    Shards shards = database.shards();
    Function<I, UUID> account = account(delivery);
    return new Batcher<>(vertx, 1, MAX_BATCH, Batcher.UNLIMITED, PACE, account, shards, batch ->
        untilWritten(account.apply(batch.get(0)), () -> shards.each(client, batch, account, statement))
            .map(Collections.nCopies(batch.size(), null)));
  }

  private static <I> Function<I, UUID> account(Function<I, Outgoing> delivery) {
    return item -> delivery.apply(item).endpoint().accountId();
  }

  /** Writes results of deliveries that go in order, each together with what it lets go, and returns the webhooks of that. */
  private Future<Set<EndpointId>> ordered(Pool client, List<Result> batch, RetrySchedule schedule) {
    Set<EndpointId> woken = new HashSet<>();
    return database.shards().eachInTransaction(client, batch, account(Result::delivery), (tx, results) -> {
      Map<Boolean, List<Result>> all = results.stream().collect(Collectors.partitioningBy(Result::succeeded));
      return OrderStore.lock(tx, results, result -> result.delivery().endpoint())
          .compose(locked -> all.get(true).isEmpty() ? Future.succeededFuture() : ResultStore.delivered(tx, all.get(true)))
          .compose(written -> all.get(false).isEmpty() ? Future.succeededFuture()
              : ResultStore.failed(tx, all.get(false), schedule).compose(failed ->
                  OrderStore.cancel(tx, all.get(false).stream().map(Result::delivery).toList(), plans.withWebhooks())))
          .compose(written -> OrderStore.wake(tx, results.stream().map(Result::delivery).toList()));
    }, woken::addAll).map(woken);
  }

  private static <T> List<T> sorted(List<T> batch, Comparator<T> order) {
    return batch.stream().sorted(order).toList();
  }

  private <T> Future<T> untilWritten(UUID accountId, Supplier<Future<T>> statement) {
    return statement.get().recover(e -> {
      DatabaseError error = DatabaseError.of(e);
      if (givenUp || error.isItemsOwn()) {
        return Future.failedFuture(e);
      }
      if (!error.isOutage()) {
        log.error("Could not write results; retrying every {} ms", RETRY.toMillis(), e);
      }
      takeOver.outage(database.shards().place(accountId));
      return vertx.timer(RETRY.toMillis()).compose(waited -> untilWritten(accountId, statement));
    });
  }

  /**
   * Writes a result. Fails only where the result itself is to blame, or after {@link #giveUp}.
   *
   * @return whether others to the same webhook are due now, whose turn comes after it
   */
  Future<Boolean> add(Result result) {
    return counted(result.delivery().lane() != null ? ordered.add(result)
        : (result.succeeded() ? delivered.add(result) : failed.add(result)).map(false));
  }

  /** Returns a lease unused. */
  Future<Void> release(Outgoing outgoing) {
    return counted(released.add(outgoing));
  }

  /** Deactivates the webhook that a delivery was sent to, and reports it; false where it has changed since. */
  Future<Boolean> deactivate(Outgoing outgoing, Deactivation why) {
    return counted(untilWritten(outgoing.endpoint().accountId(), () -> database.transaction(tx ->
        HealthStore.deactivate(tx, outgoing, why).compose(done -> !done ? Future.succeededFuture(Optional.<Written>empty())
            : reports.deactivated(tx, outgoing.endpoint(), why).map(Optional::of)))).map(written -> {
              written.ifPresent(reports::dispatch);
              return written.isPresent();
            }));
  }

  private <T> Future<T> counted(Future<T> written) {
    unwritten++;
    return written.onComplete(done -> unwritten--);
  }

  /** The number of results, releases and deactivations that are not written yet. Any thread. */
  int unwritten() {
    return unwritten;
  }

  /** Stops retrying: leases expire by themselves. */
  void giveUp() {
    givenUp = true;
  }
}
