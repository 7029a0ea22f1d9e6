package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.keyhook.db.ConnectionUri.Home;
import io.keyhook.db.ConnectionUri.Server;
import io.keyhook.db.ConnectionUri.Target;
import io.vertx.pgclient.SslMode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection URI means, by PostgreSQL's manual. */
class ConnectionUriTest {
  @TempDir
  Path home;

  private ConnectionUri parse(String uri) {
    return ConnectionUri.parse(uri, new Home(home));
  }

  private static Server server(String host, int port) {
    return new Server(host, port, Optional.empty());
  }

  @Test
  void everyPartIsPercentDecodedAndAPlusSignStays() {
    ConnectionUri uri = parse("postgresql://us%40er:p%40+%2F%25:w@h:1/d%20b?application_name=a%26b");
    assertThat(uri.user()).isEqualTo("us@er");
    assertThat(uri.servers()).containsExactly(new Server("h", 1, Optional.of("p@+/%:w")));
    assertThat(uri.database()).isEqualTo("d b");
    assertThat(uri.applicationName()).contains("a&b");
  }

  @Test
  void whatIsNotGivenIsLibpqsDefault() {
    ConnectionUri uri = parse("postgres://h/d");
    assertThat(uri.servers()).containsExactly(server("h", 5432));
    assertThat(uri.user()).isEqualTo(System.getProperty("user.name"));
    assertThat(uri.sslMode()).isEqualTo(SslMode.PREFER);
    assertThat(uri.target()).isEqualTo(Target.ANY);
  }

  @Test
  void severalServersHaveAPortEachOrOneForAll() {
    assertThat(parse("postgresql://a:1,b,[::1]:3/d?target_session_attrs=read-write").servers())
        .containsExactly(server("a", 1), server("b", 5432), server("::1", 3));
    assertThat(parse("postgresql://a,b/d?port=7&target_session_attrs=primary").servers())
        .containsExactly(server("a", 7), server("b", 7));
    assertThat(parse("postgresql:///d?host=a,b&port=1,2").servers()).containsExactly(server("a", 1), server("b", 2));
  }

  @Test
  void severalServersMayHaveIpv6Addresses() throws Exception {
    String uri = "postgresql://u:p@a:5432,[::1]:5433,[fe80::1]/d?target_session_attrs=read-write";
    assertThat(ConnectionUri.parse(ConnectionUri.uri(uri)).servers()).extracting(Server::host, Server::port)
        .containsExactly(tuple("a", 5432), tuple("::1", 5433), tuple("fe80::1", 5432));
    assertThat(ConnectionUri.uri("postgresql://u@[::1]:5433/d").getHost()).isEqualTo("[::1]");
  }

  @Test
  void anAddressStandsBesideTheNameOfItsHost() throws IOException {
    Path file = passwords("rw-------");
    ConnectionUri uri = parse("postgresql://u@a,b:2/d?hostaddr=10.0.0.1,::1&passfile=" + file);
    assertThat(uri.servers()).extracting(Server::host, server -> server.address().orElseThrow().getHostAddress(), Server::password)
        .containsExactly(tuple("a", "10.0.0.1", Optional.of("of:a")), tuple("b", "0:0:0:0:0:0:0:1", Optional.of("of\\b")));
    assertThat(uri.where()).isEqualTo("a:5432 at 10.0.0.1, b:2 at 0:0:0:0:0:0:0:1");
    assertThat(uri.servers().get(0).socketAddress().host()).isEqualTo("a");
    assertThat(uri.servers().get(0).socketAddress().hostAddress()).isEqualTo("10.0.0.1");
    assertThat(parse("postgresql://a,b/d?hostaddr=,10.0.0.2").servers()).extracting(server -> server.address().isPresent())
        .containsExactly(false, true);
    assertThat(parse("postgresql:///d?hostaddr=10.0.0.1").servers()).extracting(Server::host).containsExactly("10.0.0.1");
  }

  @Test
  void aHostThatIsADirectoryHasAUnixSocket() {
    for (String uri : new String[] {"postgresql://%2Fvar%2Frun%2Fpostgresql/d", "postgresql:///d?host=/var/run/postgresql",
        "postgresql://u@/d?host=%2Fvar%2Frun%2Fpostgresql"}) {
      assertThat(parse(uri).servers()).containsExactly(server("/var/run/postgresql", 5432));
      assertThat(parse(uri).where()).isEqualTo("/var/run/postgresql/.s.PGSQL.5432");
    }
  }

