package io.keyhook.delivery;

import io.keyhook.delivery.QueueStore.Due;
import io.keyhook.event.EndpointId;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells deliveries that are late because Keyhook does not keep up from those that wait for their own endpoint, which is slow, fails,
 * or has a rate limit.
 *
 * <p>Each poll wakes the senders of endpoints with due deliveries, and each sender says whether the endpoint holds itself back at that
 * moment. What most polls of the last seconds saw counts: an endpoint that always uses all its attempts in flight has a gap now and
 * then, and one that waits for the database uses them now and then. A sender that says nothing does not keep up, and a new endpoint
 * holds itself back until polls saw something else, as its deliveries may just be being claimed. Any thread.
 */
final class Lateness {
  /** A delivery that has been due for less is on time. */
  private static final double LATE_SECONDS = 10;
  /** A poll counts as much as the time since the one before, in parts of this; but no more than a second of it. */
  private static final double MEMORY_SECONDS = 5;

  private final Map<EndpointId, Observed> observed = new ConcurrentHashMap<>();

  private static final class Observed {
    private final Object place;
    /** As last said by the sender; false: nothing was said since the last poll. */
    private volatile boolean heldBack;
    /** The share of the last polls that saw the endpoint hold itself back. */
    private double share = 1;
    private long polledNanos;

    Observed(Object place, long nanos) {
      this.place = place;
      this.polledNanos = nanos;
    }

    /** Returns whether Keyhook is late with this endpoint's deliveries. */
    boolean polled(long nanos) {
      if (nanos != polledNanos) {
        double seconds = Math.min(1, (nanos - polledNanos) / (double) Duration.ofSeconds(1).toNanos());
        share += ((heldBack ? 1 : 0) - share) * seconds / MEMORY_SECONDS;
        heldBack = false;
        polledNanos = nanos;
      }
      return share < 0.5;
    }
  }

  /** A sender was woken for an endpoint with due deliveries. */
  void woken(EndpointId endpoint, boolean heldBack) {
    Observed late = observed.get(endpoint);
    if (late != null) {
      late.heldBack = heldBack;
    }
  }

  /**
   * A poll is going to wake the senders.
   *
   * @param place that was polled; null: the only one
   * @param due all endpoints there with deliveries that are due
   * @param nanos of the monotonic clock
   * @return for how many seconds the oldest delivery has been due that does not wait for its endpoint; 0: there is none, or it is on time
   */
  double polled(Object place, Collection<Due> due, long nanos) {
    double oldest = 0;
    for (Due one : due) {
      if (-one.seconds() >= LATE_SECONDS
          && observed.computeIfAbsent(one.endpoint(), id -> new Observed(place, nanos)).polled(nanos)) {
        oldest = Math.max(oldest, -one.seconds());
      }
    }
    observed.values().removeIf(late -> late.polledNanos != nanos && Objects.equals(late.place, place));
    return oldest;
  }

  /** A place is polled no more. */
  void forget(Object place) {
    observed.values().removeIf(late -> Objects.equals(late.place, place));
  }
}
