package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Seldom;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the calls of all pools: counts them, writes slow ones to the log, and notices when the database becomes unavailable
 * and when it is back. Any thread.
 *
 * <p>A single connection may break while the others work, so a call that gets no answer is only a suspicion. It becomes an
 * outage when calls still fail after {@link #CALM_NANOS} in which none succeeded. Where the server says that it is read-only,
 * full or starting, one call suffices, because reads may succeed all the same.
 */
final class Observer {
  private static final Logger log = LoggerFactory.getLogger(Observer.class);
  /** Between two lines about slow statements: under overload, all of them are slow. */
  private static final Duration SLOW_LINES = Duration.ofSeconds(1);
  /** Between two lines about replaced connections: where the database stays read-only, they are replaced every second. */
  private static final Duration REPLACEMENT_LINES = Duration.ofMinutes(1);
  /** Without a failure for so long, the database is available again. */
  private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final int SHOWN_CHARACTERS = 200;

  private final LongSupplier nanoTime;
  private final Map<String, CallMeter> byPool = new ConcurrentHashMap<>();
  private final Seldom slowLines = new Seldom(SLOW_LINES);
  private final Seldom replacementLines = new Seldom(REPLACEMENT_LINES);
  private final AtomicLong slow = new AtomicLong();
  /** Zero: none is slow. */
  private volatile long slowNanos;
  private volatile MeterRegistry meters;
  private volatile boolean unavailable;
  private volatile long unavailableSince;
  private volatile long failedNanos;
  private volatile boolean suspected;
  private volatile long suspectedSince;
  private volatile Counter outages;

  Observer() {
    this(System::nanoTime);
  }

  Observer(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Starts to publish what is counted.
   *
   * @param slowStatement from how long on a statement is written to the log; zero: never
   */
  void publish(MeterRegistry registry, Duration slowStatement) {
    slowFrom(slowStatement);
    outages = Counter.builder("keyhook.database.outages").description("Times that the database became unavailable")
        .register(registry);
    Gauge.builder("keyhook.database.available", this, observer -> observer.unavailable ? 0 : 1)
        .description("Whether the database answers: 1, or 0").register(registry);
    synchronized (byPool) {
      meters = registry;
      byPool.values().forEach(meter -> meter.register(registry));
    }
  }

  /**
   * @param slowStatement from how long on a statement is written to the log; zero: never
   */
  void slowFrom(Duration slowStatement) {
    slowNanos = slowStatement.toNanos();
  }

  CallMeter meter(String pool) {
    synchronized (byPool) {
      return byPool.computeIfAbsent(pool, name -> {
        CallMeter meter = new CallMeter(name);
        if (meters != null) {
          meter.register(meters);
        }
        return meter;
      });
    }
  }

  boolean isAvailable() {
    return !unavailable;
  }

  /**
   * A call has ended.
   *
   * @param what its statement, or what it is otherwise
   * @param e null: it succeeded
   */
  void ended(CallMeter meter, Supplier<String> what, long nanos, Throwable e) {
    meter.ended(nanos, e == null);
    if (slowNanos > 0 && nanos >= slowNanos) {
      slow(meter, what, nanos);
    }
    DatabaseError error = e == null ? null : DatabaseError.of(e);
    if (error == DatabaseError.UNAVAILABLE || error == DatabaseError.STALE_CONNECTION) {
      failed(e);
    } else if ((unavailable || suspected) && (error == null || error.isItemsOwn())) {
      answered();
    }
  }

  private void slow(CallMeter meter, Supplier<String> what, long nanos) {
    slow.incrementAndGet();
    if (slowLines.passes()) {
      log.warn("A statement took {} ms, its wait for a connection of the pool \"{}\" included; slow since the last such line: {}."
          + " Statement: {}", TimeUnit.NANOSECONDS.toMillis(nanos), meter.pool(), slow.getAndSet(0), shown(what.get()));
    }
  }

  /**
   * Connections are replaced.
   *
   * @param e why
   */
  void replacing(Throwable e) {
    if (replacementLines.passes()) {
      log.warn("Replacing the connections to the database: {}", e.getMessage());
    }
  }

  /** Statements hold no values: those are parameters. */
  private static String shown(String sql) {
    String line = sql.strip().replaceAll("\\s+", " ");
    return line.length() <= SHOWN_CHARACTERS ? line : line.substring(0, SHOWN_CHARACTERS) + "...";
  }

  private void failed(Throwable e) {
    long now = nanoTime.getAsLong();
    failedNanos = now;
    synchronized (this) {
      if (unavailable) {
        return;
      }
      if (!suspected) {
        suspected = true;
        suspectedSince = now;
      }
      if (now - suspectedSince < CALM_NANOS && !DatabaseError.isServersState(e)) {
        return;
      }
      unavailable = true;
      unavailableSince = suspectedSince;
    }
    if (outages != null) {
      outages.increment();
    }
    log.warn("The database is not available: {}", e.getMessage());
  }

  private void answered() {
    suspected = false;
    long now = nanoTime.getAsLong();
    if (!unavailable || now - failedNanos < CALM_NANOS) {
      return;
    }
    long since;
    synchronized (this) {
      if (!unavailable) {
        return;
      }
      unavailable = false;
      since = unavailableSince;
    }
    log.warn("The database is available again, after {} s", TimeUnit.NANOSECONDS.toSeconds(now - since));
  }
}
