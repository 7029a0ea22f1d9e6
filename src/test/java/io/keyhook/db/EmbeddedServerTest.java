package io.keyhook.db;

import static io.keyhook.db.ServerProcess.killPostmasterOf;
import static io.keyhook.db.ServerProcess.query;
import static io.keyhook.testing.Signals.postmasterOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a server in good order, and what its start refuses. */
class EmbeddedServerTest {

  @TempDir
  static Path temporary;
  static Path directory;

  @BeforeAll
  static void nameTheDirectory() throws IOException {
    directory = temporary.toRealPath().resolve("made by the start/data of keyhook");
  }

  @AfterAll
  static void endWhatIsLeft() throws IOException {
    killPostmasterOf(directory);
  }

  @Test
  void writesAreOnDiskBeforeTheAnswer() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes", "data_checksums")) {
        assertThat(query(server.uri(), "SHOW " + setting)).as(setting).isEqualTo("on");
      }
    }
  }

  @Test
  void settingsReachDataThatExists() throws Exception {
    EmbeddedServer.start(directory).close();
    Files.writeString(directory.resolve("postgres/postgresql.auto.conf"), "jit = on\nfsync = off\n");
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      assertThat(query(server.uri(), "SHOW jit")).isEqualTo("off");
      assertThat(query(server.uri(), "SHOW fsync")).isEqualTo("on");
      assertThat(query(server.uri(), "SHOW log_timezone")).isEqualTo("UTC");
      assertThat(query(server.uri(), "SHOW max_wal_size")).isEqualTo("2GB");
      assertThat(query(server.uri(), "SHOW wal_compression")).isEqualTo("pglz");
    }
  }

  @Test
  void memoryIsSharedWithTheApplication() {
    assertThat(PostgresSettings.of(256L << 20)).containsEntry("shared_buffers", "64MB");
    assertThat(PostgresSettings.of(2L << 30)).containsEntry("shared_buffers", "256MB");
    assertThat(PostgresSettings.of(64L << 30)).containsEntry("shared_buffers", "512MB");
  }

  @Test
  void dataAndPortAreTheSameAfterTheNextStart() throws Exception {
    URI first;
    try (EmbeddedServer server = EmbeddedServer.start(Path.of("").toAbsolutePath().relativize(directory))) {
      assertThat(server.directory()).isEqualTo(directory);
      first = server.uri();
      query(first, "CREATE TABLE kept AS SELECT 'a licence' AS name");
    }
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      assertThat(server.uri()).isEqualTo(first);
      assertThat(query(server.uri(), "SELECT name FROM kept")).isEqualTo("a licence");
      query(server.uri(), "DROP TABLE kept");
    }
  }

  @Test
  void aPortThatWasTakenMeanwhileIsReplaced() throws Exception {
    EmbeddedServer server = EmbeddedServer.start(directory);
    int port = server.uri().getPort();
    server.close();
    try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
        EmbeddedServer next = EmbeddedServer.start(directory)) {
      assertThat(next.uri().getPort()).isNotEqualTo(other.getLocalPort());
      assertThat(query(next.uri(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void closingStopsTheServerAndTwiceIsOnce() throws Exception {
    EmbeddedServer server = EmbeddedServer.start(directory);
    ProcessHandle postmaster = ProcessHandle.of(postmasterOf(directory)).orElseThrow();
    server.close();
    assertThat(postmaster.isAlive()).isFalse();
    assertThat(LoopbackPort.isFree(server.uri().getPort())).isTrue();
    server.close();
    try (EmbeddedServer next = EmbeddedServer.start(directory)) {
      server.close();
      assertThat(query(next.uri(), "SELECT 1")).isEqualTo("1");
      assertThatThrownBy(() -> EmbeddedServer.start(directory)).isInstanceOf(EmbeddedServerException.class);
    }
  }

  @Test
  void programsAreUnpackedOnceAndThoseOfAnotherVersionGo() throws Exception {
    EmbeddedServer.start(directory).close();
    Path home = binaries().get(0);
    var unpacked = Files.getLastModifiedTime(home.resolve("bin/postgres"));
    Path other = Files.createDirectories(directory.resolve("binaries-0000/bin"));
    EmbeddedServer.start(directory).close();
    assertThat(Files.getLastModifiedTime(home.resolve("bin/postgres"))).isEqualTo(unpacked);
    assertThat(binaries()).containsExactly(home);
    assertThat(other).doesNotExist();
  }

  private static List<Path> binaries() throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      return children.filter(path -> path.getFileName().toString().startsWith("binaries-")).toList();
    }
  }

  @Test
  void whatAKilledStartLeftUnfinishedGoes() throws Exception {
    Path half = Files.createDirectories(directory.resolve("unfinished-1/base"));
    Files.writeString(half.resolve("1"), "half");
    EmbeddedServer.start(directory).close();
    assertThat(directory.resolve("unfinished-1")).doesNotExist();
  }

  @Test
  void onlyWhoHasThePasswordGetsIn() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      String password = server.uri().getUserInfo().split(":")[1];
      assertThat(password).hasSize(48);
      for (String user : List.of("keyhook", "postgres")) {
        URI wrong = URI.create(server.uri().toString().replace("keyhook:" + password, user + ":wrong"));
        assertThatThrownBy(() -> query(wrong, "SELECT 1")).isInstanceOf(SQLException.class)
            .hasMessageContaining("password authentication failed");
      }
      assertThat(query(server.uri(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).isEqualTo("f");
      assertThat(Files.readString(directory.resolve("postgres.log"))).doesNotContain(password);
    }
  }

  @Test
  void onlyThisMachineReachesIt() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      assertThat(query(server.uri(), "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      URI superuser = URI.create(server.uri().toString().replace("//keyhook:", "//postgres:"));
      assertThat(query(superuser, "SHOW unix_socket_directories")).isEmpty();
      List<InetAddress> outside = NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLoopbackAddress()).toList();
      for (InetAddress address : outside) {
        try (Socket socket = new Socket()) {
          var endpoint = new InetSocketAddress(address, server.uri().getPort());
          assertThatThrownBy(() -> socket.connect(endpoint, 2000)).isInstanceOf(IOException.class);
        }
      }
    }
  }

  @Test
  void filesAreForThisUserOnly() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      for (String path : List.of("", "postgres")) {
        assertThat(permissions(server.directory().resolve(path))).as(path).isEqualTo("rwx------");
      }
      for (String path : List.of("postgres.password", "postgres.log", "lock")) {
        assertThat(permissions(server.directory().resolve(path))).as(path).isEqualTo("rw-------");
      }
    }
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aSecondServerIsRefusedAndTheFirstGoesOn() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(directory)) {
      for (int i = 0; i < 2; i++) { // in this process: the refusal must not drop the lock that the next line needs
        assertThatThrownBy(() -> EmbeddedServer.start(directory)).isInstanceOf(EmbeddedServerException.class)
            .hasMessageContaining("in use by another Keyhook (this process)").hasMessageNotContaining("\n");
      }
      try (ServerProcess second = ServerProcess.fork(directory, temporary.resolve("second.txt"))) {
        assertThat(second.exitCode()).isEqualTo(1);
        assertThat(second.output()).contains("REFUSED " + directory + " is in use by another Keyhook (process "
            + ProcessHandle.current().pid() + "): stop that one, or name another directory in database.directory");
      }
      assertThat(query(server.uri(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void dataOfAnotherVersionIsLeftAlone() throws Exception {
    Path old = Files.createDirectories(temporary.resolve("old/postgres"));
    Files.writeString(old.resolve("PG_VERSION"), "15\n");
    assertRefused(old.getParent(), "was made by PostgreSQL 15, and this is 18. With the release of Keyhook that made it, run the command \"backup\".");
    assertThat(old).isDirectoryContaining("glob:**PG_VERSION");
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.writeString(temporary.resolve("file"), "");
    assertRefused(file.resolve("data"), "cannot use " + file.resolve("data"));
    assertRefused(file, "see that this user may write there and the disk has room");
  }

  @Test
  void aDirectoryThatEverybodyMayWriteToIsRefused() throws Exception {
    Path open = Files.createDirectory(temporary.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertRefused(open, "take that right away (chmod o-w)");
  }

  @Test
  void aServerThatDoesNotStartSaysWhy() throws Exception {
    EmbeddedServer.start(directory).close();
    Path configuration = directory.resolve("postgres/postgresql.conf");
    String good = Files.readString(configuration);
    Files.writeString(configuration, good + "\nnonsense = 1\n");
    try {
      assertRefused(directory, "PostgreSQL did not start (exit code 1)",
          "unrecognized configuration parameter \"nonsense\"");
    } finally {
      Files.writeString(configuration, good);
    }
    EmbeddedServer.start(directory).close();
  }

  @Test
  void aLostPasswordIsNoticed() throws Exception {
    EmbeddedServer.start(directory).close();
    Path file = directory.resolve("postgres.password");
    Path aside = Files.move(file, directory.resolve("aside"));
    try {
      assertRefused(directory, "postgres.password is missing", "restore it from the backup");
      Files.writeString(file, "wrong");
      assertRefused(directory, "PostgreSQL refuses the password");
    } finally {
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    }
    EmbeddedServer.start(directory).close();
  }

  private static void assertRefused(Path directory, String... words) {
    assertThatThrownBy(() -> EmbeddedServer.start(directory)).isInstanceOf(EmbeddedServerException.class)
        .hasMessageContainingAll(words).hasMessageNotContaining("\n");
  }

  @Test
  void theLogIsBounded() throws Exception {
    ServerLog log = ServerLog.open(temporary.resolve("some.log"));
    Files.writeString(log.file(), "old\n".repeat((int) ServerLog.MAX_BYTES / 4) + "last\n");
    log.rotate();
    assertThat(log.file()).isEmptyFile();
    assertThat(temporary.resolve("some.log.1")).hasSize(ServerLog.MAX_BYTES + 5);
    Files.write(log.file(), "one\n\ntwo\n".getBytes(StandardCharsets.UTF_8));
    assertThat(log.tail(0)).isEqualTo("one | two");
    assertThat(log.tail(4)).isEqualTo("two");
  }
}
