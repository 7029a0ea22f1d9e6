package io.keyhook.delivery;

import io.keyhook.db.Shards;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Decides when this node takes over deliveries whose lease expired without a result. No node can write results while the
 * database is away, so for {@value #GRACE_SECONDS} s after an outage results go first: an outage alone sends nothing twice.
 * Any thread.
 */
final class TakeOver {
  private static final int GRACE_SECONDS = 5;

  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(GRACE_SECONDS);

  private final Shards shards;
  private volatile long from;
  /** Of servers of a distributed database. */
  private final Map<Object, Long> places = new ConcurrentHashMap<>();

  TakeOver(Shards shards) {
    this.shards = shards;
    outage();
  }

  /** The database failed, or answered slowly. */
  void outage() {
    from = System.nanoTime() + GRACE_NANOS;
  }

  /**
   * The same of one server.
   *
   * @param place of {@link Shards#place}; null: the whole database
   */
  void outage(Object place) {
    if (place == null) {
      outage();
    } else {
      places.put(place, System.nanoTime() + GRACE_NANOS);
    }
  }

  /** While a shard moves, results wait as in an outage, which may not have been one of the server that has it now. */
  boolean isAllowed(UUID accountId) {
    Object place = shards.place(accountId);
    Long ofPlace = place == null ? null : places.get(place);
    long now = System.nanoTime();
    return now - from >= 0 && (ofPlace == null || now - ofPlace >= 0) && now - shards.changedNanos() >= GRACE_NANOS;
  }
}
