package io.keyhook.delivery;

import java.util.concurrent.TimeUnit;

/**
 * Decides when this node takes over deliveries whose lease expired without a result. No node can write results while the
 * database is away, so for {@value #GRACE_SECONDS} s after an outage results go first: an outage alone sends nothing twice.
 * Any thread.
 */
final class TakeOver {
  private static final int GRACE_SECONDS = 5;

  private volatile long from;

  TakeOver() {
    outage();
  }

  /** The database failed, or answered slowly. */
  void outage() {
    from = System.nanoTime() + TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
  }

  boolean isAllowed() {
    return System.nanoTime() - from >= 0;
  }
}
