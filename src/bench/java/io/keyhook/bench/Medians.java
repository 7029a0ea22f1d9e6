package io.keyhook.bench;

import java.util.List;
import java.util.concurrent.Callable;

/** What stands for several rounds. */
public final class Medians {
  private Medians() {}

  /** Of an even number, the lower of the two in the middle. */
  public static double of(List<Double> values) {
    return percentile(values, 50);
  }

  /** The smallest value that so many percent do not exceed. */
  public static double percentile(List<Double> values, double percent) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(Math.max(0, (int) Math.ceil(percent / 100 * sorted.size()) - 1));
  }

  /** How long a call takes, in microseconds. */
  public static double micros(Callable<?> call) throws Exception {
    long start = System.nanoTime();
    call.call();
    return (System.nanoTime() - start) / 1e3;
  }
}
