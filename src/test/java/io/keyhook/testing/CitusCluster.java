package io.keyhook.testing;

import static org.awaitility.Awaitility.await;

import io.keyhook.Keyhook;
import io.keyhook.db.Distribution;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The Citus cluster whose coordinator {@value #VARIABLE} names, as a superuser, in a database that tests may fill: its schema
 * {@code keyhook} is dropped. One process at a time uses it. Its servers accept connections from each other for any role, without
 * a password.
 *
 * <p>With {@code -Dkeyhook.citus=true}, the {@link Installation} of any test class is on that cluster, distributed and empty.
 */
public final class CitusCluster implements AutoCloseable {
  public static final String VARIABLE = "KEYHOOK_TEST_CITUS_URI";
  /** The JUnit parameter that puts installations on the cluster. */
  public static final String PARAMETER = "keyhook.citus";

  private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(CitusCluster.class);
  /** Of the session. Whoever waited within a statement would keep indexes from being created concurrently. */
  private static final String TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('keyhook.tests'))";
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final String DROP = "DROP SCHEMA IF EXISTS keyhook CASCADE";
  /** The owner of the tables, which is no superuser. */
  private static final String CREATE_OWNER = """
      DO $$ BEGIN
        IF to_regrole('keyhook') IS NULL THEN
          CREATE ROLE keyhook LOGIN PASSWORD 'keyhook';
        END IF;
        EXECUTE format('GRANT CREATE ON DATABASE %I TO keyhook', current_database());
      END $$""";
  private static final String EMPTY = """
      DO $$
      DECLARE
        filled text;
      BEGIN
        FOR filled IN SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id'
          WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        LOOP
          EXECUTE 'DELETE FROM ' || filled;
        END LOOP;
      END $$""";

  private final URI superuser;
  private final Connection lock;
  private boolean distributed;

  private CitusCluster(URI superuser) throws SQLException {
    this.superuser = superuser;
    this.lock = TestDatabase.connect(superuser);
    await("no other process uses the cluster").atMost(LONGEST).pollInterval(Duration.ofSeconds(1)).until(this::isLocked);
    execute(DROP);
  }

  /** Waits until no other process uses the cluster. */
  static CitusCluster open() {
    try {
      return new CitusCluster(URI.create(Optional.ofNullable(System.getenv(VARIABLE))
          .orElseThrow(() -> new IllegalStateException(VARIABLE + " names no Citus cluster"))));
    } catch (SQLException e) {
      throw new IllegalStateException("The Citus cluster of " + VARIABLE, e);
    }
  }

  static boolean isWanted(ExtensionContext context) {
    return context.getConfigurationParameter(PARAMETER, Boolean::parseBoolean).orElse(false);
  }

  static CitusCluster ofProcess(ExtensionContext context) {
    return context.getStore(ExtensionContext.StoreScope.LAUNCHER_SESSION, NAMESPACE)
        .getOrComputeIfAbsent(CitusCluster.class, key -> open(), CitusCluster.class);
  }

  /** The database, with nothing in it, for a superuser. Tests migrate it. */
  TestDatabase undistributed() {
    return TestDatabase.at(superuser, superuser);
  }

  /** The database with all tables, distributed and without rows, for a role that owns them and is no superuser. */
  TestDatabase distributed() {
    URI owner = URI.create(superuser.toString().replaceFirst("//[^@]*@", "//keyhook:keyhook@"));
    if (!distributed) {
      execute(CREATE_OWNER);
      Keyhook.migrate(owner);
      Distribution.run(owner);
      // makes the partitions of all shards, which takes long where there are many
      Node.start(owner, new JsonObject(), BlockedThreads.options(), LONGEST).stop();
      distributed = true;
    }
    execute(EMPTY);
    return TestDatabase.at(owner, superuser);
  }

  private boolean isLocked() throws SQLException {
    try (Statement statement = lock.createStatement(); ResultSet rows = statement.executeQuery(TRY_LOCK)) {
      return rows.next() && rows.getBoolean(1);
    }
  }

  private void execute(String sql) {
    try (Statement statement = lock.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Override
  public void close() throws SQLException {
    lock.close();
  }
}
