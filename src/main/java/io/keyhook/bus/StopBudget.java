package io.keyhook.bus;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The time in which a node stops, shared by everything that it waits for. Each kind of work has to end at a fixed time after
 * the stop began, so that work that ends early leaves its time to what follows, and no sum of waits exceeds the total. Any
 * thread.
 */
public final class StopBudget {
  /** From the first verticle's stop to the last. {@code http.drainDelay} comes before it. */
  public static final Duration TOTAL = Duration.ofSeconds(20);

  /** What a stop waits for, in this order. */
  public enum Work {
    /** Requests under way, and clients that are still connected. */
    REQUESTS(Duration.ofSeconds(6)),
    /** Chores of verticles that serve calls, such as writing when API keys were used. */
    CHORES(Duration.ofSeconds(8)),
    /** Attempts that started before the stop, 12 s at most, and the writes of their results. */
    ATTEMPTS(Duration.ofSeconds(17)),
    /** Counts of the last minute. */
    COUNTS(Duration.ofSeconds(19));

    private final Duration end;

    Work(Duration end) {
      this.end = end;
    }
  }

  private static final Duration LEAST = Duration.ofMillis(1);

  private final LongSupplier nanoTime;
  private long begun;
  private boolean running;

  public StopBudget() {
    this(System::nanoTime);
  }

  StopBudget(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Starts the clock. A later call does nothing. */
  public synchronized void begin() {
    if (!running) {
      running = true;
      begun = nanoTime.getAsLong();
    }
  }

  /** Returns how long this work may still take, which is never zero. Starts the clock if nothing else did. */
  public synchronized Duration left(Work work) {
    begin();
    Duration left = work.end.minusNanos(nanoTime.getAsLong() - begun);
    return left.compareTo(LEAST) < 0 ? LEAST : left;
  }
}
