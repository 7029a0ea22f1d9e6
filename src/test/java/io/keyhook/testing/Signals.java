package io.keyhook.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What tests do to processes that they started. */
public final class Signals {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Signals() {}

  /** SIGKILL; waits for its end, and gives its pid back. */
  public static long kill(long pid) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    await("the end of " + pid).atMost(PATIENCE).until(() -> !process.isAlive());
    return pid;
  }

  /** SIGSTOP: they hold what they hold, and do nothing more. */
  public static void stop(List<ProcessHandle> processes) {
    send("-STOP", processes);
  }

  /** SIGCONT. */
  public static void resume(List<ProcessHandle> processes) {
    send("-CONT", processes);
  }

  /** SIGHUP. */
  public static void hangUp(ProcessHandle process) {
    send("-HUP", List.of(process));
  }

  /** Whether SIGHUP is ignored here, and so in every process that is started here. Linux; elsewhere false. */
  public static boolean isHangUpIgnored() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status) && Files.readAllLines(status).stream().filter(line -> line.startsWith("SigIgn:"))
        .anyMatch(line -> (Integer.parseInt(line.substring(line.length() - 1), 16) & 1) != 0);
  }

  private static void send(String signal, List<ProcessHandle> processes) {
    List<String> command = new ArrayList<>(List.of("kill", signal));
    processes.forEach(process -> command.add(Long.toString(process.pid())));
    Tool.run(command);
  }

  /** The server process of an embedded PostgreSQL's directory, or the one that was it last. */
  public static long postmasterOf(Path directory) throws IOException {
    return Long.parseLong(Files.readAllLines(directory.resolve("postgres/postmaster.pid")).get(0).strip());
  }

  /** A process with its children, first to last. */
  static List<ProcessHandle> family(long pid) {
    ProcessHandle parent = ProcessHandle.of(pid).orElseThrow();
    return Stream.concat(Stream.of(parent), parent.descendants()).toList();
  }
}
