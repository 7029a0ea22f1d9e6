package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.strings;
import static io.keyhook.db.Rows.utc;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.db.Rows;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/** The SQL of licenses. */
final class LicenseStore {
  private static final String STATUS = """
      CASE WHEN disabled_at IS NOT NULL THEN 'DISABLED' WHEN expires_at <= now() THEN 'EXPIRED' ELSE 'ACTIVE' END""";
  static final String COLUMNS = """
      license_id, key, name, %s, max_activations, activations, expires_at, customer_name, customer_email, metadata::text,
      disabled_at, disabled_by, created_at, updated_at, sequence, policy_id, product_id, heartbeat_seconds, entitlements::text,
      limit_of_policy, expiry_of_policy, lease_seconds, first_activated_at""".formatted(STATUS);
  /** The same as in a column definition list. */
  static final String COLUMN_TYPES = """
      license_id uuid, key text, name text, status text, max_activations int, activations int, expires_at timestamptz,
      customer_name text, customer_email text, metadata text, disabled_at timestamptz, disabled_by text,
      created_at timestamptz, updated_at timestamptz, sequence bigint, policy_id uuid, product_id uuid, heartbeat_seconds int,
      entitlements text, limit_of_policy boolean, expiry_of_policy boolean, lease_seconds int, first_activated_at timestamptz""";
  static final int COLUMN_COUNT = 23;

  /** As the API writes it: older rows may hold microseconds. */
  private static final String EXPIRES_AT = "(date_trunc('milliseconds', expires_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')";

