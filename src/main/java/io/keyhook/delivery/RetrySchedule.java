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
  /**
   * @param failed attempts that failed in this schedule, 1 or more
   * @return empty: it was the last
   */
  Optional<Duration> next(int failed) {
    return failed <= delays.size() ? Optional.of(delays.get(failed - 1)) : Optional.empty();
  }
}
