package io.keyhook;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where Keyhook registers its metrics.
 *
 * @param text all of them in Prometheus' text format; empty where they are in a registry of the host's
 * @param end ends what was registered
 */
record Metrics(MeterRegistry registry, Optional<Supplier<String>> text, Runnable end) {
  /**
   * In a registry of the host's, which stays open. The tag {@code keyhook} tells several Keyhooks apart. All have it, also
   * the only one: Prometheus keeps no two meters of one name whose tags have different keys.
   */
  static Metrics of(MeterRegistry host, String name) {
    CompositeMeterRegistry own = new CompositeMeterRegistry();
    own.config().commonTags("keyhook", name);
    own.add(host);
    return new Metrics(own, Optional.empty(), () -> {
      for (Meter meter : List.copyOf(own.getMeters())) {
        own.remove(meter);
      }
      own.remove(host);
    });
  }

  void close() {
    end.run();
  }
}
