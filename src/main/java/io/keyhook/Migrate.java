package io.keyhook;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.EmbeddedServer;
import io.keyhook.db.Migrations;
import io.keyhook.db.SchemaVersion;
import java.net.URI;
import java.util.Optional;

/**
 * The command {@code migrate}: brings the database up to date, as a node does when it starts, and ends. Nodes of earlier
 * versions go on meanwhile. A second run does nothing.
 */
final class Migrate {
  private Migrate() {}

  /** Blocks until the schema is up to date, and prints the result or the error. Returns whether it is up to date. */
  static boolean run(KeyhookOptions options) {
    if (options.database().uri().isEmpty()) {
      try (EmbeddedServer server = EmbeddedServer.start(options.database().directory())) {
        return migrate(server.uri());
      }
    }
    Optional<URI> uri = options.database().migratedAt();
    if (uri.isEmpty()) {
      System.err.println("The database cannot be migrated through a pooler. Set database.migrationUri to a connection to"
          + " PostgreSQL itself.");
      return false;
    }
    return migrate(uri.get());
  }

  private static boolean migrate(URI uri) {
    String where = ConnectionUri.parse(uri).where();
    try {
      int applied = Migrations.run(uri);
      System.out.println("The database at " + where + " has schema version " + SchemaVersion.NEWEST + ". Migrations applied: "
          + applied + ".");
      return true;
    } catch (RuntimeException e) {
      System.err.println("The database at " + where + " could not be migrated: " + Migrations.reason(e));
      return false;
    }
  }
}
