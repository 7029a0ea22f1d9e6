package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.SqlClient;
import java.net.URI;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.util.PSQLException;

/** The schema {@code keyhook}, made and brought up to date by Flyway. */
public final class Migrations {
  /** The newest file in {@code db/migration}. */
  public static final String VERSION = "14";

  private static final String INSTALLED = """
      SELECT 1 FROM keyhook.flyway_schema_history WHERE version = $1 AND success""";

  private Migrations() {}

  /** Whether the schema is there in this version; one short query, so that most starts need no Flyway. */
  public static Future<Boolean> areDone(SqlClient client) {
    return client.preparedQuery(INSTALLED).execute(io.vertx.sqlclient.Tuple.of(VERSION))
        .map(rows -> rows.size() > 0)
        .recover(e -> e instanceof PgException pg && pg.getSqlState().startsWith("42") // no such schema or table
            ? Future.succeededFuture(false)
            : Future.failedFuture(e));
  }

  /**
   * Migrates, and creates the {@link SearchIndex} if it can; blocks while it does. Several nodes may: Flyway locks. Returns
   * how many migrations were applied.
   */
  public static int run(URI uri) {
    Flyway flyway = Flyway.configure(Migrations.class.getClassLoader())
        .dataSource(source(uri))
        .schemas("keyhook")
        .createSchemas(true)
        .locations("classpath:io/keyhook/db/migration")
        .connectRetries(2)
        .placeholders(Map.of("started", Instant.now().toString()))
        // Flyway's lock as session lock: the transactional one would wait for every open transaction of a host's.
        .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
        .load();
    // A migration that runs outside a transaction can fail halfway. Each can run again, so nobody has to repair by hand.
    if (Arrays.stream(flyway.info().all()).anyMatch(migration -> migration.getState().isFailed())) {
      flyway.repair();
    }
    int applied = flyway.migrate().migrationsExecuted;
    SearchIndex.create(uri);
    return applied;
  }

  /** What PostgreSQL said where it failed, in one line; anything else as it was thrown. */
  public static String reason(RuntimeException failure) {
    Throwable reason = failure;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException) {
        reason = cause;
      }
    }
    Throwable origin = reason instanceof SQLException && !(reason instanceof PSQLException server
        && server.getServerErrorMessage() != null) ? reason.getCause() : null;
    return String.valueOf(reason.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ") + (origin == null ? "" : " (" + origin + ")");
  }

  private static DataSource source(URI uri) {
    try {
      return Jdbc.of(uri).source();
    } catch (SQLException e) {
      throw new IllegalStateException("The database cannot be migrated: " + e.getMessage(), e);
    }
  }
}
