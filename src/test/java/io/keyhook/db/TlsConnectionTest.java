package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.Keyhook;
import io.keyhook.config.Configuration;
import io.keyhook.testing.Api;
import io.keyhook.testing.Node;
import io.keyhook.testing.TlsFiles;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgBuilder;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections over TLS with libpq's meaning of each {@code sslmode}, to a PostgreSQL that has it: of both clients. */
class TlsConnectionTest {
  private static final String IS_TLS = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
  private static final Buffer SSL_REQUEST = Buffer.buffer().appendInt(8).appendInt(80877103);

  @TempDir
  static Path directory;
  static EmbeddedServer server;
  static TlsFiles files;
  static Vertx vertx;

  @BeforeAll
  static void startWithTls() throws Exception {
    vertx = Vertx.vertx();
    files = TlsFiles.in(directory, "localhost", "certified");
    server = EmbeddedServer.start(directory.resolve("data"));
    Path hba = directory.resolve("data/postgres/pg_hba.conf");
    Files.writeString(hba, """
        hostssl all tls_only 127.0.0.1/32 scram-sha-256
        hostnossl all plain_only 127.0.0.1/32 scram-sha-256
        hostssl all certified 127.0.0.1/32 cert
        """ + "host all keyhook 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 scram-sha-256\n");
    administer("CREATE ROLE tls_only LOGIN PASSWORD 'p'", "CREATE ROLE plain_only LOGIN PASSWORD 'p'",
        "CREATE ROLE certified LOGIN", "ALTER SYSTEM SET ssl_cert_file = '" + files.file("localhost.crt") + "'",
        "ALTER SYSTEM SET ssl_key_file = '" + files.file("localhost.key") + "'",
        "ALTER SYSTEM SET ssl_ca_file = '" + files.file("authority.crt") + "'", "ALTER SYSTEM SET ssl = on",
        "SELECT pg_reload_conf()");
    await("TLS").atMost(Waiting.LONG).ignoreExceptions()
        .until(() -> tls(SqlClients.JDBC, "127.0.0.1", "tls_only:p", "sslmode=require"));
  }

  @AfterAll
  static void stop() {
    Waiting.on(vertx.close());
    server.close();
  }

