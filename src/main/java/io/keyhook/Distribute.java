package io.keyhook;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.Distribution;
import io.keyhook.db.Migrations;
import java.net.URI;
import java.util.Optional;

/**
 * The command {@code distribute}: migrates a database with Citus, distributes its tables by account, and ends. No node may
 * serve meanwhile. A second run does nothing, and one after an interruption does the rest.
 */
final class Distribute {
  private Distribute() {}

  /** Blocks until the tables are distributed, and prints the result or the error. Returns whether they are distributed. */
  static boolean run(KeyhookOptions options) {
    Optional<URI> uri = options.database().uri().isEmpty() ? Optional.empty() : options.database().migratedAt();
    if (uri.isEmpty()) {
      System.err.println("Only a PostgreSQL with Citus can be distributed. Set database.uri to its coordinator, and"
          + " database.migrationUri too if that leads through a pooler.");
      return false;
    }
    String where = ConnectionUri.parse(uri.get()).where();
    try {
      int distributed = Distribution.run(uri.get());
      System.out.println("The database at " + where + " is distributed. Tables distributed now: " + distributed + ".");
      return true;
    } catch (RuntimeException e) {
      System.err.println("The database at " + where + " could not be distributed: " + Migrations.reason(e));
      return false;
    }
  }
}
