package io.keyhook.log;

import com.fasterxml.jackson.databind.util.RawValue;
import io.keyhook.bus.Accounts.ExportPart;
import io.keyhook.bus.Accounts.Exported;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EventType;
import io.keyhook.event.Subscription;
import io.keyhook.event.TemplateNames;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The SQL of an account's export. Each statement reads a limited number of rows after a cursor, in the order of a unique key,
 * and names its columns as the fields of the file. Credentials are left out: hashes of passwords and keys, and the secrets of
 * webhooks.
 */
final class ExportStore {
  private static final int BATCH = 100;
  private static final UUID FIRST = new UUID(0, 0);
  /** Columns whose text is JSON. */
  private static final Set<String> JSON = Set.of("metadata", "entitlements", "data", "attempts", "filters", "customerFilters");
  private static final Map<String, Id> IDS = Map.ofEntries(Map.entry("accountId", Id.ACCOUNT), Map.entry("userId", Id.USER),
      Map.entry("keyId", Id.API_KEY), Map.entry("invitationId", Id.INVITATION), Map.entry("licenseId", Id.LICENSE),
      Map.entry("policyId", Id.POLICY), Map.entry("productId", Id.PRODUCT), Map.entry("activationId", Id.ACTIVATION),
      Map.entry("webhookId", Id.WEBHOOK), Map.entry("deliveryId", Id.DELIVERY), Map.entry("eventId", Id.EVENT),
      Map.entry("entryId", Id.AUDIT_ENTRY));

