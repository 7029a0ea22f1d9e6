package io.keyhook.bus;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Keeps what happens often from filling the log: lets one entry through in a given time. Any thread. */
public final class Seldom {
  private final long nanos;
  private final AtomicLong next = new AtomicLong(System.nanoTime());

  /**
   * @param apart from one entry to the next
   */
  public Seldom(Duration apart) {
    this.nanos = apart.toNanos();
  }

  /** Whether an entry may be written now. If so, the next one has to wait. */
  public boolean passes() {
    long earliest = next.get();
    long now = System.nanoTime();
    return now - earliest >= 0 && next.compareAndSet(earliest, now + nanos);
  }
}
