package io.keyhook.db;

import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Distributes the tables of a migrated database by Citus: each account's rows go to one shard. Each step is a transaction of
 * its own and is skipped where it is done, so that a run that was interrupted can be repeated. Nodes must not serve meanwhile:
 * moving a table locks it, and a half-distributed database fails transactions.
 */
public final class Distribution {
  private static final Logger log = LoggerFactory.getLogger(Distribution.class);

  /** What each node of the cluster needs entirely: small, or looked up without the account. */
  private static final List<String> EVERYWHERE = List.of("license_key", "member", "api_key", "flyway_schema_history");
  /** In the order in which they are distributed: the first decides about the shards. */
  private static final List<String> BY_ACCOUNT = List.of("account", "license", "license_expiry", "activation", "webhook",
      "delivery_queue", "event", "delivery", "attempt_count", "account_count", "audit", "session", "account_link",
      "idempotency", "test_endpoint",
      "test_request", "recovery", "policy", "product", "signing_key", "webhook_format", "webhook_pace", "alert_state",
      "alert_setting", "alert_message", "listener", "listener_request", "passkey", "passkey_challenge", "portal_link");

  private static final String HAS_CITUS = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'";
  private static final String IS_COORDINATOR = "SELECT count(*) FROM pg_dist_local_group WHERE groupid = 0";
  /** Of the session: PostgreSQL finishes what a command began that was killed, and the next would wait and then fail. */
  private static final String LOCK = "SELECT pg_try_advisory_lock(hashtext('keyhook.distribute'))::int";
  private static final String WORKERS = "SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards";
  /** A reference table can be read where it has a copy, and all nodes need its keys. */
  private static final String KNOWS_ITSELF = "SELECT count(*) FROM pg_dist_node WHERE groupid = 0";
  private static final String ALIKE = """
      SELECT string_agg(key, ', ') FROM (SELECT l.key FROM keyhook.license l
        WHERE NOT EXISTS (SELECT FROM keyhook.license_key k WHERE k.license_id = l.license_id) LIMIT 20) alike""";
  /**
   * What a table loses before it is distributed. Uniqueness is up to license_key from then on; triggers serve nodes of earlier
   * versions, which do not know distributed tables.
   */
  private static final Map<String, String> BEFORE = Map.of(
      "license", """
          DROP INDEX IF EXISTS keyhook.license_exact_key;
          DROP INDEX IF EXISTS keyhook.license_new_form;
          DROP TRIGGER IF EXISTS keep_license_key ON keyhook.license""",
      "webhook", "DROP TRIGGER IF EXISTS keep_previous_secret ON keyhook.webhook");
  private static final String IS_DISTRIBUTED =
      "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = 'keyhook.%s'::regclass";
  private static final String TO_EVERYWHERE = "SELECT create_reference_table('keyhook.%s')";
  private static final String BY_ITSELF = "SELECT create_distributed_table('keyhook.%s', 'account_id')";
  private static final String WITH_ACCOUNT =
      "SELECT create_distributed_table('keyhook.%s', 'account_id', colocate_with => 'keyhook.account')";
  /** A partitioned table has its rows in its partitions. Any other is in no tree. */
  private static final String HAS_LOCAL_ROWS = """
      SELECT count(*) FROM (SELECT 'keyhook.%1$s'::regclass AS part UNION SELECT relid FROM pg_partition_tree('keyhook.%1$s')) parts
      WHERE pg_relation_size(part) > 0""";
  /** The owner has given up the right to empty the audit log, for which there is a copy now. */
  private static final String REMOVE_LOCAL_ROWS = """
      GRANT TRUNCATE ON keyhook.%1$s TO CURRENT_USER;
      SELECT truncate_local_data_after_distributing_table('keyhook.%1$s')""";
  private static final String KEEP_AUDIT = "REVOKE UPDATE, DELETE, TRUNCATE ON keyhook.audit FROM CURRENT_USER";

  /**
   * What {@link Shards} sends through Citus. The settings are those of Keyhook's connections, which do not reach the servers
   * that have the shards. A role that may call it may do nothing that it could not do without.
   */
  private static final String RUN_ON_SHARD = """
      CREATE OR REPLACE FUNCTION keyhook.run_on_shard(shard oid, expected text, statement text, arguments text[])
      RETURNS SETOF record LANGUAGE plpgsql
      SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
      BEGIN
        IF shard IS DISTINCT FROM to_regclass(expected) THEN
          RAISE 'The account is not in % any more', expected USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        RETURN QUERY EXECUTE statement USING arguments;
      END $$""";

