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

/** Signs the results of validations, refusals too: whoever stands between Keyhook and a device can make neither of the other. */
final class Statements {
  /** How long a statement is good at least: a slow device still reads it. */
  private static final Duration ONLINE = Duration.ofMinutes(5);

  private final SqlClient client;
  private final SigningKeyRing keys;
  private final Duration lease;

  /**
   * @param lease of licenses without a policy; zero: none
   */
  Statements(SqlClient client, SigningKeyRing keys, Duration lease) {
    this.client = client;
    this.keys = keys;
    this.lease = lease;
  }

  /** Signs a validation's result with the key of its license's account. An account that is being erased has none, and signs nothing. */
  Future<SignedValidation> sign(ValidateSigned request, Found found, Validation validation) {
    return keys.sign(client, found.accountId(), now -> claims(request, found, validation, now, lease(found.terms())))
        .map(statement -> new SignedValidation(validation, statement))
        .recover(e -> FailureException.of(e).failure() instanceof Failure.NotFound
            ? Future.succeededFuture(new SignedValidation(validation, null)) : Future.failedFuture(e));
  }

  private Duration lease(LicenseTerms terms) {
    return terms == null || terms.leaseSeconds() == null ? lease : Duration.ofSeconds(terms.leaseSeconds());
  }

  /**
   * Returns what is signed.
   *
   * @param now without fractions of a second
   * @param lease how long a valid license may be used without a network, if the device asks for it, but not after it stops being
   *     valid; zero: not at all
   */
  private static Map<String, Object> claims(
      ValidateSigned request, Found found, Validation validation, Instant now, Duration lease) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("iss", Id.ACCOUNT.of(found.accountId()));
    claims.put("sub", Id.LICENSE.of(found.licenseId()));
    claims.put("iat", now.getEpochSecond());
    claims.put("exp", end(request, validation, now, lease).getEpochSecond());
    if (request.nonce() != null) {
      claims.put("nonce", request.nonce());
    }
    claims.put("key", request.validate().licenseKey());
    claims.put("fingerprint", request.validate().fingerprint());
    String productId = product(request, found.terms());
    if (productId != null) {
      claims.put("productId", productId);
    }
    if (validation instanceof Valid valid) {
      claims.put("valid", true);
      claims.put("expiresAt", valid.expiresAt() == null ? null : JsonText.time(valid.expiresAt()));
      if (valid.graceUntil() != null) {
        claims.put("graceUntil", JsonText.time(valid.graceUntil()));
      }
      if (!valid.entitlements().isEmpty()) {
        claims.put("entitlements", valid.entitlements());
      }
    } else {
      claims.put("valid", false);
      claims.put("code", ((Refused) validation).name());
    }
    return claims;
  }

  /** The product that the call names, or else that of the license: an app believes no statement about a license for another one. */
  private static String product(ValidateSigned request, LicenseTerms terms) {
    String named = request.validate().productId();
    return named != null || terms == null ? named : terms.productId();
  }

  private static Instant end(ValidateSigned request, Validation validation, Instant now, Duration lease) {
    Instant online = now.plus(ONLINE);
    if (!(validation instanceof Valid valid)) {
      return online;
    }
    Instant leased = !request.isLease() ? online : request.until() == null ? now.plus(lease) : request.until();
    Instant end = leased.isAfter(online) ? leased : online;
    Instant over = valid.graceUntil() == null ? valid.expiresAt() : valid.graceUntil();
    return over != null && over.isBefore(end) ? over : end;
  }
}
