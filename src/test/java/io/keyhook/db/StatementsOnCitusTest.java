package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.keyhook.Keyhook;
import io.keyhook.testing.CitusCluster;
import io.keyhook.testing.Installation;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Citus carries out every statement of the stores that goes through it, whichever use case sends it: with values of the parameters'
 * types, for one account or several in different shards.
 */
@EnabledIfEnvironmentVariable(named = CitusCluster.VARIABLE, matches = ".+", disabledReason = "It names no Citus cluster")
class StatementsOnCitusTest {
  @RegisterExtension
  static final Installation keyhook = Installation.onCitus();

  private static final Pattern WHOLE = Pattern.compile("\\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\\b.*", Pattern.DOTALL);
  private static final Pattern TEMPLATE = Pattern.compile("%(\\d+\\$)?[sd]");
  private static final String SYNTAX_ERROR = "42601";
  private static final String NO_SUCH_TABLE = "42P01";
  /** Values of a wrong form, and rows that something forbids: Citus has planned the statement, and a server has carried it out. */
  private static final Pattern OF_VALUES = Pattern.compile("22\\w{3}|23\\w{3}");
  private static final List<String> ACCOUNTS = List.of("00000000-0000-7000-8000-0000000000aa", "40000000-0000-7000-8000-0000000000aa",
      "80000000-0000-7000-8000-0000000000aa", "c0000000-0000-7000-8000-0000000000aa");
  private static final Map<String, String> VALUES = Map.ofEntries(Map.entry("uuid", "'" + ACCOUNTS.get(0) + "'"),
      Map.entry("text", "'x'"), Map.entry("name", "'x'"), Map.entry("bytea", "'x'"), Map.entry("json", "'{}'"),
      Map.entry("jsonb", "'{}'"), Map.entry("boolean", "true"), Map.entry("smallint", "1"), Map.entry("integer", "1"),
      Map.entry("bigint", "1"), Map.entry("double precision", "1.5"), Map.entry("real", "1.5"), Map.entry("numeric", "1"),
      Map.entry("date", "current_date"), Map.entry("timestamp with time zone", "now()"), Map.entry("interval", "'1 s'"));

  private static Connection connection;

  @BeforeAll
  static void distribute() throws SQLException {
    Keyhook.migrate(keyhook.database().uri());
    Distribution.run(keyhook.database().uri());
    connection = keyhook.database().connect();
    connection.setAutoCommit(false);
    execute("SET plan_cache_mode = force_custom_plan");
    connection.commit();
  }

  @AfterAll
  static void close() throws SQLException {
    connection.close();
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Map<String, String> statements() {
    Set<String> onShards = SqlConstants.of(ShardStatement.class).values().stream().map(one -> ((ShardStatement) one).sql())
        .collect(Collectors.toSet());
    Map<String, String> statements = new TreeMap<>();
    SqlConstants.of(String.class).forEach((name, sql) -> statements.put(name, (String) sql));
    SqlConstants.of(List.class).forEach((name, list) -> {
      for (Object one : (List<?>) list) {
        if (one instanceof String sql) {
          statements.put(name + ": " + sql.lines().findFirst().orElseThrow(), sql);
        }
      }
    });
    statements.values().removeIf(sql ->
        onShards.contains(sql) || !WHOLE.matcher(sql).matches() || TEMPLATE.matcher(sql).find());
    statements.remove("QueueStore.NEXT_OF_EACH"); // Citus has another
    return statements;
  }

  @TestFactory
  List<DynamicTest> citusCarriesOutEachStatement() {
    return statements().entrySet().stream().map(one -> DynamicTest.dynamicTest(one.getKey(), () -> {
      carryOut(one.getValue(), VALUES);
      if (!one.getKey().equals("WebhookStore.UPDATE")) { // which is not sent without a field
        Map<String, String> others = new TreeMap<>(VALUES);
        others.put("boolean", "false");
        carryOut(one.getValue(), others);
      }
    })).toList();
  }

  private static void carryOut(String sql, Map<String, String> values) throws SQLException {
    try {
      execute("PREPARE one AS " + sql);
      List<String> arguments = types().stream().map(type -> value(type, values)).toList();
      execute("EXECUTE one" + (arguments.isEmpty() ? "" : "(" + String.join(", ", arguments) + ")"));
    } catch (SQLException e) {
      if (!OF_VALUES.matcher(e.getSQLState()).matches() && !isPart(e)) {
        fail(sql, e);
      }
    } finally {
      connection.rollback();
      execute("DEALLOCATE ALL");
      connection.commit();
    }
  }

  /** Parts of statements begin like one, and lack their end or what comes before. */
  private static boolean isPart(SQLException e) {
    return e.getSQLState().equals(SYNTAX_ERROR) && e.getMessage().contains("at end of input")
        || e.getSQLState().equals(NO_SUCH_TABLE) && !e.getMessage().contains("keyhook.");
  }

  private static List<String> types() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'one'")) {
      assertThat(rows.next()).isTrue();
      Array types = rows.getArray(1);
      return Arrays.asList((String[]) types.getArray());
    }
  }

  private static String value(String type, Map<String, String> values) {
    if (!type.endsWith("[]")) {
      return values.get(type) + "::" + type;
    }
    String element = type.substring(0, type.length() - 2);
    List<String> elements = new ArrayList<>(Collections.nCopies(ACCOUNTS.size(), values.get(element)));
    if (element.equals("uuid")) {
      elements = ACCOUNTS.stream().map(id -> "'" + id + "'").toList();
    }
    return "ARRAY[%s]::%s[]".formatted(String.join(", ", elements), element);
  }
}
