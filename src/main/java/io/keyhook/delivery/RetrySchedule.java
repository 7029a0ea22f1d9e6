package io.keyhook.delivery;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The delays between the attempts of a delivery.
 *
 * @param delays from the end of a failed attempt to the next one
 */
record RetrySchedule(List<Duration> delays) {
  /** The factor by which {@code Retry-After} may lengthen a delay. */
  static final int MAX_STRETCH = 2;

  /**
   * Returns the delay until the next attempt; empty after the last attempt.
   *
   * @param failed attempts that failed in this schedule, 1 or more
   * @param asked by the endpoint's {@code Retry-After}, or zero: lengthens a delay to at most {@value #MAX_STRETCH} times
   *     itself, and never shortens it
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
