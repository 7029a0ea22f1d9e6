package io.keyhook.db;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;

/** How many items go together in one statement. */
public final class BatchSizes {
  private BatchSizes() {}

  /**
   * The sizes of batches of one kind. Any thread.
   *
   * @param kind one of a few
   */
  public static DistributionSummary of(String kind, MeterRegistry meters) {
    return DistributionSummary.builder("keyhook.batch.items").description("Items in one statement").tag("batch", kind)
        .serviceLevelObjectives(1, 2, 5, 10, 25, 50, 100, 250).register(meters);
  }
}
