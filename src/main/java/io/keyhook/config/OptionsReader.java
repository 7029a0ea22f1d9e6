package io.keyhook.config;

import io.keyhook.config.KeyhookOptions.Auth;
import io.keyhook.config.KeyhookOptions.Bootstrap;
import io.keyhook.config.KeyhookOptions.Database;
import io.keyhook.config.KeyhookOptions.Delivery;
import io.keyhook.config.KeyhookOptions.Http;
import io.keyhook.config.KeyhookOptions.License;
import io.keyhook.config.KeyhookOptions.Log;
import io.keyhook.config.KeyhookOptions.Mail;
import io.keyhook.config.KeyhookOptions.Management;
import io.keyhook.config.KeyhookOptions.Operator;
import io.keyhook.config.KeyhookOptions.Plan;
import io.keyhook.config.KeyhookOptions.Proxy;
import io.keyhook.config.KeyhookOptions.Secrets;
import io.keyhook.config.KeyhookOptions.Session;
import io.keyhook.config.KeyhookOptions.Signup;
import io.keyhook.config.KeyhookOptions.Tls;
import io.keyhook.config.KeyhookOptions.Tracing;
import io.keyhook.config.KeyhookOptions.Validation;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.Pooler;
import io.keyhook.db.Shares;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.slf4j.event.Level;

/** Makes the options of the settings, by the rules of each key. */
final class OptionsReader {
  private static final int MOST = 1_000_000;
  private static final int MOST_DELAYS = 20;
  private static final int MOST_EXPIRING = 10;

  private final Settings settings;
  private final Errors errors;
  private final Values values;
  private final Path workingDirectory;

  OptionsReader(Settings settings, Errors errors, Path workingDirectory) {
    this.settings = settings;
    this.errors = errors;
    this.values = new Values(settings, errors);
    this.workingDirectory = workingDirectory;
  }

  /**
   * @param externalDatabase that it is external without {@code database.uri} too
   * @throws ConfigurationException with all errors, those of the layers included
   */
  KeyhookOptions read(boolean externalDatabase) {
    boolean external = externalDatabase || values.given("database.uri");
    Http http = http();
    KeyhookOptions options = new KeyhookOptions(http, management(http.port()), log(), tracing(), database(), bootstrap(), operator(),
        new Auth(new JwtReader(values, workingDirectory).read(external), session()), signup(), secrets(external),
        new Validation(values.number("validation.rateLimit", 0, MOST)), delivery(), mail(),
        license(), plans());
    errors.throwIfAny();
    return options;
  }

  private Http http() {
    return new Http(values.bool("http.enabled"),
        values.text("http.host", text -> !text.isBlank(), "a name or address that is not empty"),
        values.number("http.port", 0, 65535),
        values.list("http.trustedProxies", Formats::network,
            "an IP address or a CIDR without bits beyond its prefix, as 10.0.0.0/8"),
        values.duration("http.drainDelay", Duration.ZERO, Duration.ofMinutes(5), "an ISO-8601 duration from PT0S to PT5M"), tls(),
        values.bool("http.accessLog"));
  }

  private Optional<Tls> tls() {
    Optional<Path> certificate = values.optional("http.tls.certificate", text -> Formats.path(text, workingDirectory)
        .filter(file -> Formats.certificates(file).isPresent()), "the path of a certificate in PEM that can be read, or null");
    Optional<Path> key = values.optional("http.tls.key", text -> Formats.path(text, workingDirectory)
        .filter(file -> certificate.isEmpty() || Formats.isKeyPair(certificate.get(), file)),
        "the path of the private key of http.tls.certificate in PEM (PKCS#8) that can be read, or null");
    if (values.given("http.tls.certificate") != values.given("http.tls.key")) {
      values.reject(values.given("http.tls.key") ? "http.tls.certificate" : "http.tls.key",
          "given if the other of http.tls.certificate and http.tls.key is");
    }
    return certificate.flatMap(file -> key.map(of -> new Tls(file, of)));
  }

  private Management management(int publicPort) {
    int port = values.number("management.port", 0, 65535);
    if (port != 0 && port == publicPort) {
      values.reject("management.port", "another port than http.port, or 0");
    }
    return new Management(
        values.optionalText("management.host", text -> !text.isBlank(), "a name or address, or null for that of http.host"),
        port == 0 ? Optional.empty() : Optional.of(port));
  }

