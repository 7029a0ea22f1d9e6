package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A long transaction of somebody else's delays a migration, and no call of a node. */
class MigrationLocksTest {
  private static final String LICENSE_TAKEN = "LOCK TABLE keyhook.license IN ROW EXCLUSIVE MODE";
  /** Of migrations that are waiting for the transaction's end. */
  private static final String WAITING = """
      SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()
        AND l.mode IN ('ShareLock', 'AccessExclusiveLock') AND l.locktype = 'relation'""";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutSchema();

  @BeforeEach
  void empty() {
    keyhook.database().administer("DROP SCHEMA IF EXISTS keyhook CASCADE");
  }

  private static void migrateTo(int version) {
    Migrations.configuration(keyhook.database().uri()).target(String.valueOf(version)).load().migrate();
  }

  private static String newest() {
    return keyhook.database().value(
        "SELECT max(version::int)::text FROM keyhook.flyway_schema_history WHERE success");
  }

  /**
   * V5 builds indexes of licenses, for which it waits until those who change them are done. V10 waits until those who read
   * webhooks are done, by its own file for 10 s. V2 wants three tables, and the transaction has the last.
   */
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "1 | LOCK TABLE keyhook.delivery IN ROW EXCLUSIVE MODE | DELETE FROM keyhook.delivery_queue",
      "4 | " + LICENSE_TAKEN + " | UPDATE keyhook.license SET name = name",
      "9 | LOCK TABLE keyhook.webhook IN ACCESS SHARE MODE | SELECT FROM keyhook.webhook"})
  void callsGoOnWhileAMigrationWaitsForALongTransaction(int version, String lock, String call) throws Exception {
    migrateTo(version);
    CompletableFuture<Integer> migration;
    try (Connection longOne = keyhook.database().connect(); Statement holder = longOne.createStatement();
        Connection node = keyhook.database().connect(); Statement caller = node.createStatement()) {
      longOne.setAutoCommit(false);
      holder.execute(lock);
      migration = CompletableFuture.supplyAsync(() -> Migrations.run(keyhook.database().uri()));
      caller.execute("SET statement_timeout = '4s'");
      for (int tries = 0; tries < 2; tries++) {
        Waiting.until("a migration waits", () -> keyhook.database().number(WAITING) > 0 || migration.isDone());
        caller.execute(call); // behind the migration, which is behind the long transaction
        Waiting.until("the migration has given up", () -> keyhook.database().number(WAITING) == 0);
      }
      assertThat(migration).isNotDone();
      longOne.rollback();
      assertThat(migration.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS))
          .isEqualTo(Integer.parseInt(SchemaVersion.NEWEST) - version);
    }
    assertThat(newest()).isEqualTo(SchemaVersion.NEWEST);
  }

  @Test
  void aMigrationThatNeverGetsItsLocksEndsAndKeepsWhatWasDone() throws SQLException {
    migrateTo(2);
    try (Connection longOne = keyhook.database().connect(); Statement holder = longOne.createStatement()) {
      longOne.setAutoCommit(false);
      holder.execute(LICENSE_TAKEN);
      assertThatThrownBy(() -> Migrations.run(keyhook.database().uri(), 2)).isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("pg_stat_activity").satisfies(e -> assertThat(Migrations.reason((RuntimeException) e))
              .startsWith("The database cannot be migrated"));
    }
    assertThat(newest()).isEqualTo("4");
    assertThat(Migrations.run(keyhook.database().uri(), 1)).isEqualTo(Integer.parseInt(SchemaVersion.NEWEST) - 4);
  }
}
