package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;

/** The SQL that examines a database server. */
public final class Diagnosis {
  private static final String SERVER = """
      SELECT current_setting('server_version'), clock_timestamp(),
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int""";
  private static final String CLOCK = "SELECT clock_timestamp()";
  private static final String TARGETS = """
      SELECT DISTINCT url FROM keyhook.webhook WHERE is_active AND deleted_at IS NULL ORDER BY url LIMIT $1""";

  private Diagnosis() {}

  /**
   * A database server.
   *
   * @param clockDifference from this machine's clock to that of the database: the least that explains the answer, whose time
   *     on the way is not known
   * @param migrated whether it has the schema that this version of Keyhook needs
   * @param connections that it accepts from all clients together
   */
  public record Server(String version, Duration clockDifference, boolean migrated, int connections) {}

  /** Examines the server. */
  public static Future<Server> server(SqlClient client) {
    long begun = System.currentTimeMillis();
    return client.query(SERVER).execute().map(rows -> rows.iterator().next()).compose(row -> {
      Duration difference = difference(begun, row, 1);
      return SchemaVersion.isNewest(client).map(migrated -> new Server(row.getString(0), difference, migrated, row.getInteger(2)));
    });
  }

  /** Asks for the {@link Server#clockDifference} alone. */
  public static Future<Duration> clockDifference(SqlClient client) {
    long begun = System.currentTimeMillis();
    return client.query(CLOCK).execute().map(rows -> difference(begun, rows.iterator().next(), 0));
  }

  private static Duration difference(long begun, Row row, int column) {
    long ended = System.currentTimeMillis();
    long there = row.get(OffsetDateTime.class, column).toInstant().toEpochMilli();
    return Duration.ofMillis(Math.max(0, there - ended) + Math.min(0, there - begun));
  }

  /** The URLs of a few active webhooks of any account. */
  public static Future<List<String>> targets(SqlClient client, int most) {
    return client.preparedQuery(TARGETS).execute(Tuple.of(most)).map(rows -> Rows.all(rows, row -> row.getString(0)));
  }
}
