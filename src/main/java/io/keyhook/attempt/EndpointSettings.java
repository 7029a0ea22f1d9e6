package io.keyhook.attempt;

import io.keyhook.target.Target;
import java.time.Instant;

/**
 * A webhook as it is sent to, ready for use on one event loop.
 *
 * @param previous signs as well until {@code previousUntil}; null: there is none
 */
public record EndpointSettings(int version, Target target, Signer current, Signer previous, Instant previousUntil) {
  boolean overlaps() {
    return previous != null && Instant.now().isBefore(previousUntil);
  }
}
