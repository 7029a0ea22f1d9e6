package io.keyhook.config;

import static io.keyhook.config.Failures.failures;
import static io.keyhook.config.Failures.nested;
import static io.keyhook.config.Failures.overrideFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.ConnectionUri;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which values are refused, key by key; {@code JwtRulesTest} has those of {@code auth.jwt}. */
class RulesTest {
  private static final String MASTER_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

  @ParameterizedTest
  @CsvSource({
      "http.port, 0, 65535",
      "management.port, 0, 65535",
      "database.poolSize, 1, 200",
      "database.maxConnections, 16, 1000",
      "validation.rateLimit, 0, 1000000",
      "mail.port, 1, 65535",
      "delivery.maxInFlight, 256, 1000000",
      "delivery.maxInFlightPerEndpoint, 1, 20000",
      "plans.free.maxLicenses, 0, 2147483647",
      "plans.free.maxWebhooks, 0, 2147483647",
      "plans.free.logRetentionDays, 1, 3650"})
  void aNumberHasItsBounds(String path, int min, int max) {
    Configuration.of(nested(path, min));
    Configuration.of(nested(path, max));
    assertThat(overrideFailure(path, min - 1)).startsWith(path.equals("delivery.maxInFlight")
        ? "delivery.maxInFlightPerEndpoint (default): is 256, must be a whole number from 1 to 255"
        : path + " (options): is " + (min - 1) + ", must be a whole number from ");
    assertThat(overrideFailure(path, max + 1L)).startsWith(path + " (options): is " + (max + 1L) + ", must be a whole number ");
  }

  @Test
  void whoSignsUpNeedsAPlanToBeginWith() {
    Configuration.of(nested("signup.enabled", true));
    JsonObject without = nested("signup.enabled", true).put("plans", new JsonObject().putNull("free"));
    assertThat(failures(() -> Configuration.of(without))).containsExactly(
        "signup.enabled (options): is true, must be false if there is no plan named free");
  }

  @Test
  void aMailServerNeedsASenderAndALoginIsWhole() {
    assertThat(failures(() -> Configuration.of(mail("host", "smtp.example.com")))).containsExactly(
        "mail.from (default): is not set, must be the sender's e-mail address if mail.host is given");
    assertThat(failures(() -> Configuration.of(mail("user", "keyhook")))).containsExactly(
        "mail.password (default): is not set, must be given if the other of mail.user and mail.password is");
    assertThat(failures(() -> Configuration.of(mail("tls", "ssl")))).containsExactly(
        "mail.tls (options): is \"ssl\", must be starttls, tls or none");
    assertThat(failures(() -> Configuration.of(mail("dashboardUrl", "https://keyhook.example.com/?x")))).containsExactly(
        "mail.dashboardUrl (options): is \"https://keyhook.example.com/?x\", must be the http or https URL of the dashboard, without a"
            + " query and a fragment, or null to mail no links");
    assertThat(failures(() -> Configuration.of(nested("license.expiringDays", new JsonArray().add(0).add(366))))).hasSize(2);
  }

  private static JsonObject mail(String key, String value) {
    return nested("mail." + key, value);
  }

  @Test
  void aNumberBeyondEveryBoundIsRefusedOnce() {
    assertThat(overrideFailure("delivery.maxInFlight", 0)).endsWith("must be a whole number from 1 to 1000000");
    assertThat(overrideFailure("delivery.maxInFlight", Long.MAX_VALUE)).endsWith("must be a whole number from 1 to 1000000");
  }

  @ParameterizedTest
  @CsvSource({"delivery.timeout, PT0.001S, PT12S, PT0.0009S, PT12.001S", "auth.jwt.lifetime, PT1M, P30D, PT59S, P30DT1S",
      "auth.session.lifetime, PT1H, P365D, PT59M59S, P365DT1S",
      "auth.session.accessLifetime, PT1M, PT1H, PT59S, PT1H1S", "http.drainDelay, PT0S, PT5M, PT-1S, PT5M1S",
      "log.slowStatement, PT0S, PT1M, PT-1S, PT1M1S"})
  void aDurationHasItsBounds(String path, String min, String max, String below, String above) {
    Configuration.of(nested(path, min));
    Configuration.of(nested(path, max));
    assertThat(overrideFailure(path, below)).endsWith("must be an ISO-8601 duration from " + min + " to " + max);
    assertThat(overrideFailure(path, above)).endsWith("must be an ISO-8601 duration from " + min + " to " + max);
    assertThat(overrideFailure(path, "10s")).startsWith(path + " (options): is \"10s\", must be");
    assertThat(overrideFailure(path, "")).contains("must be an ISO-8601 duration");
  }

