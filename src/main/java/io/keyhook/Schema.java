package io.keyhook;

import io.keyhook.db.ConnectionUri;
import io.keyhook.db.Database;
import io.keyhook.db.Migrations;
import io.keyhook.db.SearchIndex;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** Brings the database up to date as a node starts. */
final class Schema {
  private final Vertx vertx;
  private final Database database;
  private final Optional<URI> uri;

  /**
   * @param uri empty: the database is the host's, which migrates it
   */
  Schema(Vertx vertx, Database database, Optional<URI> uri) {
    this.vertx = vertx;
    this.database = database;
    this.uri = uri;
  }

  /** Fails with an {@link IOException} if the database cannot be used. */
  Future<Void> bringUpToDate() {
    return Migrations.areDone(database.pool()).recover(this::unusable).compose(done -> {
      if (done) {
        return createSearchIndex();
      }
      return uri.map(own -> blocking(() -> Keyhook.migrate(own))).orElseGet(() -> Future.failedFuture(
          new IllegalStateException("The pool's database is not migrated: call Keyhook.migrate(uri) before deploying")));
    });
  }

  /** If the extensions were missing at the migration, or its build failed. */
  private Future<Void> createSearchIndex() {
    return uri.isEmpty() ? Future.succeededFuture() : SearchIndex.exists(database.pool()).compose(exists ->
        exists ? Future.succeededFuture() : blocking(() -> SearchIndex.create(uri.get())));
  }

  private Future<Void> blocking(Runnable work) {
    return vertx.executeBlocking(() -> {
      work.run();
      return null;
    }, false);
  }

  private <T> Future<T> unusable(Throwable e) {
    String where = uri.map(own -> "at " + ConnectionUri.parse(own).where() + " (database.uri)").orElse("of the host's pool");
    return Future.failedFuture(new IOException("the database " + where + " cannot be used: " + e.getMessage(), e));
  }
}
