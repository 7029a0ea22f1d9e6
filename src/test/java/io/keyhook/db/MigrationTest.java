package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.Keyhook;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Migrations that run outside a transaction, and the index for searches, which not every role can create. */
class MigrationTest {
  private static final String SEARCH = "license_search";
  private static final List<String> ALL =
      List.of("license_exact_key", "license_expires_status", "license_form", "license_name_status", "license_new_form",
          "license_of_policy", "license_of_product", "license_pkey", SEARCH, "license_status", "license_with_heartbeat");

  @RegisterExtension
  static final Installation keyhook = Installation.withoutSchema();

  @BeforeAll
  static void makeRole() {
    keyhook.database().administer("CREATE ROLE limited LOGIN PASSWORD 'limited'");
  }

  @AfterAll
  static void dropRole() {
    keyhook.database().administer("DROP OWNED BY limited CASCADE; DROP ROLE limited");
  }

  @BeforeEach
  void empty() {
    keyhook.database().administer("DROP SCHEMA IF EXISTS keyhook CASCADE; DROP EXTENSION IF EXISTS pg_trgm, btree_gin CASCADE");
  }

  private static URI limited() {
    return URI.create(keyhook.database().uri().toString().replaceFirst("//[^@]*@", "//limited:limited@"));
  }

  private static List<String> valid() {
    return keyhook.database().column("""
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relname = 'license' AND i.indisvalid ORDER BY c.relname""");
  }

  @Test
  void aRoleThatCannotCreateExtensionsMigratesAndGetsTheIndexOnceTheyExist() {
    keyhook.database().administer("CREATE SCHEMA keyhook AUTHORIZATION limited");
    Keyhook.migrate(limited());
    assertThat(valid()).doesNotContain(SEARCH).contains("license_status", "license_name_status", "license_expires_status");
    keyhook.database().administer("CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin");
    Keyhook.migrate(limited());
    assertThat(valid()).isEqualTo(ALL);
  }

  @Test
  void aRoleThatCannotCreateAnythingInPublicHasTheExtensionsWithItsSchema() {
    keyhook.database().administer("GRANT CREATE ON DATABASE " + keyhook.database().value("SELECT current_database()")
        + " TO limited; REVOKE ALL ON SCHEMA public FROM PUBLIC");
    Keyhook.migrate(limited());
    assertThat(valid()).isEqualTo(ALL);
  }

  @Test
  void extensionsThatExistAreUsedWhereverTheyAre() {
    keyhook.database().administer("CREATE SCHEMA \"Other schema\"; CREATE EXTENSION pg_trgm WITH SCHEMA \"Other schema\";"
        + " GRANT USAGE ON SCHEMA \"Other schema\" TO PUBLIC");
    Keyhook.migrate(keyhook.database().uri());
    assertThat(valid()).isEqualTo(ALL);
    keyhook.database().administer("DROP SCHEMA \"Other schema\" CASCADE");
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "DELETE FROM keyhook.flyway_schema_history WHERE version = '6'", // killed
      "UPDATE keyhook.flyway_schema_history SET success = false WHERE version = '6'"})
  void aMigrationThatEndedHalfwayIsRunAgain(String end) {
    Keyhook.migrate(keyhook.database().uri());
    keyhook.database().administer("DROP TABLE keyhook.idempotency; DROP FUNCTION keyhook.make_partition, keyhook.drop_partition,"
        + " keyhook.anonymize_audit; ALTER TABLE keyhook.account DROP COLUMN suspended_at, DROP COLUMN erasing_since;"
        + " DELETE FROM keyhook.flyway_schema_history WHERE version::int > 6"); // not begun
    keyhook.database().update(end);
    keyhook.database().administer("""
        UPDATE pg_index SET indisvalid = false WHERE indrelid = 'keyhook.license'::regclass
        AND indexrelid IN ('keyhook.license_status'::regclass, 'keyhook.license_search'::regclass)""");
    assertThat(valid()).doesNotContain("license_status", SEARCH);
    Keyhook.migrate(keyhook.database().uri());
    assertThat(valid()).isEqualTo(ALL);
  }

  @Test
  void aNodeThatStartsCreatesTheIndexIfOnlyThatIsMissing() {
    Keyhook.migrate(keyhook.database().uri());
    keyhook.database().update("DROP INDEX keyhook.license_search");
    keyhook.start().stop();
    assertThat(valid()).isEqualTo(ALL);
  }

  private static final List<UUID> OLD = List.of(new UUID(1, 1), new UUID(1, 2));

  /** Licenses that were created before forms had to differ, and share one. */
  private static void createTwins() {
    keyhook.database().update("INSERT INTO keyhook.account (account_id, name, plan) VALUES (?, 'Twins', 'free')", OLD.get(0));
    keyhook.database().update("""
        INSERT INTO keyhook.license (account_id, license_id, name, key, max_activations, created_at)
        VALUES (?, ?, 'Older', 'ABCD', 1, '2020-01-01'), (?, ?, 'Newer', 'AB-CD', 1, '2020-01-02')""",
        OLD.get(0), OLD.get(0), OLD.get(0), OLD.get(1));
  }

  private static List<String> owners() {
    return keyhook.database().column("SELECT license_id::text FROM keyhook.license_key WHERE key = 'ABCD'");
  }

  @Test
  void aFormStaysTakenUntilAllOldLicensesThatShareItAreDeleted() {
    Keyhook.migrate(keyhook.database().uri());
    createTwins();
    for (UUID license : OLD) {
      assertThat(owners()).containsExactly(license.toString());
      keyhook.database().update("DELETE FROM keyhook.license WHERE license_id = ?", license);
    }
    assertThat(owners()).isEmpty();
  }

  @Test
  void licensesThatShareAFormAndAreDeletedAtOnceFreeIt() throws SQLException {
    Keyhook.migrate(keyhook.database().uri());
    createTwins();
    CompletableFuture<Void> other;
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("DELETE FROM keyhook.license WHERE name = 'Older'");
      other = CompletableFuture.runAsync(() -> {
        try (Connection second = keyhook.database().connect(); Statement deletion = second.createStatement()) {
          deletion.execute("DELETE FROM keyhook.license WHERE name = 'Newer'");
        } catch (SQLException e) {
          throw new IllegalStateException(e);
        }
      });
      Waiting.until("the second waits for the first", () -> keyhook.database().number(
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0);
      connection.commit();
    }
    other.join();
    assertThat(owners()).isEmpty();
  }

  @Test
  void aLicenseThatWasDeletedWhileKeysWereCopiedKeepsNoOtherOut() {
    Keyhook.migrate(keyhook.database().uri());
    createTwins();
    keyhook.database().administer("ALTER TABLE keyhook.license DISABLE TRIGGER keep_license_key; DELETE FROM keyhook.license"
        + " WHERE name = 'Older'; DELETE FROM keyhook.flyway_schema_history WHERE version::int >= 15");
    Keyhook.migrate(keyhook.database().uri());
    assertThat(owners()).containsExactly(OLD.get(1).toString());
  }
}
