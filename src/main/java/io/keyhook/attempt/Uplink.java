package io.keyhook.attempt;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something of the administrator's that all deliveries of a node depend on: the outgoing proxy, or the name servers. Knows
 * since when it fails, and writes to the log when that begins and ends. Any thread.
 *
 * <pre>
 *   WORKS ── fails ──▶ FAILS ── recovered, or works a second or more after the last failure ──▶ WORKS
 * </pre>
 */
public final class Uplink {
  /** An outage that lasts longer uses up attempts, as failures of the endpoint do. */
  static final Duration BOUND = Duration.ofHours(24);
  static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);
  /** No longer than a lease covers an attempt that waits for its turn. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(15);
  /** Waits grow with the outage: each is this part of the time that it has lasted. */
  private static final int PART = 2;
  /**
   * Without a failure for so long, nobody has tried, and nothing is known. After {@link #BOUND}, attempts come by the retry
   * schedule, with pauses of an hour and more: from then on it takes {@link #BOUND} again, or each pause would begin a new outage.
   */
  private static final Duration FORGOTTEN = Duration.ofMinutes(1);
  private static final Logger log = LoggerFactory.getLogger(Uplink.class);

  private final String name;
  private final LongSupplier nanoTime;
  private volatile boolean failing;
  private volatile long since;
  private volatile long last;

  Uplink(String name) {
    this(name, System::nanoTime);
  }

  /**
   * @param name after "because" and before "cannot be used"
   */
  Uplink(String name, LongSupplier nanoTime) {
    this.name = name;
    this.nanoTime = nanoTime;
  }

  /** It could not be used. */
  synchronized void fails(Throwable why) {
    long now = nanoTime.getAsLong();
    if (isAvailable()) {
      since = now;
      log.warn("Nothing can be sent, because {} cannot be used: {}. Deliveries wait, and no attempts are counted for {} h",
          name, why.getMessage(), BOUND.toHours());
    }
    failing = true;
    last = now;
  }

  /** It was used, maybe by one call among others that fail. */
  void works() {
    if (failing && nanoTime.getAsLong() - last >= SHORTEST_WAIT.toNanos()) {
      recovered();
    }
  }

  /** It was examined, and works. */
  synchronized void recovered() {
    if (failing) {
      failing = false;
      log.warn("Deliveries are sent again: {} works, after {} s", name,
          Duration.ofNanos(nanoTime.getAsLong() - since).toSeconds());
    }
  }

  /** Whether it works as far as is known. */
  public boolean isAvailable() {
    long latest = last;
    Duration forgotten = latest - since >= BOUND.toNanos() ? BOUND : FORGOTTEN;
    return !failing || nanoTime.getAsLong() - latest >= forgotten.toNanos();
  }

  /**
   * Returns how long to wait after a failure until the next one is risked, from {@link #SHORTEST_WAIT} to {@link #LONGEST_WAIT}.
   *
   * @return empty: it has failed for {@link #BOUND}
   */
  synchronized Optional<Duration> backoff() {
    Duration lasted = isAvailable() ? Duration.ZERO : Duration.ofNanos(nanoTime.getAsLong() - since);
    if (lasted.compareTo(BOUND) >= 0) {
      return Optional.empty();
    }
    Duration wait = lasted.dividedBy(PART);
    return Optional.of(wait.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT
        : wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait);
  }

  @Override
  public String toString() {
    return name;
  }
}
