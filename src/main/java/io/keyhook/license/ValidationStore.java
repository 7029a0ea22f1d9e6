package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.LicenseKeys;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** The SQL of the hot path: each statement takes a whole batch. */
final class ValidationStore {
  /**
   * The one statement that looks across accounts: a key says what is being asked about. A subquery with a limit is executed
   * for each row, so that PostgreSQL finds a device by its whole key and a webhook by its account, whatever it believes that
   * there are. Joined, it would read all devices of a license, or all webhooks there are, where it believes them few. What is
   * the account's is joined, so that PostgreSQL remembers it (Memoize) for the other licenses of the account in the batch.
   */
  private static final String LOOK_UP_WITH = """
      SELECT q.ord, l.account_id, l.license_id, l.key, l.name, l.activations, l.max_activations, l.expires_at,
        l.disabled_at IS NOT NULL, coalesce(l.expires_at <= now(), false),
        a.fingerprint IS NOT NULL, a.device_name, a.device_type, a.ip_address,
        coalesce(o.suspended, false), coalesce(o.wanted, false), l.sequence,
        %s
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY q (form, fingerprint, ord)
      JOIN keyhook.license l ON upper(replace(l.key, '-', '')) = q.form
      LEFT JOIN LATERAL (
        SELECT a.fingerprint, a.device_name, a.device_type, a.ip_address, a.last_seen_at FROM keyhook.activation a
        WHERE a.account_id = l.account_id AND a.license_id = l.license_id AND a.fingerprint = q.fingerprint LIMIT 1) a
        ON true
      LEFT JOIN LATERAL (
        SELECT o.suspended_at IS NOT NULL AS suspended, (SELECT true FROM keyhook.webhook w
          WHERE w.account_id = o.account_id AND w.is_active AND 1::smallint = ANY (w.events) LIMIT 1) AS wanted
        FROM keyhook.account o WHERE o.account_id = l.account_id LIMIT 1) o
        ON true""";
  /** Of licenses that have terms, it says only that. */
  static final String LOOK_UP = LOOK_UP_WITH.formatted(LicenseTerms.EXIST);
  /** To read terms makes the statement cost half as much again, so it is for batches in which a license has some. */
  static final String LOOK_UP_TERMS = LOOK_UP_WITH.formatted(LicenseTerms.sql("l.account_id", "a.last_seen_at"));

  // Activating is three steps of one transaction: the unique index decides which devices are new, the license's row lock
  // who gets the last slots, and what got none is taken back. Devices before licenses, and each in the order of their
  // keys, so that two batches never wait for each other.
  private static final String ADD_DEVICES = """
      INSERT INTO keyhook.activation (account_id, license_id, fingerprint, device_name, device_type, ip_address)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
      ON CONFLICT DO NOTHING
      RETURNING license_id, fingerprint""";
  /** The first activation of a license with a policy may begin its duration, which is an event of its own. */
  private static final String COUNT_UP = ("""
      UPDATE keyhook.license l SET activations = l.activations + q.added,
        sequence = l.sequence + q.added + CASE WHEN %2$s THEN 1 ELSE 0 END,
        first_activated_at = CASE WHEN l.policy_id IS NULL THEN l.first_activated_at ELSE coalesce(l.first_activated_at, now()) END,
        expires_at = CASE WHEN %2$s THEN (
            SELECT date_trunc('milliseconds', now(), 'UTC') + make_interval(secs => p.duration_seconds) FROM keyhook.policy p
            WHERE p.account_id = l.account_id AND p.policy_id = l.policy_id)
          ELSE l.expires_at END,
        updated_at = CASE WHEN %2$s THEN now() ELSE l.updated_at END
      FROM unnest($1::uuid[], $2::uuid[], $3::int[]) q (account_id, license_id, added)
      WHERE l.account_id = q.account_id AND l.license_id = q.license_id
        AND l.disabled_at IS NULL
        AND CASE WHEN l.policy_id IS NULL THEN l.expires_at IS NULL OR l.expires_at > now() ELSE %1$s END
        AND NOT EXISTS (SELECT FROM keyhook.account a WHERE a.account_id = l.account_id AND a.suspended_at IS NOT NULL)
      RETURNING l.license_id, l.key, l.name, l.activations, %3$s, %4$s,
        l.customer_name, l.customer_email, l.sequence,
        coalesce(l.expiry_of_policy AND l.first_activated_at = now() AND l.activations = q.added AND %5$s, false)""")
      .formatted(LicenseTerms.isNotOver("l"), LicenseTerms.beginsNow("l"), LicenseTerms.limit("l"), LicenseTerms.expiry("l"),
          LicenseTerms.beginsWhenActivated("l"));
  private static final String REMOVE_DEVICES = """
      DELETE FROM keyhook.activation a
      USING unnest($1::uuid[], $2::uuid[], $3::text[]) q (account_id, license_id, fingerprint)
      WHERE a.account_id = q.account_id AND a.license_id = q.license_id AND a.fingerprint = q.fingerprint""";
  private static final String COUNT_DOWN = """
      UPDATE keyhook.license l SET activations = l.activations - q.removed, sequence = l.sequence - q.removed
      FROM unnest($1::uuid[], $2::uuid[], $3::int[]) q (account_id, license_id, removed)
      WHERE l.account_id = q.account_id AND l.license_id = q.license_id""";

