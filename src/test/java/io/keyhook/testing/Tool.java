package io.keyhook.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that a test runs and that is no part of the build. */
public final class Tool {
  private static final int SECONDS = 10;

  private Tool() {}

  /** Gives the name back. Where there is no such program, it is {@link #missing}. */
  public static String require(String name) {
    boolean found = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    if (!found) {
      throw missing(name + " is not on this machine's PATH");
    }
    return name;
  }

  /**
   * Skips the test, but fails it on a machine that sets {@code CI}: one that has everything.
   *
   * @return nothing, for who calls to throw
   */
  public static AssertionError missing(String reason) {
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(reason);
    }
    return abort(reason);
  }

  /** Runs one that ends soon, whatever comes of it, and gives its exit code. */
  public static int run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " does not end");
      }
      return process.exitValue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
