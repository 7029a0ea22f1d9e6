package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program of another language, run in a directory with its code. */
public final class Program implements AutoCloseable {
  /** A compiler with an empty cache on a busy machine. */
  private static final int SECONDS = 300;

  private final Process process;
  private final Path output;

  private Program(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  private static Program start(Path directory, Map<String, String> environment, Path input, List<String> command)
      throws IOException {
    Path output = Files.createTempFile(directory, "output", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
        .redirectErrorStream(true).redirectOutput(output.toFile());
    if (input != null) {
      builder.redirectInput(input.toFile());
    }
    builder.environment().putAll(environment);
    return new Program(builder.start(), output);
  }

  /** Runs it to its end, which has to be a good one, and gives the lines of its output. */
  public static List<String> run(Path directory, Map<String, String> environment, String input, List<String> command)
      throws IOException, InterruptedException {
    Path file = Files.writeString(Files.createTempFile(directory, "input", ".txt"), input, StandardCharsets.UTF_8);
    try (Program program = start(directory, environment, file, command)) {
      assertThat(program.process.waitFor(SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
      assertThat(program.process.exitValue()).as("%s says %s", command, program.output()).isZero();
      return program.output().lines().toList();
    }
  }

  /** Starts a server and waits until it listens. */
  public static Program serve(Path directory, Map<String, String> environment, int port, List<String> command)
      throws IOException {
    Program program = start(directory, environment, null, command);
    try {
      await("%s listens".formatted(command)).atMost(Waiting.LONG)
          .until(() -> !program.process.isAlive() || accepts(port));
      assertThat(program.process.isAlive()).as("%s says %s", command, program.output()).isTrue();
      return program;
    } catch (RuntimeException | Error e) {
      program.close();
      throw e;
    }
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  public String output() throws IOException {
    return Files.readString(output);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
