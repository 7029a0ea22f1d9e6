package io.keyhook.event;

import java.util.concurrent.TimeUnit;

/**
 * A moment on both clocks of this machine.
 *
 * @param nanos {@link System#nanoTime()}
 * @param millis {@link System#currentTimeMillis()}
 */
public record Moment(long nanos, long millis) {
  public static Moment now() {
    return new Moment(System.nanoTime(), System.currentTimeMillis());
  }

  /**
   * Returns the time since an earlier moment in nanoseconds, by the clock that counted more: the monotonic clock stands still
   * while the machine is suspended, and the wall clock can be set back. Where the wall clock is set forward, this is too long.
   */
  public long nanosSince(Moment earlier) {
    return Math.max(nanos - earlier.nanos, TimeUnit.MILLISECONDS.toNanos(millis - earlier.millis));
  }
}
