package io.keyhook;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.LocalSecrets;
import io.keyhook.db.Backup;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.EmbeddedServer;
import io.keyhook.db.Migrations;
import io.keyhook.db.Restore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/** The commands {@code backup}, {@code restore} and {@code move-database}. Each blocks, prints what it did, and returns whether it did it. */
final class BackupCommands {
  private BackupCommands() {}

  private interface Work {
    void run() throws IOException;
  }

  private static boolean report(Work work) {
    try {
      work.run();
      return true;
    } catch (IOException | IllegalStateException e) {
      System.err.println("Not done: " + e.getMessage());
      return false;
    } catch (RuntimeException e) { // of Flyway
      System.err.println("Not done: " + Migrations.reason(e));
      return false;
    }
  }

  /** Writes a backup while nodes go on, also of the embedded database of a node that runs. */
  static boolean backup(KeyhookOptions options, Path file) {
    return report(() -> {
      if (options.database().uri().isPresent()) {
        URI uri = external(options);
        written(Backup.write(uri, file, Optional.empty()), uri, file);
        System.out.println("The backup does not contain the master key (secrets.masterKey). Keep it apart from the backup.");
        return;
      }
      Path directory = existing(options);
      Optional<URI> running = EmbeddedServer.running(directory);
      if (running.isPresent()) {
        written(Backup.write(running.get(), file, LocalSecrets.text(directory)), running.get(), file);
      } else {
        try (EmbeddedServer server = EmbeddedServer.start(directory)) {
          written(Backup.write(server.uri(), file, LocalSecrets.text(directory)), server.uri(), file);
        }
      }
      System.out.println("The backup contains the generated secrets. Keep it as safe as they are.");
      if (options.secrets().masterKey().isPresent()) {
        System.out.println("It does not contain the master key that is configured (secrets.masterKey). Keep that apart from it.");
      }
    });
  }

  private static void written(Backup.Result result, URI uri, Path file) {
    System.out.println(result.rows() + " rows of " + ConnectionUri.parse(uri).where() + " (schema version " + result.schemaVersion()
        + ") were written to " + file + ".");
  }

  /** Fills an empty database from a backup. No node may use it meanwhile. */
  static boolean restore(KeyhookOptions options, Path file) {
    return report(() -> {
      Optional<String> secrets = Backup.secrets(file);
      if (options.database().uri().isPresent()) {
        into(external(options), file, options);
        return;
      }
      try (EmbeddedServer server = EmbeddedServer.start(options.database().directory())) {
        Path directory = server.directory();
        KeyhookOptions.Secrets keys = secrets.map(text -> LocalSecrets.with(options.secrets(), text))
            .orElseGet(() -> LocalSecrets.complete(options, directory).secrets());
        restored(Restore.run(file, server.uri(), Keyhook.cipher(keys), () -> {
          if (secrets.isPresent()) { // not before: a database that was not empty keeps its own
            LocalSecrets.restore(directory, secrets.get());
          }
        }), server.uri());
      }
    });
  }

  private static void into(URI uri, Path file, KeyhookOptions options) throws IOException {
    restored(Restore.run(file, uri, Keyhook.cipher(options.secrets()), () -> {}), uri);
  }

  private static void restored(Backup.Result result, URI uri) {
    System.out.println(result.rows() + " rows were restored to " + ConnectionUri.parse(uri).where() + ".");
  }

  /** Copies the embedded database of a node that is stopped to {@code database.uri}. The embedded one stays as it is. */
  static boolean move(KeyhookOptions options) {
    return report(() -> {
      if (options.database().uri().isEmpty()) {
        throw new IllegalStateException("Set database.uri to the database to move to");
      }
      URI target = external(options);
      Path directory = existing(options);
      try (EmbeddedServer server = EmbeddedServer.start(directory)) {
        Path file = server.directory().resolve("move-" + UUID.randomUUID() + ".zip");
        file.toFile().deleteOnExit(); // where the command is stopped
        try {
          Backup.write(server.uri(), file, LocalSecrets.text(directory));
          into(target, file, options);
        } finally {
          Files.deleteIfExists(file);
        }
      }
      System.out.println("From now on, start every node with this configuration. The embedded database in " + directory
          + " is unchanged, and no longer needed.");
    });
  }

  private static URI external(KeyhookOptions options) {
    return options.database().migratedAt().orElseThrow(() -> new IllegalStateException(
        "This cannot be done through a pooler. Set database.migrationUri to a connection to PostgreSQL itself"));
  }

  private static Path existing(KeyhookOptions options) {
    Path directory = options.database().directory();
    if (!EmbeddedServer.existsIn(directory)) {
      throw new IllegalStateException("There is no embedded database in " + directory + ". Set database.directory");
    }
    return directory;
  }
}
