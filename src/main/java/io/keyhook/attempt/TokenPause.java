package io.keyhook.attempt;

import java.time.Duration;

/**
 * How long a token endpoint that fails gets no request: 1 s after the first failure, twice as long after each further one, up to
 * {@link #LONGEST}, and for as long as its {@code Retry-After} asks, up to {@link #LONGEST_ASKED}. Belongs to one event loop.
 */
final class TokenPause {
  /** What an attempt waits for within its own time. */
  static final Duration SHORT = Duration.ofSeconds(2);
  /** Far less than the time in which a delivery is retried, so that one whose token endpoint works again is not failed by a pause. */
  static final Duration LONGEST = Duration.ofSeconds(10);
  static final Duration LONGEST_ASKED = Duration.ofMinutes(5);

  private Duration next = Duration.ofSeconds(1);
  /** Null: there is no pause. */
  private NoTokenException last;
  private long endNanos;

  /**
   * Begins a pause, unless the failure is a fault of this node's own.
   *
   * @return the failure, with the pause as what the attempts wait for
   */
  NoTokenException begin(NoTokenException failure, long now) {
    if (failure.error().isKeyhooks()) {
      return failure;
    }
    Duration asked = failure.retryAfter().compareTo(LONGEST_ASKED) < 0 ? failure.retryAfter() : LONGEST_ASKED;
    Duration pause = asked.compareTo(next) > 0 ? asked : next;
    next = next.multipliedBy(2).compareTo(LONGEST) < 0 ? next.multipliedBy(2) : LONGEST;
    endNanos = now + pause.toNanos();
    last = failure.retriedAfter(pause);
    return last;
  }

  /** A token was issued. */
  void end() {
    next = Duration.ofSeconds(1);
    last = null;
  }

  /** Returns how long it lasts from now; zero: there is none. */
  Duration left(long now) {
    return last == null ? Duration.ZERO : Duration.ofNanos(Math.max(0, endNanos - now));
  }

  /** Returns what fails an attempt in the pause. */
  NoTokenException failure(Duration left) {
    return last.paused(left);
  }
}
