package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.utc;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Page;
import io.keyhook.bus.Policies;
import io.keyhook.bus.Policies.ExpiryBasis;
import io.keyhook.bus.Policies.Policy;
import io.keyhook.bus.Policies.Terms;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The SQL of policies, and of what their licenses take from them. */
final class PolicyStore {
  private static final UUID FIRST = new UUID(0, 0);

  private static final String COLUMNS = """
      policy_id, name, product_id, duration_seconds, expiry_basis, trial, max_activations, grace_seconds, heartbeat_seconds,
      lease_seconds, entitlements::text, created_at, updated_at""";
  private static final String INSERT = """
      INSERT INTO keyhook.policy (account_id, name, product_id, duration_seconds, expiry_basis, trial, max_activations,
        grace_seconds, heartbeat_seconds, lease_seconds, entitlements)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb) RETURNING\s""" + COLUMNS;
  private static final String GET = "SELECT " + COLUMNS + " FROM keyhook.policy WHERE account_id = $1 AND policy_id = $2";
  private static final String LOCK = "SELECT " + COLUMNS + """
      , revision, (SELECT count(*) FROM jsonb_object_keys(coalesce(earlier, '{}')))::int
      FROM keyhook.policy WHERE account_id = $1 AND policy_id = $2 FOR UPDATE""";
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.policy WHERE account_id = $1 AND policy_id < $2 ORDER BY policy_id DESC LIMIT $3""";
  /** A revision begins with the first license, and lets the one before it go: the licenses that it did not reach are among them. */
  private static final String UPDATE = """
      UPDATE keyhook.policy SET name = $3, product_id = $4, duration_seconds = $5, expiry_basis = $6, trial = $7,
        max_activations = $8, grace_seconds = $9, heartbeat_seconds = $10, lease_seconds = $11, entitlements = $12::jsonb,
        revised_after = coalesce($13, revised_after), revised_by = coalesce($14, revised_by),
        revision = coalesce($15, revision), earlier = CASE WHEN $15 IS NULL THEN earlier ELSE coalesce(earlier, '{}') || $16::jsonb END,
        updated_at = now()
      WHERE account_id = $1 AND policy_id = $2 RETURNING\s""" + COLUMNS;
  private static final String COUNT = """
      SELECT count(*) FROM (SELECT FROM keyhook.policy WHERE account_id = $1 LIMIT $2) p""";
  private static final String DELETE = "DELETE FROM keyhook.policy WHERE account_id = $1 AND policy_id = $2";
  /** Keeps them as they are until the transaction ends; in one order, so that two transactions never wait for each other. */
  private static final String HOLD = "SELECT " + COLUMNS + """
      , revision, 0
      FROM keyhook.policy WHERE account_id = $1 AND policy_id = ANY ($2::uuid[]) ORDER BY policy_id FOR SHARE""";
  private static final String USES = """
      SELECT count(*) FROM (SELECT FROM keyhook.license WHERE account_id = $1 AND policy_id = $2 LIMIT $3) l""";

  private static final String REVISED = """
      SELECT account_id, policy_id FROM keyhook.policy WHERE revised_after IS NOT NULL LIMIT $1""";
  private static final String REVISION = "SELECT " + COLUMNS + ", revised_after, revised_by, earlier::text FROM keyhook.policy ";
  /** Empty while another node has the revision. */
  private static final String LOCK_REVISION = REVISION + """
      WHERE account_id = $1 AND policy_id = $2 AND revised_after IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED""";
  private static final String PENDING = REVISION + "WHERE account_id = $1 AND policy_id = $2 AND revised_after < $3";
  private static final String NEXT = "SELECT " + LicenseStore.COLUMNS + """
      , coalesce(policy_revision, 0)
      FROM keyhook.license WHERE account_id = $1 AND policy_id = $2 AND license_id > $3
      ORDER BY license_id LIMIT $4 FOR NO KEY UPDATE""";
  private static final String AGAIN = "SELECT " + LicenseStore.COLUMNS + """
      , coalesce(policy_revision, 0) FROM keyhook.license WHERE account_id = $1 AND license_id = $2""";
  private static final String REVISED_TO = """
      UPDATE keyhook.policy SET revised_after = $3, revised_by = CASE WHEN $3::uuid IS NULL THEN NULL ELSE revised_by END,
        earlier = CASE WHEN $3::uuid IS NULL THEN NULL ELSE earlier END
      WHERE account_id = $1 AND policy_id = $2""";
  /**
   * Brings licenses into line. Of those that had expired already, by $4 before, license.expired is not raised again. Those of $5 change
   * in what is in the policy's row alone.
   */
  private static final String REVISE = """
      WITH changed AS (
        UPDATE keyhook.license l SET
          max_activations = CASE WHEN l.limit_of_policy THEN p.max_activations ELSE l.max_activations END,
          expires_at = CASE WHEN l.expiry_of_policy THEN %1$s ELSE l.expires_at END,
          policy_revision = p.revision, sequence = l.sequence + 1, updated_at = now()
        FROM keyhook.policy p
        WHERE l.account_id = $1 AND l.license_id = ANY ($3::uuid[]) AND p.account_id = $1 AND p.policy_id = $2
          AND l.policy_id = p.policy_id
          AND (l.limit_of_policy AND l.max_activations <> p.max_activations
            OR l.expiry_of_policy AND l.expires_at IS DISTINCT FROM %1$s
            OR l.license_id = ANY ($5::uuid[]))
        RETURNING l.*
      ), never AS (
        DELETE FROM keyhook.license_expiry e USING changed c
        WHERE c.expires_at IS NULL AND e.account_id = $1 AND e.license_id = c.license_id
      ), later AS (
        %2$s
      )
      SELECT\s""".formatted(end("l", "p"), LicenseTerms.toExpire("""
        changed
        WHERE expires_at > now() OR expires_at IS NOT NULL AND NOT EXISTS (
          SELECT FROM unnest($3::uuid[], $4::timestamptz[]) q (id, expired_at) WHERE q.id = license_id AND q.expired_at <= now())"""))
      + LicenseStore.COLUMNS + " FROM changed";

  private PolicyStore() {}

  /**
   * When a license expires by its policy, to the millisecond. Spelled so that no step depends on the zone of a session, which a
   * distributed database requires of an update.
   *
   * @param license alias of the license's row
   * @param policy alias of the policy's row
   */
  static String end(String license, String policy) {
    return """
        ((date_trunc('milliseconds', CASE WHEN %2$s.expiry_basis = 'creation' THEN %1$s.created_at ELSE %1$s.first_activated_at END
          AT TIME ZONE 'UTC') + make_interval(secs => %2$s.duration_seconds)) AT TIME ZONE 'UTC')""".formatted(license, policy);
  }

  static Future<Policy> insert(SqlClient tx, Policies.Create policy) {
    return tx.preparedQuery(INSERT)
        .execute(values(Tuple.of(policy.caller().accountId()), policy.name(), policy.productId(), policy.terms()))
        .map(rows -> policy(rows.iterator().next()));
  }

  private static Tuple values(Tuple tuple, String name, String productId, Terms terms) {
    return tuple.addString(name)
        .addUUID(productId == null ? null : Id.PRODUCT.parse(productId))
        .addInteger(terms.durationSeconds())
        .addString(terms.expiryBasis().name().toLowerCase(Locale.ROOT))
        .addBoolean(terms.trial())
        .addInteger(terms.maxActivations())
        .addInteger(terms.graceSeconds())
        .addInteger(terms.heartbeatSeconds())
        .addInteger(terms.leaseSeconds())
        .addValue(terms.entitlements().isEmpty() ? null : new JsonObject(terms.entitlements()));
  }

  /** How many policies there are; counting stops at a limit. */
  static Future<Long> count(SqlClient tx, UUID accountId, long limit) {
    return tx.preparedQuery(COUNT).execute(Tuple.of(accountId, limit)).map(rows -> rows.iterator().next().getLong(0));
  }

  static Future<Policy> get(SqlClient client, UUID accountId, UUID policyId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId, policyId))
        .map(rows -> first(rows, PolicyStore::policy).orElseThrow(Id.POLICY::notFound));
  }

  /**
   * A policy that nobody changes until the transaction ends.
   *
   * @param revision how often what licenses do not have in their own rows has changed
   * @param earlier how many such changes have not reached all licenses; of a locked policy only
   */
  record Held(Policy policy, int revision, int earlier) {}

  private static Held held(Row row) {
    return new Held(policy(row), row.getInteger(13), row.getInteger(14));
  }

  /** A policy to which no license is assigned, either. */
  static Future<Held> lock(SqlClient tx, UUID accountId, UUID policyId) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(accountId, policyId))
        .map(rows -> first(rows, PolicyStore::held).orElseThrow(Id.POLICY::notFound));
  }

  static Future<Page<Policy>> list(SqlClient client, Policies.List query) {
    Page.Request page = query.page();
    return client.preparedQuery(LIST)
        .execute(Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, PolicyStore::policy), page.limit(), policy -> Id.POLICY.parse(policy.id())));
  }

  /**
   * @param revisedBy who changes what its licenses have to be brought into line with; null: nobody
   * @param announced what the policy said before, which its licenses are events about; null: nothing of it changes, or nobody wants them
   */
  static Future<Policy> update(SqlClient tx, UUID accountId, Policy policy, String revisedBy, Held before, Map<String, Object> announced) {
    return tx.preparedQuery(UPDATE)
        .execute(values(Tuple.of(accountId, Id.POLICY.parse(policy.id())), policy.name(), policy.productId(), policy.terms())
            .addUUID(revisedBy == null ? null : FIRST).addString(revisedBy)
            .addInteger(announced == null ? null : before.revision + 1)
            .addValue(announced == null ? null : new JsonObject().put(String.valueOf(before.revision), new JsonObject(announced))))
        .map(rows -> policy(rows.iterator().next()));
  }

  static Future<Void> delete(SqlClient tx, UUID accountId, UUID policyId) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(accountId, policyId)).mapEmpty();
  }

  /** How many licenses use a policy; counting stops at a limit. */
  static Future<Long> uses(SqlClient tx, UUID accountId, UUID policyId, long limit) {
    return tx.preparedQuery(USES).execute(Tuple.of(accountId, policyId, limit)).map(rows -> rows.iterator().next().getLong(0));
  }

  /** Those of some policies that there are, which nobody changes until the transaction ends. */
  static Future<Map<String, Held>> hold(SqlClient tx, UUID accountId, Set<UUID> policies) {
    return policies.isEmpty() ? Future.succeededFuture(Map.of())
        : tx.preparedQuery(HOLD).execute(Tuple.of(accountId).addArrayOfUUID(policies.toArray(UUID[]::new)))
            .map(rows -> all(rows, PolicyStore::held).stream()
                .collect(Collectors.toMap(held -> held.policy.id(), Function.identity())));
  }

  private static Policy policy(Row row) {
    String entitlements = row.getString(10);
    return new Policy(Id.POLICY.of(row.getUUID(0)), row.getString(1), row.getUUID(2) == null ? null : Id.PRODUCT.of(row.getUUID(2)),
        new Terms(row.getInteger(3), ExpiryBasis.valueOf(row.getString(4).toUpperCase(Locale.ROOT)), row.getBoolean(5),
            row.getInteger(6), row.getInteger(7), row.getInteger(8), row.getInteger(9),
            entitlements == null ? Map.of() : JsonText.map(entitlements)),
        instant(row, 11), instant(row, 12));
  }

  /** A policy whose licenses do not all have what it says. */
  record Revised(UUID accountId, UUID policyId) {}

  static Future<List<Revised>> revised(SqlClient client, int limit) {
    return client.preparedQuery(REVISED).execute(Tuple.of((long) limit))
        .map(rows -> all(rows, row -> new Revised(row.getUUID(0), row.getUUID(1))));
  }

  /**
   * How far a revision has come.
   *
   * @param after the last license that is done
   * @param by who changed the policy
   * @param earlier what the policy said, by its revision
   */
  record Revision(Policy policy, UUID after, String by, NavigableMap<Integer, Map<String, Object>> earlier) {}

  @SuppressWarnings("unchecked")
  private static Revision revision(Row row) {
    NavigableMap<Integer, Map<String, Object>> earlier = new TreeMap<>();
    if (row.getString(15) != null) {
      JsonText.map(row.getString(15)).forEach((number, said) -> earlier.put(Integer.valueOf(number), (Map<String, Object>) said));
    }
    return new Revision(policy(row), row.getUUID(13), row.getString(14), earlier);
  }

  static Future<Optional<Revision>> lockRevision(SqlClient tx, Revised policy) {
    return tx.preparedQuery(LOCK_REVISION).execute(Tuple.of(policy.accountId, policy.policyId))
        .map(rows -> first(rows, PolicyStore::revision));
  }

  /** The revision that has not reached a license of a policy which the transaction holds; empty: there is none. */
  static Future<Optional<Revision>> pending(SqlClient tx, Revised policy, UUID licenseId) {
    return tx.preparedQuery(PENDING).execute(Tuple.of(policy.accountId, policy.policyId, licenseId))
        .map(rows -> first(rows, PolicyStore::revision));
  }

  /**
   * A license to be brought into line.
   *
   * @param revision of its policy, that its events have announced
   */
  record Before(License license, int revision) {}

  private static Before before(Row row) {
    return new Before(LicenseStore.license(row), row.getInteger(LicenseStore.COLUMN_COUNT));
  }

  /** The next licenses of a policy, which nobody changes until the transaction ends. */
  static Future<List<Before>> next(SqlClient tx, Revised policy, UUID after, int limit) {
    return tx.preparedQuery(NEXT).execute(Tuple.of(policy.accountId, policy.policyId, after, (long) limit))
        .map(rows -> all(rows, PolicyStore::before));
  }

  /** One license, which the transaction has locked. */
  static Future<List<Before>> only(SqlClient tx, UUID accountId, UUID licenseId) {
    return tx.preparedQuery(AGAIN).execute(Tuple.of(accountId, licenseId)).map(rows -> all(rows, PolicyStore::before));
  }

  /**
   * Gives licenses what the policy says, and returns those that it changed.
   *
   * @param announced the ids of those that change, whatever is in their rows
   */
  static Future<List<License>> revise(SqlClient tx, Revised policy, List<Before> licenses, Set<String> announced) {
    return tx.preparedQuery(REVISE)
        .execute(Tuple.of(policy.accountId, policy.policyId)
            .addArrayOfUUID(uuids(licenses, before -> Id.LICENSE.parse(before.license.id())))
            .addArrayOfOffsetDateTime(licenses.stream().map(before -> utc(before.license.expiresAt())).toArray(OffsetDateTime[]::new))
            .addArrayOfUUID(announced.stream().map(Id.LICENSE::parse).toArray(UUID[]::new)))
        .map(rows -> all(rows, LicenseStore::license));
  }

  /**
   * @param after null: all licenses are done
   */
  static Future<Void> revisedTo(SqlClient tx, Revised policy, UUID after) {
    return tx.preparedQuery(REVISED_TO).execute(Tuple.of(policy.accountId, policy.policyId, after)).mapEmpty();
  }
}
