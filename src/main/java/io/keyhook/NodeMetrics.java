package io.keyhook;

import io.keyhook.bus.Version;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Partitions;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.BaseUnits;
import java.io.File;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/** The metrics of a node as a whole. */
final class NodeMetrics {
  private NodeMetrics() {}

  /**
   * Registers the metrics that every node has.
   *
   * @param ready whether it has started, is not stopping, and can use its database
   * @param clockAhead seconds by which its clock is ahead of the database's
   */
  static void register(MeterRegistry meters, BooleanSupplier ready, DoubleSupplier clockAhead, Partitions partitions) {
    Gauge.builder("keyhook.build.info", () -> 1).description("1; its labels say which version runs")
        .tag("version", Version.VERSION).tag("java", System.getProperty("java.version")).strongReference(true).register(meters);
    Gauge.builder("keyhook.ready", () -> ready.getAsBoolean() ? 1 : 0)
        .description("Whether the node has started, is not stopping, and can use its database: 1, or 0")
        .strongReference(true).register(meters);
    Gauge.builder("keyhook.clock.ahead", clockAhead::getAsDouble).baseUnit("seconds")
        .description("Time by which the clock of the node is ahead of the database's; negative if it is behind")
        .strongReference(true).register(meters);
    Gauge.builder("keyhook.partitions.ahead", partitions, Partitions::secondsAhead).baseUnit("seconds")
        .description("Time for which the log has all partitions").strongReference(true).register(meters);
    Gauge.builder("keyhook.partitions.overdue", partitions, Partitions::overdue)
        .description("Partitions of the log that could not be archived or dropped when their retention had ended")
        .strongReference(true).register(meters);
  }

  /** Registers the disk of the embedded database. The disk of an external one is unknown. */
  static void registerDisk(MeterRegistry meters, KeyhookOptions.Database options) {
    if (options.embedded()) {
      File directory = options.directory().toFile();
      Gauge.builder("keyhook.embedded.database.disk.free", directory, File::getUsableSpace).baseUnit(BaseUnits.BYTES)
          .description("Free space for the data of the embedded database").strongReference(true).register(meters);
      Gauge.builder("keyhook.embedded.database.disk.size", directory, File::getTotalSpace).baseUnit(BaseUnits.BYTES)
          .description("Size of the file system that holds the data of the embedded database").strongReference(true)
          .register(meters);
    }
  }

  static Timer loopLag(MeterRegistry meters) {
    return Timer.builder("keyhook.event.loop.lag").description("By how much timers of the event loops are late")
        .serviceLevelObjectives(LoopLagVerticle.BUCKETS).register(meters);
  }
}
