package io.keyhook.license;

import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.LicenseKeys;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
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

/** The SQL of the hot path: each statement takes a whole batch. */
final class ValidationStore {
  /**
   * The one statement that looks across accounts: a key says what is being asked about. A subquery with a limit is executed
   * for each row, so that PostgreSQL finds a device by its whole key and a webhook by its account, whatever it believes that
   * there are. Joined, it would read all devices of a license, or all webhooks there are, where it believes them few.
   */
  static final String LOOK_UP = """
      SELECT q.ord, l.account_id, l.license_id, l.key, l.name, l.activations, l.max_activations, l.expires_at,
        l.disabled_at IS NOT NULL, coalesce(l.expires_at <= now(), false),
        a.fingerprint IS NOT NULL, a.device_name, a.device_type, a.ip_address,
        coalesce((SELECT a.suspended_at IS NOT NULL FROM keyhook.account a WHERE a.account_id = l.account_id), false),
        coalesce((SELECT true FROM keyhook.webhook w
          WHERE w.account_id = l.account_id AND w.is_active AND 1::smallint = ANY (w.events) LIMIT 1), false), l.sequence
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY q (form, fingerprint, ord)
      JOIN keyhook.license l ON upper(replace(l.key, '-', '')) = q.form
      LEFT JOIN LATERAL (
        SELECT a.fingerprint, a.device_name, a.device_type, a.ip_address FROM keyhook.activation a
        WHERE a.account_id = l.account_id AND a.license_id = l.license_id AND a.fingerprint = q.fingerprint LIMIT 1) a
        ON true""";

  // Activating is three steps of one transaction: the unique index decides which devices are new, the license's row lock
  // who gets the last slots, and what got none is taken back. Devices before licenses, and each in the order of their
  // keys, so that two batches never wait for each other.
  private static final String ADD_DEVICES = """
      INSERT INTO keyhook.activation (account_id, license_id, fingerprint, device_name, device_type, ip_address)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
      ON CONFLICT DO NOTHING
      RETURNING license_id, fingerprint""";
  private static final String COUNT_UP = """
      UPDATE keyhook.license l SET activations = l.activations + q.added, sequence = l.sequence + q.added
      FROM unnest($1::uuid[], $2::uuid[], $3::int[]) q (account_id, license_id, added)
      WHERE l.account_id = q.account_id AND l.license_id = q.license_id
        AND l.disabled_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > now())
        AND NOT EXISTS (SELECT FROM keyhook.account a WHERE a.account_id = l.account_id AND a.suspended_at IS NOT NULL)
      RETURNING l.license_id, l.key, l.name, l.activations, l.max_activations, l.expires_at,
        l.customer_name, l.customer_email, l.sequence""";
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

  private static final String ACCOUNTS = "SELECT key, account_id FROM keyhook.license_key WHERE key = ANY ($1::text[])";
  private static final ShardStatement LOOK_UP_ON_SHARD = new ShardStatement(LOOK_UP, List.of("text[]", "text[]"), """
      ord bigint, account_id uuid, license_id uuid, key text, name text, activations int, max_activations int,
      expires_at timestamptz, disabled boolean, expired boolean, known boolean, device_name text, device_type text,
      ip_address text, suspended boolean, wanted boolean, sequence bigint""");
  private static final ShardStatement ADD_DEVICES_ON_SHARD = new ShardStatement(ADD_DEVICES,
      List.of("uuid[]", "uuid[]", "text[]", "text[]", "text[]", "text[]"), "license_id uuid, fingerprint text");
  private static final ShardStatement COUNT_UP_ON_SHARD =
      new ShardStatement(COUNT_UP, List.of("uuid[]", "uuid[]", "int[]"), """
      license_id uuid, key text, name text, activations int, max_activations int, expires_at timestamptz, customer_name text,
      customer_email text, sequence bigint""");
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
      long sequence) {}

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
      long sequence) {}

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
   */
  static Future<List<Found>> lookUp(ShardClient client, List<Validate> batch) {
    Found[] found = new Found[batch.size()];
    String[] forms = forms(batch);
    return client.run(LOOK_UP_ON_SHARD, Tuple.tuple()
            .addArrayOfString(forms)
            .addArrayOfString(strings(batch, Validate::fingerprint)))
        .map(rows -> {
          BitSet exactly = new BitSet(); // those that only their exact key finds
          for (Row row : rows) {
            int i = row.getLong(0).intValue() - 1;
            Found license = found(row);
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
        });
  }

  private static Found found(Row row) {
    return new Found(row.getUUID(1), row.getUUID(2), row.getString(3), row.getString(4), row.getInteger(5),
        row.getInteger(6), instant(row, 7), row.getBoolean(8), row.getBoolean(9), row.getBoolean(10), row.getString(11),
        row.getString(12), row.getString(13), row.getBoolean(14), row.getBoolean(15), row.getLong(16));
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
            instant(row, 5), row.getString(6), row.getString(7), row.getLong(8)));
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
