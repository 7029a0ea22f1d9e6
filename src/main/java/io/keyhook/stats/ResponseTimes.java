package io.keyhook.stats;

/**
 * How long attempts took, as so many in each of a few classes: what is counted can be added up, and a percentile of the
 * sum is known to its class. Within it, times are taken to be spread evenly. (Linear interpolation in a histogram, as
 * Prometheus' {@code histogram_quantile} does it.) The classes are in the database: they are never changed.
 */
final class ResponseTimes {
  /** The longest of each class, in milliseconds; the last has what is longer than all. */
  private static final int[] LONGEST = {2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 12_000};
  static final int CLASSES = LONGEST.length + 1;

  private ResponseTimes() {}

  static int classOf(long millis) {
    int i = 0;
    while (i < LONGEST.length && millis > LONGEST[i]) {
      i++;
    }
    return i;
  }

  /**
   * Returns the time that this share of the attempts did not exceed, in milliseconds; null if there was none.
   *
   * @param share more than 0, at most 1
   */
  static Long percentile(long[] counts, double share) {
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    if (total == 0) {
      return null;
    }
    double rank = share * total;
    int i = 0;
    double before = 0;
    while (i < counts.length - 1 && before + counts[i] < rank) {
      before += counts[i++];
    }
    if (i >= LONGEST.length) {
      return (long) LONGEST[LONGEST.length - 1];
    }
    int shortest = i == 0 ? 0 : LONGEST[i - 1];
    return Math.round(shortest + (LONGEST[i] - shortest) * (rank - before) / counts[i]);
  }
}