  private static void administer(String... statements) throws SQLException {
    String password = server.uri().getUserInfo().split(":")[1];
    try (Connection connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.uri().getPort() + "/keyhook",
        "postgres", password); Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static URI uri(String host, int port, String user, String parameters) {
    return URI.create("postgresql://" + user + "@" + host + ":" + port + "/keyhook?" + parameters);
  }

  private static boolean tls(SqlClients client, String host, int port, String user, String parameters) throws SQLException {
    return client.value(vertx, uri(host, port, user, parameters), IS_TLS).equals("true");
  }

  private static boolean tls(SqlClients client, String host, String user, String parameters) throws SQLException {
    return tls(client, host, server.uri().getPort(), user, parameters);
  }

  private static void refuses(SqlClients client, String host, String user, String parameters) {
    assertThatThrownBy(() -> tls(client, host, user, parameters)).as("%s %s", client, parameters)
        .isNotInstanceOf(NullPointerException.class);
  }

  private static String root(String name) {
    return "&sslrootcert=" + files.file(name);
  }

  static Stream<Arguments> modes() {
    return Arrays.stream(SqlClients.values()).flatMap(client -> Stream.of(
        Arguments.of(client, "disable", "plain_only:p", false),
        Arguments.of(client, "allow", "plain_only:p", false),
        Arguments.of(client, "allow", "tls_only:p", true),
        Arguments.of(client, "prefer", "tls_only:p", true),
        Arguments.of(client, "prefer", "plain_only:p", false),
        Arguments.of(client, "require", "tls_only:p", true),
        Arguments.of(client, "verify-ca", "tls_only:p", true),
        Arguments.of(client, "verify-full", "tls_only:p", true)));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("modes")
  void everyModeConnects(SqlClients client, String mode, String user, boolean overTls) throws SQLException {
    assertThat(tls(client, "localhost", user, "sslmode=" + mode + (mode.startsWith("verify") ? root("authority.crt") : "")))
        .isEqualTo(overTls);
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void withoutAModeTlsIsPreferred(SqlClients client) throws SQLException {
    assertThat(tls(client, "127.0.0.1", "tls_only:p", "")).isTrue();
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void disableNeverUsesTlsAndRequireAlwaysDoes(SqlClients client) {
    refuses(client, "127.0.0.1", "tls_only:p", "sslmode=disable");
    refuses(client, "127.0.0.1", "plain_only:p", "sslmode=require");
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void verifyFullRefusesAnotherNameAndVerifyCaAnotherAuthority(SqlClients client) throws SQLException {
    assertThat(tls(client, "127.0.0.1", "tls_only:p", "sslmode=verify-ca" + root("authority.crt"))).isTrue();
    refuses(client, "127.0.0.1", "tls_only:p", "sslmode=verify-full" + root("authority.crt"));
    refuses(client, "localhost", "tls_only:p", "sslmode=verify-full" + root("stranger.crt"));
    refuses(client, "127.0.0.1", "tls_only:p", "sslmode=verify-ca" + root("stranger.crt"));
    refuses(client, "localhost", "tls_only:p", "sslrootcert=system"); // no public authority signed it
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void theNameIsVerifiedWhereAnAddressIsConnectedTo(SqlClients client) throws SQLException {
    String verified = "sslmode=verify-full" + root("authority.crt") + "&hostaddr=127.0.0.1";
    assertThat(tls(client, "localhost", "tls_only:p", verified)).isTrue();
    refuses(client, "127.0.0.1", "tls_only:p", verified);
    refuses(client, "elsewhere.invalid", "tls_only:p", verified);
    assertThat(tls(client, "elsewhere.invalid", "tls_only:p", "sslmode=require&hostaddr=127.0.0.1"))
        .as("no name is looked up").isTrue();
  }

  @Test
  void aPoolOfAHostConnectsToAnAddressToo() throws Exception {
    URI uri = uri("localhost", server.uri().getPort(), "tls_only:p",
        "sslmode=verify-full" + root("authority.crt") + "&hostaddr=127.0.0.1");
    URI elsewhere = uri("elsewhere.invalid", server.uri().getPort(), "tls_only:p", "sslmode=require&hostaddr=127.0.0.1");
    for (URI each : List.of(uri, elsewhere)) {
      Pool pool = PgBuilder.pool().connectingTo(Database.connectOptions(each)).using(vertx).build();
      assertThat(Waiting.on(pool.query(IS_TLS).execute()).iterator().next().getString(0)).isEqualTo("true");
      Waiting.on(pool.close());
    }
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void requireVerifiesTheAuthorityIfItIsGiven(SqlClients client) throws SQLException {
    assertThat(tls(client, "127.0.0.1", "tls_only:p", "sslmode=require" + root("authority.crt"))).isTrue();
    refuses(client, "127.0.0.1", "tls_only:p", "sslmode=require" + root("stranger.crt"));
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void aCertificateStandsInForAPassword(SqlClients client) throws SQLException {
    String own = "&sslcert=" + files.file("certified.crt") + "&sslkey=" + files.file("certified.key");
    assertThat(tls(client, "127.0.0.1", "certified", "sslmode=require" + own)).isTrue();
    refuses(client, "127.0.0.1", "certified", "sslmode=require");
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void requireSendsNothingInTheClearButTheRequestForTls(SqlClients client) throws SQLException {
    try (RecordingRelay relay = RecordingRelay.to(vertx, server.uri().getPort())) {
      assertThat(tls(client, "127.0.0.1", relay.port(), "tls_only:p", "sslmode=require")).isTrue();
      assertThat(relay.sent()).isNotEmpty().allSatisfy(TlsConnectionTest::isEncrypted);
      assertThat(relay.sent()).anyMatch(bytes -> bytes.length() > SSL_REQUEST.length());
    }
  }

  @ParameterizedTest
  @EnumSource(SqlClients.class)
  void requireSendsNothingMoreToAServerWithoutTls(SqlClients client) {
    for (String mode : List.of("require", "verify-ca" + root("authority.crt"), "verify-full" + root("authority.crt"))) {
      try (RecordingRelay relay = RecordingRelay.answering(vertx, "N")) {
        assertThatThrownBy(() -> tls(client, "localhost", relay.port(), "tls_only:p", "sslmode=" + mode))
            .hasMessageContaining(client == SqlClients.VERTX ? "offers no TLS" : "does not support SSL");
        assertThat(relay.sent()).isNotEmpty().allSatisfy(bytes -> assertThat(bytes).isEqualTo(SSL_REQUEST));
      }
    }
  }

  /** The request for TLS, and then records of TLS alone (RFC 8446, 5.1). */
  private static void isEncrypted(Buffer bytes) {
    assertThat(bytes.slice(0, SSL_REQUEST.length())).isEqualTo(SSL_REQUEST);
    int at = SSL_REQUEST.length();
    while (at < bytes.length()) {
      assertThat(bytes.getUnsignedByte(at)).isBetween((short) 20, (short) 23);
      assertThat(bytes.getUnsignedByte(at + 1)).isEqualTo((short) 3);
      at += 5 + bytes.getUnsignedShort(at + 3);
    }
    assertThat(at).isEqualTo(bytes.length());
  }

  @Test
  void aNodeMigratesAndServesOverVerifiedTls() throws Exception {
    administer("DROP SCHEMA IF EXISTS keyhook CASCADE");
    try (RecordingRelay relay = RecordingRelay.to(vertx, server.uri().getPort())) {
      String user = server.uri().getUserInfo();
      Keyhook keyhook = new Keyhook(Configuration.of(Node.settings(uri("localhost", relay.port(), user,
          "sslmode=verify-full" + root("authority.crt")))));
      String deployment = Waiting.on(vertx.deployVerticle(keyhook));
      try {
        Api.of(URI.create("http://127.0.0.1:" + keyhook.port())).bearer(Node.API_KEY).get("/api/licenses").expect(200);
      } finally {
        Waiting.on(vertx.undeploy(deployment));
      }
      assertThat(relay.sent()).isNotEmpty().allSatisfy(TlsConnectionTest::isEncrypted);
    }
  }
}
