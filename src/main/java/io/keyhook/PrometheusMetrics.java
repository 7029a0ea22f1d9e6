package io.keyhook;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/** Metrics in a Prometheus registry of Keyhook's own. A class by itself, because a host may lack that library. */
final class PrometheusMetrics {
  private PrometheusMetrics() {}

  static Metrics create() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    filterNames(registry);
    JvmGcMetrics collections = new JvmGcMetrics();
    collections.bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    countProcessorTime(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    return new Metrics(registry, Optional.of(registry::scrape), () -> {
      collections.close();
      registry.close();
    });
  }

  /** Replaces names of Micrometer's that break the conventions of Prometheus, and of which {@code promtool} complains. */
  private static void filterNames(PrometheusMeterRegistry registry) {
    registry.config()
        .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time")) // in nanoseconds
        .meterFilter(new MeterFilter() {
          @Override
          public Meter.Id map(Meter.Id id) {
            return id.getName().equals("system.cpu.count") ? id.withName("system.cpus") : id;
          }
        });
  }

  /** As Prometheus's own client libraries name it. */
  private static void countProcessorTime(PrometheusMeterRegistry registry) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      FunctionCounter.builder("process.cpu", system, bean -> bean.getProcessCpuTime() / 1e9).baseUnit("seconds")
          .description("Processor time that the process has used").register(registry);
    }
  }
}