  private static final String COUNT = """
      SELECT count(*) FROM (SELECT FROM keyhook.license WHERE account_id = $1 LIMIT $2) l""";
  private static final String INSERT = """
      WITH made AS (
        INSERT INTO keyhook.license
          (account_id, name, key, max_activations, expires_at, customer_name, customer_email, metadata, sequence, policy_id,
            product_id, heartbeat_seconds, entitlements, limit_of_policy, expiry_of_policy, policy_revision,
            lease_seconds)
        SELECT $1, $2, $3, $4, coalesce($5, %1$s), $6, $7, $8::json, 1, $9, $10, $11, $12::jsonb, $13, $14, $16, $17
        WHERE $5::timestamptz IS NULL OR $5 > now()
        RETURNING *
      ), keyed AS (
        INSERT INTO keyhook.license_key (key, account_id, license_id)
        SELECT upper(replace(key, '-', '')), account_id, license_id FROM made
      ), expiry AS (
        INSERT INTO keyhook.license_expiry (account_id, license_id, due_at)
        SELECT account_id, license_id, expires_at FROM made WHERE expires_at IS NOT NULL
      )
      SELECT\s""".formatted(end("now()", "$15::int")) + COLUMNS + " FROM made";
  /** A license of a file that was created earlier has an id of then, by which lists are sorted. */
  private static final String INSERT_ALL = """
      WITH made AS (
        INSERT INTO keyhook.license
          (account_id, name, key, max_activations, expires_at, customer_name, customer_email, metadata, disabled_at, disabled_by,
            sequence, policy_id, product_id, heartbeat_seconds, entitlements, limit_of_policy, expiry_of_policy, policy_revision,
            lease_seconds, first_activated_at, created_at, license_id)
        SELECT $1, name, key, max_activations, coalesce(expires_at, %1$s), customer_name, customer_email, metadata::json,
          CASE WHEN disabled THEN least(disabled_at, now()) END, CASE WHEN disabled THEN $9 END, 1, policy_id, product_id,
          heartbeat_seconds, entitlements::jsonb, limit_of_policy, expiry_of_policy, policy_revision, lease_seconds,
          CASE WHEN first_activated_at IS NOT NULL THEN least(first_activated_at, now()) END, least(created_at, now()),
          coalesce(license_id, keyhook.uuid_v7())
        FROM unnest($2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $10::boolean[],
            $11::timestamptz[], $13::uuid[], $14::uuid[], $15::int[], $16::text[], $17::boolean[], $18::boolean[], $19::int[],
            $20::int[], $21::int[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[], $25::uuid[])
          WITH ORDINALITY q (name, key, max_activations, expires_at, customer_name, customer_email, metadata, disabled,
            disabled_at, policy_id, product_id, heartbeat_seconds, entitlements, limit_of_policy, expiry_of_policy, duration,
            policy_revision, lease_seconds, first_activated_at, created_at, start, license_id, ord)
        WHERE $12 OR expires_at IS NULL OR expires_at > now()
        ORDER BY ord
        RETURNING *
      ), keyed AS (
        INSERT INTO keyhook.license_key (key, account_id, license_id)
        SELECT upper(replace(key, '-', '')), account_id, license_id FROM made
      ), expiry AS (
        INSERT INTO keyhook.license_expiry (account_id, license_id, due_at)
        SELECT account_id, license_id, expires_at FROM made WHERE expires_at > now()
      )
      SELECT\s""".formatted(end("least(start, now())", "duration")) + COLUMNS + " FROM made";
  private static final String TAKEN = """
      SELECT key FROM keyhook.license_key WHERE key = ANY ($1::text[])""";
  private static final String CHECK = ("""
      SELECT l.disabled_at IS NOT NULL, coalesce(l.expires_at <= now(), false), l.activations, l.max_activations,
        EXISTS (SELECT FROM keyhook.activation a
          WHERE a.account_id = $1 AND a.license_id = $2 AND a.fingerprint = $3),
        coalesce((SELECT a.suspended_at IS NOT NULL FROM keyhook.account a WHERE a.account_id = $1), false),
        %s
      FROM keyhook.license l WHERE l.account_id = $1 AND l.license_id = $2""").formatted(LicenseTerms.sql("$1", "NULL::timestamptz"));
  private static final String GET = "SELECT " + COLUMNS + " FROM keyhook.license WHERE account_id = $1 AND license_id = $2";
  private static final String GET_ALL = "SELECT " + COLUMNS + """
      \sFROM keyhook.license WHERE account_id = $1 AND license_id = ANY ($2::uuid[])""";
  private static final String LOCK = GET + " FOR NO KEY UPDATE";
  private static final String UPDATE = """
      WITH changed AS (
        UPDATE keyhook.license SET
          name = CASE WHEN $3 THEN $4 ELSE name END,
          max_activations = CASE WHEN $5 THEN $6 ELSE max_activations END,
          expires_at = CASE WHEN $7 THEN $8 ELSE expires_at END,
          customer_name = CASE WHEN $9 THEN $10 ELSE customer_name END,
          customer_email = CASE WHEN $11 THEN $12 ELSE customer_email END,
          metadata = CASE WHEN $13 THEN $14::json ELSE metadata END,
          policy_id = CASE WHEN $15 THEN $16 ELSE policy_id END,
          product_id = CASE WHEN $17 THEN $18 ELSE product_id END,
          heartbeat_seconds = CASE WHEN $19 THEN $20 ELSE heartbeat_seconds END,
          entitlements = CASE WHEN $21 THEN $22::jsonb ELSE entitlements END,
          lease_seconds = CASE WHEN $27 THEN $28 ELSE lease_seconds END,
          limit_of_policy = $23, expiry_of_policy = $24, first_activated_at = coalesce($25, first_activated_at),
          policy_revision = CASE WHEN $15 THEN $26 ELSE policy_revision END,
          sequence = sequence + 1, updated_at = now()
        WHERE account_id = $1 AND license_id = $2 AND ($8::timestamptz IS NULL OR $8 > now() OR $8 = %1$s)
          AND ($3 AND name IS DISTINCT FROM $4
            OR $5 AND max_activations IS DISTINCT FROM $6
            OR $7 AND %1$s IS DISTINCT FROM $8
            OR $9 AND customer_name IS DISTINCT FROM $10
            OR $11 AND customer_email IS DISTINCT FROM $12
            OR $13 AND coalesce(metadata::jsonb, '{}') IS DISTINCT FROM coalesce($14::json::jsonb, '{}')
            OR $15 AND policy_id IS DISTINCT FROM $16
            OR $17 AND product_id IS DISTINCT FROM $18
            OR $19 AND heartbeat_seconds IS DISTINCT FROM $20
            OR $21 AND coalesce(entitlements, '{}') IS DISTINCT FROM coalesce($22::jsonb, '{}')
            OR $27 AND lease_seconds IS DISTINCT FROM $28
            OR limit_of_policy <> $23 OR expiry_of_policy <> $24)
        RETURNING *
      ), never AS (
        DELETE FROM keyhook.license_expiry e USING changed c
        WHERE $7 AND c.expires_at IS NULL AND e.account_id = $1 AND e.license_id = c.license_id
      ), later AS (
        %2$s
      )
      SELECT\s""".formatted(EXPIRES_AT, LicenseTerms.toExpire("changed WHERE $7 AND expires_at > now()")) + COLUMNS + " FROM changed";
  private static final String GET_UNCHANGED = "SELECT " + COLUMNS + """
      , coalesce($3::timestamptz <= now() AND %s IS DISTINCT FROM $3, false)
      FROM keyhook.license WHERE account_id = $1 AND license_id = $2""".formatted(EXPIRES_AT);
  private static final String DISABLE = """
      WITH changed AS (
        UPDATE keyhook.license SET disabled_at = now(), disabled_by = $3, sequence = sequence + 1, updated_at = now()
        WHERE account_id = $1 AND license_id = $2 AND disabled_at IS NULL
        RETURNING *
      )
      SELECT\s""" + COLUMNS + " FROM changed";
  private static final String ENABLE = """
      WITH changed AS (
        UPDATE keyhook.license SET disabled_at = NULL, disabled_by = NULL, sequence = sequence + 1, updated_at = now()
        WHERE account_id = $1 AND license_id = $2 AND disabled_at IS NOT NULL
        RETURNING *
      )
      SELECT\s""" + COLUMNS + " FROM changed";
  private static final String DELETE_ACTIVATIONS =
      "DELETE FROM keyhook.activation WHERE account_id = $1 AND license_id = $2";
  private static final String DELETE = """
      WITH expiry AS (
        DELETE FROM keyhook.license_expiry WHERE account_id = $1 AND license_id = $2
      ), gone AS (
        DELETE FROM keyhook.license WHERE account_id = $1 AND license_id = $2 RETURNING *
      ), freed AS (
        DELETE FROM keyhook.license_key k USING gone
        WHERE k.key = upper(replace(gone.key, '-', '')) AND k.license_id = gone.license_id
      )
      SELECT\s""" + COLUMNS + ", now() FROM gone";

