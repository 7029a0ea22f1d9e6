package io.keyhook.bench;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waiting with an end. */
public final class Waiting {
  private static final long PAUSE_MILLIS = 20;

  private Waiting() {}

  /**
   * Asks until the answer is true.
   *
   * @return false where the time was over first
   */
  public static boolean until(Duration limit, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    return true;
  }

  /** The same where there is no going on without it. */
  public static void expect(String what, Duration limit, Callable<Boolean> condition) throws Exception {
    if (!until(limit, condition)) {
      throw new IllegalStateException("Not within " + limit.toSeconds() + " s: " + what);
    }
  }
}
