package io.keyhook.ledger;

import static org.junit.jupiter.api.Assumptions.abort;

import io.keyhook.testing.Tool;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A small file system of the test's own, to be filled. */
final class Disk implements AutoCloseable {
  private static final String SIZE = "256m";

  private final Path directory;

  private Disk(Path directory) {
    this.directory = directory;
  }

  /** Where it cannot be mounted the test is skipped; but root, on a machine that sets {@code CI}, must be able to. */
  static Disk mount(Path directory) throws IOException {
    Files.createDirectories(directory);
    if (Tool.run(List.of("mount", "-t", "tmpfs", "-o", "size=" + SIZE + ",mode=0700", "keyhook-ledger",
        directory.toString())) != 0) {
      String reason = "A file system cannot be mounted here by " + System.getProperty("user.name");
      if ("root".equals(System.getProperty("user.name"))) {
        throw Tool.missing(reason);
      }
      abort(reason);
    }
    return new Disk(directory);
  }

  Path directory() {
    return directory;
  }

  private Path ballast() {
    return directory.resolve("ballast");
  }

  /** Leaves room for nothing. */
  void fill() {
    byte[] page = new byte[4096];
    try (OutputStream ballast = Files.newOutputStream(ballast())) {
      while (true) {
        ballast.write(page);
      }
    } catch (IOException full) {
      // as it is meant
    }
  }

  void empty() {
    try {
      Files.deleteIfExists(ballast());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    if (Tool.run(List.of("umount", directory.toString())) != 0) {
      throw new IOException(directory + " is still in use");
    }
  }
}
