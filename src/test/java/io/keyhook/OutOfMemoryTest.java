package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A process that has run out of memory ends, and does not go on in a state that nobody knows. */
class OutOfMemoryTest {
  @TempDir
  Path directory;

  /** Runs out of memory, in one of two ways, and then waits for ever. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws InterruptedException {
      OutOfMemory.watchThreads();
      if (arguments[0].equals("thread")) {
        new Thread(Victim::allocate).start();
      } else {
        try {
          allocate();
        } catch (OutOfMemoryError e) { // as Vert.x and Netty do
          LoggerFactory.getLogger(Victim.class).error("Unhandled exception", new IllegalStateException(e));
        }
      }
      Thread.currentThread().join();
    }

    private static void allocate() {
      List<byte[]> kept = new ArrayList<>();
      while (true) {
        kept.add(new byte[1 << 20]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"thread", "log"})
  void theFirstOutOfMemoryErrorEndsTheProcess(String where) throws IOException {
    try (ChildJvm jvm = ChildJvm.start(Victim.class, Files.createTempFile(directory, "output", ".txt"), Map.of(),
        List.of("-Xmx32m", "-Dlogback.configurationFile=io/keyhook/logback.xml"), where)) {
      assertThat(jvm.exitCode()).as(jvm.output()).isEqualTo(OutOfMemory.EXIT_CODE);
    }
  }

  /** Netty throws one before it allocates. */
  @Test
  void aLimitOfALibraryEndsNothing() {
    OutOfMemory.check(new IllegalStateException(new OutOfMemoryError("a limit of its own") {}));
  }
}