  @Test
  void aRootCertificateMakesRequireVerifyIt() throws IOException {
    assertThat(parse("postgresql://h/d?sslmode=require").sslMode()).isEqualTo(SslMode.REQUIRE);
    assertThat(parse("postgresql://h/d?sslmode=require&sslrootcert=/r.crt").sslMode()).isEqualTo(SslMode.VERIFY_CA);
    assertThat(parse("postgresql://h/d?sslrootcert=system").sslMode()).isEqualTo(SslMode.VERIFY_FULL);
    Files.createDirectory(home.resolve(".postgresql"));
    Path root = Files.createFile(home.resolve(".postgresql/root.crt"));
    assertThat(parse("postgresql://h/d?sslmode=require").sslMode()).isEqualTo(SslMode.VERIFY_CA);
    assertThat(parse("postgresql://h/d?sslmode=verify-full").rootCertificate()).contains(root);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "postgresql://h/d?sslmode=perhaps | sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
      "postgresql://h/d?sslmode=verify-full | sslmode=verify-full needs sslrootcert",
      "postgresql://h/d?sslmode=require&sslrootcert=system | sslrootcert=system needs sslmode=verify-full",
      "postgresql://h/d?sslcert=/c | sslcert needs sslkey",
      "postgresql://h/d?channel_binding=require | channel_binding must be prefer",
      "postgresql://h/d?sslnegotiation=direct | sslnegotiation must be postgres",
      "postgresql://h/d?gssencmode=require | gssencmode must be disable or prefer",
      "postgresql://a,b/d?load_balance_hosts=random | load_balance_hosts must be disable",
      "postgresql://a,b/d?target_session_attrs=standby | target_session_attrs must be one of any, read-write, primary",
      "postgresql://a,b,c/d?port=1,2 | one port, or as many as hosts",
      "postgresql://h:70000/d | a port must be",
      "postgresql://h/d?sslmod=require | parameter number 1 is none that Keyhook knows",
      "postgresql://h/d?application_name=k&sslcrl=/c | does not support its parameter sslcrl: certificates are not checked",
      "postgresql://h/d?sslpassword=secret | sslpassword: decrypt the key",
      "postgresql://h/d?service=s | service: write what the service file says into the URI",
      "postgresql://h/d?require_auth=scram-sha-256 | require_auth: to be sure of the server's identity",
      "postgresql://a,b/d?hostaddr=10.0.0.1 | as many addresses in hostaddr as hosts",
      "postgresql:///d?host=/run&hostaddr=10.0.0.1 | hostaddr belongs beside the name of a host",
      "postgresql://a/d?hostaddr=b | hostaddr must have IP addresses",
      "postgresql://a/d?hostaddr=10.0.0.0/8 | hostaddr must have IP addresses",
      "postgresql://h/ | names no database",
      "postgresql:///d | names no host",
      "postgresql://h/d?passfile=/nowhere | passfile must name a readable UTF-8 file"})
  void whatItCannotMeanIsRefused(String uri, String problem) {
    assertThatThrownBy(() -> parse(uri)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgresql://u:se?cret@h/d", "postgresql://u:se%cret@h/d", "postgresql://u:se/cret@h/d",
      "postgresql://u:se@cret@h/d", "postgresql://u:secret@h:x/d", "postgresql://u@h/d?password=%zsecret"})
  void whatIsRefusedShowsNoPassword(String uri) {
    assertThatThrownBy(() -> parse(uri)).isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("cret"));
    assertThat(parse("postgresql://u:secret@h/d").toString()).doesNotContain("secret");
  }

  @Test
  void aPasswordFileHasOnePasswordForEachServer() throws IOException {
    Path file = passwords("rw-------");
    ConnectionUri uri = parse("postgresql://u@a,b:2,c/d?passfile=" + file);
    assertThat(uri.servers()).extracting(Server::password)
        .containsExactly(Optional.of("of:a"), Optional.of("of\\b"), Optional.of("of all"));
    assertThat(parse("postgresql://u:given@a/d?passfile=" + file).servers().get(0).password()).contains("given");
    assertThat(parse("postgresql://other@a/d?passfile=" + file).servers().get(0).password()).isEmpty();
  }

  @Test
  void aPasswordFileThatOthersMayReadIsRefused() throws IOException {
    Path file = passwords("rw-r--r--");
    assertThatThrownBy(() -> parse("postgresql://u@a/d?passfile=" + file)).hasMessageContaining("only its owner may read");
  }

  private Path passwords(String permissions) throws IOException {
    Path file = Files.createFile(home.resolve("passwords"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, """
        # comment
        a:5432:d:u:of\\:a
        b:2:*:u:of\\\\b
        *:*:*:u:of all
        """);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void aPasswordGivenBesideTheUriBecomesAPartOfIt() {
    for (String uri : new String[] {"postgresql://u@h/d", "postgresql://u@h/d?sslmode=require"}) {
      assertThat(ConnectionUri.parse(ConnectionUri.withPassword(URI.create(uri), "p &=+%:/?#").toString(), new Home(home))
          .servers().get(0).password()).contains("p &=+%:/?#");
    }
  }
}
