package io.keyhook.delivery;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * When a failed delivery is tried again.
 *
 * @param delays from the end of a failed attempt to the next one
 */
record RetrySchedule(List<Duration> delays) {
  /** By so much a receiver may lengthen a delay. */
  static final int MAX_STRETCH = 2;

  /**
   * @param failed attempts that failed in this schedule, 1 or more
   * @param asked what the receiver would have: it lengthens a delay, to twice as long at most, and never shortens it
   * @return empty: it was the last
   */
  Optional<Duration> next(int failed, Duration asked) {
    if (failed > delays.size()) {
      return Optional.empty();
    }
    Duration delay = delays.get(failed - 1);
    Duration longest = delay.multipliedBy(MAX_STRETCH);
    return Optional.of(asked.compareTo(delay) < 0 ? delay : asked.compareTo(longest) > 0 ? longest : asked);
  }
}
