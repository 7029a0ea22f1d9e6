package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Program;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The choice among several servers, of which one may be a standby, read-only or away; and Unix sockets. */
class ServersTest {
  private static final String PORT = "SELECT current_setting('port')";

  @TempDir
  static Path directory;
  static EmbeddedServer primary;
  static EmbeddedServer standby;
  static Vertx vertx;
  static String passwords;

  @BeforeAll
  static void start() throws Exception {
    vertx = Vertx.vertx();
    primary = EmbeddedServer.start(directory.resolve("primary"));
    standby = EmbeddedServer.start(directory.resolve("standby"));
    administer(standby, "ALTER ROLE keyhook PASSWORD '" + password(primary) + "'; ALTER ROLE postgres PASSWORD '"
        + password(primary) + "'");
    standby.close();
    Files.createFile(directory.resolve("standby/postgres/standby.signal"));
    Files.copy(directory.resolve("primary/postgres.password"), directory.resolve("standby/postgres.password"),
        StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    standby = EmbeddedServer.start(directory.resolve("standby"));
  }

  @AfterAll
  static void stop() {
    Waiting.on(vertx.close());
    primary.close();
    standby.close();
  }

  private static String password(EmbeddedServer server) {
    return server.uri().getUserInfo().split(":")[1];
  }

  private static void administer(EmbeddedServer server, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.uri().getPort() + "/keyhook",
        "postgres", password(server)); Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static URI uri(String servers, String parameters) {
    return URI.create("postgresql://keyhook:" + password(primary) + "@" + servers + "/keyhook?" + parameters);
  }

  private static String at(EmbeddedServer server) {
    return "127.0.0.1:" + server.uri().getPort();
  }

  private static String chosen(SqlClients client, String servers, String parameters) throws SQLException {
    return "127.0.0.1:" + client.value(vertx, uri(servers, parameters), PORT);
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void theFirstServerServesIfAnyMay(SqlClients client) throws SQLException {
    assertThat(chosen(client, at(standby) + "," + at(primary), "")).isEqualTo(at(standby));
    assertThat(chosen(client, at(primary) + "," + at(standby), "target_session_attrs=any")).isEqualTo(at(primary));
  }

  static Stream<Arguments> writing() {
    return Arrays.stream(SqlClients.values()).flatMap(client ->
        Stream.of("read-write", "primary").map(target -> Arguments.of(client, target)));
  }

  @ParameterizedTest
  @MethodSource("writing")
  void aStandbyIsPassedOverWhereTheServerMustWrite(SqlClients client, String target) throws SQLException {
    assertThat(chosen(client, at(standby) + "," + at(primary), "target_session_attrs=" + target)).isEqualTo(at(primary));
    assertThatThrownBy(() -> chosen(client, at(standby), "target_session_attrs=" + target)).hasMessageContaining("serve");
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void aPrimaryThatOnlyReadsIsNotReadWrite(SqlClients client) throws SQLException {
    administer(primary, "ALTER ROLE keyhook SET default_transaction_read_only = on");
    try {
      assertThat(chosen(client, at(primary), "target_session_attrs=primary")).isEqualTo(at(primary));
      assertThatThrownBy(() -> chosen(client, at(primary), "target_session_attrs=read-write")).hasMessageContaining("serve");
    } finally {
      administer(primary, "ALTER ROLE keyhook RESET default_transaction_read_only");
    }
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void aServerThatIsAwayIsPassedOver(SqlClients client) throws Exception {
    assertThat(chosen(client, "127.0.0.1:" + Program.freePort() + "," + at(primary), "")).isEqualTo(at(primary));
  }

  @Test
  void aServerThatSaysNothingHoldsNobodyUp() throws SQLException {
    try (RecordingRelay silent = RecordingRelay.answering(vertx, "")) {
      assertThat(chosen(SqlClients.VERTX, "127.0.0.1:" + silent.port() + "," + at(primary), "")).isEqualTo(at(primary));
      assertThat(silent.sent()).isNotEmpty();
    }
  }

  @Test
  void aNewConnectionGoesToTheServerThatServesByThen() throws Exception {
    URI both = uri(at(primary) + "," + at(standby), "target_session_attrs=read-write");
    Database database = Database.of(vertx, both, 1);
    try {
      assertThat(port(database)).isEqualTo(at(primary));
      administer(primary, "ALTER ROLE keyhook SET default_transaction_read_only = on");
      administer(standby, "SELECT pg_promote()");
      administer(primary, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keyhook'");
      await("the other server").atMost(Waiting.LONG).ignoreExceptions()
          .until(() -> port(database).equals(at(standby)));
    } finally {
      Waiting.on(database.close());
      administer(primary, "ALTER ROLE keyhook RESET default_transaction_read_only");
      standby.close();
      Files.createFile(directory.resolve("standby/postgres/standby.signal"));
      standby = EmbeddedServer.start(directory.resolve("standby"));
    }
  }

  private static String port(Database database) {
    return "127.0.0.1:" + Waiting.on(database.pool().query(PORT).execute().map(rows -> rows.iterator().next().getString(0)));
  }

  @Test
  void aUnixSocketServesBothClientsWithAndWithoutNativeTransport() throws Exception {
    Path sockets = Files.createTempDirectory("kh"); // a socket's path has 107 bytes at most
    Vertx nio = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
    Vertx epoll = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    try (RecordingRelay relay = RecordingRelay.to(nio, primary.uri().getPort(),
        SocketAddress.domainSocketAddress(sockets.resolve(".s.PGSQL.5432").toString()))) {
      for (String parameters : new String[] {"", "sslmode=require"}) { // which a Unix socket does not need
        URI uri = URI.create("postgresql://keyhook:" + password(primary) + "@/keyhook?host=" + sockets + "&" + parameters);
        assertThat(SqlClients.VERTX.value(nio, uri, PORT)).isEqualTo("" + primary.uri().getPort());
        assertThat(SqlClients.VERTX.value(epoll, uri, PORT)).isEqualTo("" + primary.uri().getPort());
        assertThat(SqlClients.JDBC.value(null, uri, PORT)).isEqualTo("" + primary.uri().getPort());
      }
      assertThat(relay.sent()).hasSize(6);
    } finally {
      Waiting.on(nio.close());
      Waiting.on(epoll.close());
      Files.deleteIfExists(sockets.resolve(".s.PGSQL.5432"));
      Files.delete(sockets);
    }
  }
}
