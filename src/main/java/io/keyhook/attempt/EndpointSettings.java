package io.keyhook.attempt;

import io.keyhook.target.Target;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A webhook as it is sent to, ready for use on one event loop.
 *
 * @param accountId whose webhook it is: connections are never shared between accounts
 * @param retired secrets that were rotated, the oldest first
 * @param extra headers of the webhook's choice
 * @param grant what access tokens are issued for; null: none are needed
 * @param identity whose certificate is shown; null: none is
 */
public record EndpointSettings(
    UUID accountId, int version, Target target, Signer current, List<Retired> retired, ExtraHeaders extra, Grant grant,
    ClientIdentity identity) {
  /** Without headers of its choice. */
  public EndpointSettings(UUID accountId, int version, Target target, Signer current, List<Retired> retired) {
    this(accountId, version, target, current, retired, ExtraHeaders.NONE, null, null);
  }

  /** A secret that signs beside the current one until its overlap ends. */
  public record Retired(Signer signer, Instant until) {}

  List<Signer> overlapping(Instant now) {
    return retired.stream().filter(secret -> now.isBefore(secret.until)).map(Retired::signer).toList();
  }
}
