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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However many deliveries wait for a paused webhook, the statements of the queue read a few pages. */
@OnlyOnPostgresql
class ParkedPlanTest {
  private static final int PARKED = 100_000;
  /** Of 8 KB. A look-up in an index takes three or four, a row that is claimed some fifteen; the queue has over 1,000. */
  private static final long FEW_PAGES = 300;
  private static final String ACCOUNT = "01900000-0000-7000-8000-000000000001";
  private static final String PAUSED = "01900000-0000-7000-8000-000000000002";
  private static final String BUSY = "01900000-0000-7000-8000-000000000003";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  private static Connection connection;

  @BeforeAll
  static void fill() throws SQLException {
    connection = keyhook.database().connect();
    execute("INSERT INTO keyhook.account (account_id, name, plan) VALUES ('%s', 'A', 'enterprise')".formatted(ACCOUNT));
    execute("""
        INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, paused_at)
        VALUES ('%1$s', '%2$s', 'https://a.example', '{1}', true, now()), ('%1$s', '%3$s', 'https://b.example', '{1}', true, NULL)"""
        .formatted(ACCOUNT, PAUSED, BUSY));
    queue(PAUSED, PARKED, "now() + i * interval '1 second' + interval '8760000 hours'");
    queue(BUSY, 10, "now()");
    execute("VACUUM ANALYZE keyhook.delivery_queue");
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  @AfterEach
  void pauseAgain() throws SQLException {
    execute("UPDATE keyhook.webhook SET paused_at = now(), resumed_at = NULL WHERE webhook_id = '" + PAUSED + "'");
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void queue(String webhook, int count, String due) throws SQLException {
    execute("""
        INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT '%1$s', gen_random_uuid(), '%2$s', '%2$s', current_date, 1, false, %3$s - interval '1 day'
        FROM generate_series(1, %4$d) i""".formatted(ACCOUNT, webhook, due, count));
  }

  /** What a statement read, as it ran; its changes are undone. */
  private static JsonObject run(Session session, String sql, String parameters) throws SQLException {
    execute("RESET ALL");
    for (String setting : session.settings()) {
      execute("SET " + setting);
    }
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
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

  private static void assertFewPages(JsonObject plan) {
    assertThat(plan.getLong("Shared Hit Blocks") + plan.getLong("Shared Read Blocks")).as(plan.encodePrettily())
        .isLessThan(FEW_PAGES);
  }

  private static JsonObject poll(Session session) throws SQLException {
    return run(session, QueueStore.POLL, "1, '{%s}', '{%s}', '{enterprise}'".formatted(ACCOUNT, BUSY));
  }

  private static JsonObject claim(Session session, String webhook) throws SQLException {
    return run(session, QueueStore.CLAIM, "'%s', '{%s}', '{10}', true, 30, '{enterprise}'".formatted(ACCOUNT, webhook));
  }

  @ParameterizedTest
  @EnumSource
  void aPollSkipsWhatIsParked(Session session) throws SQLException {
    JsonObject plan = poll(session);
    assertThat(plan.getNumber("Actual Rows").intValue()).as("the busy webhook, due and waiting").isEqualTo(2);
    assertFewPages(plan);
  }

  @ParameterizedTest
  @EnumSource
  void aPollFindsAWebhookThatHasResumed(Session session) throws SQLException {
    execute("UPDATE keyhook.webhook SET paused_at = NULL, resumed_at = now() WHERE webhook_id = '" + PAUSED + "'");
    JsonObject plan = poll(session);
    assertThat(plan.getNumber("Actual Rows").intValue()).isEqualTo(3);
    assertFewPages(plan);
  }

  @ParameterizedTest
  @EnumSource
  void aClaimReadsWhatItTakes(Session session) throws SQLException {
    assertFewPages(claim(session, BUSY));
    assertFewPages(claim(session, PAUSED));
    execute("UPDATE keyhook.webhook SET paused_at = NULL, resumed_at = now() WHERE webhook_id = '" + PAUSED + "'");
    assertFewPages(claim(session, PAUSED));
  }

  @Test
  void thereAreAsManyAsThatParked() {
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery_queue WHERE webhook_id = '" + PAUSED
        + "' AND due_at > now() + interval '900 years'")).isEqualTo(PARKED);
  }
}
