package io.keyhook.bus;

import io.keyhook.bus.Webhooks.Authentication;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Which headers and credentials a webhook may have. Messages name the field and never contain a value. Any thread. */
public final class HeaderRules {
  /** The headers of a webhook. */
  public static final int MAX_HEADERS = 20;
  public static final int NAME_CHARACTERS = 128;
  /** Names and values of all headers, with the one of the authentication: with a URL, less than servers accept by default. */
  public static final int MAX_BYTES = 4096;

  /** Of RFC 9110, 5.6.2. */
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]++");
  private static final Pattern VALUE = Pattern.compile("[\\x20-\\x7e\\t]++");
  private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]++");
  private static final Pattern PLAIN = Pattern.compile("[^\\p{Cntrl}]*+");

  private static final String AUTHORIZATION = "authorization";
  private static final Set<String> OWN = Set.of("host", "user-agent", "accept-encoding", "traceparent", "tracestate");
  private static final List<String> OWN_PREFIXES = List.of("content-", "webhook-", "x-webhook-", "keyhook-", "x-keyhook-");
  private static final Set<String> OF_CONNECTIONS = Set.of("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
      "http2-settings", "expect", "max-forwards");
  private static final Set<String> OF_PROXIES = Set.of("forwarded", "via", "x-real-ip");
  private static final List<String> PROXY_PREFIXES = List.of("proxy-", "x-forwarded-");
  private static final Set<String> COOKIES = Set.of("cookie", "cookie2", "set-cookie", "set-cookie2");

  private HeaderRules() {}

  /** Returns the name by which two headers are the same. */
  public static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** Returns whether a header is the one that an authentication sets. */
  public static boolean isAuthorization(String name) {
    return normal(name).equals(AUTHORIZATION);
  }

  /** Returns the field of a header in an error. */
  public static String field(String name) {
    return "headers." + (name.length() > NAME_CHARACTERS ? name.substring(0, NAME_CHARACTERS) : name);
  }

  /**
   * Checks headers to set and, with null as their value, to remove.
   *
   * @param headers null: none
   * @param removes whether null is a value
   */
  static void check(Check check, Map<String, String> headers, boolean removes) {
    if (headers == null) {
      return;
    }
    if (headers.size() > 2 * MAX_HEADERS) { // all of the stored ones are removed, and as many are set
      check.is("headers", false, "has more than " + MAX_HEADERS + " headers");
      return;
    }
    Set<String> seen = new HashSet<>();
    headers.forEach((name, value) -> {
      String wrong = !seen.add(key(name)) ? "is given twice, and case makes no difference in names" : whyNot(name);
      if (wrong == null) {
        wrong = value == null ? (removes ? null : "has no value") : whyNotValue(value);
      }
      check.is(field(name), wrong == null, wrong);
    });
  }

  /** Null: a webhook may have a header of this name. */
  private static String whyNot(String name) {
    if (name.length() > NAME_CHARACTERS) {
      return "has a name that is longer than " + NAME_CHARACTERS + " characters";
    }
    if (!TOKEN.matcher(name).matches()) {
      return "is not a name of a header: use letters, digits and hyphens";
    }
    String normal = normal(name);
    if (OWN.contains(normal) || OWN_PREFIXES.stream().anyMatch(normal::startsWith)) {
      return "is a header that Keyhook sets itself; choose another name";
    }
    if (OF_CONNECTIONS.contains(normal)) {
      return "controls the connection, which Keyhook manages; choose another name";
    }
    if (OF_PROXIES.contains(normal) || PROXY_PREFIXES.stream().anyMatch(normal::startsWith)) {
      return "is a header that proxies set; choose another name";
    }
    return COOKIES.contains(normal) ? "is a cookie, and Keyhook sends none; use another header or authentication" : null;
  }

  /** Servers that hand headers on as variables take an underscore for a hyphen. */
  private static String normal(String name) {
    return key(name).replace('_', '-');
  }

  private static String whyNotValue(String value) {
    return value.isEmpty() ? "is empty" : value.length() > MAX_BYTES ? "is longer than " + MAX_BYTES + " bytes"
        : VALUE.matcher(value).matches() && value.strip().length() == value.length() ? null
        : "must be visible ASCII characters, with spaces and tabs only between them";
  }

  /**
   * Checks an authentication. What is left out is up to what is stored.
   *
   * @param given null: none
   */
  static void check(Check check, Authentication given) {
    if (given == null) {
      return;
    }
    boolean basic = given.type() == null || given.type() == Authentication.Type.BASIC;
    boolean bearer = given.type() == null || given.type() == Authentication.Type.BEARER;
    check.is("authentication.type", given.type() != null, "is required: basic, bearer, oauth2 or mtls")
        .is("authentication.username", basic || given.username() == null, Authentication.only("basic"))
        .is("authentication.password", basic || given.password() == null, Authentication.only("basic"))
        .is("authentication.token", bearer || given.token() == null, Authentication.only("bearer"))
        .is("authentication.username", isShort(given.username()), "is longer than " + MAX_BYTES + " bytes")
        .is("authentication.password", isShort(given.password()), "is longer than " + MAX_BYTES + " bytes")
        .is("authentication.token", isShort(given.token()), "is longer than " + MAX_BYTES + " bytes")
        .text("authentication.username", given.username(), MAX_BYTES).text("authentication.password", given.password(), MAX_BYTES)
        // RFC 7617, 2
        .is("authentication.username", given.username() == null || given.username().indexOf(':') < 0, "must not contain a colon")
        .is("authentication.username", isPlain(given.username()), "must not contain control characters")
        .is("authentication.password", isPlain(given.password()), "must not contain control characters")
        .is("authentication.token", given.token() == null || VISIBLE.matcher(given.token()).matches(),
            "must be visible ASCII characters without spaces; leave out the word Bearer");
    if (given.client() != null) {
      given.client().check(check);
      if (given.type() != null && given.type() != Authentication.Type.OAUTH2) {
        given.client().refuse(check);
      }
    }
    if (given.certificate() != null) {
      given.certificate().check(check);
      if (given.type() != null && given.type() != Authentication.Type.MTLS) {
        given.certificate().refuse(check);
      }
    }
  }

  private static boolean isShort(String text) {
    return text == null || text.length() <= MAX_BYTES && text.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
  }

  private static boolean isPlain(String text) {
    return text == null || PLAIN.matcher(text).matches();
  }
}
