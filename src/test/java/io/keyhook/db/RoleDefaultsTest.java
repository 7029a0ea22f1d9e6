package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.bus.DatabaseError;
import io.keyhook.testing.DailyWork;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Keyhook migrates and serves as a role for which every setting that it may have by default is set badly. */
@ExtendWith(VertxExtension.class)
class RoleDefaultsTest {
  private static final String ROLE = "keyhook_misled";
  private static final String WARNING = "The settings of the database sessions harm Keyhook";
  /** Times are long enough for a connection to start, and too short for a migration. */
  private static final Map<String, String> BAD = new TreeMap<>(Map.ofEntries(
      Map.entry("statement_timeout", "200ms"), Map.entry("lock_timeout", "1ms"), Map.entry("transaction_timeout", "200ms"),
      Map.entry("idle_in_transaction_session_timeout", "1min"), Map.entry("idle_session_timeout", "100ms"),
      Map.entry("default_transaction_isolation", "serializable"), Map.entry("default_transaction_deferrable", "on"),
      Map.entry("search_path", "nowhere"), Map.entry("bytea_output", "escape"), Map.entry("datestyle", "SQL, DMY"),
      Map.entry("intervalstyle", "sql_standard"), Map.entry("timezone", "Pacific/Kiritimati"),
      Map.entry("standard_conforming_strings", "off"), Map.entry("backslash_quote", "off"), Map.entry("row_security", "off"),
      Map.entry("synchronous_commit", "off"), Map.entry("check_function_bodies", "off"),
      Map.entry("client_encoding", "LATIN1"), Map.entry("extra_float_digits", "-15"), Map.entry("array_nulls", "off"),
      Map.entry("transform_null_equals", "on"), Map.entry("quote_all_identifiers", "on"), Map.entry("jit", "on"),
      Map.entry("plan_cache_mode", "force_custom_plan"), Map.entry("enable_indexscan", "off"),
      Map.entry("enable_nestloop", "off"), Map.entry("enable_partition_pruning", "off"),
      Map.entry("client_min_messages", "error")));

  @RegisterExtension
  static final Installation keyhook = Installation.withoutSchema();
  @TempDir
  static Path directory;
  static URI uri;

  @BeforeAll
  static void startAsAMisledRole() {
    uri = URI.create(keyhook.database().uri().toString().replaceFirst("//[^@]*@", "//" + ROLE + ":change-me@"));
    keyhook.database().administer("CREATE ROLE " + ROLE + " LOGIN PASSWORD 'change-me'; GRANT CREATE ON DATABASE "
        + uri.getPath().substring(1) + " TO " + ROLE + "; GRANT " + ROLE + " TO keyhook");
    BAD.forEach((name, value) -> set(name, "= '" + value + "'"));
    set("search_path", "= nowhere");
    set("datestyle", "= SQL, DMY");
    int before = LogWatch.linesWith(WARNING).size();
    keyhook.start(new JsonObject().put("database", new JsonObject().put("uri", uri.toString())));
    assertThat(LogWatch.linesWith(WARNING)).as("Keyhook's own sessions need no change").hasSize(before);
  }

  private static void set(String name, String to) {
    keyhook.database().administer("ALTER ROLE " + ROLE + " SET " + name + " " + to);
  }

  @AfterAll
  static void dropRole() {
    keyhook.node().stop();
    keyhook.database().administer("DROP OWNED BY " + ROLE + " CASCADE; DROP ROLE " + ROLE);
  }

  @Test
  void theNodeDoesAllItsWork() {
    DailyWork.of(keyhook);
  }

  private static String value(Database database, String setting) {
    return Waiting.on(database.pool().query("SHOW " + setting).execute()).iterator().next().getString(0);
  }

  @Test
  void aSessionHasTheSettingsThatKeyhookNeeds(Vertx vertx) throws Exception {
    try (PgBouncer bouncer = PgBouncer.before(uri, directory, Pooler.SESSION)) {
      for (Pooler pooler : new Pooler[] {Pooler.NONE, Pooler.SESSION}) {
        Database database = Database.of(vertx, pooler == Pooler.NONE ? uri : bouncer.uri(), pooler, Shares.single(1));
        SessionSettings.OF_NODES.forEach((name, needed) ->
            assertThat(value(database, name)).as("%s, %s", pooler, name).isEqualTo(needed));
        assertThat(value(database, "transaction_timeout")).isEqualTo("0");
        assertThat(value(database, "synchronous_commit")).isEqualTo("on");
        assertThat(value(database, "timezone")).isEqualTo("UTC");
        assertThat(value(database, "datestyle")).startsWith("ISO");
        Waiting.on(database.close());
      }
    }
  }

  @Test
  void aCommitThatWaitsForAStandbyToApplyItStaysSo(Vertx vertx) {
    keyhook.database().administer("CREATE ROLE keyhook_strict LOGIN PASSWORD 'change-me';"
        + " ALTER ROLE keyhook_strict SET synchronous_commit = remote_apply");
    Database database = Database.of(vertx, URI.create(uri.toString().replace(ROLE, "keyhook_strict")), 1);
    try {
      assertThat(value(database, "synchronous_commit")).isEqualTo("remote_apply");
    } finally {
      Waiting.on(database.close());
      keyhook.database().administer("DROP ROLE keyhook_strict");
    }
  }

  @Test
  void behindAPoolerThatKeepsNoSessionTheLogSaysWhatToChange(Vertx vertx, @TempDir Path transactions) throws Exception {
    int before = LogWatch.linesWith(WARNING).size();
    try (PgBouncer bouncer = PgBouncer.before(uri, transactions, Pooler.TRANSACTION)) {
      Database database = Database.of(vertx, bouncer.uri(), Pooler.TRANSACTION, Shares.single(1));
      Waiting.on(SessionSettings.check(database.pool()).eventually(database::close));
    }
    assertThat(LogWatch.linesWith(WARNING)).hasSize(before + 1).last().asString()
        .contains("synchronous_commit is off", "default_transaction_isolation is serializable",
            "ALTER ROLE \"keyhook_misled\" SET synchronous_commit = 'on'", "SET lock_timeout = '0'", "SET transaction_timeout = '0'")
        .doesNotContain("idle_in_transaction");
  }

  /** It is how a server is taken out of service, which Keyhook must notice. */
  @Test
  void aRoleThatMayOnlyReadIsNotMadeToWrite(Vertx vertx) {
    keyhook.database().administer("CREATE ROLE keyhook_reader LOGIN PASSWORD 'change-me';"
        + " ALTER ROLE keyhook_reader SET default_transaction_read_only = on");
    Database database = Database.of(vertx, URI.create(uri.toString().replace(ROLE, "keyhook_reader")), 1);
    try {
      assertThatThrownBy(() -> Waiting.on(database.pool().query("CREATE TABLE more ()").execute()))
          .satisfies(e -> assertThat(DatabaseError.of(e.getCause() == null ? e : e.getCause()))
              .isEqualTo(DatabaseError.STALE_CONNECTION));
    } finally {
      Waiting.on(database.close());
      keyhook.database().administer("DROP ROLE keyhook_reader");
    }
  }
}
