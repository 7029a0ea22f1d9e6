package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds work to time linear in the size of its input: the input is so large that linear work takes milliseconds and
 * quadratic work many seconds. One run of several that is quick enough, and in which no event loop is reported as blocked,
 * is enough, so that a pause of the machine fails nothing.
 */
public final class LinearWork {
  /** Far more than linear work takes, and far less than quadratic work takes. */
  public static final Duration LIMIT = Duration.ofSeconds(1);

  private static final int RUNS = 5;

  private LinearWork() {}

  public static void assertLinear(String what, Runnable work) {
    assertLinear(what, LIMIT, work);
  }

  /** Runs the work again until it is within the limit and blocks no event loop, {@value #RUNS} times at most. */
  public static void assertLinear(String what, Duration limit, Runnable work) {
    List<String> runs = new ArrayList<>();
    boolean passed = false;
    while (!passed && runs.size() < RUNS) {
      int before = LogWatch.blocked().size();
      long start = System.nanoTime();
      work.run();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      List<String> blocked = LogWatch.blocked().stream().skip(before).toList();
      passed = blocked.isEmpty() && took.compareTo(limit) <= 0;
      runs.add(took.toMillis() + " ms" + String.join("\n", blocked));
    }
    if (Boolean.getBoolean("keyhook.linear.print")) {
      System.out.printf("%s: %s%n", what, String.join(", ", runs));
    }
    assertThat(passed).as("%s within %s, but it took %s", what, limit, runs).isTrue();
  }
}
