package io.keyhook.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.stream.Stream;

/** Where the figures are from: without it they mean nothing. */
public record Machine(String cpu, int cores, long memoryGigabytes, String kernel, String java, String postgres, LocalDate date) {

  static Machine here(String postgres) throws IOException {
    long kilobytes = Long.parseLong(field("/proc/meminfo", "MemTotal").replaceAll("\\D", ""));
    return new Machine(field("/proc/cpuinfo", "model name"), Runtime.getRuntime().availableProcessors(),
        Math.round(kilobytes / 1024.0 / 1024.0), System.getProperty("os.version"), System.getProperty("java.version"),
        postgres, LocalDate.now(ZoneOffset.UTC));
  }

  private static String field(String file, String name) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines.filter(line -> line.startsWith(name)).findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("an unknown processor");
    }
  }

  @Override
  public String toString() {
    return "%s, %d cores, %d GB, Linux %s, Java %s, PostgreSQL %s, %s"
        .formatted(cpu, cores, memoryGigabytes, kernel, java, postgres, date);
  }
}
