package io.keyhook.config;

import io.keyhook.db.Pooler;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.event.Level;

/**
 * The validated configuration of one Keyhook: every key of {@code conf/keyhook.json}, in the same shape. Immutable, and
 * without secrets in {@link #toString()}.
 */
public record KeyhookOptions(
    Http http,
    Management management,
    Log log,
    Tracing tracing,
    Database database,
    Bootstrap bootstrap,
    Operator operator,
    Auth auth,
    Signup signup,
    Secrets secrets,
    Validation validation,
    Delivery delivery,
    Mail mail,
    License license,
    Map<String, Plan> plans) {

  /** The same options with this database. */
  public KeyhookOptions with(Database database) {
    return with(database, bootstrap, auth, secrets);
  }

  /** The same options with this first account. */
  public KeyhookOptions with(Bootstrap bootstrap) {
    return with(database, bootstrap, auth, secrets);
  }

  /** The same options with these secrets. */
  public KeyhookOptions with(Auth auth, Secrets secrets) {
    return with(database, bootstrap, auth, secrets);
  }

  private KeyhookOptions with(Database database, Bootstrap bootstrap, Auth auth, Secrets secrets) {
    return new KeyhookOptions(http, management, log, tracing, database, bootstrap, operator, auth, signup, secrets, validation, delivery,
        mail, license, plans);
  }

  /** These options with all values of others that a running process can take over: see {@link Reloaded#changed}. */
  public KeyhookOptions reloaded(KeyhookOptions other) {
    return new KeyhookOptions(http, management, new Log(log.format, other.log.level, other.log.slowStatement), tracing, database,
        bootstrap, operator, auth, signup, secrets, other.validation, delivery.withTargets(other.delivery), mail, license, plans);
  }

  /**
   * The HTTP server.
   *
   * @param enabled false where a host application mounts the router in a server of its own
   * @param port 0 takes any free port
   * @param trustedProxies addresses and CIDRs whose {@code X-Forwarded-*} and {@code Forwarded} headers are trusted; empty: none
   * @param drainDelay from the moment at which a stopping node is no longer ready to the one at which it accepts no more
   *     connections: longer than a load balancer needs to notice; zero: no delay
   * @param tls empty: plain HTTP
   * @param accessLog whether each request is written to the log
   */
  public record Http(boolean enabled, String host, int port, List<String> trustedProxies, Duration drainDelay,
      Optional<Tls> tls, boolean accessLog) {
    /** A server on another host and port, in plain HTTP. */
    public Http plainAt(String otherHost, int otherPort) {
      return new Http(enabled, otherHost, otherPort, trustedProxies, drainDelay, Optional.empty(), accessLog);
    }
  }

  /**
   * A certificate of the server.
   *
   * @param certificate a PEM file with the certificate and those that lead to its authority
   * @param key a PEM file with the private key, PKCS#8, not encrypted
   */
  public record Tls(Path certificate, Path key) {}

  /**
   * The server for probes, metrics and operator calls.
   *
   * @param host empty: that of {@code http}
   * @param port empty: there is none, and the server of {@code http} has these calls too
   */
  public record Management(Optional<String> host, Optional<Integer> port) {}

  /**
   * The log of the process, which a host application configures itself.
   *
   * @param level of Keyhook's own lines
   * @param slowStatement how long a statement takes that is written to the log, in a host application too; zero: none is
   */
  public record Log(Format format, Level level, Duration slowStatement) {
    /** How a line is written. */
    public enum Format { TEXT, JSON }
  }

  /**
   * Traces of the process. A host application passes an OpenTelemetry of its own instead.
   *
   * @param enabled whether spans are recorded and exported
   * @param endpoint the base URL of an OTLP receiver over HTTP; empty: that of the variables OTEL_EXPORTER_OTLP_*, or their default
   * @param sampling the share of traces that are recorded, from 0 to 1
   */
  public record Tracing(boolean enabled, Optional<URI> endpoint, double sampling) {}

  /**
   * PostgreSQL.
   *
   * @param uri {@code postgresql://user:password@host:port/database}; empty: the embedded server
   * @param directory where the embedded server keeps its data and the generated secrets
   * @param poolSize connections for management calls, 1 or more; the hot paths have their own few
   * @param maxConnections that a node opens at most, for everything; {@code poolSize} is less if it does not fit
   * @param pooler what {@code uri} leads through
   * @param migrationUri for migrations, as the owner of the tables and past a pooler; empty: as {@code uri}
   * @param embedded whether {@code uri} is that of the embedded server, which this process has started
   */
  public record Database(Optional<URI> uri, Path directory, int poolSize, int maxConnections, Pooler pooler,
      Optional<URI> migrationUri, boolean embedded) {
    /** The same settings on the embedded server. */
    public Database on(URI server) {
      return new Database(Optional.of(server), directory, poolSize, maxConnections, Pooler.NONE, Optional.empty(), true);
    }

    /** Where migrations connect; empty if there is only a pooler, behind which they find no session. */
    public Optional<URI> migratedAt() {
      return migrationUri.or(() -> pooler == Pooler.NONE ? uri : Optional.empty());
    }

    @Override
    public String toString() {
      return "Database[uri=" + (uri.isPresent() ? "***" : "embedded") + ", directory=" + directory
          + ", poolSize=" + poolSize + ", maxConnections=" + maxConnections + ", pooler=" + pooler
          + ", migrationUri=" + redacted(migrationUri.map(URI::toString)) + "]";
    }
  }

  /** The account made on an empty database. What is empty is generated, and printed once. */
  public record Bootstrap(Optional<String> email, Optional<String> password, Optional<String> apiKey, String plan) {
    @Override
    public String toString() {
      return "Bootstrap[email=" + email.orElse("generated") + ", plan=" + plan + "]";
    }
  }

  /** The operator's calls, which are refused without a key. */
  public record Operator(Optional<String> key) {
    @Override
    public String toString() {
      return "Operator[key=" + redacted(key) + "]";
    }
  }

  public record Auth(Jwt jwt, Session session) {}

  /**
   * Who is logged in to the dashboard.
   *
   * @param lifetime from login to the next one, used or not
   * @param accessLifetime of each token of a session: for so long what it may do outlives it
   */
  public record Session(Duration lifetime, Duration accessLifetime) {}

  /**
   * @param enabled whether anyone may create an account, on the plan {@value #PLAN}
   */
  public record Signup(boolean enabled) {
    public static final String PLAN = "free";
  }

  /**
   * Tokens of dashboard users and of an issuer of the operator's.
   *
   * @param algorithm HS256, RS256 or ES256: what tokens issued here are signed with
   * @param secret HS256: 32 bytes or more
   * @param publicKey RS256, ES256: PEM
   * @param privateKey RS256, ES256: PKCS#8 PEM; empty: tokens are accepted and none is issued
   * @param jwks a JWKS file with more keys to accept
   * @param accountClaim the claim that holds the account's id
   * @param lifetime of a token issued here
   */
  public record Jwt(
      String algorithm,
      Optional<String> secret,
      Optional<String> publicKey,
      Optional<String> privateKey,
      Optional<Path> jwks,
      String issuer,
      String audience,
      String accountClaim,
      Duration lifetime) {
    @Override
    public String toString() {
      return "Jwt[algorithm=" + algorithm + ", secret=" + redacted(secret) + ", privateKey=" + redacted(privateKey)
          + ", issuer=" + issuer + ", audience=" + audience + "]";
    }
  }

  /**
   * @param masterKey encrypts webhook secrets at rest: base64 of 32 bytes
   * @param previousMasterKeys decrypt secrets that are not yet, or no longer, encrypted with the master key
   */
  public record Secrets(Optional<String> masterKey, List<String> previousMasterKeys) {
    @Override
    public String toString() {
      return "Secrets[masterKey=" + redacted(masterKey) + ", previousMasterKeys=" + previousMasterKeys.size() + "]";
    }
  }

  /**
   * @param rateLimit validations a second and client address; 0: no limit
   */
  public record Validation(int rateLimit) {}

  /**
   * @param retryDelays from the end of a failed attempt to the next one; after the last the delivery has failed
   * @param timeout wall clock of one attempt, 12 s at most so that a stop can wait for it
   * @param allowInsecureTargets for development: http, any port, name and address
   * @param allowedTargets names, {@code *.} and a name for all below it, addresses and CIDRs that may be reached though
   *     they are not public
   * @param deniedTargets likewise, and never reached, also where they are allowed
   * @param allowedPorts one or more
   * @param trustStore authorities that endpoints' certificates may come from, beside those that Java trusts
   * @param proxy that connections to endpoints lead through; empty: they are direct
   * @param maxInFlight the maximum number of deliveries that this node holds: waiting, in flight, or with a result to write
   * @param maxInFlightPerEndpoint attempts at once to one webhook from this node
   * @param logArchive a directory that days of the log are written to before they are dropped; empty: they are only dropped
   */
  public record Delivery(
      List<Duration> retryDelays,
      Duration timeout,
      boolean allowInsecureTargets,
      List<String> allowedTargets,
      List<String> deniedTargets,
      Set<Integer> allowedPorts,
      List<X509Certificate> trustStore,
      Optional<Proxy> proxy,
      int maxInFlight,
      int maxInFlightPerEndpoint,
      Optional<Path> logArchive) {
    private Delivery withTargets(Delivery other) {
      return new Delivery(retryDelays, timeout, allowInsecureTargets, other.allowedTargets, other.deniedTargets,
          other.allowedPorts, trustStore, proxy, maxInFlight, maxInFlightPerEndpoint, logArchive);
    }
  }

  /**
   * An HTTP proxy.
   *
   * @param port 1 to 65535
   * @param username empty, as the password is: it takes no credentials
   */
  public record Proxy(String host, int port, Optional<String> username, Optional<String> password) {
    @Override
    public String toString() {
      return "Proxy[" + host + ":" + port + ", username=" + redacted(username) + "]";
    }
  }

  /**
   * The SMTP server for alerts, and for links to set a new password.
   *
   * @param host empty: no mail is sent
   * @param port 1 to 65535
   * @param user empty, as the password is: the server takes mail without a login
   * @param from the sender's address; empty only without a host
   * @param dashboardUrl what links in mail begin with, because the host that a request names may be the choice of a stranger; empty:
   *     no mail has links
   */
  public record Mail(Optional<String> host, int port, Tls tls, Optional<String> user, Optional<String> password,
      Optional<String> from, Optional<URI> dashboardUrl) {
    /** How the connection is encrypted. */
    public enum Tls {
      /** Upgraded before the login; never without. */
      STARTTLS,
      /** From the first byte. */
      TLS,
      /** Not at all. */
      NONE
    }

    /**
     * Returns the URL of a page.
     *
     * @param path begins with a slash
     */
    public static String page(URI dashboardUrl, String path) {
      String url = dashboardUrl.toString();
      return (url.endsWith("/") ? url.substring(0, url.length() - 1) : url) + path;
    }

    @Override
    public String toString() {
      return "Mail[host=" + host.orElse("none") + ", port=" + port + ", tls=" + tls + ", user=" + redacted(user) + "]";
    }
  }

  /**
   * Licenses.
   *
   * @param expiringDays how many days before a license expires {@code license.expiring} is raised, each once; empty: never
   * @param lease how long a device may use a license without a network after a validation that asks for it; zero: not at all
   */
  public record License(Set<Integer> expiringDays, Duration lease) {}

  /**
   * What an account may have.
   *
   * @param maxLicenses empty: unlimited
   * @param maxWebhooks 0: the plan has no webhooks; empty: unlimited
   * @param logRetentionDays how long deliveries stay readable, 1 or more
   */
  public record Plan(Optional<Integer> maxLicenses, Optional<Integer> maxWebhooks, int logRetentionDays) {
    public boolean hasWebhooks() {
      return maxWebhooks.map(max -> max > 0).orElse(true);
    }
  }

  private static String redacted(Optional<String> secret) {
    return secret.isPresent() ? "***" : "none";
  }
}
