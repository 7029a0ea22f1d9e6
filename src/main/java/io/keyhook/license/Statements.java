package io.keyhook.license;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses.SignedValidation;
import io.keyhook.bus.Licenses.ValidateSigned;
import io.keyhook.bus.Licenses.Validation;
import io.keyhook.bus.Licenses.Validation.Refused;
import io.keyhook.bus.Licenses.Validation.Valid;
import io.keyhook.license.ValidationStore.Found;
import io.keyhook.signing.SigningKeyRing;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Signs the results of validations, refusals too: whoever stands between Keyhook and a device can make neither of the other. */
final class Statements {
  /** How long a statement is good at least: a slow device still reads it. */
  private static final Duration ONLINE = Duration.ofMinutes(5);

  private final SqlClient client;
  private final SigningKeyRing keys;
  private final Duration lease;

  /**
   * @param lease of licenses that say nothing else; zero: none
   */
  Statements(SqlClient client, SigningKeyRing keys, Duration lease) {
    this.client = client;
    this.keys = keys;
    this.lease = lease;
  }

  /** Signs a validation's result with the key of its license's account. An account that is being erased has none, and signs nothing. */
  Future<SignedValidation> sign(ValidateSigned request, Found found, Validation validation) {
    return keys.sign(client, found.accountId(),
            now -> claims(request, found.accountId(), found.licenseId(), validation, now, lease))
        .map(statement -> new SignedValidation(validation, statement))
        .recover(e -> FailureException.of(e).failure() instanceof Failure.NotFound
            ? Future.succeededFuture(new SignedValidation(validation, null)) : Future.failedFuture(e));
  }

  /**
   * Returns what is signed.
   *
   * @param now without fractions of a second
   * @param lease how long the license may be used without a network, if the device asks for it, and not after its expiry
   */
  static Map<String, Object> claims(
      ValidateSigned request, UUID accountId, UUID licenseId, Validation validation, Instant now, Duration lease) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("iss", Id.ACCOUNT.of(accountId));
    claims.put("sub", Id.LICENSE.of(licenseId));
    claims.put("iat", now.getEpochSecond());
    claims.put("exp", end(request, validation, now, lease).getEpochSecond());
    if (request.nonce() != null) {
      claims.put("nonce", request.nonce());
    }
    claims.put("key", request.validate().licenseKey());
    claims.put("fingerprint", request.validate().fingerprint());
    if (validation instanceof Valid valid) {
      claims.put("valid", true);
      claims.put("expiresAt", valid.expiresAt() == null ? null : JsonText.time(valid.expiresAt()));
    } else {
      claims.put("valid", false);
      claims.put("code", ((Refused) validation).name());
    }
    return claims;
  }

  private static Instant end(ValidateSigned request, Validation validation, Instant now, Duration lease) {
    Instant online = now.plus(ONLINE);
    if (!(validation instanceof Valid valid)) {
      return online;
    }
    Instant leased = !request.isLease() ? online : request.until() == null ? now.plus(lease) : request.until();
    Instant end = leased.isAfter(online) ? leased : online;
    return valid.expiresAt() != null && valid.expiresAt().isBefore(end) ? valid.expiresAt() : end;
  }
}
