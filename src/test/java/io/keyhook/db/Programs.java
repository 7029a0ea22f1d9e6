package io.keyhook.db;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** PostgreSQL's programs, unpacked once for all tests: that takes seconds of computing. */
public final class Programs {
  private static final Path KEPT = Path.of("target", "postgres");

  private Programs() {}

  /**
   * Lets a server of this directory find them unpacked.
   *
   * @param directory made if need be
   */
  public static void linkInto(Path directory) {
    try {
      Files.createDirectories(directory, OwnerOnly.DIRECTORY);
      for (Path programs : unpacked()) {
        Path link = directory.resolve(programs.getFileName());
        if (Files.notExists(link)) {
          Files.createSymbolicLink(link, programs.toRealPath());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static synchronized List<Path> unpacked() throws IOException {
    Files.createDirectories(KEPT);
    try (FileChannel channel = FileChannel.open(KEPT.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock(); // other processes run tests, too; closing releases it
      PostgresBinaries.unpackedIn(KEPT).deleteOthers();
    }
    try (Stream<Path> files = Files.list(KEPT)) {
      return files.filter(Files::isDirectory).toList();
    }
  }
}
