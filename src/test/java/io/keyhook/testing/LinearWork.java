package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Holds work to time linear in the size of its input: the input is so large that linear work takes milliseconds and
 * quadratic work many seconds. The limit grows with what a fixed amount of computing takes just before and just after it,
 * whichever is less, so that a slow or busy machine fails nothing, and a pause of the machine lets nothing pass. One run of
 * several that is quick enough, and in which no event loop is reported as blocked, is enough.
 */
public final class LinearWork {
  /** Far more than linear work takes, and far less than quadratic work takes, on an idle machine. */
  public static final Duration LIMIT = Duration.ofSeconds(1);

  private static final int RUNS = 5;
  /** What {@link #compute} takes on an idle machine. */
  private static final Duration COMPUTING = Duration.ofMillis(30);
  private static final byte[] COMPUTED = new byte[1 << 20];

  private LinearWork() {}

  public static void assertLinear(String what, Runnable work) {
    assertLinear(what, LIMIT, work);
  }

  /** Runs the work again until it is within the limit and blocks no event loop, {@value #RUNS} times at most. */
  public static void assertLinear(String what, Duration limit, Runnable work) {
    List<String> runs = new ArrayList<>();
    boolean passed = false;
    while (!passed && runs.size() < RUNS) {
      int reported = LogWatch.blocked().size();
      long before = compute();
      long start = System.nanoTime();
      work.run();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      List<String> blocked = LogWatch.blocked().stream().skip(reported).toList();
      double slowness = Math.max(1, (double) Math.min(before, compute()) / COMPUTING.toNanos());
      passed = blocked.isEmpty() && took.toNanos() <= slowness * limit.toNanos();
      runs.add(took.toMillis() + " ms at a slowness of %.1f".formatted(slowness) + String.join("\n", blocked));
    }
    if (Boolean.getBoolean("keyhook.linear.print")) {
      System.out.printf("%s: %s%n", what, String.join(", ", runs));
    }
    assertThat(passed).as("%s within %s, but it took %s", what, limit, runs).isTrue();
  }

  /** Returns how long it took, in nanoseconds: as long in compiled as in interpreted code. */
  static long compute() {
    long start = System.nanoTime();
    CRC32 checksum = new CRC32();
    for (int i = 0; i < 256; i++) {
      checksum.update(COMPUTED);
    }
    return System.nanoTime() - start;
  }
}
