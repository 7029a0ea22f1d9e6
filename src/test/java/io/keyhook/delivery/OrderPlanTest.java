package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.PlannedStatement.Session;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However many deliveries wait for their turn, a claim and the end of a delivery read a few pages. */
@OnlyOnPostgresql
class OrderPlanTest {
  private static final int WAITING = 100_000;
  private static final int DUE = 10;
  /** Since it was analyzed. */
  private static final int FILLED = 10_000;
  /** Of 8 KB. A look-up in an index takes three or four, a row that is claimed or held some 25; the queue has over 2,000. */
  private static final long FEW_PAGES = 800;
  private static final String ACCOUNT = "01900000-0000-7000-8000-000000000001";
  private static final String WEBHOOK = "01900000-0000-7000-8000-000000000002";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  private static Connection connection;

  @BeforeAll
  static void fill() throws SQLException {
    connection = keyhook.database().connect();
    execute("INSERT INTO keyhook.account (account_id, name, plan) VALUES ('%s', 'A', 'enterprise')".formatted(ACCOUNT));
    execute("""
        INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, ordering)
        VALUES ('%s', '%s', 'https://a.example', '{1}', true, 'license')""".formatted(ACCOUNT, WEBHOOK));
    execute("INSERT INTO keyhook.webhook_pace (account_id, webhook_id) VALUES ('%s', '%s')".formatted(ACCOUNT, WEBHOOK));
    queue("'lic_many'", WAITING, "now() + i * interval '1 second' + interval '17520000 hours'");
    queue("'lic_' || i", DUE, "now()");
    queue("'lic_many'", DUE, "now()");
    execute("VACUUM ANALYZE keyhook.delivery_queue");
  }

  /** The statistics of a queue that was nearly empty when it was analyzed, and has filled since. */
  private static void forget() throws SQLException {
    execute("ALTER TABLE keyhook.delivery_queue SET (autovacuum_enabled = off)");
    execute("CREATE TEMPORARY TABLE IF NOT EXISTS kept AS SELECT * FROM keyhook.delivery_queue");
    execute("TRUNCATE keyhook.delivery_queue");
    execute("""
        INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), current_date, 1, false, now()
        FROM generate_series(1, 3)""");
    execute("ANALYZE keyhook.delivery_queue");
    execute("INSERT INTO keyhook.delivery_queue SELECT * FROM kept ORDER BY due_at LIMIT " + FILLED);
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void queue(String lane, int count, String due) throws SQLException {
    execute("""
        INSERT INTO keyhook.delivery_queue
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at, lane, sequence)
        SELECT '%1$s', gen_random_uuid(), '%2$s', '%2$s', current_date, 1, false, %3$s - interval '1 day', %4$s, i
        FROM generate_series(1, %5$d) i""".formatted(ACCOUNT, WEBHOOK, due, lane, count));
  }

  /** What a statement read, as it ran in a transaction that had locked the webhook; its changes are undone. */
  private static JsonObject run(Session session, String sql, String parameters) throws SQLException {
    execute("RESET ALL");
    for (String setting : session.settings()) {
      execute("SET " + setting);
    }
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PREPARE lock AS " + OrderStore.LOCK);
      statement.execute("EXECUTE lock('{%s}', '{%s}')".formatted(ACCOUNT, WEBHOOK));
      assertThat(setting(statement, "enable_sort")).as("for the rest of the transaction").isEqualTo("off");
      statement.execute("PREPARE queue AS " + sql);
      try (ResultSet rows = statement.executeQuery(
          "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE queue(" + parameters + ")")) {
        rows.next();
        return new JsonArray(rows.getString(1)).getJsonObject(0).getJsonObject("Plan");
      }
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
      execute("DEALLOCATE ALL");
    }
  }

  private static String setting(Statement statement, String name) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SHOW " + name)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void assertFewPages(JsonObject plan) {
    assertThat(plan.getLong("Shared Hit Blocks") + plan.getLong("Shared Read Blocks")).as(plan.encodePrettily()).isLessThan(FEW_PAGES);
  }

  @ParameterizedTest
  @EnumSource
  void aClaimLooksAtTheFirstOfEachLane(Session session) throws SQLException {
    assertFewPages(run(session, OrderStore.CLAIM, "'%s', '{%s}', '{10}', true, 30, '{enterprise}'".formatted(ACCOUNT, WEBHOOK)));
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfADeliveryLooksAtTheNextOne(Session session) throws SQLException {
    assertFewPages(run(session, OrderStore.WAKE, "'{%s}', '{%s}', '{lic_many}'".formatted(ACCOUNT, WEBHOOK)));
  }

  @ParameterizedTest
  @EnumSource
  void otherClaimsAndPollsSkipWhatWaits(Session session) throws SQLException {
    assertFewPages(run(session, QueueStore.CLAIM, "'%s', '{%s}', '{10}', true, 30, '{enterprise}'".formatted(ACCOUNT, WEBHOOK)));
    assertFewPages(run(session, QueueStore.POLL, "1, '{%1$s}', '{%2$s}', '{enterprise}'".formatted(ACCOUNT, WEBHOOK)));
  }

  /** Which stays so until the queue is analyzed again. */
  @ParameterizedTest
  @EnumSource
  void whatWasNearlyEmptyWhenItWasAnalyzedIsReadAsLittle(Session session) throws SQLException {
    forget();
    try {
      aClaimLooksAtTheFirstOfEachLane(session);
      theEndOfADeliveryLooksAtTheNextOne(session);
      JsonObject all = run(session, OrderStore.WAKE_ALL, "'{%s}', '{%s}'".formatted(ACCOUNT, WEBHOOK));
      assertThat(all.encode()).contains("delivery_queue_lane").doesNotContain("\"Sort\"");
    } finally {
      execute("TRUNCATE keyhook.delivery_queue");
      execute("INSERT INTO keyhook.delivery_queue SELECT * FROM kept");
      execute("VACUUM ANALYZE keyhook.delivery_queue");
    }
  }
}
