package io.keyhook.attempt;

import io.keyhook.target.Target;
import java.time.Instant;
import java.util.UUID;

/**
 * A webhook as it is sent to, ready for use on one event loop.
 *
 * @param accountId whose webhook it is: connections are never shared between accounts
 * @param previous signs as well until {@code previousUntil}; null: there is none
 */
public record EndpointSettings(
    UUID accountId, int version, Target target, Signer current, Signer previous, Instant previousUntil) {


  boolean overlaps() {
    return previous != null && Instant.now().isBefore(previousUntil);
  }
}
