package io.keyhook.testing;

import io.keyhook.Main;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code java -jar keyhook.jar} in all but the jar: a process of its own, with an environment and nothing else. */
public final class KeyhookProcess implements AutoCloseable {
  private static final Pattern LISTENS = Pattern.compile("Keyhook listens on (http://\\S+);");

  private final ChildJvm jvm;

  private KeyhookProcess(ChildJvm jvm) {
    this.jvm = jvm;
  }

  /**
   * @param directory to run in, where its output is kept too
   * @param environment the variables {@code KEYHOOK_...}
   * @param options of the JVM
   */
  public static KeyhookProcess start(
      Path directory, Map<String, String> environment, List<String> options, String... arguments) {
    try {
      Path output = Files.createTempFile(directory, "output", ".txt");
      return new KeyhookProcess(ChildJvm.start(Main.class, directory, output, environment, options, arguments));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it listens. */
  public URI uri() {
    return URI.create(awaitOutput(LISTENS).group(1));
  }

  /** Waits until it has printed this; fails where it ends without. */
  public Matcher awaitOutput(Pattern pattern) {
    return jvm.awaitOutput(pattern);
  }

  /** Both streams, until now. */
  public String output() {
    return jvm.output();
  }

  /** Waits for its end. */
  public int exitCode() {
    return jvm.exitCode();
  }

  public ProcessHandle handle() {
    return jvm.handle();
  }

  /** Ends it in order, as SIGTERM does. */
  public void stop() {
    jvm.terminate();
    exitCode();
  }

  /** Ends what a failed test left. */
  @Override
  public void close() {
    if (jvm.isAlive()) {
      stop();
    }
  }
}
