package io.keyhook.fair;

import io.keyhook.bus.Failure;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Admits work of tenants to something that does only so much at once. A tenant has a {@linkplain FairShare fair share} of
 * what runs; its further work waits behind its own, and tenants that wait take turns (round robin over flows: Nagle, RFC
 * 970, 1985). Work that would wait beyond its tenant's share of the waiting room, or too long, fails with
 * {@link Failure.Unavailable}. Any thread; work starts, and its future completes, on the caller's context.
 *
 * @param <K> a tenant: an account, or a client's address where there is no account
 */
public final class Admission<K> {
  private final Vertx vertx;
  private final String what;
  private final Duration patience;
  private final FairShare<K> running;
  private final FairShare<K> waiting;
  private final Map<K, ArrayDeque<Waiter<K>>> queues = new HashMap<>();
  private final ArrayDeque<K> turns = new ArrayDeque<>();
  private final AtomicLong refused = new AtomicLong();

  private record Waiter<K>(K tenant, Context context, Runnable start, Promise<Void> admitted) {}

  /**
   * For work that soon ends.
   *
   * @param what is admitted, in the plural: for messages and metrics
   * @param atOnce how much runs at once
   * @param mayWait how much waits
   * @param patience how long it waits
   */
  public Admission(Vertx vertx, String what, int atOnce, int mayWait, Duration patience) {
    this(vertx, what, new FairShare<>(atOnce), mayWait, patience);
  }

  /** The same with a share of the caller's choice of what runs. */
  public Admission(Vertx vertx, String what, FairShare<K> running, int mayWait, Duration patience) {
    this.vertx = vertx;
    this.what = what;
    this.patience = patience;
    this.running = running;
    this.waiting = new FairShare<>(mayWait);
  }

  /** Registers what runs, what waits and what was refused. */
  public Admission<K> meteredBy(MeterRegistry meters) {
    Gauge.builder("keyhook.admission.running", running, FairShare::held)
        .description("Work that was admitted and has not ended").tag("what", what).register(meters);
    Gauge.builder("keyhook.admission.waiting", waiting, FairShare::held)
        .description("Work that waits to be admitted").tag("what", what).register(meters);
    FunctionCounter.builder("keyhook.admission.refused", refused, AtomicLong::get)
        .description("Work that was refused").tag("what", what).register(meters);
    return this;
  }

  /** Runs work when it is the tenant's turn. */
  public <T> Future<T> run(K tenant, Supplier<Future<T>> work) {
    Promise<T> result = Promise.promise();
    Context context = vertx.getOrCreateContext();
    Runnable start = () -> start(tenant, work, result);
    boolean admitted;
    synchronized (this) {
      admitted = !queues.containsKey(tenant) && running.tryAcquire(tenant);
      if (!admitted && !waiting.tryAcquire(tenant)) {
        return Future.failedFuture(refusal());
      }
      if (!admitted) {
        enqueue(new Waiter<>(tenant, context, start, Promise.promise()), result);
      }
    }
    if (admitted) {
      start.run();
    }
    return result.future();
  }

  private <T> void enqueue(Waiter<K> waiter, Promise<T> result) {
    ArrayDeque<Waiter<K>> queue = queues.get(waiter.tenant);
    if (queue == null) {
      queue = new ArrayDeque<>();
      queues.put(waiter.tenant, queue);
      turns.add(waiter.tenant);
    }
    queue.add(waiter);
    long timer = vertx.setTimer(patience.toMillis(), t -> giveUp(waiter));
    waiter.admitted.future().onComplete(turn -> vertx.cancelTimer(timer), result::fail);
  }

  private void giveUp(Waiter<K> waiter) {
    synchronized (this) {
      ArrayDeque<Waiter<K>> queue = queues.get(waiter.tenant);
      if (queue == null || !queue.remove(waiter)) {
        return; // its turn has come
      }
      waiting.release(waiter.tenant, 1);
      if (queue.isEmpty()) {
        queues.remove(waiter.tenant);
        turns.remove(waiter.tenant);
      }
    }
    waiter.admitted.fail(refusal());
  }

  private RuntimeException refusal() {
    refused.incrementAndGet();
    return new Failure.Unavailable("Too many " + what + " are under way; try again later").exception();
  }

  private <T> void start(K tenant, Supplier<Future<T>> work, Promise<T> result) {
    Future<T> future;
    try {
      future = work.get();
    } catch (RuntimeException e) {
      future = Future.failedFuture(e);
    }
    future.onComplete(done -> {
      running.release(tenant, 1);
      admitNext();
      if (done.succeeded()) {
        result.complete(done.result());
      } else {
        result.fail(done.cause());
      }
    });
  }

  private void admitNext() {
    for (Waiter<K> next; (next = takeNext()) != null; ) {
      Waiter<K> waiter = next;
      waiter.admitted.complete();
      waiter.context.runOnContext(v -> waiter.start.run());
    }
  }

  /** The first in turn whose tenant's share allows it; null: none. */
  private synchronized Waiter<K> takeNext() {
    for (int i = turns.size(); i > 0; i--) {
      K tenant = turns.poll();
      ArrayDeque<Waiter<K>> queue = queues.get(tenant);
      boolean admitted = running.tryAcquire(tenant);
      Waiter<K> next = admitted ? queue.poll() : null;
      if (queue.isEmpty()) {
        queues.remove(tenant);
      } else {
        turns.add(tenant);
      }
      if (admitted) {
        waiting.release(tenant, 1);
        return next;
      }
    }
    return null;
  }

  public int waiting() {
    return waiting.held();
  }
}
