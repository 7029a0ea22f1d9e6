package io.keyhook.db;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the calls of the pools of one name. Any thread. */
final class CallMeter {
  private static final Duration[] BUCKETS = {Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(5),
      Duration.ofMillis(10), Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
      Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofSeconds(5), Duration.ofSeconds(10)};

  private final String pool;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  /** Null until there is a registry. */
  private volatile Timer succeeded;
  private volatile Timer failed;

  CallMeter(String pool) {
    this.pool = pool;
  }

  void register(MeterRegistry meters) {
    succeeded = timer(meters, "succeeded");
    failed = timer(meters, "failed");
    Gauge.builder("keyhook.database.pool.connections.max", connections, AtomicInteger::get)
        .description("Connections that the pools of this name open at most").tag("pool", pool).register(meters);
    Gauge.builder("keyhook.database.pool.calls.running", this, CallMeter::served)
        .description("Calls that have a connection").tag("pool", pool).register(meters);
    Gauge.builder("keyhook.database.pool.calls.waiting", this, meter -> meter.running.get() - meter.served())
        .description("Calls that wait for a connection").tag("pool", pool).register(meters);
  }

  private Timer timer(MeterRegistry meters, String outcome) {
    return Timer.builder("keyhook.database.calls")
        .description("Statements and transactions, from the request for a connection to the result")
        .tag("pool", pool).tag("outcome", outcome).serviceLevelObjectives(BUCKETS).register(meters);
  }

  /** One connection serves one call at a time. The size of a host's pool is unknown. */
  private int served() {
    int max = connections.get();
    return max == 0 ? running.get() : Math.min(running.get(), max);
  }

  String pool() {
    return pool;
  }

  /** A pool of this name was opened, or with a negative size, closed. */
  void opened(int size) {
    connections.addAndGet(size);
  }

  void began() {
    running.incrementAndGet();
  }

  void ended(long nanos, boolean success) {
    running.decrementAndGet();
    Timer timer = success ? succeeded : failed;
    if (timer != null) {
      timer.record(nanos, TimeUnit.NANOSECONDS);
    }
  }
}
