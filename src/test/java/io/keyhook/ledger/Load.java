package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Callers that validate, each one call after another, for as long as more are allowed. It keeps which events the
 * answers promise. A call that is refused, or not answered, is one that may be made anew. Any thread.
 */
final class Load {
  static final int CALLERS = 24;
  private static final int NEW_DEVICE_EVERY = 10;
  private static final Executor LATER = CompletableFuture.delayedExecutor(60, TimeUnit.MILLISECONDS);
  /** An answer that does not come is waited for so long. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(60);

  private final Supplier<List<Api>> nodes;
  private final String licenseKey;
  private final Set<String> promised = ConcurrentHashMap.newKeySet();
  private final Queue<Object> unexpected = new ConcurrentLinkedQueue<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger allowed = new AtomicInteger();
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger callers = new AtomicInteger(CALLERS);
  private volatile boolean over;

  /**
   * @param nodes who is called, in turns
   */
  Load(Supplier<List<Api>> nodes, String licenseKey) {
    this.nodes = nodes;
    this.licenseKey = licenseKey;
    for (int i = 0; i < CALLERS; i++) {
      LATER.execute(this::next);
    }
  }

  private void next() {
    if (over) {
      callers.decrementAndGet();
    } else if (allowed.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
      LATER.execute(this::next);
    } else {
      call(calls.incrementAndGet());
    }
  }

  private void call(int number) {
    String name = "call " + number;
    boolean newDevice = number % NEW_DEVICE_EVERY == 0;
    List<Api> targets = nodes.get();
    waiting.incrementAndGet();
    targets.get(number % targets.size()).postAsync("/api/validate", new JsonObject().put("licenseKey", licenseKey)
        .put("fingerprint", newDevice ? name : "device").put("deviceName", name)).whenComplete((answer, e) -> {
          if (e == null && answer.status() == 200) {
            promised.add("license.validated " + name);
            if (newDevice) {
              promised.add("license.activated " + name);
            }
            acknowledged.incrementAndGet();
          } else {
            notAcknowledged(answer, e);
          }
          waiting.decrementAndGet();
          LATER.execute(this::next);
        });
  }

  /** Where a node or the database is away there is no answer, or a 503; there is no excuse for another. */
  private void notAcknowledged(Exchange answer, Throwable e) {
    refused.incrementAndGet();
    allowed.incrementAndGet();
    if (e != null && e.getCause() instanceof AssertionError fault) {
      unexpected.add(fault);
    } else if (e == null && answer.status() != 503) {
      unexpected.add(answer);
    }
  }

  /** So many more calls are to be acknowledged. */
  void allow(int more) {
    allowed.addAndGet(more);
  }

  void awaitAcknowledged(int more) {
    int enough = acknowledged.get() + more;
    await(enough + " calls are acknowledged").atMost(LAST_ANSWERS).until(() -> acknowledged.get() >= enough);
  }

  /** Calls on until so many more were refused. */
  void callUntilRefused(int more) {
    int enough = refused.get() + more;
    await(enough + " calls are refused").atMost(LAST_ANSWERS).until(() -> {
      allowed.compareAndSet(0, CALLERS);
      return refused.get() >= enough;
    });
  }

  /** Until every caller waits for its answer. */
  void awaitAllWaiting() {
    await("all wait").atMost(LAST_ANSWERS).until(() -> waiting.get() == CALLERS);
  }

  /** Makes no more calls, and waits for what has been called. */
  void finish() {
    over = true;
    await("the last answers").atMost(LAST_ANSWERS).until(() -> callers.get() == 0);
    assertThat(unexpected).as("answers that are neither 200 nor 503").isEmpty();
  }

  /** Calls that were answered with 200. */
  int acknowledged() {
    return acknowledged.get();
  }

  /** The events that they raised, each with the name of its device. */
  Set<String> promised() {
    return promised;
  }
}
