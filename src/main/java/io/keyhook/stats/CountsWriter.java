package io.keyhook.stats;

import io.keyhook.stats.Counts.Counted;
import io.keyhook.stats.StatsStore.Commit;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what was counted, each count once. What could not be written is counted again for the next time. Where the
 * connection ends before the answer to a commit, PostgreSQL says later whether the transaction was committed
 * ({@code pg_xact_status}), so that counts are neither doubled nor lost. Belongs to one event loop.
 */
final class CountsWriter {
  private static final Logger log = LoggerFactory.getLogger(CountsWriter.class);
  private static final int MAX_BATCH = 500;
  private static final Comparator<Counted> LOCK_ORDER = Comparator.comparing(Counted::accountId);

  private final Pool pool;
  private final Counts counts;
  private final List<Unconfirmed> unconfirmed = new ArrayList<>();
  private long takenNanos = System.nanoTime();

  /** What a transaction wrote whose commit got no response. */
  private record Unconfirmed(String transaction, List<Counted> counted) {}

  CountsWriter(Pool pool, Counts counts) {
    this.pool = pool;
    this.counts = counts;
  }

  /** Never fails: what cannot be written waits for the next time. One at a time. */
  Future<Void> flush() {
    return confirm().compose(confirmed -> {
      long now = System.nanoTime();
      // of its middle: so a minute is the one that it was, though the clocks differ by some seconds
      Duration age = Duration.ofNanos((now - takenNanos) / 2);
      takenNanos = now;
      List<Counted> all = counts.take();
      all.sort(LOCK_ORDER);
      return write(all, 0, age);
    }).compose(written -> confirm());
  }

  private Future<Void> write(List<Counted> all, int from, Duration age) {
    if (from >= all.size()) {
      return Future.succeededFuture();
    }
    int to = Math.min(all.size(), from + MAX_BATCH);
    List<Counted> batch = all.subList(from, to);
    String[] transaction = new String[1];
    return pool.withTransaction(tx -> StatsStore.add(tx, batch, age).onSuccess(id -> transaction[0] = id))
        .transform(done -> {
          if (done.succeeded()) {
            return write(all, to, age);
          }
          log.warn("Could not write the counts of a minute; they are written with the next: {}",
              done.cause().getMessage());
          if (transaction[0] == null) {
            counts.putBack(batch);
          } else {
            unconfirmed.add(new Unconfirmed(transaction[0], List.copyOf(batch)));
          }
          counts.putBack(all.subList(to, all.size()));
          return Future.succeededFuture();
        });
  }

  private Future<Void> confirm() {
    Future<Void> confirmed = Future.succeededFuture();
    for (Unconfirmed written : List.copyOf(unconfirmed)) {
      confirmed = confirmed.compose(before -> StatsStore.commit(pool, written.transaction)).map(commit -> {
        if (commit != Commit.IN_PROGRESS) {
          unconfirmed.remove(written);
        }
        if (commit == Commit.ABORTED) {
          counts.putBack(written.counted);
        }
        return null;
      });
    }
    return confirmed.otherwise(e -> {
      log.warn("Keyhook could not ask whether counts were committed, and will ask again: {}", e.getMessage());
      return null;
    });
  }
}
