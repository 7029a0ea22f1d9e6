package io.keyhook.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Where tests keep their files: in memory where there is room, because a database has over a thousand files, and a disk's file
 * system takes seconds to make and to remove them. What a process that was killed has left there goes with the next run.
 */
public final class Scratch implements TempDirFactory {
  private static final Path MEMORY = Path.of("/dev/shm");
  /** Bytes; a run needs less than half of it. */
  private static final long ROOM = 6L << 30;
  private static final String PREFIX = "keyhook-test-";
  private static final Path ROOT = root();

  /** Makes a directory, which the caller removes. */
  public static Path directory() {
    try {
      return Files.createTempDirectory(ROOT, PREFIX + ProcessHandle.current().pid() + "-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension) {
    return directory();
  }

  /** Removes a directory with all that is in it. */
  public static void remove(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static Path root() {
    Path disk = Path.of(System.getProperty("java.io.tmpdir"));
    if (!Files.isDirectory(MEMORY)) {
      return disk;
    }
    try {
      removeLeftovers();
      return MEMORY.toFile().getUsableSpace() >= ROOM && runsPrograms() ? MEMORY : disk;
    } catch (IOException e) { // it may be another user's
      return disk;
    }
  }

  private static void removeLeftovers() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.list(MEMORY)) {
      all = files.filter(file -> file.getFileName().toString().matches(PREFIX + "\\d+-.*")).toList();
    }
    for (Path directory : all) {
      long owner = Long.parseLong(directory.getFileName().toString().split("-")[2]);
      if (ProcessHandle.of(owner).isEmpty()) {
        try {
          remove(directory);
        } catch (IOException | UncheckedIOException e) { // another process of this run removes it, or a server still writes there
          continue;
        }
      }
    }
  }

  /** A container's is often mounted without. */
  private static boolean runsPrograms() throws IOException {
    Path program = Files.createTempFile(MEMORY, PREFIX, null);
    try {
      return program.toFile().setExecutable(true) && Files.isExecutable(program);
    } finally {
      Files.delete(program);
    }
  }
}
