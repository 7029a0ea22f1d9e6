package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.PlannedStatement;
import io.keyhook.testing.PlannedStatement.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A batch finds its deliveries by the index, whatever PostgreSQL believes of the queue, and however it plans. */
@OnlyOnPostgresql
class QueuePlanTest {
  private static final String ID = "00000000-0000-7000-8000-000000000000";
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  private static Connection connection;

  /** What the queue holds, and what PostgreSQL believes of it. */
  enum Queue {
    AS_MIGRATED,
    EMPTY,
    FULL_SINCE,
    FULL
  }

  record Case(Queue queue, Session session, String name, String sql) {
    @Override
    public String toString() {
      return queue + ", " + session + ": " + name;
    }
  }

  @BeforeAll
  static void connect() throws SQLException {
    connection = keyhook.database().connect();
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  static Stream<Case> cases() {
    Map<String, String> statements = Map.of("DELIVERED", ResultStore.DELIVERED, "FAILED", ResultStore.FAILED,
        "RELEASE", ResultStore.RELEASE);
    return Stream.of(Queue.values()).flatMap(queue -> Stream.of(Session.values()).flatMap(session ->
        statements.entrySet().stream().map(statement ->
            new Case(queue, session, statement.getKey(), statement.getValue()))));
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void prepare(Queue queue) throws SQLException {
    execute("DELETE FROM keyhook.delivery_queue");
    if (queue != Queue.AS_MIGRATED && queue != Queue.FULL) {
      execute("VACUUM ANALYZE keyhook.delivery_queue");
    }
    if (queue == Queue.FULL_SINCE || queue == Queue.FULL) {
      execute("""
          INSERT INTO keyhook.delivery_queue
            (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
          SELECT '%1$s', gen_random_uuid(), '%1$s', '%1$s', current_date, 1, true, now() FROM generate_series(1, 20000)"""
          .formatted(ID));
    }
    if (queue == Queue.FULL) {
      execute("VACUUM ANALYZE keyhook.delivery_queue");
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aBatchFindsItsDeliveriesByTheIndex(Case one) throws SQLException {
    prepare(one.queue);
    PlannedStatement statement = PlannedStatement.of(connection, one.session, one.sql);
    assertThat(statement.scans("delivery_queue")).isNotEmpty().allSatisfy(scan -> {
      assertThat(scan.getString("Node Type")).as(statement.toString()).isEqualTo("Index Scan");
      assertThat(scan.getString("Index Cond")).as(statement.toString())
          .contains("account_id", "webhook_id", "delivery_id");
    });
  }
}
