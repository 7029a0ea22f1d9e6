package io.keyhook.db;

import io.vertx.pgclient.SslMode;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A connection URI with the meaning and the defaults that libpq gives it (PostgreSQL's manual, "Connection Strings" and
 * "Parameter Key Words"). What Keyhook cannot do as libpq does is refused. Immutable.
 *
 * @param servers one or more, in the order in which they are tried
 * @param sslMode with the root certificate's effect: {@code require} and a root certificate are {@code verify-ca}
 * @param rootCertificate PEM file of the trusted certificates; empty: those of the JVM if a mode verifies
 * @param certificate PEM file of the client's certificate chain; empty: none
 * @param key PEM file of its private key; present if the certificate is
 * @param settings of the session, from {@code options=-c name=value}; empty: none
 */
public record ConnectionUri(
    List<Server> servers,
    String database,
    String user,
    SslMode sslMode,
    Optional<Path> rootCertificate,
    Optional<Path> certificate,
    Optional<Path> key,
    Target target,
    Optional<String> applicationName,
    Map<String, String> settings) {

  /**
   * One of the URI's servers.
   *
   * @param host a name, an address without brackets, or the absolute directory of a Unix socket
   * @param password empty: none
   */
  public record Server(String host, int port, Optional<String> password) {
    boolean isSocket() {
      return host.startsWith("/");
    }

    /** The socket's file, as libpq names it. */
    Path socket() {
      return Path.of(host, ".s.PGSQL." + port);
    }

    @Override
    public String toString() {
      return isSocket() ? socket().toString() : (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /** Which servers serve. Keyhook writes, so a standby never does unless any is asked for. */
  public enum Target {
    ANY, READ_WRITE, PRIMARY
  }

  private static final int DEFAULT_PORT = 5432;
  /** The password may hold every character but {@code @}, {@code /} and {@code ?}, as for libpq. */
  private static final Pattern FORM = Pattern.compile(
      "postgres(?:ql)?://(?:(?<user>[^:@/?#\\s]*)(?::(?<password>[^@/?#\\s]*))?@)?(?<servers>[^@/?#\\s]*)"
          + "(?:/(?<database>[^/?#\\s]*))?(?:\\?(?<parameters>[^#\\s]*))?");
  private static final Pattern SERVER = Pattern.compile("(?:\\[(?<ipv6>[0-9A-Fa-f:.]+)]|(?<host>[^:\\[\\]]*))(?::(?<port>\\d*))?");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|/.*");
  private static final Pattern ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})|%00");
  private static final String SYSTEM = "system";
  private static final Set<String> KNOWN = Set.of("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "sslmode",
      "sslrootcert", "sslcert", "sslkey", "channel_binding", "target_session_attrs", "application_name",
      "fallback_application_name", "options", "search_path", "ssl", "gssencmode", "sslnegotiation", "load_balance_hosts");
  /** Parameters of libpq whose absence loses nothing but a tuning. */
  private static final Set<String> WITHOUT_EFFECT = Set.of("connect_timeout", "keepalives", "keepalives_idle",
      "keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslcompression", "sslsni", "client_encoding");

  /** Where libpq looks for files that the URI does not name. */
  record Home(Path directory) {
    static Home ofUser() {
      return new Home(Path.of(System.getProperty("user.home")));
    }

    private Optional<Path> tls(String name) {
      return Optional.of(directory.resolve(".postgresql").resolve(name)).filter(Files::isReadable);
    }
  }

  /**
   * Reads a password file if the URI gives no password, and nothing else. Blocks.
   *
   * @throws IllegalArgumentException the message says what is wrong, and holds nothing of the URI that may be secret
   */
  public static ConnectionUri parse(URI uri) {
    return parse(uri.toString(), Home.ofUser());
  }

  /** The URI with a password that was given beside it. */
  public static URI withPassword(URI uri, String password) {
    return URI.create(uri + (uri.toString().contains("?") ? "&" : "?") + "password="
        + URLEncoder.encode(password, StandardCharsets.UTF_8).replace("+", "%20"));
  }

  /** The same database, role and settings on another server, whatever its state. */
  ConnectionUri at(String host, int port) {
    return new ConnectionUri(List.of(new Server(host, port, servers.get(0).password())), database, user, sslMode,
        rootCertificate, certificate, key, Target.ANY, applicationName, settings);
  }

  static ConnectionUri parse(String text, Home home) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("it has another form");
    }
    Map<String, String> parameters = parameters(form.group("parameters"));
    part(parameters, "user", form.group("user"));
    part(parameters, "password", form.group("password"));
    part(parameters, "dbname", form.group("database"));
    String user = parameters.getOrDefault("user", System.getProperty("user.name"));
    String database = parameters.get("dbname");
    if (database == null) {
      throw new IllegalArgumentException("it names no database");
    }
    refuseUnsupported(parameters);
    SslMode mode = sslMode(parameters);
    boolean system = SYSTEM.equals(parameters.get("sslrootcert"));
    Optional<Path> root = system ? Optional.empty() : file(parameters, "sslrootcert").or(() -> home.tls("root.crt"));
    if (system && parameters.containsKey("sslmode") && mode != SslMode.VERIFY_FULL) {
      throw new IllegalArgumentException("sslrootcert=system needs sslmode=verify-full, because anyone can get a certificate"
          + " of a public authority");
    }
    SslMode effective = system ? SslMode.VERIFY_FULL
        : mode == SslMode.REQUIRE && root.isPresent() ? SslMode.VERIFY_CA : mode;
    if (!system && root.isEmpty() && (mode == SslMode.VERIFY_CA || mode == SslMode.VERIFY_FULL)) {
      throw new IllegalArgumentException("sslmode=" + mode.value + " needs sslrootcert: a file of trusted certificates (PEM),"
          + " or \"system\" for the authorities that the JVM trusts");
    }
    Optional<Path> certificate = file(parameters, "sslcert").or(() -> home.tls("postgresql.crt"));
    Optional<Path> key = file(parameters, "sslkey").or(() -> home.tls("postgresql.key"));
    if (certificate.isPresent() && key.isEmpty()) {
      throw new IllegalArgumentException("sslcert needs sslkey, the file of its private key (PEM)");
    }
    return new ConnectionUri(
        servers(form.group("servers"), parameters, database, user, home), database, user, effective,
        system ? Optional.empty() : root.filter(path -> effective == SslMode.VERIFY_CA || effective == SslMode.VERIFY_FULL),
        certificate, certificate.flatMap(path -> key), target(parameters),
        Optional.ofNullable(parameters.getOrDefault("application_name", parameters.get("fallback_application_name"))),
        settings(parameters));
  }

  private static void part(Map<String, String> parameters, String name, String value) {
    if (value != null && !value.isEmpty()) {
      parameters.putIfAbsent(name, decode(value));
    }
  }

  private static Map<String, String> parameters(String text) {
    Map<String, String> parameters = new LinkedHashMap<>();
    int number = 0;
    for (String pair : text == null || text.isEmpty() ? new String[0] : text.split("&", -1)) {
      number++;
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = equals < 0 ? "" : decode(pair.substring(0, equals)).toLowerCase(Locale.ROOT);
      if (!KNOWN.contains(name) && !WITHOUT_EFFECT.contains(name)) {
        // Its name may be a part of a password with a question mark in it.
        throw new IllegalArgumentException("its parameter number " + number + " is none that Keyhook knows");
      }
      if (!WITHOUT_EFFECT.contains(name)) {
        parameters.put(name, decode(pair.substring(equals + 1)));
      }
    }
    if (parameters.containsKey("ssl")) { // as the JDBC driver spells it
      String ssl = one(parameters, "ssl", "true", "false");
      parameters.putIfAbsent("sslmode", ssl.equals("true") ? "require" : "prefer");
    }
    return parameters;
  }

  private static void refuseUnsupported(Map<String, String> parameters) {
    if (!one(parameters, "channel_binding", "prefer", "require", "disable").equals("prefer")) {
      throw new IllegalArgumentException("channel_binding must be prefer, the default, with which a server that offers channel"
          + " binding gets it; to be sure of the server's identity use sslmode=verify-full");
    }
    if (one(parameters, "gssencmode", "prefer", "disable", "require").equals("require")) {
      throw new IllegalArgumentException("gssencmode must be disable or prefer: Keyhook encrypts with TLS alone");
    }
    if (one(parameters, "sslnegotiation", "postgres", "direct").equals("direct")) {
      throw new IllegalArgumentException("sslnegotiation must be postgres, the default");
    }
    if (!one(parameters, "load_balance_hosts", "disable", "random").equals("disable")) {
      throw new IllegalArgumentException("load_balance_hosts must be disable, the default");
    }
  }

  private static SslMode sslMode(Map<String, String> parameters) {
    String[] modes = Arrays.stream(SslMode.values()).map(mode -> mode.value).toArray(String[]::new);
    return parameters.containsKey("sslmode") ? SslMode.of(one(parameters, "sslmode", modes)) : SslMode.PREFER;
  }

  private static Target target(Map<String, String> parameters) {
    return switch (one(parameters, "target_session_attrs", "any", "read-write", "primary")) {
      case "read-write" -> Target.READ_WRITE;
      case "primary" -> Target.PRIMARY;
      default -> Target.ANY;
    };
  }

  /** The parameter's value, which must be one of these; the first of them if it is not given. */
  private static String one(Map<String, String> parameters, String name, String... values) {
    String value = parameters.getOrDefault(name, values[0]);
    if (!List.of(values).contains(value)) {
      throw new IllegalArgumentException(name + " must be one of " + String.join(", ", values));
    }
    return value;
  }

  private static Map<String, String> settings(Map<String, String> parameters) {
    return parameters.entrySet().stream().filter(entry -> Set.of("options", "search_path").contains(entry.getKey()))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static Optional<Path> file(Map<String, String> parameters, String name) {
    try {
      return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty())
          .map(value -> Path.of(value).toAbsolutePath());
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(name + " must be a file's path", e);
    }
  }

  private static List<Server> servers(
      String authority, Map<String, String> parameters, String database, String user, Home home) {
    List<String> hosts = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    if (!authority.isEmpty()) {
      for (String server : authority.split(",", -1)) {
        Matcher parts = SERVER.matcher(server);
        if (!parts.matches()) {
          throw new IllegalArgumentException("each server must be a host, or a host and a port, and an IPv6 address in brackets");
        }
        hosts.add(parts.group("ipv6") != null ? parts.group("ipv6") : decode(parts.group("host")));
        ports.add(parts.group("port") == null ? "" : parts.group("port"));
      }
    }
    override(parameters.get("host"), hosts);
    override(parameters.get("hostaddr"), hosts);
    override(parameters.get("port"), ports);
    if (ports.size() > 1 && ports.size() != hosts.size()) {
      throw new IllegalArgumentException("there must be one port, or as many as hosts");
    }
    Optional<Passwords> passwords = parameters.containsKey("password") ? Optional.empty()
        : Passwords.of(file(parameters, "passfile"), home.directory);
    List<Server> servers = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      String host = hosts.get(i);
      if (!HOST.matcher(host).matches()) {
        throw new IllegalArgumentException("a host must have letters, digits, '-', '_' and '.', or be the directory of a Unix"
            + " socket, as %2Fvar%2Frun%2Fpostgresql");
      }
      int port = port(ports.isEmpty() ? "" : ports.get(ports.size() == 1 ? 0 : i));
      servers.add(new Server(host, port, Optional.ofNullable(parameters.get("password"))
          .or(() -> passwords.flatMap(file -> file.find(host, port, database, user)))));
    }
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("it names no host");
    }
    return List.copyOf(servers);
  }

  private static void override(String list, List<String> values) {
    if (list != null) {
      values.clear();
      values.addAll(List.of(list.split(",", -1)));
    }
  }

  private static int port(String text) {
    if (text.isEmpty()) {
      return DEFAULT_PORT;
    }
    int port = text.matches("\\d{1,5}") ? Integer.parseInt(text) : 0;
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("a port must be a whole number from 1 to 65535");
    }
    return port;
  }

  /** Percent-decoding as libpq does it: a plus sign is a plus sign. */
  private static String decode(String text) {
    if (ESCAPE.matcher(text).find()) {
      throw new IllegalArgumentException("it has a % that is not followed by two hexadecimal digits");
    }
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /**
   * Reads the certificates that the URI names. Blocks.
   *
   * @throws IllegalArgumentException a file cannot be used; the message names it
   */
  public void checkFiles() {
    Tls.of(this);
  }

  /** The servers, for messages: no secret. */
  public String where() {
    return servers.stream().map(Server::toString).collect(Collectors.joining(", "));
  }

  @Override
  public String toString() {
    return "ConnectionUri[" + where() + "]";
  }
}