  private static final String FIRST_ACTIVATED_AT = """
      SELECT coalesce(first_activated_at,
        (SELECT min(activated_at) FROM keyhook.activation WHERE account_id = $1 AND license_id = $2))
      FROM keyhook.license WHERE account_id = $1 AND license_id = $2""";
  private static final String POLICY_OF = "SELECT policy_id FROM keyhook.license WHERE account_id = $1 AND license_id = $2";

  private LicenseStore() {}

  /** When a license expires; null where the duration is. */
  private static String end(String start, String duration) {
    return "(date_trunc('milliseconds', %s AT TIME ZONE 'UTC') + make_interval(secs => %s)) AT TIME ZONE 'UTC'".formatted(start, duration);
  }

  /**
   * A license to be created, with what it takes from its policy.
   *
   * @param maxActivations of its own, or of the policy
   * @param expiresAt of its own; null: never, or by the duration
   * @param duration in seconds; null: it does not expire, or not by a duration that has begun
   * @param start of the duration; null: now
   */
  record New(
      Licenses.Line line, String key, int maxActivations, Instant expiresAt, Inheritance.Taken taken, Integer duration,
      Instant start) {
    Licenses.Create license() {
      return line.license();
    }

    /** When it was created earlier, as far as that matters: where the policy decides about its expiry; null: now. */
    private Instant createdAt() {
      return taken.expiry() ? line.createdAt() : null;
    }

    /** Null: the database makes one of now. */
    private UUID id() {
      Instant at = createdAt();
      return at == null || at.isAfter(Instant.now()) ? null : Id.v7(Math.max(0, at.toEpochMilli()), ThreadLocalRandom.current());
    }
  }

  /** How many licenses there are; counting stops at {@code limit}. */
  static Future<Long> count(SqlClient client, UUID accountId, long limit) {
    return client.preparedQuery(COUNT).execute(Tuple.of(accountId, limit)).map(rows -> rows.iterator().next().getLong(0));
  }

