package io.keyhook.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code java -jar keyhook.jar} in all but the jar: a process of its own, with an environment and nothing else. */
public final class KeyhookProcess implements AutoCloseable {
  private static final Pattern LISTENS = Pattern.compile("Keyhook listens on (http://\\S+);");

  private final Process process;
  private final Path output;

  private KeyhookProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /**
   * @param directory to run in, where its output is kept too
   * @param environment the variables {@code KEYHOOK_...}
   * @param options of the JVM
   */
  public static KeyhookProcess start(
      Path directory, Map<String, String> environment, List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.keyhook.Main"));
    command.addAll(List.of(arguments));
    try {
      Path output = Files.createTempFile(directory, "output", ".txt");
      ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true)
          .redirectOutput(output.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("KEYHOOK_"));
      builder.environment().putAll(environment);
      return new KeyhookProcess(builder.start(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it listens. */
  public URI uri() {
    await("it listens").atMost(Waiting.LONG.multipliedBy(2))
        .until(() -> LISTENS.matcher(output()).find() || !process.isAlive());
    Matcher matcher = LISTENS.matcher(output());
    if (!matcher.find()) {
      throw new AssertionError(output());
    }
    return URI.create(matcher.group(1));
  }

  /** Both streams, until now. */
  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for its end. */
  public int exitCode() {
    try {
      if (process.waitFor(Waiting.LONG.toSeconds() * 2, TimeUnit.SECONDS)) {
        return process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError("Still running: " + output());
  }

  /** Ends it in order, as SIGTERM does. */
  public void stop() {
    process.destroy();
    exitCode();
  }

  /** Ends what a failed test left. */
  @Override
  public void close() {
    if (process.isAlive()) {
      stop();
    }
  }
}
