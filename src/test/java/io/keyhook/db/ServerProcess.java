package io.keyhook.db;

import static org.awaitility.Awaitility.await;

import io.keyhook.testing.ChildJvm;
import io.keyhook.testing.Signals;
import java.io.IOException;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** An embedded server in a JVM of its own, to be killed; and what tests ask of a server. */
final class ServerProcess implements AutoCloseable {

  private static final Pattern STARTED = Pattern.compile("^STARTED (\\S+) after (\\d+) ms$", Pattern.MULTILINE);

  private final ChildJvm jvm;

  private ServerProcess(ChildJvm jvm) {
    this.jvm = jvm;
  }

  /** Holds the server for as long as the test's JVM lives. */
  public static void main(String[] arguments) throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(Path.of(arguments[0]))) {
      query(server.uri(), "SELECT 1");
      long millis = ManagementFactory.getRuntimeMXBean().getUptime();
      System.out.println("STARTED " + server.uri() + " after " + millis + " ms");
      ChildJvm.awaitEndOfParent();
    } catch (EmbeddedServerException e) {
      System.out.println("REFUSED " + e.getMessage());
      System.exit(1);
    }
  }

  static ServerProcess fork(Path directory, Path output) {
    return new ServerProcess(
        ChildJvm.start(ServerProcess.class, output, Map.of(), List.of(), directory.toString()));
  }

  URI uri() {
    return URI.create(jvm.awaitOutput(STARTED).group(1));
  }

  Duration startedAfter() {
    return Duration.ofMillis(Long.parseLong(jvm.awaitOutput(STARTED).group(2)));
  }

  String output() {
    return jvm.output();
  }

  int exitCode() {
    return jvm.exitCode();
  }

  void kill() {
    jvm.kill();
  }

  @Override
  public void close() {
    jvm.close();
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

  /** Ends what a failed test left. */
  static void killPostmasterOf(Path directory) throws IOException {
    if (Files.exists(directory.resolve("postgres/postmaster.pid"))) {
      Optional<ProcessHandle> left = ProcessHandle.of(Signals.postmasterOf(directory))
          .filter(process -> process.info().commandLine().orElse("").contains(directory.toString()));
      left.ifPresent(process -> {
        process.destroyForcibly();
        await().atMost(Duration.ofSeconds(10)).until(() -> !process.isAlive());
      });
    }
  }
}
