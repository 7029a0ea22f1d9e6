package io.keyhook.http;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * By how much this node's clock is ahead of the database's. The log says when it becomes wrong, and when it is right again.
 * Any thread reads it; one at a time writes it.
 */
final class NodeClock {
  private static final Logger log = LoggerFactory.getLogger(NodeClock.class);
  /** As the alert {@code KeyhookClockWrong} has it. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private volatile double secondsAhead = Double.NaN;
  private volatile boolean wrong;

  /**
   * The database was asked.
   *
   * @param difference negative if this node's clock is behind
   */
  void isAhead(Duration difference) {
    secondsAhead = difference.toNanos() / 1e9;
    boolean wrongNow = difference.abs().compareTo(TOLERANCE) > 0;
    if (wrongNow == wrong) {
      return;
    }
    wrong = wrongNow;
    if (wrongNow) {
      log.warn("The clock of this node is {} s {} that of the database: synchronize both (NTP)", difference.abs().toSeconds(),
          difference.isNegative() ? "behind" : "ahead of");
    } else {
      log.warn("The clock of this node agrees with that of the database again");
    }
  }

  /** Seconds, negative if it is behind; NaN: not known. */
  double secondsAhead() {
    return secondsAhead;
  }
}
