package io.keyhook.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of the bench's own. What it says goes to a file; what it is asked and answers, where it talks, through pipes. */
public final class Child implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 25; // Keyhook drains for 20
  private static final int COMMAND_MINUTES = 10;

  /**
   * Runs a command while nobody else wants a processor. Linux gives each session a share of its own (autogroups, sched(7)),
   * within which alone SCHED_IDLE counts: so the command also gets a session of its own, with the smallest share.
   */
  private static final List<String> LAST = List.of("setsid", "chrt", "--idle", "0", "sh", "-c",
      "[ ! -w /proc/self/autogroup ] || echo 19 > /proc/self/autogroup; exec \"$0\" \"$@\"");

  private final String name;
  private final Path log;
  private final Process process;
  private final BufferedReader out;
  private final Writer in;

  private Child(String name, Path log, Process process, boolean talks) {
    this.name = name;
    this.log = log;
    this.process = process;
    this.out = talks ? process.inputReader() : null;
    this.in = talks ? process.outputWriter() : null;
  }

  /** A Java program that only logs. */
  static Child silent(String name, Path directory, Map<String, String> environment, List<String> arguments)
      throws IOException {
    return start(name, directory, environment, List.of(), arguments, false);
  }

  /** A Java program that reads lines and answers each with a line, and ends when there are no more. */
  static Child talking(String name, Path directory, List<String> arguments) throws IOException {
    return start(name, directory, Map.of(), List.of(), arguments, true);
  }

  /** The same, which runs while nobody else wants a processor. */
  static Child talkingLast(String name, Path directory, List<String> arguments) throws IOException {
    return start(name, directory, Map.of(), LAST, arguments, true);
  }

  private static Child start(
      String name, Path directory, Map<String, String> environment, List<String> prefix, List<String> arguments,
      boolean talks)
      throws IOException {
    Path log = directory.resolve(name + ".log");
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    if (!talks) {
      builder.redirectInput(new File("/dev/null")).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    }
    builder.environment().keySet().removeIf(key -> key.startsWith("KEYHOOK_"));
    builder.environment().putAll(environment);
    return new Child(name, log, builder.start(), talks);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Its next line. */
  String hear() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new IllegalStateException(name + " ended: " + lastWords());
    }
    return line;
  }

  /** Its answer to a line. */
  String ask(String line) throws IOException {
    in.write(line + "\n");
    in.flush();
    return hear();
  }

  /** The end of its log. */
  String lastWords() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /** Waits until it has ended by itself. */
  void expectEnd() throws IOException {
    try {
      if (!process.waitFor(COMMAND_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IllegalStateException(name + " failed: " + lastWords());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(name + " was interrupted", e);
    }
  }

  void tellToEnd() {
    process.destroy();
  }

  /** Ends it: as it wants within its time, or else at once. */
  @Override
  public void close() {
    tellToEnd();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