  private static final String SEEN = """
      UPDATE keyhook.activation a SET last_seen_at = greatest(a.last_seen_at, now() - make_interval(secs => q.age))
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[]) q (account_id, license_id, fingerprint, age)
      WHERE a.account_id = q.account_id AND a.license_id = q.license_id AND a.fingerprint = q.fingerprint""";

  /** The device validates in time only if it is still activated. */
  private static final String BEAT = """
      UPDATE keyhook.activation a SET last_seen_at = greatest(a.last_seen_at, now())
      FROM unnest($1::uuid[], $2::uuid[], $3::text[]) q (account_id, license_id, fingerprint)
      WHERE a.account_id = q.account_id AND a.license_id = q.license_id AND a.fingerprint = q.fingerprint
      RETURNING a.license_id, a.fingerprint""";
  /** Lets licenses expire whose duration has begun. */
  private static final String BEGIN = """
      WITH begun AS MATERIALIZED (
        SELECT l.* FROM unnest($1::uuid[], $2::uuid[]) q (account_id, license_id)
        JOIN keyhook.license l ON l.account_id = q.account_id AND l.license_id = q.license_id
      ), later AS (
        %s
      )
      SELECT\s""".formatted(LicenseTerms.toExpire("begun")) + LicenseStore.COLUMNS + ", account_id FROM begun";

  private static final String ACCOUNTS = "SELECT key, account_id FROM keyhook.license_key WHERE key = ANY ($1::text[])";
  private static final String FOUND = """
      ord bigint, account_id uuid, license_id uuid, key text, name text, activations int, max_activations int,
      expires_at timestamptz, disabled boolean, expired boolean, known boolean, device_name text, device_type text,
      ip_address text, suspended boolean, wanted boolean, sequence bigint, terms\s""";
  private static final ShardStatement LOOK_UP_ON_SHARD =
      new ShardStatement(LOOK_UP, List.of("text[]", "text[]"), FOUND + "boolean");
  private static final ShardStatement LOOK_UP_TERMS_ON_SHARD =
      new ShardStatement(LOOK_UP_TERMS, List.of("text[]", "text[]"), FOUND + "text");
  private static final ShardStatement ADD_DEVICES_ON_SHARD = new ShardStatement(ADD_DEVICES,
      List.of("uuid[]", "uuid[]", "text[]", "text[]", "text[]", "text[]"), "license_id uuid, fingerprint text");
  private static final ShardStatement COUNT_UP_ON_SHARD =
      new ShardStatement(COUNT_UP, List.of("uuid[]", "uuid[]", "int[]"), """
      license_id uuid, key text, name text, activations int, max_activations int, expires_at timestamptz, customer_name text,
      customer_email text, sequence bigint, begun boolean""");
  private static final ShardStatement BEAT_ON_SHARD =
      new ShardStatement(BEAT, List.of("uuid[]", "uuid[]", "text[]"), "license_id uuid, fingerprint text");
  private static final ShardStatement BEGIN_ON_SHARD =
      new ShardStatement(BEGIN, List.of("uuid[]", "uuid[]"), LicenseStore.COLUMN_TYPES + ", account_id uuid");
  private static final ShardStatement REMOVE_DEVICES_ON_SHARD =
      new ShardStatement(REMOVE_DEVICES, List.of("uuid[]", "uuid[]", "text[]"));
  private static final ShardStatement COUNT_DOWN_ON_SHARD =
      new ShardStatement(COUNT_DOWN, List.of("uuid[]", "uuid[]", "int[]"));
  private static final ShardStatement SEEN_ON_SHARD =
      new ShardStatement(SEEN, List.of("uuid[]", "uuid[]", "text[]", "float8[]"));