  private static final String ACCOUNT = """
      SELECT account_id, account_id AS "accountId", name, plan, created_at AS "createdAt", updated_at AS "updatedAt",
        suspended_at AS "suspendedAt"
      FROM keyhook.account WHERE account_id = $1 AND account_id > $2 AND erasing_since IS NULL LIMIT $3""";
  private static final String TEAM = """
      SELECT user_id, user_id AS "userId", email, name, role, created_at AS "createdAt", last_login_at AS "lastLoginAt"
      FROM keyhook.member WHERE account_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3""";
  private static final String INVITATIONS = """
      SELECT link_id, link_id AS "invitationId", email, role, created_by AS "createdBy", created_at AS "createdAt",
        expires_at AS "expiresAt"
      FROM keyhook.account_link WHERE account_id = $1 AND link_id > $2 AND user_id IS NULL ORDER BY link_id LIMIT $3""";
  private static final String API_KEYS = """
      SELECT key_id, key_id AS "keyId", name, hint, scopes, expires_at AS "expiresAt",
        created_at AS "createdAt", last_used_at AS "lastUsedAt", created_by AS "createdBy", creator_id AS "creatorId"
      FROM keyhook.api_key WHERE account_id = $1 AND key_id > $2 ORDER BY key_id LIMIT $3""";
  private static final String LICENSES = """
      SELECT license_id, license_id AS "licenseId", key, name, max_activations AS "maxActivations", activations,
        expires_at AS "expiresAt", disabled_at AS "disabledAt", disabled_by AS "disabledBy",
        customer_name AS "customerName", customer_email AS "customerEmail", metadata::text AS metadata,
        created_at AS "createdAt", updated_at AS "updatedAt", sequence, policy_id AS "policyId", product_id AS "productId",
        heartbeat_seconds AS "heartbeatSeconds", lease_seconds AS "leaseSeconds", entitlements::text AS entitlements,
        limit_of_policy AS "limitOfPolicy",
        expiry_of_policy AS "expiryOfPolicy", first_activated_at AS "firstActivatedAt"
      FROM keyhook.license WHERE account_id = $1 AND license_id > $2 ORDER BY license_id LIMIT $3""";
  private static final String POLICIES = """
      SELECT policy_id, policy_id AS "policyId", name, duration_seconds AS "durationSeconds", expiry_basis AS "expiryBasis", trial,
        max_activations AS "maxActivations", grace_seconds AS "graceSeconds", heartbeat_seconds AS "heartbeatSeconds",
        lease_seconds AS "leaseSeconds", product_id AS "productId", entitlements::text AS entitlements,
        created_at AS "createdAt", updated_at AS "updatedAt"
      FROM keyhook.policy WHERE account_id = $1 AND policy_id > $2 ORDER BY policy_id LIMIT $3""";
  private static final String PRODUCTS = """
      SELECT product_id, product_id AS "productId", name, created_at AS "createdAt", updated_at AS "updatedAt"
      FROM keyhook.product WHERE account_id = $1 AND product_id > $2 ORDER BY product_id LIMIT $3""";
  /** In the order of the licenses: those of a page's last license go on with the next page. */
  private static final String ACTIVATIONS = """
      SELECT license_id, activation_id, license_id AS "licenseId", activation_id AS "activationId", fingerprint,
        device_name AS "deviceName", device_type AS "deviceType", ip_address AS "ipAddress",
        activated_at AS "activatedAt", last_seen_at AS "lastSeenAt"
      FROM keyhook.activation WHERE account_id = $1 AND (license_id, activation_id) > ($2, $4)
      ORDER BY license_id, activation_id LIMIT $3""";
  private static final String WEBHOOKS = """
      SELECT webhook_id, webhook_id AS "webhookId", url, events, %s AS "allLicenseEvents", is_active AS "isActive",
        description, paused_at AS "pausedAt", deactivated_reason AS "deactivatedReason", created_at AS "createdAt", updated_at AS "updatedAt",
        deleted_at AS "deletedAt", header_names AS "headerNames", authentication AS "authenticationType",
        format, templates, rate_limit AS "rateLimit",
        (CASE WHEN customer IS NULL THEN filters ELSE filters -> 'own' END)::text AS filters, customer,
        (filters -> 'within')::text AS "customerFilters",
        CASE WHEN ordering = 'license' THEN ordering ELSE 'none' END AS ordering,
        authentication_details::text AS "authenticationDetails"
      FROM keyhook.webhook WHERE account_id = $1 AND webhook_id > $2 ORDER BY webhook_id LIMIT $3"""
      .formatted(DeliveryRowStore.wantsAllLicenseEvents("webhook"));
  private static final String EVENTS = """
      SELECT event_id, event_id AS "eventId", data FROM keyhook.event
      WHERE account_id = $1 AND event_id > $2 AND NOT %s ORDER BY event_id LIMIT $3"""
      .formatted(DeliveryRowStore.isTrace("event_id"));
  /** In the order of the only index that begins with the account. */
  private static final String DELIVERIES = """
      SELECT webhook_id, delivery_id, delivery_id AS "deliveryId", webhook_id AS "webhookId", event_id AS "eventId", type AS event, test,
        CASE status WHEN 1 THEN 'delivered' WHEN 2 THEN 'failed' WHEN 3 THEN 'canceled' END AS status,
        attempts::text AS attempts
      FROM keyhook.delivery WHERE account_id = $1 AND (webhook_id, delivery_id) > ($2, $4)
      ORDER BY webhook_id, delivery_id LIMIT $3""";
  private static final String PENDING_DELIVERIES = """
      SELECT webhook_id, delivery_id, delivery_id AS "deliveryId", webhook_id AS "webhookId", event_id AS "eventId", type AS event,
        %s AS "dueAt", coalesce(attempts, '[]')::text AS attempts
      FROM keyhook.delivery_queue q WHERE account_id = $1 AND (webhook_id, delivery_id) > ($2, $4)
      ORDER BY webhook_id, delivery_id LIMIT $3""".formatted(DeliveryRowStore.nextAttemptAt("q"));
  /** A few hundred rows at most: one a point of a chart. */
  private static final String STATISTICS = """
      SELECT at, seconds, valid, refused, activations, succeeded AS "succeededAttempts", failed AS "failedAttempts"
      FROM keyhook.account_count WHERE account_id = $1 AND $2::uuid IS NOT NULL AND $3::bigint > 0 ORDER BY seconds, at""";
  private static final String AUDIT = """
      SELECT entry_id, entry_id AS "entryId", action, subject_id AS "subjectId", changed, actor, actor_id AS "actorId",
        ip_address AS "ipAddress"
      FROM keyhook.audit WHERE account_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3""";

