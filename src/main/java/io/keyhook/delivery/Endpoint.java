package io.keyhook.delivery;

import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import java.util.ArrayDeque;

/** What one verticle knows of one webhook that it sends to. */
final class Endpoint {
  final EndpointId id;
  /** Under lease, waiting for a place. */
  final ArrayDeque<Outgoing> ready = new ArrayDeque<>();
  int inFlight;
  /** The queue has more for it than is here. */
  boolean due;
  boolean claiming;
  /** Waits for its turn while the node sends as much as it may. */
  boolean inTurn;
  boolean loading;
  /** New deliveries stay in the queue for now. */
  boolean saturated;
  /** Null until it is first sent to. */
  EndpointSettings settings;

  Endpoint(EndpointId id) {
    this.id = id;
  }

  boolean isIdle() {
    return ready.isEmpty() && inFlight == 0 && !due && !claiming && !inTurn && !loading;
  }
}
