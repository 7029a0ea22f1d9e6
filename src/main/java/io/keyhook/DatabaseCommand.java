package io.keyhook;

import io.keyhook.bus.FailureException;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Database;
import io.keyhook.db.EmbeddedServer;
import io.keyhook.db.Shares;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletionException;

/** The work of a command on the database. Starts the embedded PostgreSQL if {@code database.uri} is not set. */
interface DatabaseCommand {
  /**
   * Does the work.
   *
   * @param options whose {@code database.uri} is set
   */
  Future<Void> run(Vertx vertx, Database database, KeyhookOptions options);

  /** Blocks until the work is done, and prints why it failed if it did. Returns whether it succeeded. */
  static boolean run(KeyhookOptions options, DatabaseCommand command) {
    if (options.database().uri().isPresent()) {
      return runOn(options, command);
    }
    try (EmbeddedServer server = EmbeddedServer.start(options.database().directory())) {
      return runOn(Main.onEmbedded(options, server), command);
    }
  }

  private static boolean runOn(KeyhookOptions options, DatabaseCommand command) {
    Vertx vertx = Vertx.vertx();
    try {
      Database database = Database.of(
          vertx, options.database().uri().orElseThrow(), options.database().pooler(), Shares.single(1));
      await(command.run(vertx, database, options));
      return true;
    } catch (CompletionException e) {
      System.err.println("Not done: " + e.getCause().getMessage());
      return false;
    } catch (IllegalArgumentException | FailureException e) { // an invalid operand
      System.err.println("Not done: " + e.getMessage());
      return false;
    } finally {
      await(vertx.close());
    }
  }

  /** Blocks the main thread of a command, which runs no event loop and has nothing else to do. */
  static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }
}
