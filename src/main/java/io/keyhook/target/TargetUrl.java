package io.keyhook.target;

import static io.keyhook.target.RefusedTargetException.Stage.IDN;
import static io.keyhook.target.RefusedTargetException.Stage.PARSE;
import static io.keyhook.target.RefusedTargetException.Stage.PORT;
import static io.keyhook.target.RefusedTargetException.Stage.SCHEME;
import static io.keyhook.target.RefusedTargetException.require;

import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The parts of an absolute http(s) URL, by a grammar narrower than RFC 3986: no userinfo, no fragment, no
 * percent-encoding in the host, no empty port, and nothing that parsers are known to read in different ways.
 *
 * @param scheme in lower case
 * @param host in lower case: one or more of {@code [a-z0-9.-]}, or of {@code [0-9a-f:.]} where it was in brackets
 * @param inBrackets whether the host was written as an IPv6 literal
 * @param port empty: the scheme's default
 * @param requestUri path and query as given, with a leading slash if there was no path
 */
record TargetUrl(String scheme, String host, boolean inBrackets, OptionalInt port, String requestUri) {

  private static final int MAX_BYTES = 2048;
  private static final Pattern SCHEME_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*+");
  private static final Pattern NAME_CHARACTERS = Pattern.compile("[A-Za-z0-9.-]++");
  private static final Pattern IPV6_CHARACTERS = Pattern.compile("[0-9A-Fa-f:.]++");
  private static final Pattern PORT_NUMBER = Pattern.compile("[1-9][0-9]{0,4}");
  /** RFC 3986, 3.3 and 3.4: pchar, slash and question mark, beside letters and digits. */
  private static final String PATH_PUNCTUATION = "-._~!$&'()*+,;=:@/?";

  static TargetUrl parse(String url, Set<String> schemes) {
    // a character is a byte here: beyond ASCII, everything is refused below
    require(url.length() <= MAX_BYTES, PARSE, "must not be longer than " + MAX_BYTES + " bytes");
    // these first, since parsers that drop or turn them read another URL than the one that is checked (WHATWG URL, 4.4)
    require(url.chars().noneMatch(c -> c <= ' ' || c == 0x7f), PARSE, "must not contain spaces or control characters");
    require(url.indexOf('\\') < 0, PARSE, "must not contain a backslash");
    require(url.indexOf('#') < 0, PARSE, "must not have a fragment (#)");

    int colon = url.indexOf(':');
    require(colon > 0 && SCHEME_NAME.matcher(url.substring(0, colon)).matches(), PARSE,
        "must be a full URL, such as https://hooks.example.com/keyhook");
    String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
    require(schemes.contains(scheme), SCHEME, () -> "must be " + String.join(" or ", schemes.stream().sorted().toList()));
    require(url.startsWith("//", colon + 1), PARSE, "must have two slashes after " + scheme + ":");

    int start = colon + 3;
    int end = start;
    while (end < url.length() && url.charAt(end) != '/' && url.charAt(end) != '?') {
      end++;
    }
    String requestUri = requestUri(url.substring(end));
    return ofAuthority(scheme, url.substring(start, end), requestUri);
  }

  private static TargetUrl ofAuthority(String scheme, String authority, String requestUri) {
    require(authority.indexOf('@') < 0, PARSE, "must not contain a user name or password");
    if (authority.startsWith("[")) {
      int close = authority.indexOf(']');
      String host = authority.substring(1, Math.max(close, 1));
      require(IPV6_CHARACTERS.matcher(host).matches(), PARSE, "host in brackets is not an IPv6 address");
      return new TargetUrl(scheme, lowerCase(host), true, port(authority.substring(close + 1)), requestUri);
    }
    int colon = authority.indexOf(':');
    require(colon == authority.lastIndexOf(':'), PARSE, "host must be in brackets if it is an IPv6 address");
    String host = colon < 0 ? authority : authority.substring(0, colon);
    require(!host.isEmpty(), PARSE, "host is missing");
    require(host.chars().allMatch(c -> c < 0x80), IDN, "host must be ASCII; write an international name in its xn-- form");
    require(NAME_CHARACTERS.matcher(host).matches(), PARSE, "host may only contain letters, digits, hyphens and dots");
    return new TargetUrl(scheme, lowerCase(host), false, port(authority.substring(host.length())), requestUri);
  }

  private static OptionalInt port(String afterHost) {
    if (afterHost.isEmpty()) {
      return OptionalInt.empty();
    }
    require(afterHost.startsWith(":"), PARSE, "must have only a port after the host");
    String digits = afterHost.substring(1);
    boolean number = PORT_NUMBER.matcher(digits).matches() && Integer.parseInt(digits) <= 65535;
    require(number, PORT, "port must be a number from 1 to 65535; omit the colon for the default");
    return OptionalInt.of(Integer.parseInt(digits));
  }

  private static String requestUri(String pathAndQuery) {
    int next = 0;
    while (next < pathAndQuery.length()) {
      char c = pathAndQuery.charAt(next);
      if (c == '%') {
        int octet = octet(pathAndQuery, next + 1);
        require(octet >= 0, PARSE, "must have two hexadecimal digits after every %");
        // passed on as they stand, but a receiver's proxy may decode them, and then they split a request
        require(octet >= ' ' && octet != 0x7f, PARSE, "must not contain encoded control characters");
        next += 3;
      } else {
        require(isLetterOrDigit(c) || PATH_PUNCTUATION.indexOf(c) >= 0, PARSE,
            "must have everything except letters, digits and " + PATH_PUNCTUATION + " percent-encoded in path and query");
        next++;
      }
    }
    return pathAndQuery.startsWith("/") ? pathAndQuery : "/" + pathAndQuery;
  }

  private static int octet(String text, int from) {
    if (from + 2 > text.length() || text.charAt(from) >= 0x80 || text.charAt(from + 1) >= 0x80) {
      return -1;
    }
    int high = Character.digit(text.charAt(from), 16);
    int low = Character.digit(text.charAt(from + 1), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static boolean isLetterOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }

  private static String lowerCase(String ascii) {
    return ascii.toLowerCase(Locale.ROOT);
  }
}
