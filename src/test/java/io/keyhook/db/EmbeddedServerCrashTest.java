package io.keyhook.db;

import static io.keyhook.db.ServerProcess.killPostmasterOf;
import static io.keyhook.db.ServerProcess.query;
import static io.keyhook.testing.Signals.kill;
import static io.keyhook.testing.Signals.postmasterOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sudden end of the server, of the process that owns it, and of both. */
class EmbeddedServerCrashTest {

  private static final AtomicInteger FORKS = new AtomicInteger();

  @TempDir
  static Path temporary;
  static Path directory;

  @BeforeAll
  static void nameTheDirectory() throws IOException {
    directory = temporary.toRealPath().resolve("data");
  }

  @AfterEach
  void endWhatIsLeft() throws IOException {
    killPostmasterOf(directory);
  }

  @Test
  void aServerThatDiedIsStartedAgainOnItsPort() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      query(server.uri(), "CREATE TABLE committed AS SELECT 42 AS answer");
      for (int i = 0; i < 2; i++) {
        long died = kill(postmasterOf(directory));
        awaitAnswer(server.uri());
        assertThat(postmasterOf(directory)).isNotEqualTo(died);
        assertThat(query(server.uri(), "SELECT answer FROM committed")).isEqualTo("42");
      }
      query(server.uri(), "DROP TABLE committed");
    }
    assertThat(directory.resolve("postgres/postmaster.pid")).doesNotExist();
  }

  @Test
  void aServerThatStoppedByItselfIsStartedAgain() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      ProcessHandle postmaster = ProcessHandle.of(postmasterOf(directory)).orElseThrow();
      postmaster.destroy();
      await().atMost(Duration.ofSeconds(20)).until(() -> !postmaster.isAlive());
      awaitAnswer(server.uri());
    }
  }

  @Test
  void closingWhileTheServerRestartsLeavesNone() throws Exception {
    EmbeddedServer server = EmbeddedServer.start(directory);
    kill(postmasterOf(directory));
    server.close();
    try (EmbeddedServer next = EmbeddedServer.start(directory)) {
      assertThat(query(next.uri(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void aServerLeftByAKilledProcessIsStoppedAndItsDataServed() throws Exception {
    long left;
    try (ServerProcess killed = fork()) {
      query(killed.uri(), "CREATE TABLE committed AS SELECT 42 AS answer");
      killed.kill();
      left = postmasterOf(directory);
      assertThat(query(killed.uri(), "SELECT answer FROM committed")).as("it lives on").isEqualTo("42");
    }
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      assertThat(ProcessHandle.of(left)).isEmpty();
      assertThat(query(server.uri(), "SELECT answer FROM committed")).isEqualTo("42");
      query(server.uri(), "DROP TABLE committed");
    }
  }

  @Test
  void aServerKilledWithItsProcessRecovers() throws Exception {
    try (ServerProcess killed = fork()) {
      query(killed.uri(), "CREATE TABLE committed AS SELECT 42 AS answer");
      killed.kill();
      kill(postmasterOf(directory));
    }
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      assertThat(query(server.uri(), "SELECT answer FROM committed")).isEqualTo("42");
      query(server.uri(), "DROP TABLE committed");
    }
  }

  @Test
  void aPidThatIsSomebodyElsesNowIsNotTouched() throws Exception {
    EmbeddedServer.start(directory).close();
    Process stranger = new ProcessBuilder("sleep", "300").start();
    try {
      Files.write(directory.resolve("postgres/postmaster.pid"), List.of(Long.toString(stranger.pid()),
          directory.resolve("postgres").toString(), "1", "29999", "", "127.0.0.1", "1 1", "ready"));
      try (EmbeddedServer server = EmbeddedServer.start(directory)) {
        assertThat(query(server.uri(), "SELECT 1")).isEqualTo("1");
      }
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly();
      assertThat(stranger.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aPidFileThatACrashLeftEmptyIsNoObstacle() throws Exception {
    EmbeddedServer.start(directory).close();
    Files.createFile(directory.resolve("postgres/postmaster.pid"));
    EmbeddedServer.start(directory).close();
  }

  @Test
  void aCtrlCInTheTerminalDoesNotReachTheServer() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      long postmaster = postmasterOf(server.directory());
      Process ps = new ProcessBuilder("ps", "-o", "pgid=,sid=", "-p", Long.toString(postmaster)).start();
      assertThat(ps.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(new String(ps.getInputStream().readAllBytes()).strip().split("\\s+"))
          .as("leads its own process group and session").containsOnly(Long.toString(postmaster));
    }
  }

  @Test
  void theNextStartIsQuick() throws Exception {
    EmbeddedServer.start(directory).close();
    try (ServerProcess next = fork()) {
      assertThat(next.startedAfter()).isLessThan(Duration.ofSeconds(10));
    }
  }

  private static ServerProcess fork() {
    return ServerProcess.fork(directory, temporary.resolve("fork" + FORKS.incrementAndGet() + ".txt"));
  }

  private static void awaitAnswer(URI uri) {
    await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> query(uri, "SELECT 1").equals("1"));
  }
}
