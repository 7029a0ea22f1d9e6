package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/** What {@link Migrations} have made of a database, for which nobody needs Flyway. */
public final class SchemaVersion {
  /** The newest file in {@code db/migration}. */
  public static final String NEWEST = "38";

  private static final String INSTALLED = """
      SELECT 1 FROM keyhook.flyway_schema_history WHERE version = $1 AND success""";

  private SchemaVersion() {}

  /** Whether the schema is there in the newest version, or a newer one that began with it. One short query. */
  public static Future<Boolean> isNewest(SqlClient client) {
    return client.preparedQuery(INSTALLED).execute(Tuple.of(NEWEST))
        .map(rows -> rows.size() > 0)
        .recover(e -> e instanceof PgException pg && pg.getSqlState().startsWith("42") // no such schema or table
            ? Future.succeededFuture(false)
            : Future.failedFuture(e));
  }
}