  /** Empty where it would have expired already. */
  static Future<Optional<License>> insert(SqlClient client, New made) {
    Licenses.Create license = made.license();
    return client.preparedQuery(INSERT)
        .execute(Tuple.tuple()
            .addUUID(license.caller().accountId())
            .addString(license.name())
            .addString(made.key)
            .addInteger(made.maxActivations)
            .addOffsetDateTime(utc(made.expiresAt))
            .addString(license.customerName())
            .addString(license.customerEmail())
            .addValue(json(license.metadata()))
            .addUUID(policyId(license))
            .addUUID(productId(license))
            .addInteger(license.terms().heartbeatSeconds())
            .addValue(nonEmpty(license.terms().entitlements()))
            .addBoolean(made.taken.limit())
            .addBoolean(made.taken.expiry())
            .addInteger(made.duration)
            .addInteger(made.taken.revision())
            .addInteger(license.terms().leaseSeconds()))
        .map(rows -> first(rows, LicenseStore::license));
  }

  static UUID policyId(Licenses.Create license) {
    return id(Id.POLICY, license.terms().policyId());
  }

  static UUID productId(Licenses.Create license) {
    return id(Id.PRODUCT, license.terms().productId());
  }

  /**
   * Creates licenses.
   *
   * @param all of one account
   * @param expiredToo whether those that have expired are created, too, as those of a file are
   */
  static Future<List<License>> insertAll(SqlClient tx, List<New> all, boolean expiredToo) {
    List<Licenses.Create> licenses = all.stream().map(New::license).toList();
    Caller caller = licenses.get(0).caller();
    return tx.preparedQuery(INSERT_ALL)
        .execute(Tuple.tuple()
            .addUUID(caller.accountId())
            .addArrayOfString(strings(licenses, Licenses.Create::name))
            .addArrayOfString(strings(all, New::key))
            .addArrayOfInteger(all.stream().map(New::maxActivations).toArray(Integer[]::new))
            .addArrayOfOffsetDateTime(times(all.stream().map(New::expiresAt)))
            .addArrayOfString(strings(licenses, Licenses.Create::customerName))
            .addArrayOfString(strings(licenses, Licenses.Create::customerEmail))
            .addArrayOfString(strings(licenses, LicenseStore::metadata))
            .addString(caller.name())
            .addArrayOfBoolean(all.stream().map(one -> one.line.disabled()).toArray(Boolean[]::new))
            .addArrayOfOffsetDateTime(times(all.stream().map(one -> one.line.disabledAt())))
            .addBoolean(expiredToo)
            .addArrayOfUUID(uuids(licenses, LicenseStore::policyId))
            .addArrayOfUUID(uuids(licenses, LicenseStore::productId))
            .addArrayOfInteger(integers(licenses.stream().map(license -> license.terms().heartbeatSeconds())))
            .addArrayOfString(strings(licenses, LicenseStore::entitlements))
            .addArrayOfBoolean(all.stream().map(one -> one.taken.limit()).toArray(Boolean[]::new))
            .addArrayOfBoolean(all.stream().map(one -> one.taken.expiry()).toArray(Boolean[]::new))
            .addArrayOfInteger(integers(all.stream().map(New::duration)))
            .addArrayOfInteger(integers(all.stream().map(one -> one.taken.revision())))
            .addArrayOfInteger(integers(licenses.stream().map(license -> license.terms().leaseSeconds())))
            .addArrayOfOffsetDateTime(times(all.stream().map(one -> one.taken.firstActivatedAt())))
            .addArrayOfOffsetDateTime(times(all.stream().map(New::createdAt)))
            .addArrayOfOffsetDateTime(times(all.stream().map(New::start)))
            .addArrayOfUUID(uuids(all, New::id)))
        .map(rows -> all(rows, LicenseStore::license));
  }

  private static Integer[] integers(Stream<Integer> numbers) {
    return numbers.toArray(Integer[]::new);
  }

  private static String entitlements(Licenses.Create license) {
    JsonObject entitlements = nonEmpty(license.terms().entitlements());
    return entitlements == null ? null : entitlements.encode();
  }

