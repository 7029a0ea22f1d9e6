package io.keyhook.delivery;

import java.time.Duration;

/**
 * When this node takes over deliveries whose lease ended without a result. While the database was away nobody could
 * write results: once it is back, they come first, so that an outage alone sends nothing twice. Any thread.
 */
public final class TakeOver {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private volatile long from;

  public TakeOver() {
    outage();
  }

  /** The database did not answer, or not for long. */
  void outage() {
    from = System.nanoTime() + GRACE.toNanos();
  }

  boolean isAllowed() {
    return System.nanoTime() - from >= 0;
  }
}