  private Log log() {
    return new Log(
        values.required("log.format", text -> named(Log.Format.values(), text, name -> name.toLowerCase(Locale.ROOT)),
            "text or json").orElse(Log.Format.TEXT),
        values.required("log.level", text -> named(Level.values(), text, name -> name), "TRACE, DEBUG, INFO, WARN or ERROR")
            .orElse(Level.INFO),
        values.duration("log.slowStatement", Duration.ZERO, Duration.ofMinutes(1), "an ISO-8601 duration from PT0S to PT1M"));
  }

  private static <E extends Enum<E>> Optional<E> named(E[] all, String text, UnaryOperator<String> spelling) {
    return Stream.of(all).filter(each -> spelling.apply(each.name()).equals(text)).findFirst();
  }

  private Database database() {
    return new Database(uri("database.uri").map(uri -> values.optionalText("database.password", password -> true, "")
            .map(password -> ConnectionUri.withPassword(uri, password)).orElse(uri)),
        values.required("database.directory", text -> Formats.path(text, workingDirectory), "a directory's path")
            .orElse(workingDirectory),
        values.number("database.poolSize", 1, 200),
        values.number("database.maxConnections", Shares.MIN, 1000),
        values.optional("database.pooler", OptionsReader::pooler, "session or transaction, the mode of a pooler such as"
            + " PgBouncer, or null without one").orElse(Pooler.NONE),
        uri("database.migrationUri"), false);
  }

  private static Optional<Pooler> pooler(String text) {
    return Stream.of(Pooler.SESSION, Pooler.TRANSACTION).filter(pooler -> pooler.toString().equals(text)).findFirst();
  }

  private Optional<URI> uri(String path) {
    String must = "postgresql://user:password@host:port/database, with special characters in user and password percent-encoded";
    Optional<URI> uri = values.optional(path, OptionsReader::parsed, must);
    try {
      uri.map(ConnectionUri::parse).ifPresent(ConnectionUri::checkFiles);
    } catch (IllegalArgumentException e) {
      values.reject(path, must + ", and: " + e.getMessage());
    }
    return uri;
  }

