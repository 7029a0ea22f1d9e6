package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The statements of the stores have forms that a distributed PostgreSQL takes, which is not there when most tests run. */
class SqlFormsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private static final Pattern TABLE = Pattern.compile("\\bkeyhook\\.(\\w+)\\b(?!\\()");
  private static final Pattern CHANGE = Pattern.compile("\\b(INSERT INTO|UPDATE|DELETE FROM) keyhook\\.(\\w+)");
  /** Accounts of several items. */
  private static final Pattern BATCH = Pattern.compile("unnest\\(\\(?(SELECT )?\\$1::uuid\\[]");
  private static final Pattern UPDATE = Pattern.compile("\\bUPDATE keyhook\\.\\w+.*?(\\bWHERE\\b|$)", Pattern.DOTALL);
  /** What changes a row that exists already: Citus takes only immutable functions there. */
  private static final Pattern DO_UPDATE = Pattern.compile("\\bDO UPDATE SET\\b.*?(\\bRETURNING\\b|\\n\\s*\\)|$)", Pattern.DOTALL);
  /** An interval is added by the zone of the session, but to a time that names its zone. */
  private static final Pattern STABLE =
      Pattern.compile("\\bnow\\(\\)|(?<!AT TIME ZONE 'UTC' [-+] )\\b(interval '|make_interval\\()");
  /** Of a column: it depends on the zone, too. */
  private static final Pattern COLUMN_AND_INTERVAL = Pattern.compile("\\b\\w+_(at|until) [-+] (interval '|make_interval\\()");
  private static final Pattern COMMENT = Pattern.compile("--.*");
  private static final Pattern NOW_IN_CASE = Pattern.compile("\\bCASE\\b(?:(?!\\bEND\\b).)*\\bnow\\(\\)", Pattern.DOTALL);
  /** An interval is added beside the CASE that decides about it. */
  private static final Pattern STABLE_IN_CASE = Pattern.compile("\\bCASE\\b(?:(?!\\bEND\\b).)*[-+] (interval '|make_interval\\()", Pattern.DOTALL);
  /** A slice of an array that is all that is assigned, which crashes a server with Citus 13.2. */
  private static final Pattern ASSIGNED_SLICE = Pattern.compile("\\b\\w+ = (\\w+|\\([^()]*\\))\\[[^\\]]*(?<!:):(?!:)[^\\]]*]");
  /** Which Citus sends to a shard with the comparison in place of the value. */
  private static final Pattern SIMPLE_CASE = Pattern.compile("\\bCASE (?!WHEN\\b)");
  private static final Pattern NOW_RETURNED = Pattern.compile("\\bRETURNING\\b[^)]*\\bnow\\(\\)");
  /** Each node of the cluster has these. */
  private static final Set<String> EVERYWHERE = Set.of("member", "api_key", "license_key");
  /**
   * Batches that run on all shards: rare chores, or of a table that each node has. Resealing is a command.
   */
  private static final Set<String> ON_ALL_SHARDS = Set.of("IdempotencyStore.DELETE_EXPIRED", "IdempotencyStore.RESEAL",
      "SessionStore.DELETE_EXPIRED", "LinkStore.DELETE_EXPIRED", "PortalStore.DELETE_EXPIRED", "AccountStore.KEYS_USED", "StatsStore.ADD");

  /** A statement that is formatted before it is used. */
  private static final Pattern TEMPLATE = Pattern.compile("%(\\d+\\$)?[sd]");

  private static List<DynamicTest> each(Map<String, ?> constants, java.util.function.BiConsumer<String, Object> check) {
    return constants.entrySet().stream()
        .map(constant -> DynamicTest.dynamicTest(constant.getKey(), () -> check.accept(constant.getKey(), constant.getValue())))
        .toList();
  }

  private static Set<String> onShards() {
    return SqlConstants.of(ShardStatement.class).values().stream().map(one -> ((ShardStatement) one).sql())
        .collect(Collectors.toSet());
  }

  private static Map<String, String> tables() {
    return keyhook.database().column("""
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id'
        WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition""").stream()
        .filter(table -> !EVERYWHERE.contains(table)).collect(Collectors.toMap(table -> table, table -> "keyhook." + table));
  }

  @TestFactory
  List<DynamicTest> whatRunsOnAShardNeedsNothingElse() throws SQLException {
    Map<String, String> tables = tables();
    return each(SqlConstants.of(ShardStatement.class), (name, constant) -> {
      ShardStatement statement = (ShardStatement) constant;
      Set<String> used = new TreeSet<>();
      TABLE.matcher(statement.sql()).results().forEach(table -> used.add(table.group(1)));
      assertThat(tables.keySet()).containsAll(used);
      String sent = statement.through(tables);
      Map<String, String> shards = new TreeMap<>(tables);
      shards.put("account", "pg_temp.account_1");
      String direct = statement.on(shards);
      int batch = statement.types().indexOf(statement.types().stream().filter(type -> type.endsWith("[]")).findFirst().orElseThrow()) + 1;
      assertThat(direct).containsOnlyOnce("keyhook.in_shard(1, ").containsPattern("keyhook\\.in_shard\\(1, \\w+, \\$" + batch + "::");
      String local = sent.substring(sent.indexOf("$keyhook$") + 9, sent.lastIndexOf("$keyhook$"));
      try (Connection connection = keyhook.database().connect(); Statement sql = connection.createStatement()) {
        sql.execute("PREPARE local (text[]) AS " + local); // PostgreSQL takes it, with the types that parameters are given
        sql.execute("""
            CREATE FUNCTION pg_temp.run_on_shard(shard oid, expected text, statement text, arguments text[])
            RETURNS SETOF record LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE statement USING arguments; END $$""");
        sql.execute("PREPARE sent AS " + sent.replace("keyhook.run_on_shard", "pg_temp.run_on_shard"));
        sql.execute("CREATE TEMP VIEW account_1 AS SELECT * FROM keyhook.account");
        sql.execute("""
            CREATE FUNCTION pg_temp.in_shard(shard bigint, changes boolean, batch anyarray)
            RETURNS anyarray LANGUAGE plpgsql AS $$ BEGIN RETURN batch; END $$""");
        sql.execute("PREPARE direct AS " + direct.replace("keyhook.in_shard", "pg_temp.in_shard"));
        sql.execute("INSERT INTO keyhook.account (account_id, name, plan) VALUES (gen_random_uuid(), 'A', 'free')");
        String nothing = String.join(", ", Collections.nCopies(statement.types().size(), "NULL"));
        sql.execute("DO $$ BEGIN EXECUTE format('EXECUTE sent(" + nothing
            + ", %L)', (SELECT account_id FROM keyhook.account LIMIT 1)); END $$");
      } catch (SQLException e) {
        throw new AssertionError(sent, e);
      }
    });
  }

  @TestFactory
  List<DynamicTest> aReadChangesNothing() {
    assertThat(Reads.isRead((String) SqlConstants.of(String.class).get("ValidationStore.ACCOUNTS"))).isTrue();
    return each(SqlConstants.of(String.class), (name, constant) -> {
      if (!Reads.isRead((String) constant) || TEMPLATE.matcher((String) constant).find()) {
        return;
      }
      URI uri = keyhook.database().uri();
      String[] user = uri.getUserInfo().split(":");
      try (Connection connection = DriverManager.getConnection("jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort()
          + uri.getPath() + "?preferQueryMode=simple", user[0], user[1]); // which leaves the parameters to the server
          Statement statement = connection.createStatement();
          ResultSet plan = statement.executeQuery("EXPLAIN (GENERIC_PLAN, COSTS OFF) " + constant)) {
        while (plan.next()) {
          assertThat(plan.getString(1)).doesNotContainPattern("\\b(Insert|Update|Delete|Merge) on\\b");
        }
      } catch (SQLException e) {
        assertThat(e.getMessage()).as((String) constant).contains("at end of input"); // the first part of a statement
      }
    });
  }

  @TestFactory
  List<DynamicTest> aBatchGoesToTheShardOfItsAccounts() {
    Set<String> onShards = onShards();
    return each(SqlConstants.of(String.class), (name, constant) -> {
      String sql = (String) constant;
      if (BATCH.matcher(sql).find() && CHANGE.matcher(sql).find() && !ON_ALL_SHARDS.contains(name)) {
        assertThat(onShards).as("a ShardStatement of " + sql).contains(sql);
      }
    });
  }

  @TestFactory
  List<DynamicTest> whatCitusPlansHasFormsThatItTakes() {
    Set<String> onShards = onShards();
    return each(SqlConstants.of(String.class), (name, constant) -> {
      String sql = (String) constant;
      if (onShards.contains(sql) || name.equals("QueueStore.NEXT_OF_EACH") || name.equals("QueueStore.POLL")) {
        return;
      }
      assertThat(sql).doesNotContain("WITH RECURSIVE").doesNotContainPattern(NOW_RETURNED);
      if (CHANGE.matcher(sql).find()) {
        assertThat(sql).doesNotContainPattern(SIMPLE_CASE);
      }
      int last = sql.lastIndexOf("\nSELECT");
      if (last >= 0 && CHANGE.matcher(sql).find()) { // Citus keeps what it reads there in results of its own
        assertThat(sql.substring(last)).as("a result without columns").doesNotContain("(SELECT FROM");
      }
      for (Matcher update = UPDATE.matcher(sql); update.find(); ) {
        assertThat(update.group()).doesNotContain("clock_timestamp()").doesNotContainPattern(NOW_IN_CASE)
            .doesNotContainPattern(STABLE_IN_CASE).doesNotContainPattern(ASSIGNED_SLICE)
            .doesNotContainPattern(COLUMN_AND_INTERVAL);
      }
      for (Matcher update = DO_UPDATE.matcher(COMMENT.matcher(sql).replaceAll("")); update.find(); ) {
        assertThat(update.group()).doesNotContainPattern(STABLE).doesNotContainPattern(ASSIGNED_SLICE);
      }
    });
  }
}