  @Test
  void aShareOfTracesIsFromNoneToAll() {
    assertThat(Configuration.of(nested("tracing.sampling", 0)).tracing().sampling()).isZero();
    assertThat(Configuration.of(nested("tracing.sampling", 1)).tracing().sampling()).isEqualTo(1);
    assertThat(overrideFailure("tracing.sampling", 1.01)).isEqualTo(
        "tracing.sampling (options): is 1.01, must be a number from 0 to 1");
    assertThat(overrideFailure("tracing.sampling", -0.1)).endsWith("must be a number from 0 to 1");
    assertThat(overrideFailure("tracing.sampling", "1")).isEqualTo("tracing.sampling (options): is \"1\", must be a number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"collector:4318", "ftp://collector", "http://", "http://user:password@collector:4318",
      "https://collector/?key=1", "https://collector/#x", "http://a b"})
  void aCollectorHasAnHttpUrlWithoutCredentials(String url) {
    assertThat(overrideFailure("tracing.endpoint", url)).startsWith("tracing.endpoint (options): is ").contains("without user");
  }

  @Test
  void theManagementPortIsNotThePublicOne() {
    assertThat(overrideFailure("management.port", 8080)).isEqualTo(
        "management.port (options): is 8080, must be another port than http.port, or 0");
  }

