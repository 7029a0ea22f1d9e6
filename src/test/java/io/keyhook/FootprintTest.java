package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.keyhook.testing.ChildJvm;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node returns memory that a start took, and leaves the JVM as its administrator wants it. */
class FootprintTest {
  @TempDir
  Path directory;

  /** Takes memory, and waits until most of it is returned. */
  static final class Starting {
    private Starting() {}

    public static void main(String[] arguments) throws Exception {
      HotSpotDiagnosticMXBean jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      long most = allocate();
      Footprint.keep(Vertx.vertx()).toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
      System.out.println("interval=" + jvm.getVMOption("G1PeriodicGCInterval").getValue());
      while (arguments.length > 0 && Runtime.getRuntime().totalMemory() > most / 2) {
        Thread.sleep(100);
      }
      System.exit(0);
    }

    /** Returns the size of the heap with what was taken. */
    private static long allocate() {
      byte[][] taken = new byte[200][1 << 20];
      return Runtime.getRuntime().totalMemory() + taken.length;
    }
  }

  @Test
  void anIdleNodeReturnsItsHeap() throws IOException {
    assertThat(start(List.of("-XX:-UseSerialGC", "-XX:+UseG1GC", "-Xmx1g"), "returned")).contains("interval=10000");
  }

  @Test
  void theIntervalOfTheAdministratorStays() throws IOException {
    assertThat(start(List.of("-XX:G1PeriodicGCInterval=0"))).contains("interval=0");
  }

  private String start(List<String> options, String... arguments) throws IOException {
    try (ChildJvm jvm = ChildJvm.start(Starting.class, Files.createTempFile(directory, "output", ".txt"), Map.of(), options,
        arguments)) {
      assertThat(jvm.exitCode()).as(jvm.output()).isZero();
      return jvm.output();
    }
  }
}
