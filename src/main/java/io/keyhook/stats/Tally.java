package io.keyhook.stats;

import io.keyhook.bus.Webhooks.Window;

/**
 * What was counted of an account in some time. Immutable.
 *
 * @param times as many as {@link ResponseTimes#CLASSES}
 */
record Tally(long valid, long refused, long activations, long succeeded, long failed, long[] times) {
  static final Tally ZERO = new Tally(0, 0, 0, 0, 0, new long[ResponseTimes.CLASSES]);
  private static final double P95 = 0.95;

  Tally plus(Tally other) {
    long[] sum = times.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += other.times[i];
    }
    return new Tally(valid + other.valid, refused + other.refused, activations + other.activations,
        succeeded + other.succeeded, failed + other.failed, sum);
  }

  boolean isZero() {
    return valid == 0 && refused == 0 && activations == 0 && succeeded == 0 && failed == 0;
  }

  /** In milliseconds; null if there was no attempt. */
  Long p95() {
    return ResponseTimes.percentile(times, P95);
  }

  /** From 0 to 1; null if there was no attempt. */
  Double successRate() {
    return Window.of(succeeded, failed).successRate();
  }
}
