package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the statements of Keyhook presuppose of a session, whatever a role or a database sets by default. Settings that are not
 * here do no harm, or are an administrator's decision: {@code default_transaction_read_only} takes a server out of service, so
 * nothing overrides it.
 */
final class SessionSettings {
  private static final Logger log = LoggerFactory.getLogger(SessionSettings.class);

  /** Known to every PostgreSQL that Keyhook runs on, so that they can be given as a connection starts. */
  static final Map<String, String> OF_NODES = Map.ofEntries(
      Map.entry("jit", "off"),
      Map.entry("statement_timeout", "10s"), // which bounds the wait for a lock, too
      Map.entry("lock_timeout", "0"),
      // A node that freezes within a transaction would keep its locks, and every license's expiry, from all others.
      Map.entry("idle_in_transaction_session_timeout", "10s"),
      Map.entry("idle_session_timeout", "0"), // a pool closes its connections itself
      Map.entry("default_transaction_isolation", "read committed"), // a statement has to see what it waited for
      Map.entry("standard_conforming_strings", "on"),
      // Statements are prepared once, on tables that may still be empty: they are to use the indexes all the same.
      Map.entry("plan_cache_mode", "force_generic_plan"),
      Map.entry("enable_seqscan", "off"),
      Map.entry("enable_hashjoin", "off"),
      Map.entry("enable_mergejoin", "off"),
      Map.entry("enable_indexscan", "on"),
      Map.entry("enable_nestloop", "on"),
      Map.entry("enable_partition_pruning", "on"));

  /** A server refuses a connection that starts with a setting unknown to it, and one may be stricter than is needed. */
  private static final String WHERE_NEEDED = """
      SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('transaction_timeout', true) <> '0'
      UNION ALL
      SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'""";

  /**
   * For what runs once, blocks, and takes its time. On several connections to a server, which is how Citus changes the shards of a
   * table, it creates no function in the same transaction.
   */
  static final String OF_MIGRATIONS = set(Map.of(
      "citus.multi_shard_modify_mode", "sequential",
      "statement_timeout", "0",
      "lock_timeout", "0",
      "idle_session_timeout", "0",
      "default_transaction_isolation", "read committed",
      "standard_conforming_strings", "on")) + "; " + WHERE_NEEDED;

  /** With the values for which Keyhook loses time, calls or events; limits in milliseconds. */
  private static final String HARMFUL = """
      SELECT s.name || ' is ' || s.setting, format('ALTER ROLE %I SET %s = %L', session_user, s.name, h.better)
      FROM pg_settings s JOIN (VALUES
        ('default_transaction_isolation', '', 'read committed'), ('standard_conforming_strings', 'off', 'on'),
        ('synchronous_commit', 'off', 'on'), ('statement_timeout', 'short', '10s'), ('lock_timeout', 'short', '0'),
        ('transaction_timeout', 'short', '0'), ('enable_indexscan', 'off', 'on'), ('enable_nestloop', 'off', 'on'),
        ('enable_partition_pruning', 'off', 'on')) h (name, bad, better) ON s.name = h.name
      WHERE CASE h.bad WHEN '' THEN s.setting <> h.better
        WHEN 'short' THEN s.setting::bigint BETWEEN 1 AND 9999 ELSE s.setting = h.bad END
      ORDER BY s.name""";

  private SessionSettings() {}

  /** These, and more that go before them. */
  static Map<String, String> with(Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(OF_NODES);
    settings.putAll(more);
    return settings;
  }

  private static String set(Map<String, String> settings) {
    return settings.entrySet().stream().map(setting -> "SET " + setting.getKey() + " = '" + setting.getValue() + "'")
        .collect(Collectors.joining("; "));
  }

  /**
   * Makes settings on a connection that has started.
   *
   * @param settings beside those that only some servers know or need
   */
  static Future<Void> make(SqlClient connection, Map<String, String> settings) {
    return connection.query(settings.isEmpty() ? WHERE_NEEDED : set(settings) + "; " + WHERE_NEEDED).execute()
        .onFailure(e -> log.atLevel(DatabaseError.of(e).level())
            .log("The settings of a connection to the database could not be made: {}", e.getMessage()))
        .mapEmpty();
  }

  /** Logs which settings of a session harm Keyhook, and how to change them, where it cannot make them itself. */
  static Future<Void> check(SqlClient client) {
    return client.query(HARMFUL).execute().onSuccess(rows -> {
      if (rows.size() > 0) {
        log.warn("The settings of the database sessions harm Keyhook: {}. Run the following statements, and connect"
            + " again: {};", joined(rows, 0, ", "), joined(rows, 1, "; "));
      }
    }).mapEmpty();
  }

  private static String joined(Iterable<Row> rows, int column, String separator) {
    return StreamSupport.stream(rows.spliterator(), false).map(row -> row.getString(column))
        .collect(Collectors.joining(separator));
  }
}
