package io.keyhook.db;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Directories in the making, which get their name when they are complete, so that a killed process leaves no half. */
final class Unfinished {

  private static final Logger LOG = LoggerFactory.getLogger(Unfinished.class);
  private static final String PREFIX = "unfinished-";

  private Unfinished() {}

  /** A new, empty directory for this user only. */
  static Path directoryIn(Path parent) throws IOException {
    return Files.createTempDirectory(parent, PREFIX);
  }

  /** Deletes what killed processes left. What a tool of theirs still writes to stays for the next time. */
  static void sweep(Path parent) throws IOException {
    try (Stream<Path> children = Files.list(parent)) {
      for (Path child : children.filter(path -> path.getFileName().toString().startsWith(PREFIX)).toList()) {
        try {
          delete(child);
        } catch (IOException | UncheckedIOException e) {
          LOG.warn("{} of an earlier start could not be deleted", child, e);
        }
      }
    }
  }

  static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