  private ValidationStore() {}

  /**
   * A license as it is looked up for a device.
   *
   * @param known whether the device has a slot; its name, type and address are then as it was activated
   * @param suspended whether its account is
   * @param wanted whether a webhook wants to hear of validations
   * @param sequence of the latest event that changed the license
   * @param terms null: the license has nothing but what is in its row
   */
  record Found(
      UUID accountId,
      UUID licenseId,
      String key,
      String name,
      int activations,
      int maxActivations,
      Instant expiresAt,
      boolean disabled,
      boolean expired,
      boolean known,
      String deviceName,
      String deviceType,
      String ipAddress,
      boolean suspended,
      boolean wanted,
      long sequence,
      LicenseTerms terms) {
    /** When a license that has expired stops being valid; null: it has not expired. */
    Instant graceUntil() {
      return terms == null ? null : terms.graceUntil();
    }

    Map<String, Object> entitlements() {
      return terms == null ? Map.of() : terms.entitlements();
    }

    /** Whether the license is for another product. */
    boolean isForOther(String productId) {
      return productId != null && terms != null && terms.productId() != null && !terms.productId().equals(productId);
    }
  }

  /**
   * A device that asks for a slot.
   *
   * @param trace the context of the validation's span; null: there is none
   */
  record Device(UUID accountId, UUID licenseId, Validate request, String trace) {}

  /**
   * How a license counts after devices were added.
   *
   * @param sequence of the last of them: each has its own
   * @param begun whether the license's duration began with them, which has the sequence number before theirs
   */
  record Counted(
      UUID licenseId,
      String key,
      String name,
      int activations,
      int maxActivations,
      Instant expiresAt,
      String customerName,
      String customerEmail,
      long sequence,
      boolean begun) {}

  /** A device that was seen, this many seconds ago. */
  record Seen(UUID accountId, UUID licenseId, String fingerprint, double age) {}

  /** A license and how many of its devices change. */
  record Change(UUID accountId, UUID licenseId, int devices) {}

  /** Whose keys these are, on a distributed database; null where no license has the key. */
  static Future<List<UUID>> owners(SqlClient client, List<Validate> batch) {
    String[] forms = forms(batch);
    return client.preparedQuery(ACCOUNTS).execute(Tuple.tuple().addArrayOfString(forms)).map(rows -> {
      Map<String, UUID> owners = new HashMap<>();
      rows.forEach(row -> owners.put(row.getString(0), row.getUUID(1)));
      return Arrays.stream(forms).map(owners::get).toList();
    });
  }

  private static String[] forms(List<Validate> batch) {
    return strings(batch, request -> LicenseKeys.form(request.licenseKey()));
  }

  /**
   * Null where no license of these accounts has the key. Where keys that were created before forms had to differ share a form,
   * each is found by its exact key alone.
   *
   * @param terms whether some of the licenses are likely to have terms. Where they have all the same, the batch is looked up
   *     twice.
   */
  static Future<List<Found>> lookUp(ShardClient client, List<Validate> batch, boolean terms) {
    String[] forms = forms(batch);
    Tuple parameters =
        Tuple.tuple().addArrayOfString(forms).addArrayOfString(strings(batch, Validate::fingerprint));
    if (terms) {
      return client.run(LOOK_UP_TERMS_ON_SHARD, parameters)
          .map(rows -> found(batch, forms, rows, row -> LicenseTerms.read(row.getString(17))));
    }
    return client.run(LOOK_UP_ON_SHARD, parameters).compose(rows -> {
      for (Row row : rows) {
        if (row.getBoolean(17)) {
          return lookUp(client, batch, true);
        }
      }
      return Future.succeededFuture(found(batch, forms, rows, row -> null));
    });
  }

  private static List<Found> found(
      List<Validate> batch, String[] forms, RowSet<Row> rows, Function<Row, LicenseTerms> terms) {
    Found[] found = new Found[batch.size()];
    BitSet exactly = new BitSet(); // those that only their exact key finds
    for (Row row : rows) {
      int i = row.getLong(0).intValue() - 1;
      Found license = found(row, terms.apply(row));
      if (found[i] != null || forms[i].isEmpty()) {
        exactly.set(i);
      }
      if (found[i] == null || LicenseKeys.isSame(batch.get(i).licenseKey(), license.key)) {
        found[i] = license;
      }
    }
    exactly.stream().filter(i -> !LicenseKeys.isSame(batch.get(i).licenseKey(), found[i].key))
        .forEach(i -> found[i] = null);
    return Arrays.asList(found);
  }

