package io.keyhook.event;

import io.keyhook.format.MessageFormat;
import java.util.UUID;

/**
 * A delivery under lease on this node, ready for its next attempt.
 *
 * @param webhookVersion of the webhook when the lease was taken
 * @param data the JSON of its {@code data}
 * @param number of the next attempt, from 1
 * @param tries failed attempts in the current retry schedule
 * @param format null: Keyhook's own
 * @param trace the context of the span that raised the event; null: there is none
 * @param lane the license whose events go in order, of which this one has its turn; null: it does not go in order
 */
public record Outgoing(
    EndpointId endpoint, UUID deliveryId, int webhookVersion, EventType type, String data, MessageFormat format, int number, int tries,
    Lease lease, String trace,
    String lane) {

  /**
   * @param fence the fencing token
   * @param taken before the lease was requested, so not after it began
   */
  public record Lease(long fence, Moment taken) {
    private static final int FIRST_FENCE = 1;
  }

  /** A new delivery, leased as it was committed. */
  static Outgoing first(
      EndpointId endpoint, UUID deliveryId, int webhookVersion, EventType type, String data, MessageFormat format, Moment taken,
      String trace) {
    return new Outgoing(endpoint, deliveryId, webhookVersion, type, data, format, 1, 0, new Lease(Lease.FIRST_FENCE, taken), trace,
        null);
  }
}
