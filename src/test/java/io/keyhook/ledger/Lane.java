package io.keyhook.ledger;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Faults one after another, on a rig of their own. Lanes go on beside each other: much of their time is waiting. */
final class Lane implements AutoCloseable {
  private final Kind kind;
  private final Path directory;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private Rig rig; // made and used on that thread

  enum Kind {
    USUAL, WAITING, SMALL_DISK
  }

  /**
   * @param directory there may be others beside it
   */
  Lane(Kind kind, Path directory) {
    this.kind = kind;
    this.directory = directory;
  }

  /** Does it when it is its turn. */
  CompletableFuture<Count> submit(Function<Rig, Count> rounds) {
    return CompletableFuture.supplyAsync(() -> rounds.apply(rig()), thread);
  }

  private Rig rig() {
    try {
      if (rig == null) {
        rig = kind == Kind.SMALL_DISK ? Rig.onSmallDisk(directory) : Rig.in(directory);
      }
      return rig;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What was submitted is over. */
  @Override
  public void close() throws IOException, SQLException {
    thread.shutdown();
    if (rig != null) {
      rig.close();
    }
  }
}
