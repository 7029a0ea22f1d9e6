package io.keyhook.db;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An embedded server in a JVM of its own, to be killed; and what tests ask of a server. */
final class ServerProcess implements AutoCloseable {

  private static final Pattern STARTED = Pattern.compile("^STARTED (\\S+) after (\\d+) ms$", Pattern.MULTILINE);

  private final Process jvm;
  private final Path output;

  private ServerProcess(Process jvm, Path output) {
    this.jvm = jvm;
    this.output = output;
  }

  /** Holds the server until its input ends, which it does when the test's JVM dies. */
  public static void main(String[] arguments) throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(Path.of(arguments[0]))) {
      query(server.uri(), "SELECT 1");
      long millis = ManagementFactory.getRuntimeMXBean().getUptime();
      System.out.println("STARTED " + server.uri() + " after " + millis + " ms");
      while (System.in.read() >= 0) {
        continue;
      }
    } catch (EmbeddedServerException e) {
      System.out.println("REFUSED " + e.getMessage());
      System.exit(1);
    }
  }

  static ServerProcess fork(Path directory, Path output) throws IOException {
    Process jvm = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
        System.getProperty("java.class.path"), ServerProcess.class.getName(), directory.toString())
        .redirectErrorStream(true).redirectOutput(output.toFile()).start();
    return new ServerProcess(jvm, output);
  }

  URI uri() {
    return URI.create(started().group(1));
  }

  Duration startedAfter() {
    return Duration.ofMillis(Long.parseLong(started().group(2)));
  }

  private Matcher started() {
    await().atMost(Duration.ofSeconds(60)).until(() -> STARTED.matcher(output()).find() || !jvm.isAlive());
    Matcher matcher = STARTED.matcher(output());
    if (!matcher.find()) {
      throw new AssertionError(output());
    }
    return matcher;
  }

  String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int exitCode() {
    await().atMost(Duration.ofSeconds(60)).until(() -> !jvm.isAlive());
    return jvm.exitValue();
  }

  void kill() {
    jvm.destroyForcibly();
    exitCode();
  }

  @Override
  public void close() {
    kill();
  }

  static String query(URI uri, String sql) throws SQLException {
    String[] user = uri.getUserInfo().split(":");
    String url = "jdbc:postgresql://127.0.0.1:" + uri.getPort() + uri.getPath() + "?connectTimeout=5&socketTimeout=20";
    try (Connection connection = DriverManager.getConnection(url, user[0], user[1]);
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet rows = statement.getResultSet()) {
        rows.next();
        return rows.getString(1);
      }
    }
  }

  /** The server process that serves a directory, or did last. */
  static long postmasterOf(Path directory) throws IOException {
    return Long.parseLong(Files.readAllLines(directory.resolve("postgres/postmaster.pid")).get(0).strip());
  }

  /** Ends what a failed test left. */
  static void killPostmasterOf(Path directory) throws IOException {
    if (Files.exists(directory.resolve("postgres/postmaster.pid"))) {
      Optional<ProcessHandle> left = ProcessHandle.of(postmasterOf(directory))
          .filter(process -> process.info().commandLine().orElse("").contains(directory.toString()));
      left.ifPresent(process -> {
        process.destroyForcibly();
        await().atMost(Duration.ofSeconds(10)).until(() -> !process.isAlive());
      });
    }
  }
}
