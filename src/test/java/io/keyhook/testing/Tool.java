package io.keyhook.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A program that a test runs and that is no part of the build. */
public final class Tool {
  private Tool() {}

  /**
   * Gives the name back. Where there is no such program the test is skipped, but fails on a machine that sets {@code CI}:
   * one that has everything.
   */
  public static String require(String name) {
    boolean found = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    if (!found) {
      String reason = name + " is not on this machine's PATH";
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError(reason);
      }
      abort(reason);
    }
    return name;
  }
}