  private static OffsetDateTime[] times(Stream<Instant> times) {
    return times.map(Rows::utc).toArray(OffsetDateTime[]::new);
  }

  private static String metadata(Licenses.Create license) {
    return license.metadata() == null ? null : json(license.metadata()).encode();
  }

  /** Those of the forms of keys that licenses have, of whatever account. */
  static Future<Set<String>> takenKeys(SqlClient tx, List<String> forms) {
    return forms.isEmpty() ? Future.succeededFuture(Set.of())
        : tx.preparedQuery(TAKEN).execute(Tuple.tuple().addArrayOfString(forms.toArray(String[]::new)))
            .map(rows -> Set.copyOf(all(rows, row -> row.getString(0))));
  }

  static Future<Licenses.Checked> check(SqlClient client, UUID accountId, UUID licenseId, String fingerprint) {
    return client.preparedQuery(CHECK).execute(Tuple.of(accountId, licenseId, fingerprint))
        .map(rows -> first(rows, row -> {
          boolean known = row.getBoolean(4);
          LicenseTerms terms = LicenseTerms.read(row.getString(6));
          boolean expired = terms == null ? row.getBoolean(1) : terms.expired();
          int limit = terms == null ? row.getInteger(3) : terms.maxActivations();
          return Licenses.Checked.of(Refusals.of(row.getBoolean(5), false, row.getBoolean(0), expired, known,
              row.getInteger(2), limit), known, row.getInteger(2), limit);
        }).orElseThrow(Id.LICENSE::notFound));
  }

