package io.keyhook.license;

import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.UUID;

/**
 * What a license has by its policy, and of its own beside it, as a validation reads it. It comes from the policy's row in the same
 * statement, so that a change of the policy takes effect at once, and is JSON in one column, which is null for a license that has
 * neither: that license costs no look-up.
 *
 * @param maxActivations null: that of the license's row
 * @param expiresAt null: never
 * @param expired whether the expiry has passed, and the grace period after it
 * @param graceUntil null: the license has not expired
 * @param productId null: none
 * @param entitlements of the policy and the license
 * @param beat whether the latest validation of the device is so long ago that this one has to be written at once
 * @param leaseSeconds how long a lease is good; 0: there are no leases; null: neither the license nor a policy says
 */
record LicenseTerms(
    Integer maxActivations,
    Instant expiresAt,
    boolean expired,
    Instant graceUntil,
    String productId,
    Map<String, Object> entitlements,
    boolean beat,
    Integer leaseSeconds) {
  /** Whether the license {@code l} has any. */
  static final String EXIST = """
      l.policy_id IS NOT NULL OR l.product_id IS NOT NULL OR l.entitlements IS NOT NULL OR l.heartbeat_seconds IS NOT NULL
        OR l.lease_seconds IS NOT NULL""";

  private static final String OF_POLICY = "FROM keyhook.policy p WHERE p.account_id = %s AND p.policy_id = %s.policy_id";

  /** The fraction of a heartbeat after which a validation is written at once: what is written less often may be lost. */
  static final String WRITTEN_WITHIN = "0.25";

  /**
   * Reads the terms of the license {@code l}.
   *
   * @param account its account, as a parameter or column
   * @param seen when the device was last seen, as a column or NULL
   */
  static String sql(String account, String seen) {
    return """
        CASE WHEN l.policy_id IS NOT NULL THEN (
          SELECT json_build_object(
            'maxActivations', CASE WHEN l.limit_of_policy THEN p.max_activations ELSE l.max_activations END,
            'expiresAt', p.ends_at,
            'expired', coalesce(p.ends_at + make_interval(secs => p.grace_seconds) <= now(), false),
            'graceUntil', CASE WHEN p.ends_at <= now() AND p.grace_seconds > 0 THEN p.ends_at + make_interval(secs => p.grace_seconds) END,
            'productId', coalesce(l.product_id, p.product_id),
            'entitlements', coalesce(p.entitlements, '{}') || coalesce(l.entitlements, '{}'),
            'beat', coalesce(%2$s <= now() - make_interval(secs => %3$s * coalesce(l.heartbeat_seconds, p.heartbeat_seconds)), false),
            'leaseSeconds', coalesce(l.lease_seconds, p.lease_seconds, 0))::text
          FROM (SELECT p.*, CASE WHEN l.expiry_of_policy THEN %4$s ELSE l.expires_at END AS ends_at %1$s) p)
        WHEN %5$s THEN
          json_build_object('maxActivations', l.max_activations, 'expiresAt', l.expires_at,
            'expired', coalesce(l.expires_at <= now(), false), 'productId', l.product_id, 'entitlements', l.entitlements,
            'beat', coalesce(%2$s <= now() - make_interval(secs => %3$s * l.heartbeat_seconds), false),
            'leaseSeconds', l.lease_seconds)::text
        END""".formatted(OF_POLICY.formatted(account, "l"), seen, WRITTEN_WITHIN, PolicyStore.end("l", "p"), EXIST);
  }

  /** Whether a license with a policy may be activated by its expiry and the grace period. */
  static String isNotOver(String license) {
    return "(SELECT coalesce(CASE WHEN %s.expiry_of_policy THEN %s ELSE %1$s.expires_at END + make_interval(secs => p.grace_seconds)"
        .formatted(license, PolicyStore.end(license, "p")) + " > now(), true) " + ofPolicy(license) + ")";
  }

  /** Whether the duration of a license that is activated begins with that. */
  static String beginsNow(String license) {
    return "(%1$s.expiry_of_policy AND %1$s.first_activated_at IS NULL AND %2$s)".formatted(license, beginsWhenActivated(license));
  }

  /** Whether the duration of a license with a policy begins with its first activation. */
  static String beginsWhenActivated(String license) {
    return "(SELECT p.expiry_basis = 'first_activation' AND p.duration_seconds IS NOT NULL " + ofPolicy(license) + ")";
  }

  static String limit(String license) {
    return "CASE WHEN %1$s.limit_of_policy THEN (SELECT p.max_activations %2$s) ELSE %1$s.max_activations END"
        .formatted(license, ofPolicy(license));
  }

  static String expiry(String license) {
    return "CASE WHEN %1$s.expiry_of_policy THEN (SELECT %2$s %3$s) ELSE %1$s.expires_at END"
        .formatted(license, PolicyStore.end(license, "p"), ofPolicy(license));
  }

  /**
   * SQL that notes when licenses expire. Where one is noted to expire at another time, that changes.
   *
   * @param licenses their rows: what follows {@code FROM}
   */
  static String toExpire(String licenses) {
    return """
        INSERT INTO keyhook.license_expiry AS x (account_id, license_id, due_at)
        SELECT account_id, license_id, expires_at FROM %s
        ON CONFLICT (account_id, license_id) DO UPDATE SET due_at = excluded.due_at, set_at = excluded.set_at
          WHERE x.due_at <> excluded.due_at""".formatted(licenses);
  }

  private static String ofPolicy(String license) {
    return OF_POLICY.formatted(license + ".account_id", license);
  }

  /**
   * @param json of {@link #sql}; null: null
   */
  static LicenseTerms read(String json) {
    if (json == null) {
      return null;
    }
    Map<String, Object> fields = JsonText.map(json);
    String productId = (String) fields.get("productId");
    return new LicenseTerms((Integer) fields.get("maxActivations"), time(fields.get("expiresAt")),
        Boolean.TRUE.equals(fields.get("expired")), time(fields.get("graceUntil")),
        productId == null ? null : Id.PRODUCT.of(UUID.fromString(productId)), entitlements(fields.get("entitlements")),
        Boolean.TRUE.equals(fields.get("beat")), (Integer) fields.get("leaseSeconds"));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> entitlements(Object value) {
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  private static Instant time(Object text) {
    return text == null ? null : OffsetDateTime.parse((String) text).toInstant();
  }
}