  /**
   * What statements call that {@link Shards} sends to the shard's server. A move or a split takes the lock in its exclusive
   * mode on all servers, before it copies the last changes (see BlockWritesToShardList in Citus). The statement was begun
   * before it waited for the lock, so it must not go by what it sees itself. The owner calls lock_shard_metadata: nobody else
   * may.
   */
  private static final String IN_SHARD = """
      CREATE OR REPLACE FUNCTION keyhook.in_shard(shard bigint, changes boolean, batch anyarray) RETURNS anyarray
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF changes THEN
          PERFORM lock_shard_metadata(5, ARRAY[shard]); -- ShareLock
        END IF;
        IF NOT EXISTS (SELECT FROM pg_dist_placement p JOIN pg_dist_local_group g ON g.groupid = p.groupid
            WHERE p.shardid = shard) THEN
          RAISE 'Shard % is not on this server any more', shard USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        RETURN batch;
      END $$""";
  /** It locks shards for whoever may call it: that is those who may write accounts. */
  private static final String GRANT_IN_SHARD = """
      DO $$
      DECLARE
        role text;
      BEGIN
        REVOKE EXECUTE ON FUNCTION keyhook.in_shard(bigint, boolean, anyarray) FROM PUBLIC;
        FOR role IN SELECT DISTINCT grantee::regrole::text FROM pg_class, aclexplode(relacl)
          WHERE pg_class.oid = 'keyhook.account'::regclass AND privilege_type = 'UPDATE' AND grantee <> 0
        LOOP
          EXECUTE format('GRANT EXECUTE ON FUNCTION keyhook.in_shard(bigint, boolean, anyarray) TO %s', role);
        END LOOP;
      END $$""";

  private Distribution() {}

  /**
   * Migrates the database, and distributes its tables. Blocks until that is done, which takes as long as copying them.
   *
   * @param uri of the coordinator, for the owner of the tables
   * @return how many tables were distributed now
   * @throws IllegalStateException it cannot be distributed, or not now, or PostgreSQL refuses a step; the message says why.
   *     What was done stays done.
   */
  public static int run(URI uri) {
    try (Connection connection = Jdbc.of(uri).connect(); Statement statement = connection.createStatement()) {
      check(statement);
      Migrations.migrate(uri);
      checkKeys(statement);
      return distribute(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage() + ". Remove the reason and try again: what is done stays done.", e);
    }
  }

  /**
   * Distributes the tables that migrations have added to a distributed database, which are empty, so that nodes may serve
   * meanwhile. Does nothing to any other database, nor through a worker, where no migration runs.
   */
  static void complete(URI uri) throws SQLException {
    try (Connection connection = Jdbc.of(uri).connect(); Statement statement = connection.createStatement()) {
      if (number(statement, HAS_CITUS) > 0 && number(statement, IS_COORDINATOR) > 0
          && number(statement, IS_DISTRIBUTED.formatted(BY_ACCOUNT.get(0))) > 0) {
        Migrations.await(() -> number(statement, LOCK) > 0); // within a statement, it would keep others from creating indexes
        distribute(statement);
      }
    }
  }

  private static int distribute(Statement statement) throws SQLException {
    int distributed = 0;
    for (String table : EVERYWHERE) {
      distributed += distribute(statement, table, TO_EVERYWHERE);
    }
    for (String table : BY_ACCOUNT) {
      distributed += distribute(statement, table, table.equals(BY_ACCOUNT.get(0)) ? BY_ITSELF : WITH_ACCOUNT);
    }
    statement.execute(KEEP_AUDIT);
    statement.execute(RUN_ON_SHARD);
    statement.execute(IN_SHARD);
    statement.execute(GRANT_IN_SHARD);
    return distributed;
  }

  private static void check(Statement statement) throws SQLException {
    if (number(statement, HAS_CITUS) == 0) {
      throw new IllegalStateException("This PostgreSQL is not distributed: the extension citus does not exist in the database."
          + " See \"Citus\" in the guide, Sizing and scaling.");
    }
    if (number(statement, IS_COORDINATOR) == 0) {
      throw new IllegalStateException("This is a worker of the Citus cluster. Set database.migrationUri to its coordinator.");
    }
    if (number(statement, WORKERS) == 0 || number(statement, KNOWS_ITSELF) == 0) {
      throw new IllegalStateException("The Citus cluster is not complete: call citus_set_coordinator_host for the coordinator,"
          + " then citus_add_node for each worker.");
    }
    if (number(statement, LOCK) == 0) {
      throw new IllegalStateException("Another run is distributing this database, or PostgreSQL is still finishing a table for"
          + " one that was killed. Try again when it has ended.");
    }
  }

  private static void checkKeys(Statement statement) throws SQLException {
    String alike = text(statement, ALIKE);
    if (alike != null) {
      throw new IllegalStateException("Some license keys differ from others in hyphens only, which a distributed database"
          + " cannot keep apart: " + alike + ". Delete or replace these licenses, and try again.");
    }
  }

  private static int distribute(Statement statement, String table, String how) throws SQLException {
    boolean done = number(statement, IS_DISTRIBUTED.formatted(table)) > 0;
    if (!done) {
      log.info("Distributing {}", table);
      if (BEFORE.containsKey(table)) {
        statement.execute(BEFORE.get(table));
      }
      statement.execute(how.formatted(table));
    }
    if (number(statement, HAS_LOCAL_ROWS.formatted(table)) > 0) {
      statement.execute(REMOVE_LOCAL_ROWS.formatted(table));
    }
    return done ? 0 : 1;
  }

  private static long number(Statement statement, String query) throws SQLException {
    return Long.parseLong(text(statement, query));
  }

  private static String text(Statement statement, String query) throws SQLException {
    List<String> values = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values.get(0);
  }
}