  static Future<License> get(SqlClient client, UUID accountId, UUID licenseId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId, licenseId))
        .map(rows -> first(rows, LicenseStore::license).orElseThrow(Id.LICENSE::notFound));
  }

  /** Those that there are, in any order. */
  static Future<List<License>> getAll(SqlClient client, UUID accountId, List<UUID> licenseIds) {
    return client.preparedQuery(GET_ALL)
        .execute(Tuple.of(accountId).addArrayOfUUID(licenseIds.toArray(UUID[]::new)))
        .map(rows -> all(rows, LicenseStore::license));
  }

  /** The license, which nobody else changes until the transaction ends. Empty where there is none. */
  static Future<Optional<License>> lock(SqlClient tx, UUID accountId, UUID licenseId) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(accountId, licenseId)).map(rows -> first(rows, LicenseStore::license));
  }

  /**
   * Changes what is not so already. What differs is decided on the row as it is once it is locked, so of two equal changes
   * at once one finds nothing to do.
   *
   * @param taken what the license takes from its policy after the change
   * @return empty if nothing differs, the license would have expired already, or there is none; {@link #unchanged} says which
   */
  static Future<Optional<License>> update(SqlClient client, UUID licenseId, Licenses.Update change, Inheritance.Taken taken) {
    if (change.changed().isEmpty()) {
      return Future.succeededFuture(Optional.empty()); // Citus 13.2 fails on a statement of which it sees that it changes nothing
    }
    Licenses.TermsChange terms = change.terms();
    return client.preparedQuery(UPDATE)
        .execute(Tuple.tuple()
            .addUUID(change.caller().accountId())
            .addUUID(licenseId)
            .addBoolean(change.name().present()).addString(change.name().value())
            .addBoolean(terms.maxActivations().present()).addInteger(terms.maxActivations().value())
            .addBoolean(terms.expiresAt().present()).addOffsetDateTime(utc(terms.expiresAt().value()))
            .addBoolean(change.customerName().present()).addString(change.customerName().value())
            .addBoolean(change.customerEmail().present()).addString(change.customerEmail().value())
            .addBoolean(change.metadata().present()).addValue(json(change.metadata().value()))
            .addBoolean(terms.policyId().present()).addUUID(id(Id.POLICY, terms.policyId().value()))
            .addBoolean(terms.productId().present()).addUUID(id(Id.PRODUCT, terms.productId().value()))
            .addBoolean(terms.heartbeatSeconds().present()).addInteger(terms.heartbeatSeconds().value())
            .addBoolean(terms.entitlements().present()).addValue(nonEmpty(terms.entitlements().value()))
            .addBoolean(taken.limit()).addBoolean(taken.expiry())
            .addOffsetDateTime(utc(taken.firstActivatedAt()))
            .addInteger(taken.revision())
            .addBoolean(terms.leaseSeconds().present()).addInteger(terms.leaseSeconds().value()))
        .map(rows -> first(rows, LicenseStore::license));
  }

  /**
   * The license that {@link #update} left as it is.
   *
   * @return empty: the change would have let it expire in the past
   */
  static Future<Optional<License>> unchanged(SqlClient client, UUID licenseId, Licenses.Update change) {
    return client.preparedQuery(GET_UNCHANGED)
        .execute(Tuple.of(change.caller().accountId(), licenseId, utc(change.terms().expiresAt().value())))
        .map(rows -> {
          Row row = first(rows, found -> found).orElseThrow(Id.LICENSE::notFound);
          return row.getBoolean(row.size() - 1) ? Optional.empty() : Optional.of(license(row));
        });
  }

  /** Returns empty if there is none, or nothing differs. */
  static Future<Optional<License>> setDisabled(SqlClient client, UUID accountId, UUID licenseId, boolean disabled, String by) {
    return (disabled
        ? client.preparedQuery(DISABLE).execute(Tuple.of(accountId, licenseId, by))
        : client.preparedQuery(ENABLE).execute(Tuple.of(accountId, licenseId)))
        .map(rows -> first(rows, LicenseStore::license));
  }

  /** When the license was first activated, as far as it is known; empty: not yet. */
  static Future<Optional<Instant>> firstActivatedAt(SqlClient client, UUID accountId, UUID licenseId) {
    return client.preparedQuery(FIRST_ACTIVATED_AT).execute(Tuple.of(accountId, licenseId))
        .map(rows -> first(rows, row -> Optional.ofNullable(instant(row, 0))).flatMap(at -> at));
  }

  /** The policy that a license has now; empty: none. */
  static Future<Optional<UUID>> policyOf(SqlClient client, UUID accountId, UUID licenseId) {
    return client.preparedQuery(POLICY_OF).execute(Tuple.of(accountId, licenseId))
        .map(rows -> first(rows, row -> Optional.ofNullable(row.getUUID(0))).orElseThrow(Id.LICENSE::notFound));
  }

  /**
   * A license that was deleted.
   *
   * @param license as it was
   */
  record Deleted(License license, Instant at) {}

  /** Devices before the license, as activating locks them. Empty where there is none. */
  static Future<Optional<Deleted>> delete(SqlClient client, UUID accountId, UUID licenseId) {
    Tuple id = Tuple.of(accountId, licenseId);
    return client.preparedQuery(DELETE_ACTIVATIONS).execute(id)
        .compose(devices -> client.preparedQuery(DELETE).execute(id))
        // a device that was being added while the license was still there
        .compose(deleted -> client.preparedQuery(DELETE_ACTIVATIONS).execute(id)
            .map(first(deleted, row -> new Deleted(license(row), instant(row, row.size() - 1)))));
  }

  static License license(Row row) {
    String metadata = row.getString(9);
    return new License(Id.LICENSE.of(row.getUUID(0)), row.getString(1), row.getString(2),
        Licenses.Status.valueOf(row.getString(3)), row.getInteger(4), row.getInteger(5), instant(row, 6), row.getString(7),
        row.getString(8), metadata == null ? Map.of() : JsonText.map(metadata), instant(row, 10), row.getString(11),
        instant(row, 12), instant(row, 13), row.getLong(14), id(Id.POLICY, row.getUUID(15)), id(Id.PRODUCT, row.getUUID(16)),
        row.getInteger(17), row.getString(18) == null ? Map.of() : JsonText.map(row.getString(18)),
        Inheritance.names(row.getBoolean(19), row.getBoolean(20)), row.getInteger(21), instant(row, 22));
  }

  private static String id(Id kind, UUID id) {
    return id == null ? null : kind.of(id);
  }

  private static UUID id(Id kind, String id) {
    return id == null ? null : kind.parse(id);
  }

  private static JsonObject nonEmpty(Map<String, Object> map) {
    return map == null || map.isEmpty() ? null : json(map);
  }

  private static JsonObject json(Map<String, Object> map) {
    return map == null ? null : new JsonObject(map);
  }
}
