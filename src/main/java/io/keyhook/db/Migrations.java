package io.keyhook.db;

import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The schema {@code keyhook}, made and brought up to date by Flyway, which nodes need not have otherwise. */
public final class Migrations {
  private static final Logger log = LoggerFactory.getLogger(Migrations.class);
  private static final int TRIES = 150;
  /** In which callers do what waited behind the last try. */
  private static final Duration PAUSE = Duration.ofSeconds(2);
  /** lock_not_available, deadlock_detected. */
  private static final Set<String> BLOCKED = Set.of("55P03", "40P01");

  private Migrations() {}

  /**
   * Migrates, distributes new tables where the others are distributed, and creates the {@link SearchIndex} if it can; blocks
   * while it does. Several nodes may: Flyway locks. Returns how many migrations were applied. A migration that other
   * transactions keep from its locks is tried again for about 6 minutes, and keeps nobody waiting meanwhile (see
   * {@link MigrationLocks}).
   *
   * @throws IllegalStateException it did not get its locks in all that time. What was applied before stays applied.
   */
  public static int run(URI uri) {
    return run(uri, TRIES);
  }

  static int run(URI uri, int tries) {
    int applied = migrate(uri, tries);
    if (applied > 0) {
      distributeAdded(uri);
    }
    return applied;
  }

  /** The same, and leaves new tables where they are. */
  static int migrate(URI uri) {
    return migrate(uri, TRIES);
  }

  private static int migrate(URI uri, int tries) {
    Flyway flyway = configuration(uri).load();
    long before = applied(flyway);
    for (int left = tries - 1; !isMigrated(flyway, left); left--) {
      pause();
    }
    SearchIndex.create(uri);
    return (int) (applied(flyway) - before);
  }

  private static void distributeAdded(URI uri) {
    try {
      Distribution.complete(uri);
    } catch (SQLException e) {
      throw new IllegalStateException("The database is migrated, but its new tables are not distributed: " + e.getMessage()
          + ". Remove the reason, and run java -jar keyhook.jar distribute", e);
    }
  }

  /**
   * Migrates an older or empty schema to a version, and leaves a newer one as it is. Blocks.
   *
   * @param version of a migration that this release has
   */
  static void run(URI uri, String version) {
    Flyway flyway = configuration(uri).target(version).load();
    for (int left = TRIES - 1; !isMigrated(flyway, left); left--) {
      pause();
    }
  }

  static FluentConfiguration configuration(URI uri) {
    return Flyway.configure(Migrations.class.getClassLoader())
        .dataSource(source(uri))
        .schemas("keyhook")
        .createSchemas(true)
        .locations("classpath:io/keyhook/db/migration")
        .connectRetries(2)
        .callbacks(new MigrationLocks())
        .placeholders(Map.of("started", Instant.now().toString()))
        // Flyway's lock as session lock: the transactional one would wait for every open transaction of a host's.
        .configuration(Map.of("flyway.postgresql.transactional.lock", "false"));
  }

  /** False if it has to be tried again. */
  private static boolean isMigrated(Flyway flyway, int triesLeft) {
    try {
      // A migration that runs outside a transaction can fail halfway. Each can run again, so nobody has to repair by hand.
      if (Arrays.stream(flyway.info().all()).anyMatch(migration -> migration.getState().isFailed())) {
        flyway.repair();
      }
      flyway.migrate();
      return true;
    } catch (FlywayException e) {
      if (!isBlocked(e)) {
        throw e;
      }
      if (triesLeft == 0) {
        throw new IllegalStateException("The database cannot be migrated: other transactions held the locks that the next"
            + " migration needs for too long. End them (pg_stat_activity and pg_locks name them), and try again.", e);
      }
      log.warn("A migration could not get a lock, because other transactions hold it. Retrying at most {} times."
          + " Long transactions (see pg_stat_activity) may have to be ended.", triesLeft);
      return false;
    }
  }

  private static boolean isBlocked(Throwable e) {
    return e != null && (e instanceof SQLException sql && BLOCKED.contains(String.valueOf(sql.getSQLState()))
        || isBlocked(e.getCause()));
  }

  /** Something that another node has to finish. */
  interface Condition {
    boolean isTrue() throws SQLException;
  }

  /** Waits for as long as a migration does. */
  static void await(Condition condition) throws SQLException {
    for (int left = TRIES - 1; !condition.isTrue(); left--) {
      if (left == 0) {
        throw new SQLException("another node is still distributing the database");
      }
      pause();
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("The migration was interrupted", e);
    }
  }

  private static long applied(Flyway flyway) {
    return Arrays.stream(flyway.info().applied()).filter(migration -> migration.getVersion() != null).count();
  }

  /** Why {@link #run} failed, in one line: in PostgreSQL's words where the exception has none of its own. */
  public static String reason(RuntimeException failure) {
    Throwable reason = failure;
    for (Throwable cause = failure; failure instanceof FlywayException && cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException) {
        reason = cause;
      }
    }
    boolean saidByServer = reason instanceof PSQLException e && e.getServerErrorMessage() != null;
    String origin = reason instanceof SQLException && !saidByServer ? " (" + reason.getCause() + ")" : "";
    return String.valueOf(reason.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ") + origin;
  }

  private static DataSource source(URI uri) {
    try {
      return Jdbc.of(uri).source();
    } catch (SQLException e) {
      throw new IllegalStateException("The database cannot be migrated: " + e.getMessage(), e);
    }
  }
}
