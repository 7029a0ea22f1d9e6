package io.keyhook.delivery;

import io.keyhook.event.Outgoing;
import io.keyhook.fair.FairShare;
import java.util.UUID;

/**
 * A delivery that this node holds under a lease, and the only place that returns its room to {@link FairShare}: exactly
 * once, when it is over.
 *
 * <pre>
 *   WAITING ── start ──▶ ATTEMPTING ── ended ──▶ RECORDING ── written ──▶ OVER
 *
 *   ATTEMPTING ── this node cannot send ────────────────────▶ RELEASING
 *   WAITING ── target refused ──────────────────────────────▶ RECORDING
 *   WAITING ── too many wait, lease too old, node stopping ─▶ RELEASING ── written ──▶ OVER
 *   WAITING ── canceled, webhook inactive ──────────────────▶ RELEASING
 * </pre>
 *
 * <p>"Written" includes that it could not be written: the lease then expires. {@link Endpoint} moves a delivery
 * up to RECORDING or RELEASING, and {@link Outcomes} from there. Belongs to one event loop.
 */
final class HeldDelivery {
  enum State {
    /** Waits for its endpoint's settings, or for room in its endpoint's window. */
    WAITING,
    /** An attempt is in flight. */
    ATTEMPTING,
    /** The result of its attempt is being written. */
    RECORDING,
    /** Its lease is being returned unused. */
    RELEASING,
    /** Not held any more. */
    OVER;

    private boolean leadsTo(State next) {
      return switch (this) {
        case WAITING -> next != WAITING && next != OVER;
        case ATTEMPTING -> next == RECORDING || next == RELEASING;
        case RECORDING, RELEASING -> next == OVER;
        case OVER -> false;
      };
    }
  }

  private final Outgoing outgoing;
  private final FairShare<UUID> holdings;
  private State state = State.WAITING;

  /**
   * @param holdings that count it already
   */
  HeldDelivery(Outgoing outgoing, FairShare<UUID> holdings) {
    this.outgoing = outgoing;
    this.holdings = holdings;
  }

  Outgoing outgoing() {
    return outgoing;
  }

  State state() {
    return state;
  }

  /**
   * @throws IllegalStateException where the diagram has no such transition
   */
  void move(State next) {
    if (!state.leadsTo(next)) {
      throw new IllegalStateException(outgoing.deliveryId() + ": " + state + " to " + next);
    }
    state = next;
    if (next == State.OVER) {
      holdings.release(outgoing.endpoint().accountId(), 1);
    }
  }
}