  private static Optional<URI> parsed(String text) {
    try {
      return Optional.of(ConnectionUri.uri(text));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private Bootstrap bootstrap() {
    return new Bootstrap(
        values.optionalText("bootstrap.email", Formats::isEmail, "an e-mail address of at most 320 characters"),
        values.optionalText("bootstrap.password", text -> text.length() >= 8 && text.length() <= 200, "8 to 200 characters"),
        values.optionalText("bootstrap.apiKey", Formats::isApiKey,
            "kh_ and 20 or more of A-Z, a-z, 0-9 and _, 200 characters at most"),
        values.text("bootstrap.plan", settings.plans()::containsKey,
            "the name of a plan: " + String.join(", ", settings.plans().keySet())));
  }

  private Tracing tracing() {
    return new Tracing(values.bool("tracing.enabled"),
        values.optional("tracing.endpoint", Formats::baseUrl,
            "http:// or https://, a host, and a port or path where the collector has one, without user, query and fragment, or null"),
        values.fraction("tracing.sampling"));
  }

  private Operator operator() {
    return new Operator(values.optionalText("operator.key", text -> text.length() >= 32, "32 characters or more"));
  }

  private Session session() {
    return new Session(
        values.duration("auth.session.lifetime", Duration.ofHours(1), Duration.ofDays(365),
            "an ISO-8601 duration from PT1H to P365D"),
        values.duration("auth.session.accessLifetime", Duration.ofMinutes(1), Duration.ofHours(1),
            "an ISO-8601 duration from PT1M to PT1H"));
  }

  private Signup signup() {
    boolean enabled = values.bool("signup.enabled");
    if (enabled && !settings.plans().containsKey(Signup.PLAN)) {
      values.reject("signup.enabled", "false if there is no plan named " + Signup.PLAN);
    }
    return new Signup(enabled);
  }

  private Secrets secrets(boolean externalDatabase) {
    String must = "base64 of exactly 32 bytes (create one with `openssl rand -base64 32`)";
    if (externalDatabase && !values.given("secrets.masterKey")) {
      values.reject("secrets.masterKey", must + " unless the database is the embedded one");
    }
    return new Secrets(values.optionalText("secrets.masterKey", Formats::isMasterKey, must),
        values.list("secrets.previousMasterKeys", text -> Optional.of(text).filter(Formats::isMasterKey), must));
  }

  private Delivery delivery() {
    List<Duration> retryDelays = values.list("delivery.retryDelays",
        text -> Formats.duration(text, Duration.ofNanos(1), Duration.ofDays(7)), "an ISO-8601 duration above PT0S and up to P7D");
    if (retryDelays.size() > MOST_DELAYS) {
      values.reject("delivery.retryDelays", "a list of at most 20 durations");
    }
    int maxInFlight = values.number("delivery.maxInFlight", 1, MOST);
    return new Delivery(retryDelays,
        values.duration("delivery.timeout", Duration.ofMillis(1), Duration.ofSeconds(12),
            "an ISO-8601 duration from PT0.001S to PT12S"),
        values.bool("delivery.allowInsecureTargets"), targets("delivery.allowedTargets"),
        targets("delivery.deniedTargets"), ports(), trustStore(), proxy(), maxInFlight,
        values.number("delivery.maxInFlightPerEndpoint", 1, maxInFlight),
        values.optional("delivery.logArchive", text -> Formats.path(text, workingDirectory), "a directory's path, or null"));
  }

  private Mail mail() {
    Optional<String> host = values.optionalText("mail.host", text -> !text.isBlank(), "a name or address, or null to send no mail");
    if (values.given("mail.host") && !values.given("mail.from")) {
      values.reject("mail.from", "the sender's e-mail address if mail.host is given");
    }
    if (values.given("mail.user") != values.given("mail.password")) {
      values.reject(values.given("mail.user") ? "mail.password" : "mail.user",
          "given if the other of mail.user and mail.password is");
    }
    return new Mail(host, values.number("mail.port", 1, 65535),
        values.required("mail.tls", text -> named(Mail.Tls.values(), text, name -> name.toLowerCase(Locale.ROOT)),
            "starttls, tls or none").orElse(Mail.Tls.STARTTLS),
        values.optionalText("mail.user", user -> true, ""), values.optionalText("mail.password", password -> true, ""),
        values.optionalText("mail.from", Formats::isEmail, "an e-mail address of at most 320 characters"),
        values.optional("mail.dashboardUrl", Formats::baseUrl, "the http or https URL of the dashboard, without a query and a fragment,"
            + " or null to mail no links"));
  }

  private License license() {
    Set<Integer> days = values.numbers("license.expiringDays", 1, 365);
    if (days.size() > MOST_EXPIRING) {
      values.reject("license.expiringDays", "a list of at most " + MOST_EXPIRING + " numbers");
    }
    return new License(days, values.duration("license.lease", Duration.ZERO, Duration.ofDays(366), "an ISO-8601 duration from PT0S to P366D"));
  }

  private List<String> targets(String path) {
    return values.list(path, Formats::target, "a host name, *. and a name for all names below it, an IP address, or a CIDR range"
        + " without bits beyond its prefix, as 10.0.0.0/8");
  }

  private List<X509Certificate> trustStore() {
    return values.optional("delivery.trustStore", text -> Formats.path(text, workingDirectory).flatMap(Formats::certificates),
        "the path of a file with certificates in PEM that can be read, or null").orElse(List.of());
  }

  private Optional<Proxy> proxy() {
    return values.optional("delivery.proxy", Formats::proxy, "http://host:port or http://user:password@host:port, with special"
        + " characters in user and password percent-encoded, or null");
  }

  private Set<Integer> ports() {
    if (values.isEmptyArray("delivery.allowedPorts")) {
      values.reject("delivery.allowedPorts", "a list of one port or more");
    }
    return values.numbers("delivery.allowedPorts", 1, 65535);
  }

  private Map<String, Plan> plans() {
    Map<String, Plan> plans = new LinkedHashMap<>();
    settings.plans().forEach((name, origin) -> plan("plans." + name, origin).ifPresent(plan -> plans.put(name, plan)));
    if (settings.plans().isEmpty()) {
      errors.add("plans: is empty, must have at least one plan");
    }
    return Collections.unmodifiableMap(plans);
  }

  private Optional<Plan> plan(String path, String origin) {
    List<String> missing = List.of("maxLicenses", "maxWebhooks", "logRetentionDays").stream()
        .filter(field -> !settings.has(path + "." + field)).toList();
    if (!missing.isEmpty()) {
      errors.add(path, origin, "has no " + String.join(", ", missing) + ", must have each in one of your plans");
      return Optional.empty();
    }
    return Optional.of(new Plan(
        values.optionalNumber(path + ".maxLicenses", 0, Integer.MAX_VALUE),
        values.optionalNumber(path + ".maxWebhooks", 0, Integer.MAX_VALUE),
        values.number(path + ".logRetentionDays", 1, 3650)));
  }
}