  private static Found found(Row row, LicenseTerms terms) {
    boolean own = terms == null;
    return new Found(row.getUUID(1), row.getUUID(2), row.getString(3), row.getString(4), row.getInteger(5),
        own ? row.getInteger(6) : terms.maxActivations(), own ? instant(row, 7) : terms.expiresAt(), row.getBoolean(8),
        own ? row.getBoolean(9) : terms.expired(), row.getBoolean(10), row.getString(11), row.getString(12), row.getString(13),
        row.getBoolean(14), row.getBoolean(15), row.getLong(16), terms);
  }

  /** Those that are new; the others had a slot already. */
  static Future<Set<String>> addDevices(ShardClient client, List<Device> devices) {
    return client.run(ADD_DEVICES_ON_SHARD, keys(devices)
            .addArrayOfString(strings(devices, device -> device.request.deviceName()))
            .addArrayOfString(strings(devices, device -> device.request.deviceType()))
            .addArrayOfString(strings(devices, device -> device.request.ipAddress())))
        .map(rows -> {
          Set<String> added = new HashSet<>();
          rows.forEach(row -> added.add(deviceKey(row.getUUID(0), row.getString(1))));
          return added;
        });
  }

  static String deviceKey(UUID licenseId, String fingerprint) {
    return licenseId + fingerprint;
  }

  /** The licenses that may still be activated, with the new count. */
  static Future<List<Counted>> countUp(ShardClient client, List<Change> changes) {
    return client.run(COUNT_UP_ON_SHARD, tuple(changes)).map(rows -> {
      List<Counted> counted = new ArrayList<>(rows.size());
      for (Row row : rows) {
        counted.add(new Counted(row.getUUID(0), row.getString(1), row.getString(2), row.getInteger(3), row.getInteger(4),
            instant(row, 5), row.getString(6), row.getString(7), row.getLong(8), row.getBoolean(9)));
      }
      return counted;
    });
  }

  static Future<Void> removeDevices(ShardClient client, List<Device> devices) {
    return client.run(REMOVE_DEVICES_ON_SHARD, keys(devices)).mapEmpty();
  }

  /** Takes back what {@link #countUp} counted in this transaction, with the sequence numbers. */
  static Future<Void> countDown(ShardClient client, List<Change> changes) {
    return changes.isEmpty() ? Future.succeededFuture()
        : client.run(COUNT_DOWN_ON_SHARD, tuple(changes)).mapEmpty();
  }

  static Future<Void> seen(ShardClient client, List<Seen> seen) {
    return client.run(SEEN_ON_SHARD, Tuple.tuple()
            .addArrayOfUUID(uuids(seen, Seen::accountId))
            .addArrayOfUUID(uuids(seen, Seen::licenseId))
            .addArrayOfString(strings(seen, Seen::fingerprint))
            .addArrayOfDouble(seen.stream().map(Seen::age).toArray(Double[]::new)))
        .mapEmpty();
  }

  /** Writes that devices are seen now, and returns those that are still activated. */
  static Future<Set<String>> beat(ShardClient client, List<Device> devices) {
    return client.run(BEAT_ON_SHARD, keys(devices)).map(rows -> {
      Set<String> seen = new HashSet<>();
      rows.forEach(row -> seen.add(deviceKey(row.getUUID(0), row.getString(1))));
      return seen;
    });
  }

  /** Lets licenses expire whose duration has begun, and returns them. */
  static Future<List<License>> begin(ShardClient client, List<Change> licenses) {
    return licenses.isEmpty() ? Future.succeededFuture(List.of())
        : client.run(BEGIN_ON_SHARD, Tuple.tuple()
            .addArrayOfUUID(uuids(licenses, Change::accountId))
            .addArrayOfUUID(uuids(licenses, Change::licenseId))).map(rows -> all(rows, LicenseStore::license));
  }

  private static Tuple keys(List<Device> devices) {
    return Tuple.tuple()
        .addArrayOfUUID(uuids(devices, Device::accountId))
        .addArrayOfUUID(uuids(devices, Device::licenseId))
        .addArrayOfString(strings(devices, device -> device.request.fingerprint()));
  }

  private static Tuple tuple(List<Change> changes) {
    return Tuple.tuple()
        .addArrayOfUUID(uuids(changes, Change::accountId))
        .addArrayOfUUID(uuids(changes, Change::licenseId))
        .addArrayOfInteger(changes.stream().map(Change::devices).toArray(Integer[]::new));
  }
}
