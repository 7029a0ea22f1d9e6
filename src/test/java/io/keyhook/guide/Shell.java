package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A bash that is given one piece of a script after another, as somebody would who reads along. */
final class Shell implements AutoCloseable {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final Process bash;
  private final Writer input;
  private final Path output;
  private int pieces;

  /**
   * @param directory where it starts; its output is kept beside
   */
  Shell(String program, Path directory, Path output) throws IOException {
    this.output = output;
    bash = new ProcessBuilder(program, "--noprofile", "--norc", "-euo", "pipefail")
        .directory(directory.toFile()).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    input = bash.outputWriter(StandardCharsets.UTF_8);
  }

  /** Runs a piece to its end; fails where a line of it fails. */
  void run(String piece) throws IOException {
    String end = "--- end of piece " + ++pieces;
    input.write(piece + "\necho '" + end + "'\n");
    input.flush();
    await(end).atMost(LONG).until(() -> output().contains(end) || !bash.isAlive());
    assertThat(output()).as("output, piece after piece").contains(end);
  }

  String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it, and what it started and did not end. */
  @Override
  public void close() {
    bash.descendants().forEach(ProcessHandle::destroyForcibly);
    bash.destroyForcibly();
  }
}
