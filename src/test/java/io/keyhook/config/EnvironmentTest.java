package io.keyhook.config;

import static io.keyhook.config.Failures.environmentFailure;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.db.ConnectionUri;
import io.keyhook.testing.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Every key has its environment variable. */
class EnvironmentTest {
  private static final String SECRET = "s".repeat(32);
  private static final String MASTER_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  private static final JwtKeys RSA = JwtKeys.rsa(2048);

  @TempDir
  static Path certificates;

  @TempDir
  Path directory;

  private record Sample(String key, String variable, String value, Function<KeyhookOptions, Object> read, String expected) {}

  private static String tls(String file) {
    return certificates.resolve(file).toString();
  }

  @BeforeAll
  static void makeCertificates() throws Exception {
    TlsFiles.in(certificates, "localhost");
  }

  private List<Sample> samples() {
    String jwks = TextFiles.write(directory.resolve("jwks.json"), "{\"keys\": [{}]}").toString();
    String uri = "postgres://keyhook:p%40ss@db.example.com:5433/keyhook?sslmode=require";
    return List.of(
        new Sample("http.enabled", "KEYHOOK_HTTP_ENABLED", "false", o -> o.http().enabled(), "false"),
        new Sample("http.host", "KEYHOOK_HTTP_HOST", "0.0.0.0", o -> o.http().host(), "0.0.0.0"),
        new Sample("http.port", "KEYHOOK_HTTP_PORT", "0", o -> o.http().port(), "0"),
        new Sample("http.trustedProxies", "KEYHOOK_HTTP_TRUSTED_PROXIES", "[\"::1\",\"10.0.0.0/8\"]",
            o -> o.http().trustedProxies(), "[::1, 10.0.0.0/8]"),
        new Sample("http.drainDelay", "KEYHOOK_HTTP_DRAIN_DELAY", "PT8S", o -> o.http().drainDelay(), "PT8S"),
        new Sample("http.tls.certificate", "KEYHOOK_HTTP_TLS_CERTIFICATE", tls("localhost.crt"),
            o -> o.http().tls().orElseThrow().certificate(), tls("localhost.crt")),
        new Sample("http.tls.key", "KEYHOOK_HTTP_TLS_KEY", tls("localhost.key"),
            o -> o.http().tls().orElseThrow().key(), tls("localhost.key")),
        new Sample("http.accessLog", "KEYHOOK_HTTP_ACCESS_LOG", "true", o -> o.http().accessLog(), "true"),
        new Sample("management.host", "KEYHOOK_MANAGEMENT_HOST", "::1", o -> o.management().host().orElseThrow(), "::1"),
        new Sample("management.port", "KEYHOOK_MANAGEMENT_PORT", "9090", o -> o.management().port().orElseThrow(), "9090"),
        new Sample("log.format", "KEYHOOK_LOG_FORMAT", "json", o -> o.log().format(), "JSON"),
        new Sample("log.level", "KEYHOOK_LOG_LEVEL", "DEBUG", o -> o.log().level(), "DEBUG"),
        new Sample("log.slowStatement", "KEYHOOK_LOG_SLOW_STATEMENT", "PT0S", o -> o.log().slowStatement(), "PT0S"),
        new Sample("tracing.enabled", "KEYHOOK_TRACING_ENABLED", "true", o -> o.tracing().enabled(), "true"),
        new Sample("tracing.endpoint", "KEYHOOK_TRACING_ENDPOINT", "http://collector:4318",
            o -> o.tracing().endpoint().orElseThrow(), "http://collector:4318"),
        new Sample("tracing.sampling", "KEYHOOK_TRACING_SAMPLING", "0.01", o -> o.tracing().sampling(), "0.01"),
        new Sample("database.uri", "KEYHOOK_DATABASE_URI", uri, o -> o.database().uri().orElseThrow(),
            uri + "&password=p%26q"),
        new Sample("database.password", "KEYHOOK_DATABASE_PASSWORD", "p&q",
            o -> ConnectionUri.parse(o.database().uri().orElseThrow()).servers().get(0).password().orElseThrow(), "p&q"),
        new Sample("database.maxConnections", "KEYHOOK_DATABASE_MAX_CONNECTIONS", "16",
            o -> o.database().maxConnections(), "16"),
        new Sample("database.pooler", "KEYHOOK_DATABASE_POOLER", "transaction", o -> o.database().pooler(), "transaction"),
        new Sample("database.migrationUri", "KEYHOOK_DATABASE_MIGRATION_URI", "postgresql://owner:p@h/d",
            o -> o.database().migrationUri().orElseThrow(), "postgresql://owner:p@h/d"),
        new Sample("database.directory", "KEYHOOK_DATABASE_DIRECTORY", "/srv/x", o -> o.database().directory(), "/srv/x"),
        new Sample("database.poolSize", "KEYHOOK_DATABASE_POOL_SIZE", "200", o -> o.database().poolSize(), "200"),
        new Sample("bootstrap.email", "KEYHOOK_BOOTSTRAP_EMAIL", "a@b", o -> o.bootstrap().email().orElseThrow(), "a@b"),
        new Sample("bootstrap.password", "KEYHOOK_BOOTSTRAP_PASSWORD", "12345678",
            o -> o.bootstrap().password().orElseThrow(), "12345678"),
        new Sample("bootstrap.apiKey", "KEYHOOK_BOOTSTRAP_API_KEY", "kh_Aa0_5678901234567890",
            o -> o.bootstrap().apiKey().orElseThrow(), "kh_Aa0_5678901234567890"),
        new Sample("bootstrap.plan", "KEYHOOK_BOOTSTRAP_PLAN", "free", o -> o.bootstrap().plan(), "free"),
        new Sample("operator.key", "KEYHOOK_OPERATOR_KEY", SECRET, o -> o.operator().key().orElseThrow(), SECRET),
        new Sample("auth.jwt.algorithm", "KEYHOOK_AUTH_JWT_ALGORITHM", "RS256", o -> o.auth().jwt().algorithm(), "RS256"),
        new Sample("auth.jwt.secret", "KEYHOOK_AUTH_JWT_SECRET", SECRET, o -> o.auth().jwt().secret().orElseThrow(), SECRET),
        new Sample("auth.jwt.publicKey", "KEYHOOK_AUTH_JWT_PUBLIC_KEY", RSA.publicPem(),
            o -> o.auth().jwt().publicKey().orElseThrow(), RSA.publicPem()),
        new Sample("auth.jwt.privateKey", "KEYHOOK_AUTH_JWT_PRIVATE_KEY", RSA.privatePem(),
            o -> o.auth().jwt().privateKey().orElseThrow(), RSA.privatePem()),
        new Sample("auth.jwt.jwks", "KEYHOOK_AUTH_JWT_JWKS", jwks, o -> o.auth().jwt().jwks().orElseThrow(), jwks),
        new Sample("auth.jwt.issuer", "KEYHOOK_AUTH_JWT_ISSUER", "i", o -> o.auth().jwt().issuer(), "i"),
        new Sample("auth.jwt.audience", "KEYHOOK_AUTH_JWT_AUDIENCE", "a", o -> o.auth().jwt().audience(), "a"),
        new Sample("auth.jwt.accountClaim", "KEYHOOK_AUTH_JWT_ACCOUNT_CLAIM", "c", o -> o.auth().jwt().accountClaim(), "c"),
        new Sample("auth.jwt.lifetime", "KEYHOOK_AUTH_JWT_LIFETIME", "P1D", o -> o.auth().jwt().lifetime(), "PT24H"),
        new Sample("auth.session.lifetime", "KEYHOOK_AUTH_SESSION_LIFETIME", "PT1H", o -> o.auth().session().lifetime(), "PT1H"),
        new Sample("auth.session.accessLifetime", "KEYHOOK_AUTH_SESSION_ACCESS_LIFETIME", "PT1M",
            o -> o.auth().session().accessLifetime(), "PT1M"),
        new Sample("signup.enabled", "KEYHOOK_SIGNUP_ENABLED", "true", o -> o.signup().enabled(), "true"),
        new Sample("secrets.masterKey", "KEYHOOK_SECRETS_MASTER_KEY", MASTER_KEY,
            o -> o.secrets().masterKey().orElseThrow(), MASTER_KEY),
        new Sample("secrets.previousMasterKeys", "KEYHOOK_SECRETS_PREVIOUS_MASTER_KEYS", "[\"" + MASTER_KEY + "\"]",
            o -> o.secrets().previousMasterKeys(), "[" + MASTER_KEY + "]"),
        new Sample("validation.rateLimit", "KEYHOOK_VALIDATION_RATE_LIMIT", "0", o -> o.validation().rateLimit(), "0"),
        new Sample("delivery.retryDelays", "KEYHOOK_DELIVERY_RETRY_DELAYS", "[\"PT1S\",\"PT0.5S\"]",
            o -> o.delivery().retryDelays(), "[PT1S, PT0.5S]"),
        new Sample("delivery.timeout", "KEYHOOK_DELIVERY_TIMEOUT", "PT12S", o -> o.delivery().timeout(), "PT12S"),
        new Sample("delivery.allowInsecureTargets", "KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true",
            o -> o.delivery().allowInsecureTargets(), "true"),
        new Sample("delivery.allowedTargets", "KEYHOOK_DELIVERY_ALLOWED_TARGETS", "[\"*.Example.com\",\"10.0.0.0/8\"]",
            o -> o.delivery().allowedTargets(), "[*.example.com, 10.0.0.0/8]"),
        new Sample("delivery.deniedTargets", "KEYHOOK_DELIVERY_DENIED_TARGETS", "[\"example.com\",\"FD00::0:1\"]",
            o -> o.delivery().deniedTargets(), "[example.com, fd00::1]"),
        new Sample("delivery.allowedPorts", "KEYHOOK_DELIVERY_ALLOWED_PORTS", "[9443, 443]",
            o -> o.delivery().allowedPorts(), "[443, 9443]"),
        new Sample("delivery.trustStore", "KEYHOOK_DELIVERY_TRUST_STORE", tls("authority.crt"),
            o -> o.delivery().trustStore().size(), "1"),
        new Sample("delivery.proxy", "KEYHOOK_DELIVERY_PROXY", "http://us%40r:p%3Aa+s@proxy.example.com:3128",
            o -> List.of(o.delivery().proxy().orElseThrow().username().orElseThrow(),
                o.delivery().proxy().orElseThrow().password().orElseThrow(), o.delivery().proxy().orElseThrow().host(),
                o.delivery().proxy().orElseThrow().port()), "[us@r, p:a+s, proxy.example.com, 3128]"),
        new Sample("delivery.maxInFlight", "KEYHOOK_DELIVERY_MAX_IN_FLIGHT", "500", o -> o.delivery().maxInFlight(), "500"),
        new Sample("delivery.maxInFlightPerEndpoint", "KEYHOOK_DELIVERY_MAX_IN_FLIGHT_PER_ENDPOINT", "500",
            o -> o.delivery().maxInFlightPerEndpoint(), "500"),
        new Sample("delivery.logArchive", "KEYHOOK_DELIVERY_LOG_ARCHIVE", "/srv/log", o -> o.delivery().logArchive().orElseThrow(),
            "/srv/log"),
        new Sample("mail.host", "KEYHOOK_MAIL_HOST", "smtp.example.com", o -> o.mail().host().orElseThrow(), "smtp.example.com"),
        new Sample("mail.port", "KEYHOOK_MAIL_PORT", "25", o -> o.mail().port(), "25"),
        new Sample("mail.tls", "KEYHOOK_MAIL_TLS", "none", o -> o.mail().tls(), "NONE"),
        new Sample("mail.user", "KEYHOOK_MAIL_USER", "u", o -> o.mail().user().orElseThrow(), "u"),
        new Sample("mail.password", "KEYHOOK_MAIL_PASSWORD", "p", o -> o.mail().password().orElseThrow(), "p"),
        new Sample("mail.from", "KEYHOOK_MAIL_FROM", "a@example.com", o -> o.mail().from().orElseThrow(), "a@example.com"),
        new Sample("mail.dashboardUrl", "KEYHOOK_MAIL_DASHBOARD_URL", "https://keyhook.example.com",
            o -> o.mail().dashboardUrl().orElseThrow(), "https://keyhook.example.com"),
        new Sample("license.expiringDays", "KEYHOOK_LICENSE_EXPIRING_DAYS", "[3, 14]", o -> o.license().expiringDays(), "[3, 14]"),
        new Sample("license.lease", "KEYHOOK_LICENSE_LEASE", "P14D", o -> o.license().lease(), "PT336H"),
        new Sample("plans", "KEYHOOK_PLANS", "{\"free\":{\"logRetentionDays\":3650}}",
            o -> o.plans().get("free").logRetentionDays(), "3650"));
  }

