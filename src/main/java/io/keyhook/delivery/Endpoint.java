package io.keyhook.delivery;

import io.keyhook.attempt.EndpointSettings;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import java.util.ArrayDeque;

/**
 * What one verticle knows of one webhook that it sends to. How many attempts it may have in flight follows how it answers:
 * each failure halves its places and each success doubles them, between one and the most, so that one that mostly works
 * keeps all of them, and one that is dead is left with a probe at a time. It begins with {@value #FIRST_PLACES}.
 */
final class Endpoint {
  /** Wait here so that a place that becomes free is taken at once; the rest waits in the queue. */
  private static final int READY_PER_PLACE = 4;
  private static final int FIRST_PLACES = 64;

  final EndpointId id;
  /** Under lease, waiting for a place. */
  final ArrayDeque<Outgoing> ready = new ArrayDeque<>();
  private final int maxPlaces;
  private int halvings;
  int inFlight;
  /** The queue has more for it than is here. */
  boolean due;
  boolean claiming;
  boolean loading;
  /** Since it began to load. */
  boolean changed;
  /** A timer. */
  long loadingLater = -1;
  /** New deliveries stay in the queue for now. */
  boolean saturated;
  /** Null until it is first sent to. */
  EndpointSettings settings;

  Endpoint(EndpointId id, int maxPlaces) {
    this.id = id;
    this.maxPlaces = maxPlaces;
    while (places() > FIRST_PLACES) {
      halvings++;
    }
  }

  void ended(boolean succeeded) {
    if (succeeded) {
      halvings = Math.max(0, halvings - 1);
    } else if (places() > 1) {
      halvings++;
    }
  }

  private int places() {
    return Math.max(1, maxPlaces >> halvings);
  }

  boolean hasPlace() {
    return inFlight < places() && !loading;
  }

  boolean hasTooManyReady() {
    return ready.size() > READY_PER_PLACE * places();
  }

  boolean isSaturated() {
    return ready.size() > READY_PER_PLACE * places() / 2;
  }

  /** How many to claim, so early that they are here when what is ready has gone; 0: there are enough. */
  int wanted() {
    return due && !claiming && !loading && ready.size() < (places() + 1) / 2 ? 2 * places() : 0;
  }

  boolean isIdle() {
    return ready.isEmpty() && inFlight == 0 && !due && !claiming && !loading && !saturated;
  }
}