  private ExportStore() {}

  private static String sql(ExportPart part) {
    return switch (part) {
      case ACCOUNT -> ACCOUNT;
      case TEAM -> TEAM;
      case INVITATIONS -> INVITATIONS;
      case API_KEYS -> API_KEYS;
      case LICENSES -> LICENSES;
      case POLICIES -> POLICIES;
      case PRODUCTS -> PRODUCTS;
      case ACTIVATIONS -> ACTIVATIONS;
      case WEBHOOKS -> WEBHOOKS;
      case EVENTS -> EVENTS;
      case DELIVERIES -> DELIVERIES;
      case PENDING_DELIVERIES -> PENDING_DELIVERIES;
      case STATISTICS -> STATISTICS;
      case AUDIT -> AUDIT;
    };
  }

  /**
   * Reads rows as lines of JSON.
   *
   * @param cursor of the piece before; null: the first rows
   */
  static Future<Exported> read(SqlClient client, UUID accountId, ExportPart part, String cursor) {
    int keys = keys(part);
    UUID[] after = {FIRST, FIRST};
    if (cursor != null) {
      String[] ids = cursor.split(" ");
      for (int i = 0; i < keys; i++) {
        after[i] = UUID.fromString(ids[i]);
      }
    }
    Tuple parameters = Tuple.of(accountId, after[0], (long) BATCH);
    if (keys == 2) {
      parameters.addUUID(after[1]);
    }
    return client.preparedQuery(sql(part)).execute(parameters).map(rows -> {
      StringBuilder lines = new StringBuilder();
      Row last = null;
      for (Row row : rows) {
        lines.append(line(row, keys)).append('\n');
        last = row;
      }
      boolean more = keys > 0 && rows.size() == BATCH;
      return new Exported(lines.toString(), !more ? null
          : keys == 2 ? last.getUUID(0) + " " + last.getUUID(1) : last.getUUID(0).toString());
    });
  }

  /** The number of columns that are the cursor, before the fields. */
  private static int keys(ExportPart part) {
    return switch (part) {
      case STATISTICS -> 0;
      case ACTIVATIONS, DELIVERIES, PENDING_DELIVERIES -> 2;
      default -> 1;
    };
  }

  /** As {@link Subscription#names} has it. */
  private static List<String> allLicenseEvents(List<?> named) {
    return Stream.concat(Stream.of(Subscription.ALL_LICENSE_EVENTS),
        named.stream().map(String::valueOf).filter(name -> name.startsWith("webhook."))).toList();
  }

  private static String line(Row row, int keys) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = keys; i < row.size(); i++) {
      String name = row.getColumnName(i);
      fields.put(name, field(name, row.getValue(i)));
    }
    if (Boolean.TRUE.equals(fields.remove("allLicenseEvents"))) {
      fields.put("events", allLicenseEvents((List<?>) fields.get("events")));
    }
    if (fields.get("templates") instanceof JsonObject templates) {
      fields.put("templates", TemplateNames.shown(templates.getMap()));
    }
    if (Boolean.TRUE.equals(fields.get("test"))) {
      fields.put("deliveryId", Id.TEST_DELIVERY.of(row.getUUID("deliveryId")));
    }
    return JsonText.of(fields);
  }

  private static Object field(String name, Object value) {
    if (value instanceof UUID id) {
      return IDS.get(name).of(id);
    }
    if (value instanceof OffsetDateTime time) {
      return time.toInstant();
    }
    if (value instanceof Short type) {
      return EventType.wireNameOf(type);
    }
    if (value instanceof Short[] types) {
      return Arrays.stream(types).map(type -> EventType.wireNameOf(type)).toList();
    }
    return value instanceof String text && JSON.contains(name) ? new RawValue(text) : value;
  }
}
