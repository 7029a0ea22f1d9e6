package io.keyhook.license;

import io.keyhook.db.ShardClient;
import io.keyhook.db.Shards;
import io.keyhook.license.ValidationStore.Seen;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * When devices were last seen: gathered in memory for the whole node, each written once a minute at most, so that a
 * validation writes nothing and a device that every event loop has seen is written once. A share of the devices is due
 * each second: neither an event loop nor the database has them all at once. A crash loses a minute. Any thread.
 */
public final class LastSeen {
  static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final int SHARES = 60;
  private static final int MAX_DEVICES = 200_000 / SHARES;
  private static final int MAX_BATCH = 250;
  private static final Comparator<Seen> LOCK_ORDER =
      Comparator.comparing(Seen::accountId).thenComparing(Seen::licenseId).thenComparing(Seen::fingerprint);

  /**
   * A device, flat and with its own hash: of noting one in a map of many, most goes into fetching from memory what two keys
   * are compared by.
   */
  private record Key(long account1, long account2, long license1, long license2, String fingerprint) {
    static Key of(UUID accountId, UUID licenseId, String fingerprint) {
      return new Key(accountId.getMostSignificantBits(), accountId.getLeastSignificantBits(),
          licenseId.getMostSignificantBits(), licenseId.getLeastSignificantBits(), fingerprint);
    }

    UUID accountId() {
      return new UUID(account1, account2);
    }

    UUID licenseId() {
      return new UUID(license1, license2);
    }

    @Override
    public int hashCode() {
      return 31 * Long.hashCode(license1 ^ license2) + fingerprint.hashCode();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && license2 == key.license2 && license1 == key.license1
          && account2 == key.account2 && account1 == key.account1 && fingerprint.equals(key.fingerprint);
    }
  }

  private final SqlClient client;
  /** Times change in place: new objects in an old map would make every garbage collection long. */
  private final List<Map<Key, AtomicLong>> shares =
      Stream.generate(() -> (Map<Key, AtomicLong>) new ConcurrentHashMap<Key, AtomicLong>()).limit(SHARES).toList();
  private final Shards shards;
  private int next;

  public LastSeen(SqlClient client, Shards shards) {
    this.client = client;
    this.shards = shards;
  }

  void note(UUID accountId, UUID licenseId, String fingerprint) {
    Key key = Key.of(accountId, licenseId, fingerprint);
    Map<Key, AtomicLong> share = shares.get(Math.floorMod(key.hashCode(), SHARES));
    AtomicLong at = share.get(key);
    if (at != null) {
      at.set(System.nanoTime());
    } else if (share.size() < MAX_DEVICES) { // past that, a device waits for its next minute
      share.put(key, new AtomicLong(System.nanoTime()));
    }
  }

  /** Writes the next share; what cannot be written is lost. One at a time. */
  Future<Void> flush() {
    next = (next + 1) % SHARES;
    return flush(shares.get(next));
  }

  Future<Void> flushAll() {
    Future<Void> done = Future.succeededFuture();
    for (Map<Key, AtomicLong> share : shares) {
      done = done.compose(flushed -> flush(share));
    }
    return done;
  }

  private Future<Void> flush(Map<Key, AtomicLong> share) {
    long now = System.nanoTime();
    List<Seen> all = new ArrayList<>(share.size());
    share.keySet().forEach(key -> {
      long at = share.remove(key).get();
      all.add(new Seen(key.accountId(), key.licenseId(), key.fingerprint, (now - at) / 1e9));
    });
    all.sort(LOCK_ORDER);
    return shards.each(client, all, Seen::accountId, (shard, some) -> write(shard, some, 0)).mapEmpty();
  }

  private static Future<Void> write(ShardClient shard, List<Seen> all, int from) {
    if (from >= all.size()) {
      return Future.succeededFuture();
    }
    int to = Math.min(all.size(), from + MAX_BATCH);
    return ValidationStore.seen(shard, all.subList(from, to)).compose(done -> write(shard, all, to));
  }
}
