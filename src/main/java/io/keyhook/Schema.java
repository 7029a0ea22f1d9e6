package io.keyhook;

import io.keyhook.bus.DatabaseError;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.Database;
import io.keyhook.db.SchemaVersion;
import io.keyhook.db.SearchIndex;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the database up to date as a node starts. */
final class Schema {
  private static final Logger log = LoggerFactory.getLogger(Schema.class);
  /** PgBouncer's words; PostgreSQL has others. */
  private static final String POOLERS_REFUSAL = "unsupported startup parameter";

  /** A server that was started with the node, or recovers from a crash, is there by then. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Vertx vertx;
  private final Database database;
  private final Optional<KeyhookOptions.Database> own;
  private final Optional<URI> migratedAt;
  private boolean waited;

  /**
   * @param own empty: the database is the host's, which migrates it
   */
  Schema(Vertx vertx, Database database, Optional<KeyhookOptions.Database> own) {
    this.vertx = vertx;
    this.database = database;
    this.own = own;
    this.migratedAt = own.flatMap(KeyhookOptions.Database::migratedAt);
  }

  /** Fails with an {@link IOException} if the database cannot be used. Waits a while for one that is slow or not there yet. */
  Future<Void> bringUpToDate() {
    return areDone(System.nanoTime() + PATIENCE.toNanos()).compose(done -> {
      if (done) {
        return createSearchIndex();
      }
      return migratedAt.map(uri -> onWorker(() -> Keyhook.migrate(uri))).orElseGet(() -> Future.failedFuture(own.isPresent()
          ? new IOException("the database is not migrated, which cannot be done through a pooler: set database.migrationUri to"
              + " a connection to PostgreSQL itself")
          : new IllegalStateException("The pool's database is not migrated: call Keyhook.migrate(uri) before deploying")));
    });
  }

  private Future<Boolean> areDone(long deadline) {
    return SchemaVersion.isNewest(database.pool()).recover(e -> {
      if (!isLate(e) || System.nanoTime() - deadline >= 0) {
        return unusable(e);
      }
      if (!waited) {
        waited = true;
        log.warn("The database {} is not available yet; waiting for it for up to {} s: {}", where(), PATIENCE.toSeconds(),
            e.getMessage());
      }
      return vertx.timer(1, TimeUnit.SECONDS).compose(timer -> areDone(deadline));
    });
  }

  private static boolean isLate(Throwable e) {
    return DatabaseError.of(e) == DatabaseError.UNAVAILABLE && !isPoolersRefusal(e);
  }

  private static boolean isPoolersRefusal(Throwable e) {
    return String.valueOf(e.getMessage()).contains(POOLERS_REFUSAL);
  }

  /** If the extensions were missing at the migration, or its build failed. */
  private Future<Void> createSearchIndex() {
    return migratedAt.isEmpty() ? Future.succeededFuture() : SearchIndex.exists(database.pool()).compose(exists ->
        exists ? Future.succeededFuture() : onWorker(() -> SearchIndex.create(migratedAt.get())));
  }

  private Future<Void> onWorker(Runnable work) {
    return vertx.executeBlocking(() -> {
      work.run();
      return null;
    }, false);
  }

  private String where() {
    return own.flatMap(KeyhookOptions.Database::uri)
        .map(uri -> "at " + ConnectionUri.parse(uri).where() + " (database.uri)").orElse("of the host's pool");
  }

  private <T> Future<T> unusable(Throwable e) {
    String hint = isPoolersRefusal(e) ? " (set database.pooler if a pooler such as PgBouncer is there)" : "";
    return Future.failedFuture(new IOException("the database " + where() + " cannot be used: " + e.getMessage() + hint, e));
  }
}
