package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A batch finds its deliveries by the index, whatever PostgreSQL believes of the queue, and however it plans. */
class QueuePlanTest {
  private static final String ID = "00000000-0000-7000-8000-000000000000";
  private static final int BATCH = 256;
  /** An array of this type names a full batch. */
  private static final Map<String, String> ELEMENTS =
      Map.of("uuid", ID, "bigint", "1", "text", "[{}]", "double precision", "0");

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  private static Connection connection;

  /** How a session plans: with PostgreSQL's defaults, in both ways, or with the settings of Keyhook's connections. */
  enum Session {
    DEFAULTS_GENERIC("plan_cache_mode = force_generic_plan"),
    DEFAULTS_CUSTOM("plan_cache_mode = force_custom_plan"),
    KEYHOOK("plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_hashjoin = off",
        "enable_mergejoin = off");

    private final List<String> settings;

    Session(String... settings) {
      this.settings = List.of(settings);
    }
  }

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

  private static String value(String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
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
    execute("RESET ALL");
    for (String setting : one.session.settings) {
      execute("SET " + setting);
    }
    execute("PREPARE batch AS " + one.sql);
    try {
      JsonObject plan = new JsonArray(value("EXPLAIN (FORMAT JSON) EXECUTE batch(" + parameters() + ")"))
          .getJsonObject(0).getJsonObject("Plan");
      List<JsonObject> scans = new ArrayList<>();
      collectScans(plan, scans);
      assertThat(scans).isNotEmpty().allSatisfy(scan -> {
        assertThat(scan.getString("Node Type")).as(plan.encodePrettily()).isEqualTo("Index Scan");
        assertThat(scan.getString("Index Cond")).as(plan.encodePrettily())
            .contains("account_id", "webhook_id", "delivery_id");
      });
    } finally {
      execute("DEALLOCATE batch");
    }
  }

  /** As long as a batch can be. */
  private static String parameters() throws SQLException {
    String types = value("SELECT array_to_string(parameter_types, ',') FROM pg_prepared_statements WHERE name = 'batch'");
    return Stream.of(types.split(","))
        .map(type -> '"' + ELEMENTS.get(type.replace("[]", "")) + '"')
        .map(element -> "'{" + String.join(",", Collections.nCopies(BATCH, element)) + "}'")
        .collect(Collectors.joining(", "));
  }

  private static void collectScans(JsonObject node, List<JsonObject> scans) {
    if ("delivery_queue".equals(node.getString("Relation Name")) && node.getString("Node Type").contains("Scan")) {
      scans.add(node);
    }
    node.getJsonArray("Plans", new JsonArray()).forEach(child -> collectScans((JsonObject) child, scans));
  }
}