  @Test
  void everyKeyOfThePackedFileIsHonouredInTheEnvironment() throws IOException {
    List<String> keys = new ArrayList<>();
    leaves("", StrictJson.read(Files.readAllBytes(Path.of("conf", "keyhook.json"))), keys);
    assertThat(samples()).extracting(Sample::key).containsExactlyInAnyOrderElementsOf(keys);

    Map<String, String> env = new HashMap<>();
    samples().forEach(sample -> env.put(sample.variable(), sample.value()));
    KeyhookOptions options = Configuration.load(env, Optional.empty(), directory);
    assertThat(samples()).allSatisfy(sample ->
        assertThat(sample.read().apply(options)).as(sample.variable()).hasToString(sample.expected()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"conf/compose.yaml", "conf/keyhook.service", "conf/train-aot",
      "conf/chart/templates/_helpers.tpl", "Dockerfile"})
  void theFilesForPlatformsSetVariablesThatExist(String file) throws IOException {
    assertThat(Pattern.compile("KEYHOOK_[A-Z_]+").matcher(Files.readString(Path.of(file))).results().map(MatchResult::group)
        .filter(name -> !name.equals(Environment.CONFIG)).map(name -> name.replaceFirst("_FILE$", "")))
        .isNotEmpty().isSubsetOf(samples().stream().map(Sample::variable).toList());
  }

  private static void leaves(String group, JsonNode values, List<String> keys) {
    values.properties().forEach(property -> {
      String path = Keys.child(group, property.getKey());
      if (property.getValue().isObject() && !path.equals("plans")) {
        leaves(path, property.getValue(), keys);
      } else {
        keys.add(path);
      }
    });
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "KEYHOOK_HTTP_PORT             | tcp://10.1.2.3:80 | must be a whole number",
      "KEYHOOK_HTTP_PORT             | \"8080\"          | must be a whole number",
      "KEYHOOK_HTTP_PORT             | null              | must be a whole number",
      "KEYHOOK_HTTP_ENABLED          | TRUE              | must be true or false",
      "KEYHOOK_DELIVERY_RETRY_DELAYS | PT1S,PT2S         | must be a JSON array of strings, as [\"a\",\"b\"]",
      "KEYHOOK_DELIVERY_ALLOWED_PORTS | 443              | must be a JSON array of whole numbers, as [1,2]",
      "KEYHOOK_DELIVERY_ALLOWED_PORTS | [\"443\"]        | must be a JSON array of whole numbers, as [1,2]",
      "KEYHOOK_DELIVERY_DENIED_TARGETS | *.example.com   | must be a JSON array of strings, as [\"a\",\"b\"]",
      "KEYHOOK_PLANS                 | free              | must be a JSON object of plans by name",
      "KEYHOOK_PLANS                 | []                | must be a JSON object",
      "KEYHOOK_PLANS                 | {\"free\":{},\"free\":{}} | a key that occurs twice"})
  void aVariableWithTheWrongJsonStopsTheStart(String variable, String value, String problem) {
    assertThat(environmentFailure(directory, variable, value)).contains("(" + variable + "): ").contains(problem);
  }

  @Test
  void anUnknownVariableIsWarnedOfByNameAndStopsNothing() {
    List<String> warnings = warnings(Map.of(
        "KEYHOOK_DATABASE_URL", "hidden-1", "KEYHOOK_PORT_8080_TCP_PROTO", "hidden-2", "KEYHOOK_HTTP_HOST_FILE", "hidden-3",
        "KEYHOOK_CONFIG", "", "KEYHOOK_OPERATOR_KEY_FILE", "", "OTHER", "hidden-4"));
    assertThat(warnings).containsExactly(
        "KEYHOOK_DATABASE_URL is not a known setting, and is ignored; did you mean KEYHOOK_DATABASE_URI?",
        "KEYHOOK_HTTP_HOST_FILE is not a known setting, and is ignored",
        "KEYHOOK_PORT_8080_TCP_PROTO is not a known setting, and is ignored");
  }

  private List<String> warnings(Map<String, String> env) {
    Logger logger = (Logger) LoggerFactory.getLogger(Environment.class);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    appender.start();
    logger.addAppender(appender);
    try {
      Configuration.load(env, Optional.empty(), directory);
    } finally {
      logger.detachAppender(appender);
    }
    return appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
