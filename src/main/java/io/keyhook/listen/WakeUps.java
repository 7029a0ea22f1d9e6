package io.keyhook.listen;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Those who wait for something to happen on this node, or for some time, as other nodes do not say so. Belongs to one event loop. */
final class WakeUps {
  private final Vertx vertx;
  private final Map<UUID, Set<Promise<Void>>> waiting = new HashMap<>();

  WakeUps(Vertx vertx) {
    this.vertx = vertx;
  }

  /** Completes when it happens, and at the latest after a while. */
  Future<Void> await(UUID what, Duration longest) {
    Promise<Void> promise = Promise.promise();
    waiting.computeIfAbsent(what, id -> new HashSet<>()).add(promise);
    long timer = vertx.setTimer(longest.toMillis(), fired -> promise.tryComplete());
    return promise.future().onComplete(done -> {
      vertx.cancelTimer(timer);
      waiting.computeIfPresent(what, (id, others) -> {
        others.remove(promise);
        return others.isEmpty() ? null : others;
      });
    });
  }

  void wake(UUID what) {
    List.copyOf(waiting.getOrDefault(what, Set.of())).forEach(Promise::tryComplete);
  }

  void wakeAll() {
    List.copyOf(waiting.keySet()).forEach(this::wake);
  }
}