  @ParameterizedTest
  @CsvSource({"log.format, XML, text or json", "log.format, JSON, text or json",
      "log.level, info, 'TRACE, DEBUG, INFO, WARN or ERROR'"})
  void aSettingOfTheLogIsOneOfItsNames(String path, String value, String names) {
    assertThat(overrideFailure(path, value)).isEqualTo(path + " (options): is \"" + value + "\", must be " + names);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http.host", "database.directory", "auth.jwt.issuer", "auth.jwt.audience", "auth.jwt.accountClaim"})
  void aStringThatMustBeThereIsNotEmpty(String path) {
    assertThat(overrideFailure(path, "")).startsWith(path + " (options): is ");
    assertThat(overrideFailure(path, " ")).startsWith(path + " (options): is \" \", must be ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1", "10.0.0.1/32", "10.0.0.0/8", "0.0.0.0/0", "::1", "fd00::/8", "::/0", "::ffff:10.0.0.1"})
  void aTrustedProxyIsAnAddressOrACidr(String network) {
    assertThat(Configuration.of(nested("http.trustedProxies", new JsonArray().add(network))).http().trustedProxies())
        .containsExactly(network.equals("::ffff:10.0.0.1") ? "::ffff:a00:1" : network);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "*", "10.*.*.*", "10.0.0.0-255", "10.0.0.1-2", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/255.0.0.0",
      "10.0", "167772161", "0x7f000001", "010.0.0.1", "/8", "fe80::1%eth0", "::1/129", "localhost", "proxy.example.com",
      "10.0.0.1,10.0.0.2", "10.0.0._", "0b1.0.0.1"})
  void aTrustedProxyIsNothingElse(String network) {
    assertThat(overrideFailure("http.trustedProxies", new JsonArray().add("::1").add(network)))
        .startsWith("http.trustedProxies[1] (options): is \"" + network + "\", must be an IP address or a CIDR");
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgresql://localhost/keyhook", "postgres://u:p%40%2F@10.0.0.1:5432/k?sslmode=require",
      "postgresql://u@[::1]:1/k", "postgresql://a_b/k", "postgresql://a:1,b:2/k?target_session_attrs=read-write",
      "postgresql://u@%2Fvar%2Frun%2Fpostgresql/k", "postgresql:///k?host=/var/run/postgresql"})
  void aDatabaseIsAPostgresUri(String uri) {
    assertThat(Configuration.of(external(uri)).database().uri()).contains(URI.create(uri));
  }

  @Test
  void serversOfADatabaseMayHaveIpv6Addresses() {
    URI uri = Configuration.of(external("postgresql://u:p@a:5432,[::1]:5433/k?target_session_attrs=read-write"))
        .database().uri().orElseThrow();
    assertThat(ConnectionUri.parse(uri).where()).isEqualTo("a:5432, [::1]:5433");
  }

  @ParameterizedTest
  @ValueSource(strings = {"keyhook", "jdbc:postgresql://localhost/keyhook", "mysql://localhost/keyhook", "postgresql://localhost",
      "postgresql://localhost/", "postgresql:///keyhook", "postgresql://localhost:0/k",
      "postgresql://a:b@c:70000/k",
      "postgresql://u:p w@localhost/k", "postgresql://u:1#2@localhost/k", "postgresql://a,b:0/k", "postgresql:k",
      "postgresql://h/k/l", "postgresql://h/k?sslmod=require",
      "postgresql://h/k?sslrootcert=/nowhere&sslmode=verify-ca",
      "postgresql://h/k?sslmode=perhaps", "postgresql://h/k?port=x"})
  void aDatabaseIsNothingElse(String uri) {
    assertThat(failures(() -> Configuration.of(external(uri)))).singleElement().asString()
        .startsWith("database.uri (options): is ***, must be postgresql://user:password@host:port/database");
  }

  @ParameterizedTest
  @ValueSource(strings = {"statement", "none", "Transaction", "pgbouncer"})
  void aPoolerHasAModeThatKeyhookKnows(String mode) {
    assertThat(overrideFailure("database.pooler", mode))
        .startsWith("database.pooler (options): is \"" + mode + "\", must be session or transaction");
  }

  @Test
  void whatAConnectionUriCannotMeanIsSaid() {
    assertThat(failures(() -> Configuration.of(external("postgresql://h/k?channel_binding=require"))))
        .singleElement().asString().startsWith("database.uri (options): is ***, must be postgresql://")
        .contains("channel_binding must be prefer");
    assertThat(failures(() -> Configuration.of(external("postgresql://u:p@h/k?sslpassword=hidden"))))
        .singleElement().asString().contains("sslpassword: decrypt the key").doesNotContain("hidden");
    assertThat(overrideFailure("database.migrationUri", "postgresql://h/k?sslmode=verify-full"))
        .startsWith("database.migrationUri (options): is ***, must be postgresql://").contains("needs sslrootcert");
  }

  @Test
  void anExternalDatabaseNeedsTheSecretsThatAnEmbeddedOneHasGenerated() {
    String masterKey = "secrets.masterKey (default): is not set, must be base64 of exactly 32 bytes"
        + " (create one with `openssl rand -base64 32`) unless the database is the embedded one";
    String jwtSecret = "auth.jwt.secret (default): is not set, must be 32 bytes or more unless the database is the embedded"
        + " one (create one with `openssl rand -base64 32`), unless auth.jwt.jwks names a file with keys";
    assertThat(failures(() -> Configuration.of(nested("database.uri", "postgresql://h/k"))))
        .containsExactlyInAnyOrder(masterKey, jwtSecret);
    assertThat(failures(() -> Configuration.of(new JsonObject(), true))).containsExactlyInAnyOrder(masterKey, jwtSecret);
    Configuration.of(external(null), true);
    Configuration.of(new JsonObject());
  }

  @ParameterizedTest
  @ValueSource(strings = {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", "0123456789abcdef0123456789abcdef",
      "__EyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "not base64"})
  void theMasterKeyIsBase64OfThirtyTwoBytes(String key) {
    assertThat(overrideFailure("secrets.masterKey", key))
        .isEqualTo("secrets.masterKey (options): is ***,"
            + " must be base64 of exactly 32 bytes (create one with `openssl rand -base64 32`)");
    assertThat(overrideFailure("secrets.previousMasterKeys", new JsonArray().add(MASTER_KEY).add(key)))
        .isEqualTo("secrets.previousMasterKeys[1] (options): is ***,"
            + " must be base64 of exactly 32 bytes (create one with `openssl rand -base64 32`)");
    assertThat(Configuration.of(nested("secrets.masterKey", MASTER_KEY)).secrets().masterKey()).contains(MASTER_KEY);
  }

  @Test
  void theBootstrapAccountIsOneThatCouldBeMade() {
    assertThat(overrideFailure("bootstrap.email", "nobody")).contains("must be an e-mail address");
    assertThat(overrideFailure("bootstrap.email", "a b@c")).contains("must be an e-mail address");
    assertThat(overrideFailure("bootstrap.email", "a@" + "b".repeat(319))).contains("must be an e-mail address");
    Configuration.of(nested("bootstrap.email", "a@" + "b".repeat(318)));
    assertThat(overrideFailure("bootstrap.password", "1234567")).contains("must be 8 to 200 characters");
    assertThat(overrideFailure("bootstrap.password", "x".repeat(201))).contains("must be 8 to 200 characters");
    Configuration.of(nested("bootstrap.password", "x".repeat(200)));
    assertThat(overrideFailure("bootstrap.apiKey", "kh_" + "a".repeat(19))).contains("must be kh_ and 20 or more");
    assertThat(overrideFailure("bootstrap.apiKey", "kh_" + "a".repeat(198))).contains("must be kh_ and 20 or more");
    assertThat(overrideFailure("bootstrap.apiKey", "kx_" + "a".repeat(20))).contains("must be kh_ and 20 or more");
    assertThat(overrideFailure("bootstrap.apiKey", "kh_" + "a".repeat(20) + "-")).contains("must be kh_ and 20 or more");
    Configuration.of(nested("bootstrap.apiKey", "kh_" + "a".repeat(197)));
    assertThat(overrideFailure("bootstrap.plan", "gold"))
        .isEqualTo("bootstrap.plan (options): is \"gold\", must be the name of a plan: free, starter, professional, enterprise");
  }

  @Test
  void theOperatorsKeyHasThirtyTwoCharactersOrMore() {
    assertThat(overrideFailure("operator.key", "o".repeat(31))).contains("is ***, must be 32 characters or more");
    Configuration.of(nested("operator.key", "\u00f6 ".repeat(16)));
  }

  @Test
  void retryDelaysArePositiveAndAtMostAWeekAndTwenty() {
    assertThat(Configuration.of(delays("PT0.000000001S", "P7D")).delivery().retryDelays())
        .containsExactly(Duration.ofNanos(1), Duration.ofDays(7));
    assertThat(failures(() -> Configuration.of(delays("PT0S", "PT1S", "-PT1S", "P7DT1S", "1m")))).containsExactly(
        "delivery.retryDelays[0] (options): is \"PT0S\", must be an ISO-8601 duration above PT0S and up to P7D",
        "delivery.retryDelays[2] (options): is \"-PT1S\", must be an ISO-8601 duration above PT0S and up to P7D",
        "delivery.retryDelays[3] (options): is \"P7DT1S\", must be an ISO-8601 duration above PT0S and up to P7D",
        "delivery.retryDelays[4] (options): is \"1m\", must be an ISO-8601 duration above PT0S and up to P7D");
    Configuration.of(delays(Collections.nCopies(20, "PT1S").toArray(String[]::new)));
    assertThat(failures(() -> Configuration.of(delays(Collections.nCopies(21, "PT1S").toArray(String[]::new)))))
        .singleElement().asString().endsWith("must be a list of at most 20 durations");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "*", "*.", ".example.com", "example..com", "example.com.", "ex_ample.com", "-a.com", "a-.com",
      "a.*.com", "*.*.com", "https://example.com", "example.com:443", "b\u00fccher.com", "10.0.0.1/8", "10.0.0.0/33", "10.0.0",
      "127.1", "0x7f.0.0.1", "10.*.0.0", "/8", "[::1]", "fe80::1%lo", "a b"})
  void aTargetThatIsNeitherNameNorAddressNorBlockStopsTheStart(String entry) {
    for (String path : List.of("delivery.allowedTargets", "delivery.deniedTargets")) {
      assertThat(overrideFailure(path, new JsonArray().add("example.com").add(entry))).startsWith(path + "[1] (options): is \""
          + entry + "\", must be a host name, *. and a name for all names below it, an IP address, or a CIDR range");
    }
  }

  @Test
  void targetsAreNamesAddressesAndBlocks() {
    assertThat(Configuration.of(nested("delivery.allowedTargets", new JsonArray(List.of("localhost", "*.Corp.Example.COM",
        "xn--bcher-kva.example", "3com.com", "10.1.2.3", "10.1.0.0/16", "fd00::/8", "0.0.0.0/0", "::/0"))))
        .delivery().allowedTargets()).containsExactly("localhost", "*.corp.example.com", "xn--bcher-kva.example", "3com.com",
            "10.1.2.3", "10.1.0.0/16", "fd00::/8", "0.0.0.0/0", "::/0");
  }

  @Test
  void aTrustStoreIsAFileWithCertificatesInPem() {
    for (String path : new String[] {"/nowhere/authorities.pem", "README.md"}) {
      assertThat(overrideFailure("delivery.trustStore", path)).startsWith("delivery.trustStore (options): is ")
          .endsWith(", must be the path of a file with certificates in PEM that can be read, or null");
    }
  }

  @Test
  void aProxyIsAPlainHttpUrlWithAPort() {
    for (String url : new String[] {"proxy.example.com:3128", "https://proxy.example.com:3128", "http://proxy.example.com",
        "http://user@proxy.example.com:3128", "http://proxy.example.com:3128/path", "http://proxy.example.com:70000", "http://a b:1"}) {
      assertThat(overrideFailure("delivery.proxy", url)).startsWith("delivery.proxy (options): is ***, must be http://host:port");
    }
    assertThat(Configuration.of(nested("delivery.proxy", "http://[::1]:3128")).delivery().proxy())
        .hasValue(new KeyhookOptions.Proxy("::1", 3128, Optional.empty(), Optional.empty()));
  }

  @Test
  void aServersCertificateIsGivenWithItsKey() {
    assertThat(overrideFailure("http.tls.key", "/nowhere/server.key")).startsWith("http.tls.certificate (");
  }

  @Test
  void thereIsAnAllowedPortAndEachIsOne() {
    assertThat(overrideFailure("delivery.allowedPorts", new JsonArray()))
        .isEqualTo("delivery.allowedPorts (options): is [], must be a list of one port or more");
    for (long port : new long[] {0, -1, 65536, 1L << 32}) {
      assertThat(overrideFailure("delivery.allowedPorts", new JsonArray().add(443).add(port)))
          .isEqualTo("delivery.allowedPorts[1] (options): is " + port + ", must be a whole number from 1 to 65535");
    }
    assertThat(Configuration.of(nested("delivery.allowedPorts", new JsonArray().add(65535).add(1).add(1))).delivery()
        .allowedPorts()).containsExactly(1, 65535);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Gold", "go ld", "go.ld", "", "g\u00f6ld"})
  void aPlansNameIsMadeOfFewCharacters(String name) {
    JsonObject plans = new JsonObject().put(name, new JsonObject());
    assertThat(overrideFailure("plans", plans))
        .startsWith("plans." + name + " (options): is not a plan's name, must be 1 to 50 of a-z");
  }

  @Test
  void aPlanOfOnesOwnSaysAllThatAPlanSays() {
    assertThat(overrideFailure("plans.gold", new JsonObject().put("maxLicenses", 1)))
        .isEqualTo("plans.gold (options): has no maxWebhooks, logRetentionDays, must have each in one of your plans");
    assertThat(overrideFailure("plans." + "g".repeat(51), new JsonObject())).contains("must be 1 to 50 of a-z");
    assertThat(overrideFailure("plans." + "g".repeat(50), new JsonObject())).contains("has no maxLicenses, ");
  }

  @Test
  void thereIsAPlan() {
    JsonObject none = new JsonObject().putNull("free").putNull("starter").putNull("professional").putNull("enterprise");
    assertThat(failures(() -> Configuration.of(nested("plans", none)))).contains("plans: is empty, must have at least one plan");
  }

  private static JsonObject external(String uri) {
    return nested("database.uri", uri)
        .put("secrets", new JsonObject().put("masterKey", MASTER_KEY))
        .put("auth", nested("jwt.secret", "s".repeat(32)));
  }

  private static JsonObject delays(String... delays) {
    JsonArray array = new JsonArray();
    for (String delay : delays) {
      array.add(delay);
    }
    return nested("delivery.retryDelays", array);
  }
}
