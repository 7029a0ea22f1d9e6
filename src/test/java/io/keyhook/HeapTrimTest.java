package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.ChildJvm;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process whose heap has grown gets small again when it does not need it any more. */
class HeapTrimTest {
  private static final String G1 = "-XX:+UseG1GC";
  private static final int LARGE = 512 << 20;

  @TempDir
  Path directory;

  /** Fills a large heap, forgets all of it, and ends when the heap is small. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      Optional<HeapTrim> heap = HeapTrim.ofThisProcess();
      if (heap.isEmpty()) {
        System.out.println("left to Java");
        return;
      }
      List<byte[]> kept = new ArrayList<>();
      while (committed() < LARGE) {
        kept.add(new byte[1 << 20]);
      }
      kept.clear();
      for (int i = 0; i < HeapTrim.CALM; i++) { // it takes the time that a process is not busy by its calls
        heap.get().check();
      }
      Executors.newSingleThreadScheduledExecutor().scheduleWithFixedDelay(() -> {
        heap.get().check();
        if (committed() <= HeapTrim.SMALL_BYTES) {
          System.out.println("small");
          System.exit(0);
        }
      }, 0, HeapTrim.INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static long committed() {
      return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
    }
  }

  private ChildJvm start(List<String> options) throws IOException {
    List<String> all = new ArrayList<>(List.of("-XX:-UseSerialGC", "-Xms16m", "-Xmx1g"));
    all.addAll(options);
    return ChildJvm.start(Program.class, Files.createTempFile(directory, "output", ".txt"), Map.of(), all);
  }

  @Test
  void aHeapThatIsNotNeededIsReturned() throws IOException {
    try (ChildJvm jvm = start(List.of(G1))) {
      jvm.awaitOutput(Pattern.compile("small"));
      assertThat(jvm.exitCode()).as(jvm.output()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+UseSerialGC", G1 + " -XX:MaxHeapFreeRatio=70", G1 + " -XX:G1PeriodicGCInterval=0"})
  void whatTheCommandLineSaysStays(String options) throws IOException {
    try (ChildJvm jvm = start(List.of(options.split(" ")))) {
      jvm.awaitOutput(Pattern.compile("left to Java"));
    }
  }
}
