package io.keyhook.ledger;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;

/** The wall clock of nodes, which libfaketime moves while they run. Their monotonic clock goes on as it is. */
final class MovedClock {
  private static final Path LIBRARIES = Path.of("/usr/lib");
  private static final String LIBRARY = "faketime/libfaketimeMT.so.1";

  private final Path file;

  private MovedClock(Path file) {
    this.file = file;
  }

  static MovedClock of(Rig rig) {
    return new MovedClock(rig.directory().resolveSibling("clock"));
  }

  /** For a process whose clock this is; now it is right. Skips the test where there is no libfaketime. */
  Map<String, String> environment() {
    move(Duration.ZERO);
    return Map.of("LD_PRELOAD", library().toString(), "FAKETIME_TIMESTAMP_FILE", file.toString(),
        "FAKETIME_CACHE_DURATION", "1", "FAKETIME_DONT_FAKE_MONOTONIC", "1");
  }

  private static Path library() {
    try (Stream<Path> architectures = Files.list(LIBRARIES)) {
      return architectures.map(directory -> directory.resolve(LIBRARY)).filter(Files::exists).findFirst()
          .orElseThrow(() -> Tool.missing("libfaketime is not on this machine"));
    } catch (IOException e) {
      throw Tool.missing("libfaketime is not on this machine: " + e);
    }
  }

  /** From the next second on. */
  void move(Duration by) {
    try {
      Files.writeString(file, (by.isNegative() ? "" : "+") + by.toSeconds() + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether an attempt was signed by a clock that is so far from this machine's, give or take a minute. */
  static boolean isMoved(Delivery delivery, Duration by) {
    long seconds = Long.parseLong(delivery.header("webhook-timestamp")) - Instant.now().getEpochSecond();
    return Math.abs(seconds - by.toSeconds()) < 60;
  }
}
