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

/** Brings the database up to date as a node starts. */
final class Schema {
  /** PgBouncer's words; PostgreSQL has others. */
  private static final String POOLERS_REFUSAL = "unsupported startup parameter";

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Vertx vertx;
  private final Database database;
  private final Optional<KeyhookOptions.Database> own;
  private final Optional<URI> migratedAt;

  /**
   * @param own empty: the database is the host's, which migrates it
   */
  Schema(Vertx vertx, Database database, Optional<KeyhookOptions.Database> own) {
    this.vertx = vertx;
    this.database = database;
    this.own = own;
    this.migratedAt = own.flatMap(KeyhookOptions.Database::migratedAt);
  }

  /** Fails with an {@link IOException} if the database cannot be used. Waits a while for one that is slow or starting. */
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
    return SchemaVersion.isNewest(database.pool()).recover(e -> isSlow(e) && System.nanoTime() - deadline < 0
        ? vertx.timer(1, TimeUnit.SECONDS).compose(timer -> areDone(deadline)) : unusable(e));
  }

  /** Not one that refuses connections, which its configuration may be to blame for. */
  private static boolean isSlow(Throwable e) {
    return DatabaseError.of(e) == DatabaseError.UNAVAILABLE && !(e instanceof IOException);
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

  private <T> Future<T> unusable(Throwable e) {
    String where = own.flatMap(KeyhookOptions.Database::uri)
        .map(uri -> "at " + ConnectionUri.parse(uri).where() + " (database.uri)").orElse("of the host's pool");
    String hint = String.valueOf(e.getMessage()).contains(POOLERS_REFUSAL)
        ? " (set database.pooler if a pooler such as PgBouncer is there)" : "";
    return Future.failedFuture(new IOException("the database " + where + " cannot be used: " + e.getMessage() + hint, e));
  }
}
