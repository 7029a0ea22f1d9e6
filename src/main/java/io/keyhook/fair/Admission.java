package io.keyhook.fair;

import io.keyhook.bus.Failure;
import io.keyhook.bus.Seldom;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admits the work of tenants to a resource that serves a limited number at once. A tenant has a {@linkplain FairShare fair
 * share} of what runs. Its further work waits behind its own, and tenants that wait {@linkplain Turns take turns}. Work fails
 * with {@link Failure.Unavailable} if it would exceed its tenant's share of the waiting room, or has waited too long. Where
 * there is a {@link Pacer}, a permit that becomes free rests before its next use. Any thread; work starts, and its future
 * completes, on the caller's context.
 *
 * @param <K> a tenant: an account, or a client's address if there is no account
 */
public final class Admission<K> {
  private static final Logger log = LoggerFactory.getLogger(Admission.class);
  /** Between two lines about refusals. */
  private static final Duration LINES = Duration.ofMinutes(1);

  private final Vertx vertx;
  private final String what;
  private final Duration patience;
  private final FairShare<K> running;
  private final Turns<K, Promise<Void>> waiting;
  private final AtomicLong refused = new AtomicLong();
  private final Seldom lines = new Seldom(LINES);
  private Optional<Pacer> pacer = Optional.empty();
  private boolean ofPieces;
  private Duration longestRest = Duration.ZERO;

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
    this.waiting = new Turns<>(mayWait);
  }

  /** Registers what runs, what waits and what was refused. */
  public Admission<K> meteredBy(MeterRegistry meters) {
    running.meter(meters, what, refused);
    Gauge.builder("keyhook.admission.waiting", this, Admission::waiting)
        .description("Work that waits to be admitted").tag("what", what).register(meters);
    return this;
  }

  /**
   * For work of which each is a {@linkplain Pacer#run piece} of bulk work. To be called before the first work.
   *
   * @param longestRest of a permit, which the next work waits for
   */
  public Admission<K> pacedBy(Pacer pacer, Duration longestRest) {
    this.ofPieces = true;
    return restingBy(pacer, longestRest);
  }

  /** The same for work that itself runs its pieces. */
  public Admission<K> restingBy(Pacer pacer, Duration longestRest) {
    this.pacer = Optional.of(pacer);
    this.longestRest = longestRest;
    return this;
  }

  /** Runs work when it is the tenant's turn. */
  public <T> Future<T> run(K tenant, Supplier<Future<T>> work) {
    Promise<Void> turn = Promise.promise();
    boolean admitted;
    synchronized (this) {
      admitted = !waiting.isWaiting(tenant) && running.tryAcquire(tenant);
      if (!admitted && !waiting.add(tenant, turn)) {
        return Future.failedFuture(refusal());
      }
    }
    return admitted ? start(tenant, work) : await(tenant, turn, work);
  }

  private <T> Future<T> await(K tenant, Promise<Void> turn, Supplier<Future<T>> work) {
    Context context = vertx.getOrCreateContext();
    Promise<T> result = Promise.promise();
    long timer = vertx.setTimer(patience.toMillis(), t -> giveUp(tenant, turn));
    turn.future().onComplete(come -> {
      vertx.cancelTimer(timer);
      context.runOnContext(v -> start(tenant, work).onComplete(result));
    }, result::fail);
    return result.future();
  }

  private void giveUp(K tenant, Promise<Void> turn) {
    synchronized (this) {
      if (!waiting.remove(tenant, turn)) {
        return; // its turn has come
      }
    }
    turn.fail(refusal());
  }

  private RuntimeException refusal() {
    long count = refused.incrementAndGet();
    if (lines.passes()) {
      log.warn("Too many {} are in progress, so some are refused with 503: {} run, {} wait, and {} were refused since the start",
          what, running.held(), waiting(), count);
    }
    return new Failure.Unavailable("Too many " + what + " are in progress; retry later").exception();
  }

  private <T> Future<T> start(K tenant, Supplier<Future<T>> work) {
    long begun = pacer.map(Pacer::now).orElse(0L);
    Future<T> future;
    try {
      future = ofPieces ? pacer.orElseThrow().run(vertx, work) : work.get();
    } catch (RuntimeException e) {
      future = Future.failedFuture(e);
    }
    return future.onComplete(done -> {
      long rest = pacer.map(pace -> pace.restAfter(begun, longestRest.toNanos())).orElse(0L);
      if (rest == 0) {
        release(tenant);
      } else {
        vertx.timer(rest, TimeUnit.NANOSECONDS).onComplete(over -> release(tenant));
      }
    });
  }

  private void release(K tenant) {
    running.release(tenant, 1);
    for (Promise<Void> turn; (turn = takeNext()) != null; ) {
      turn.complete();
    }
  }

  /**
   * Takes a permit for the tenant whose turn it is; null: none may have one. Passes over few: while permits are free, only a
   * tenant that holds one may have to wait.
   */
  private synchronized Promise<Void> takeNext() {
    return running.isFull() ? null : waiting.poll(running::tryAcquire);
  }

  /** How much runs at once. */
  public int atOnce() {
    return running.permits();
  }

  /** How much waits. */
  public synchronized int waiting() {
    return waiting.size();
  }
}
