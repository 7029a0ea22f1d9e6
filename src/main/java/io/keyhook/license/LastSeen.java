package io.keyhook.license;

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

/**
 * When devices were last seen: gathered in memory for the whole node, written once a minute, so that a validation writes
 * nothing and a device that every event loop has seen is written once. A crash loses that minute. Any thread.
 */
public final class LastSeen {
  static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int MAX_DEVICES = 200_000;
  private static final int MAX_BATCH = 1000;
  private static final Comparator<Seen> LOCK_ORDER =
      Comparator.comparing(Seen::accountId).thenComparing(Seen::licenseId).thenComparing(Seen::fingerprint);

  private record Key(UUID accountId, UUID licenseId, String fingerprint) {}

  private final SqlClient client;
  private final Map<Key, Long> seen = new ConcurrentHashMap<>();

  public LastSeen(SqlClient client) {
    this.client = client;
  }

  void note(UUID accountId, UUID licenseId, String fingerprint) {
    if (seen.size() < MAX_DEVICES) { // past that, a device waits for its next minute
      seen.put(new Key(accountId, licenseId, fingerprint), System.nanoTime());
    }
  }

  /** Writes what has gathered; what cannot be written is lost. */
  Future<Void> flush() {
    long now = System.nanoTime();
    List<Seen> all = new ArrayList<>(seen.size());
    seen.forEach((key, at) -> {
      if (seen.remove(key, at)) { // or it was seen again just now, and is for the next minute
        all.add(new Seen(key.accountId, key.licenseId, key.fingerprint, (now - at) / 1e9));
      }
    });
    all.sort(LOCK_ORDER);
    return write(all, 0);
  }

  private Future<Void> write(List<Seen> all, int from) {
    if (from >= all.size()) {
      return Future.succeededFuture();
    }
    int to = Math.min(all.size(), from + MAX_BATCH);
    return ValidationStore.seen(client, all.subList(from, to)).compose(done -> write(all, to));
  }
}
