package io.keyhook.db;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import io.vertx.core.net.SocketAddress;
import io.vertx.pgclient.SslMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
   * @param host a name, an address without brackets, or the absolute directory of a Unix socket: by it TLS verifies the server
   * @param address to connect to, whose name is the host; empty: that of the host
   * @param password empty: none
   */
  public record Server(String host, Optional<InetAddress> address, int port, Optional<String> password) {
    /** One whose address its host tells. */
    public Server(String host, int port, Optional<String> password) {
      this(host, Optional.empty(), port, password);
    }

    boolean isSocket() {
      return address.isEmpty() && host.startsWith("/");
    }

    /** Where to connect to over TCP. Its host is the server's, not its address. */
    SocketAddress socketAddress() {
      return address.map(to -> SocketAddress.inetSocketAddress(new InetSocketAddress(to, port)))
          .orElseGet(() -> SocketAddress.inetSocketAddress(port, host));
    }

    /** The socket's file, as libpq names it. */
    Path socket() {
      return Path.of(host, ".s.PGSQL." + port);
    }

    @Override
    public String toString() {
      return isSocket() ? socket().toString() : (host.contains(":") ? "[" + host + "]" : host) + ":" + port
          + address.map(at -> " at " + at.getHostAddress()).orElse("");
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
  private static final Pattern SERVER = Pattern.compile(
      "(?:(?:\\[|%5B)(?<ipv6>[0-9A-Fa-f:.]+)(?:]|%5D)|(?<host>[^:\\[\\]]*))(?::(?<port>\\d*))?");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|/.*");
  private static final String SYSTEM = "system";
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

  /**
   * The text as a URI. Java knows brackets around the address of a single server only, so those of several are escaped.
   *
   * @throws URISyntaxException it is none
   */
  public static URI uri(String text) throws URISyntaxException {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      return new URI(text.replace("[", "%5B").replace("]", "%5D"));
    }
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
    Map<String, String> parameters = ConnectionParameters.of(form.group("parameters"));
    part(parameters, "user", form.group("user"));
    part(parameters, "password", form.group("password"));
    part(parameters, "dbname", form.group("database"));
    String user = parameters.getOrDefault("user", System.getProperty("user.name"));
    String database = parameters.get("dbname");
    if (database == null) {
      throw new IllegalArgumentException("it names no database");
    }
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
      parameters.putIfAbsent(name, ConnectionParameters.decode(value));
    }
  }

  private static SslMode sslMode(Map<String, String> parameters) {
    String[] modes = Arrays.stream(SslMode.values()).map(mode -> mode.value).toArray(String[]::new);
    return parameters.containsKey("sslmode") ? SslMode.of(ConnectionParameters.one(parameters, "sslmode", modes)) : SslMode.PREFER;
  }

  private static Target target(Map<String, String> parameters) {
    return switch (ConnectionParameters.one(parameters, "target_session_attrs", "any", "read-write", "primary")) {
      case "read-write" -> Target.READ_WRITE;
      case "primary" -> Target.PRIMARY;
      default -> Target.ANY;
    };
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
        hosts.add(parts.group("ipv6") != null ? parts.group("ipv6") : ConnectionParameters.decode(parts.group("host")));
        ports.add(parts.group("port") == null ? "" : parts.group("port"));
      }
    }
    override(parameters.get("host"), hosts);
    override(parameters.get("port"), ports);
    List<String> addresses = new ArrayList<>();
    override(parameters.get("hostaddr"), addresses);
    if (hosts.isEmpty()) {
      hosts.addAll(addresses);
    }
    if (!addresses.isEmpty() && addresses.size() != hosts.size()) {
      throw new IllegalArgumentException("there must be as many addresses in hostaddr as hosts; one may be empty");
    }
    if (ports.size() > 1 && ports.size() != hosts.size()) {
      throw new IllegalArgumentException("there must be one port, or as many as hosts");
    }
    Optional<Passwords> passwords = parameters.containsKey("password") ? Optional.empty()
        : Passwords.of(file(parameters, "passfile"), home.directory);
    List<Server> servers = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      String address = addresses.isEmpty() ? "" : addresses.get(i);
      String host = hosts.get(i).isEmpty() ? address : hosts.get(i);
      if (!HOST.matcher(host).matches()) {
        throw new IllegalArgumentException("a host must have letters, digits, '-', '_' and '.', or be the directory of a Unix"
            + " socket, as %2Fvar%2Frun%2Fpostgresql");
      }
      int port = port(ports.isEmpty() ? "" : ports.get(ports.size() == 1 ? 0 : i));
      servers.add(new Server(host, address(host, address), port, Optional.ofNullable(parameters.get("password"))
          .or(() -> passwords.flatMap(file -> file.find(host, port, database, user)))));
    }
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("it names no host");
    }
    return List.copyOf(servers);
  }

  /** The address under the name of its host, which nobody looks up; empty: the host tells it. */
  private static Optional<InetAddress> address(String host, String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (host.startsWith("/")) {
      throw new IllegalArgumentException("hostaddr belongs beside the name of a host, not beside the directory of a Unix socket");
    }
    IPAddress address = new IPAddressString(text).getAddress();
    if (address == null || address.isMultiple() || !HOST.matcher(text).matches()) {
      throw new IllegalArgumentException("hostaddr must have IP addresses; names belong in host");
    }
    try {
      return Optional.of(InetAddress.getByAddress(host, address.getBytes()));
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // it has 4 or 16 bytes
    }
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
