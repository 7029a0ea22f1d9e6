package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;

/**
 * Holds work to time linear in the size of its input: the input is so large that linear work takes milliseconds and
 * quadratic work many seconds. The best of several runs counts, so that a pause of the machine fails nothing.
 */
public final class LinearWork {
  /** Far more than linear work takes, and far less than quadratic work takes. */
  public static final Duration LIMIT = Duration.ofSeconds(1);

  private static final int RUNS = 5;

  private LinearWork() {}

  public static void assertLinear(String what, Runnable work) {
    assertLinear(what, LIMIT, work);
  }

  /** Runs the work again until it is within the limit, {@value #RUNS} times at most. */
  public static void assertLinear(String what, Duration limit, Runnable work) {
    Duration best = Duration.ofDays(1);
    for (int run = 0; run < RUNS && best.compareTo(limit) > 0; run++) {
      long start = System.nanoTime();
      work.run();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      best = took.compareTo(best) < 0 ? took : best;
    }
    if (Boolean.getBoolean("keyhook.linear.print")) {
      System.out.printf("%6d ms  %s%n", best.toMillis(), what);
    }
    assertThat(best).as("best time of %d runs: %s", RUNS, what).isLessThanOrEqualTo(limit);
  }
}
