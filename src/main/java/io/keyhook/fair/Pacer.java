package io.keyhook.fair;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Makes bulk work yield to validations, with which it shares processors and the disk. After each piece, bulk work rests for
 * a multiple of the time that the piece took. The multiple doubles while validations take more than {@value #TOLERANCE} times
 * as long as at rest, up to {@value #MAX}, and shrinks slowly when they do not. So bulk work never pauses on a quiet node, and
 * gets a small share of a busy one. (A scavenger, as LEDBAT is among transports: RFC 6817. As there, the time at rest is the
 * shortest of the last ten minutes.) While bulk work rests, its pieces also take turns, so that together they keep at most half
 * of the processors busy: two at once on two processors would leave none to validations.
 *
 * <p>How long validations take is the root mean square of a window, in which a few slow ones weigh as much as many. Without
 * {@value #ENOUGH} validations in two seconds, and as many that wait for an answer, there is nobody to yield to. Any thread.
 */
public final class Pacer {
  static final double MAX = 8;
  static final double TOLERANCE = 2;
  static final int ENOUGH = 20;
  /** Of the multiple, for each window in which validations are fast: it halves in some three seconds. */
  private static final double DECAY = 0.95;
  /** A multiple too small to notice. */
  private static final double NONE = 0.1;
  private static final long WINDOW = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long STALE = TimeUnit.SECONDS.toNanos(2);
  private static final int MINUTES = 10;

  private final LongSupplier nanoTime;
  private final int atOnce;
  /** The shortest window of each minute; infinite if there was none. */
  private final double[] shortest = new double[MINUTES];
  private final AtomicInteger underWay = new AtomicInteger();
  private long minute; // it and all below guarded by this
  private long begun;
  private int count;
  private double squares;
  private double multiple;
  private long rested;
  private int pieces;
  private final Queue<Promise<Void>> waiting = new ArrayDeque<>();

  /**
   * @param atOnce pieces that run at once while bulk work rests
   */
  public Pacer(int atOnce) {
    this(System::nanoTime, atOnce);
  }

  Pacer(LongSupplier nanoTime, int atOnce) {
    this.nanoTime = nanoTime;
    this.atOnce = atOnce;
    this.begun = nanoTime.getAsLong();
    this.minute = TimeUnit.NANOSECONDS.toMinutes(begun);
    Arrays.fill(shortest, Double.POSITIVE_INFINITY);
  }

  /** Registers the multiple, and how long bulk work has rested. */
  public Pacer meteredBy(MeterRegistry meters) {
    FunctionCounter.builder("keyhook.bulk.rested", this, Pacer::restedSeconds).baseUnit("seconds")
        .description("How long bulk work has rested, so that validations stay fast").register(meters);
    Gauge.builder("keyhook.bulk.rest", this, Pacer::multiple)
        .description("How many times as long as it ran bulk work rests, so that validations stay fast").register(meters);
    return this;
  }

  /**
   * Runs a validation, and notes how long it takes if it succeeds. Until it has ended, bulk work keeps yielding to it. The
   * future also fails with what the supplier throws.
   */
  public <T> Future<T> measured(Supplier<Future<T>> validation) {
    underWay.incrementAndGet();
    long asked = now();
    Future<T> answer;
    try {
      answer = validation.get();
    } catch (RuntimeException e) {
      answer = Future.failedFuture(e);
    }
    return answer.onComplete(done -> {
      underWay.decrementAndGet();
      if (done.succeeded()) {
        validated(asked);
      }
    });
  }

  /** Notes a validation that has succeeded, by the time at which it was asked for. */
  synchronized void validated(long asked) {
    long now = nanoTime.getAsLong();
    forgetStale(now);
    double took = Math.max(1, now - asked);
    squares += took * took;
    count++;
    if (count >= ENOUGH && now - begun >= WINDOW) {
      judge(Math.sqrt(squares / count), now);
      begin(now);
    }
  }

  /**
   * Runs a piece of bulk work, on the caller's context. While bulk work rests, it first waits for its turn among the pieces that
   * came before: their number is the caller's to limit. The future also fails with what the supplier throws.
   */
  public <T> Future<T> run(Vertx vertx, Supplier<Future<T>> piece) {
    Promise<Void> turn = Promise.promise();
    Context context = vertx.getOrCreateContext();
    synchronized (this) {
      if (pieces < atOnce || !isYielding()) {
        pieces++;
        turn.complete();
      } else {
        waiting.add(turn);
      }
    }
    if (turn.future().isComplete()) {
      return start(piece);
    }
    Promise<T> result = Promise.promise();
    turn.future().onComplete(come -> context.runOnContext(v -> start(piece).onComplete(result)));
    return result.future();
  }

  private <T> Future<T> start(Supplier<Future<T>> piece) {
    Future<T> future;
    try {
      future = piece.get();
    } catch (RuntimeException e) {
      future = Future.failedFuture(e);
    }
    return future.onComplete(done -> {
      Promise<Void> next;
      synchronized (this) {
        next = waiting.poll();
        pieces -= next == null ? 1 : 0;
      }
      if (next != null) {
        next.complete();
      }
    });
  }

  /** What a piece of bulk work notes when it begins, for {@link #restAfter}. */
  public long now() {
    return nanoTime.getAsLong();
  }

  /**
   * How long to rest now, after a piece of bulk work.
   *
   * @param begun when it began, by {@link #now}
   * @param longest rest, in nanoseconds
   * @return in nanoseconds; 0: not at all
   */
  public synchronized long restAfter(long begun, long longest) {
    long now = nanoTime.getAsLong();
    forgetStale(now);
    long rest = Math.min(longest, (long) (multiple * (now - begun)));
    rested += rest;
    return rest;
  }

  private synchronized double restedSeconds() {
    return rested / 1e9;
  }

  /** Whether validations are slow, or were a moment ago, so that bulk work should be done in small pieces. */
  public boolean isYielding() {
    return multiple() > 0;
  }

  private synchronized double multiple() {
    forgetStale(nanoTime.getAsLong());
    return multiple;
  }

  private void forgetStale(long now) {
    if (now - begun > STALE) {
      if (underWay.get() < ENOUGH) { // otherwise they wait for an answer
        multiple = 0;
      }
      begin(now);
    }
  }

  private void begin(long now) {
    begun = now;
    count = 0;
    squares = 0;
  }

  private void judge(double took, long now) {
    for (long current = TimeUnit.NANOSECONDS.toMinutes(now); minute < current; ) {
      minute = Math.max(minute + 1, current - MINUTES + 1);
      shortest[(int) Math.floorMod(minute, (long) MINUTES)] = Double.POSITIVE_INFINITY;
    }
    int at = (int) Math.floorMod(minute, (long) MINUTES);
    shortest[at] = Math.min(shortest[at], took);
    if (took > TOLERANCE * Arrays.stream(shortest).min().getAsDouble()) {
      multiple = Math.min(MAX, Math.max(1, 2 * multiple));
    } else {
      multiple = multiple < NONE ? 0 : DECAY * multiple;
    }
  }
}
