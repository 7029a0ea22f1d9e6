package io.keyhook.testing;

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

/** How PostgreSQL plans a statement that takes a batch. */
public final class PlannedStatement {
  private static final int BATCH = 256;
  /** An array of this type names a full batch. */
  private static final Map<String, String> ELEMENTS = Map.of("uuid", "00000000-0000-7000-8000-000000000000", "bigint", "1",
      "text", "[{}]", "double precision", "0");

  /** How a session plans: with PostgreSQL's defaults, in both ways, or with the settings of Keyhook's connections. */
  public enum Session {
    DEFAULTS_GENERIC("plan_cache_mode = force_generic_plan"),
    DEFAULTS_CUSTOM("plan_cache_mode = force_custom_plan"),
    KEYHOOK("plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_hashjoin = off",
        "enable_mergejoin = off");

    private final List<String> settings;

    Session(String... settings) {
      this.settings = List.of(settings);
    }

    /** For {@code SET}. */
    public List<String> settings() {
      return settings;
    }
  }

  private final JsonObject plan;

  private PlannedStatement(JsonObject plan) {
    this.plan = plan;
  }

  /**
   * Plans a statement anew.
   *
   * @param sql whose parameters are all arrays
   */
  public static PlannedStatement of(Connection connection, Session session, String sql) throws SQLException {
    execute(connection, "RESET ALL");
    for (String setting : session.settings) {
      execute(connection, "SET " + setting);
    }
    execute(connection, "PREPARE batch AS " + sql);
    try {
      return new PlannedStatement(new JsonArray(
          value(connection, "EXPLAIN (FORMAT JSON) EXECUTE batch(" + parameters(connection) + ")"))
          .getJsonObject(0).getJsonObject("Plan"));
    } finally {
      execute(connection, "DEALLOCATE batch");
    }
  }

  /** As long as a batch can be. */
  private static String parameters(Connection connection) throws SQLException {
    String types = value(connection,
        "SELECT array_to_string(parameter_types, ',') FROM pg_prepared_statements WHERE name = 'batch'");
    return Stream.of(types.split(","))
        .map(type -> '"' + ELEMENTS.get(type.replace("[]", "")) + '"')
        .map(element -> "'{" + String.join(",", Collections.nCopies(BATCH, element)) + "}'")
        .collect(Collectors.joining(", "));
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  /** The steps that read a table, or its index. */
  public List<JsonObject> scans(String table) {
    List<JsonObject> scans = new ArrayList<>();
    collect(plan, table, scans);
    return scans;
  }

  private static void collect(JsonObject node, String table, List<JsonObject> scans) {
    if (table.equals(node.getString("Relation Name")) && node.getString("Node Type").contains("Scan")) {
      scans.add(node);
    }
    node.getJsonArray("Plans", new JsonArray()).forEach(child -> collect((JsonObject) child, table, scans));
  }

  @Override
  public String toString() {
    return plan.encodePrettily();
  }
}
