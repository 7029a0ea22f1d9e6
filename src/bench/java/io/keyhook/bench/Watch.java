package io.keyhook.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Looks at a Keyhook twice a second and keeps the highest figures. Garbage counts as used heap until it is collected. */
public final class Watch implements AutoCloseable {
  private static final long PERIOD_MILLIS = 500;

  private final Installation installation;
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private Reading peak = new Reading(0, 0, 0); // guarded by this

  private Watch(Installation installation) {
    this.installation = installation;
  }

  /**
   * @param heap used, bytes
   * @param resident bytes of the whole process
   */
  public record Reading(double heap, double threads, double resident) {
    Reading max(Reading other) {
      return new Reading(Math.max(heap, other.heap), Math.max(threads, other.threads),
          Math.max(resident, other.resident));
    }
  }

  public static Watch on(Installation installation) {
    Watch watch = new Watch(installation);
    watch.timer.scheduleAtFixedRate(watch::look, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    return watch;
  }

  /** How it is now. */
  public static Reading read(Installation installation) throws IOException, InterruptedException {
    String metrics = installation.metrics();
    return new Reading(value(metrics, "jvm_memory_used_bytes{area=\"heap\""), value(metrics, "jvm_threads_live_threads"),
        resident(installation.pid()));
  }

  public synchronized Reading peak() {
    return peak;
  }

  private void look() {
    try {
      Reading reading = read(installation);
      synchronized (this) {
        peak = peak.max(reading);
      }
    } catch (IOException | RuntimeException e) {
      System.err.println("Keyhook gave no figures just now: " + e); // the next look will do
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The sum of the metrics whose name and labels begin so; 0 where there is none. */
  public static double value(String metrics, String prefix) {
    return metrics.lines().filter(line -> line.startsWith(prefix))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  private static double resident(long pid) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
      return lines.filter(line -> line.startsWith("VmRSS")).findFirst()
          .map(line -> 1024 * Double.parseDouble(line.replaceAll("\\D", ""))).orElseThrow();
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
