package io.keyhook.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * CPU seconds that each had so far, of {@code /proc/PID/stat}: 100 ticks a second on every Linux. PostgreSQL's are those
 * of the postmaster and all its children, also of those that are over.
 */
public record Cpu(double keyhook, double postgres, double receiver, double load) {
  private static final double TICKS = 100;
  /** Where fields count from behind the program's name, which may hold anything. */
  private static final int PARENT = 1;
  private static final int USER = 11;

  static Cpu of(List<Long> nodes, List<Long> postgres, long receiver, long load) throws IOException {
    double keyhook = 0;
    for (long node : nodes) {
      keyhook += own(node);
    }
    double servers = 0;
    for (long server : postgres) {
      servers += withChildren(server);
    }
    return new Cpu(keyhook, servers, own(receiver), own(load));
  }

  public Cpu since(Cpu before) {
    return new Cpu(keyhook - before.keyhook, postgres - before.postgres, receiver - before.receiver, load - before.load);
  }

  public Cpu times(double factor) {
    return new Cpu(keyhook * factor, postgres * factor, receiver * factor, load * factor);
  }

  /** In percent of one core, over so many seconds. */
  public String percent(double seconds) {
    return Stream.of(keyhook, postgres, receiver, load)
        .map(value -> Table.count(100 * value / seconds)).reduce((a, b) -> a + " / " + b).orElseThrow();
  }

  private static double own(long pid) throws IOException {
    return ticks(stat(Path.of("/proc", Long.toString(pid))), 2);
  }

  private static double withChildren(long pid) throws IOException {
    double seconds = ticks(stat(Path.of("/proc", Long.toString(pid))), 4); // the last two are of children that ended
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : processes.filter(path -> path.getFileName().toString().matches("\\d+")).toList()) {
        List<String> stat = stat(process);
        if (!stat.isEmpty() && Long.parseLong(stat.get(PARENT)) == pid) {
          seconds += ticks(stat, 2);
        }
      }
    }
    return seconds;
  }

  private static double ticks(List<String> stat, int fields) {
    double ticks = 0;
    for (int i = 0; i < fields && !stat.isEmpty(); i++) {
      ticks += Long.parseLong(stat.get(USER + i));
    }
    return ticks / TICKS;
  }

  /** Empty where it has ended. */
  private static List<String> stat(Path process) throws IOException {
    try {
      String stat = Files.readString(process.resolve("stat"));
      return List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      if (!Files.exists(process)) { // it ended between opening and reading
        return List.of();
      }
      throw e;
    }
  }
}
