package io.keyhook.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program of the tests' class path in a JVM of its own, to be killed. What it prints goes to a file. */
public final class ChildJvm implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  /** Most are at their start when they end: optimizing would double what that computes. */
  private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private final Process process;
  private final Path output;

  private ChildJvm(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /**
   * In the tests' directory.
   *
   * @param environment beside this JVM's, of which it gets nothing that configures Keyhook
   * @param options of the JVM
   */
  public static ChildJvm start(
      Class<?> program, Path output, Map<String, String> environment, List<String> options, String... arguments) {
    return start(program, Path.of(""), output, environment, options, arguments);
  }

  /**
   * @param directory to run in
   * @param environment beside this JVM's, of which it gets nothing that configures Keyhook
   * @param options of the JVM
   */
  static ChildJvm start(Class<?> program, Path directory, Path output, Map<String, String> environment,
      List<String> options, String... arguments) {
    ChildClasses classes = ChildClasses.get();
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of("-XX:SharedArchiveFile=" + classes.archive(), "-cp", classes.path()));
    return start(program.getName(), directory, output, environment, all, arguments);
  }

  /** With a class path among the options. */
  static ChildJvm start(String program, Path directory, Path output, Map<String, String> environment, List<String> options,
      String... arguments) {
    List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
    command.addAll(QUICK);
    command.addAll(options);
    command.add(program);
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toAbsolutePath().toFile())
        .redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("KEYHOOK_"));
    builder.environment().putAll(environment);
    try {
      return new ChildJvm(builder.start(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For programs to call: blocks until the input ends, which it does when the test's JVM dies. */
  public static void awaitEndOfParent() throws IOException {
    while (System.in.read() >= 0) {
      continue;
    }
  }

  /** Waits until it has printed this; fails where it ends without. */
  public Matcher awaitOutput(Pattern pattern) {
    await(pattern.pattern()).atMost(PATIENCE).until(() -> pattern.matcher(output()).find() || !process.isAlive());
    Matcher matcher = pattern.matcher(output());
    if (!matcher.find()) {
      throw new AssertionError(output());
    }
    return matcher;
  }

  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public ProcessHandle handle() {
    return process.toHandle();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** SIGTERM. (Not by the process itself, which would end its input too.) */
  public void terminate() {
    process.toHandle().destroy();
  }

  /** Waits for its end. */
  public int exitCode() {
    await("its end").atMost(PATIENCE).until(() -> !process.isAlive());
    return process.exitValue();
  }

  /** SIGKILL. */
  public void kill() {
    process.destroyForcibly();
    exitCode();
  }

  @Override
  public void close() {
    kill();
  }
}
