package io.keyhook.db;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The parameters of a connection URI: those that Keyhook heeds, and what to do about those of libpq that it does not support
 * (PostgreSQL's manual, "Parameter Key Words"). Errors name no parameter that libpq does not know: its name may be a part of a
 * password with a question mark in it.
 */
final class ConnectionParameters {
  private static final Pattern ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})|%00");
  private static final Set<String> KNOWN = Set.of("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "sslmode",
      "sslrootcert", "sslcert", "sslkey", "channel_binding", "target_session_attrs", "application_name",
      "fallback_application_name", "options", "search_path", "ssl", "gssencmode", "sslnegotiation", "load_balance_hosts");
  /** Parameters of libpq whose absence loses nothing but a tuning. */
  private static final Set<String> WITHOUT_EFFECT = Set.of("connect_timeout", "keepalives", "keepalives_idle",
      "keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslcompression", "sslsni", "client_encoding");

  private static final String SERVICE = "write what the service file says into the URI";
  private static final String IDENTITY = "to be sure of the server's identity use sslmode=verify-full";
  private static final String VERSION = "TLS 1.2 and 1.3 are used: set ssl_min_protocol_version on the server";
  private static final String REVOKED = "certificates are not checked for revocation: replace the authority in sslrootcert";
  private static final String GSS = "Kerberos is not supported: use a password or sslcert";
  private static final String OAUTH = "OAuth is not supported: use a password or sslcert";
  private static final String SCRAM = "give the password instead";
  private static final String PROTOCOL = "version 3.0 of the protocol is used: leave it out";
  private static final String LEAVE_OUT = "leave it out";
  /** The other parameters of libpq, and what to do instead. */
  private static final Map<String, String> UNSUPPORTED = Map.ofEntries(
      Map.entry("authtype", LEAVE_OUT),
      Map.entry("tty", LEAVE_OUT),
      Map.entry("replication", LEAVE_OUT),
      Map.entry("sslkeylogfile", LEAVE_OUT),
      Map.entry("min_protocol_version", PROTOCOL),
      Map.entry("max_protocol_version", PROTOCOL),
      Map.entry("service", SERVICE),
      Map.entry("servicefile", SERVICE),
      Map.entry("require_auth", IDENTITY),
      Map.entry("requirepeer", "connect over TCP, and " + IDENTITY),
      Map.entry("requiressl", "use sslmode=require"),
      Map.entry("sslpassword", "decrypt the key (openssl pkcs8 -topk8 -nocrypt)"),
      Map.entry("sslcertmode", "leave it out, and sslcert too if the server must not get a certificate"),
      Map.entry("sslcrl", REVOKED),
      Map.entry("sslcrldir", REVOKED),
      Map.entry("ssl_min_protocol_version", VERSION),
      Map.entry("ssl_max_protocol_version", VERSION),
      Map.entry("krbsrvname", GSS),
      Map.entry("gsslib", GSS),
      Map.entry("gssdelegation", GSS),
      Map.entry("scram_client_key", SCRAM),
      Map.entry("scram_server_key", SCRAM),
      Map.entry("oauth_issuer", OAUTH),
      Map.entry("oauth_client_id", OAUTH),
      Map.entry("oauth_client_secret", OAUTH),
      Map.entry("oauth_scope", OAUTH));

  private ConnectionParameters() {}

  /**
   * @param text what follows the question mark; null: nothing does
   * @return by name, those with an effect
   * @throws IllegalArgumentException one is not supported; the message says what to do
   */
  static Map<String, String> of(String text) {
    Map<String, String> parameters = new LinkedHashMap<>();
    int number = 0;
    for (String pair : text == null || text.isEmpty() ? new String[0] : text.split("&", -1)) {
      number++;
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = equals < 0 ? "" : decode(pair.substring(0, equals)).toLowerCase(Locale.ROOT);
      check(name, number);
      if (!WITHOUT_EFFECT.contains(name)) {
        parameters.put(name, decode(pair.substring(equals + 1)));
      }
    }
    if (parameters.containsKey("ssl")) { // as the JDBC driver spells it
      String ssl = one(parameters, "ssl", "true", "false");
      parameters.putIfAbsent("sslmode", ssl.equals("true") ? "require" : "prefer");
    }
    checkValues(parameters);
    return parameters;
  }

  private static void check(String name, int number) {
    if (UNSUPPORTED.containsKey(name)) {
      throw new IllegalArgumentException("Keyhook does not support its parameter " + name + ": " + UNSUPPORTED.get(name));
    }
    if (!KNOWN.contains(name) && !WITHOUT_EFFECT.contains(name)) {
      throw new IllegalArgumentException("its parameter number " + number + " is none that Keyhook knows: correct its name, or"
          + " leave it out, and write a question mark in a password as %3F");
    }
  }

  private static void checkValues(Map<String, String> parameters) {
    if (!one(parameters, "channel_binding", "prefer", "require", "disable").equals("prefer")) {
      throw new IllegalArgumentException("channel_binding must be prefer, the default, with which a server that offers channel"
          + " binding gets it; " + IDENTITY);
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

  /** The parameter's value, which must be one of these; the first of them if it is not given. */
  static String one(Map<String, String> parameters, String name, String... values) {
    String value = parameters.getOrDefault(name, values[0]);
    if (!List.of(values).contains(value)) {
      throw new IllegalArgumentException(name + " must be one of " + String.join(", ", values));
    }
    return value;
  }

  /** Percent-decoding as libpq does it: a plus sign is a plus sign. */
  static String decode(String text) {
    if (ESCAPE.matcher(text).find()) {
      throw new IllegalArgumentException("it has a % that is not followed by two hexadecimal digits");
    }
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
