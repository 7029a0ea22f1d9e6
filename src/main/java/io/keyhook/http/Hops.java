package io.keyhook.http;

import inet.ipaddr.AddressStringParameters.RangeParameters;
import inet.ipaddr.HostName;
import inet.ipaddr.HostNameParameters;
import inet.ipaddr.IPAddress;
import io.vertx.core.MultiMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What proxies wrote about a request, the nearest proxy first: the elements of {@code X-Forwarded-For}, or else of
 * {@code Forwarded} (RFC 7239). Elements are read from the right, so that nothing that a client wrote, such as a quote that
 * never ends, changes how an element of a proxy is read. Each character is looked at a constant number of times.
 */
final class Hops {
  static final String X_FORWARDED_FOR = "X-Forwarded-For";
  static final String FORWARDED = "Forwarded";

  private static final HostNameParameters NODE = node();

  private final List<String> lines;
  private final boolean standard;
  private int line;
  private int end;

  /**
   * One connection, as described by the proxy that accepted it.
   *
   * @param address of the other side, IPv4 where it is IPv4 in IPv6; null: hidden, unknown or not an address
   * @param proto in lower case; null: not given
   * @param host in lower case; null: not given
   */
  record Hop(IPAddress address, String proto, String host) {}

  private Hops(List<String> lines, boolean standard) {
    this.lines = lines;
    this.standard = standard;
    this.line = lines.size();
  }

  /** Creates the hops of a request's headers. */
  static Hops of(MultiMap headers) {
    List<String> usual = headers.getAll(X_FORWARDED_FOR);
    return usual.stream().allMatch(Hops::isEmpty) ? new Hops(headers.getAll(FORWARDED), true) : new Hops(usual, false);
  }

  /** Returns whether a line is a list without elements. */
  private static boolean isEmpty(String line) {
    return line.chars().allMatch(c -> c == ',' || Character.isWhitespace(c));
  }

  /** Returns whether there are any hops, trusted or not. */
  static boolean areIn(MultiMap headers) {
    return headers.contains(X_FORWARDED_FOR) || headers.contains(FORWARDED);
  }

  /** Returns the next hop, closer to the client. Null: there are no more. */
  Hop next() {
    String element = nextElement();
    if (element == null) {
      return null;
    }
    return standard ? forwarded(element) : new Hop(address(element), null, null);
  }

  private String nextElement() {
    String element = "";
    while (element.isEmpty()) { // RFC 9110, 5.6.1: empty elements mean nothing
      if (end <= 0) {
        if (line == 0) {
          return null;
        }
        line--;
        end = lines.get(line).length() + 1;
      }
      String text = lines.get(line);
      int start = start(text, end - 1);
      element = text.substring(start, end - 1).strip();
      end = start;
    }
    return element;
  }

  /** Returns the start of the element that ends here: after a comma outside of quotes. */
  private static int start(String text, int end) {
    boolean quoted = false;
    int at = end;
    while (at > 0 && (quoted || text.charAt(at - 1) != ',')) {
      at--;
      if (text.charAt(at) == '"') {
        quoted ^= !isEscaped(text, at);
      }
    }
    return at;
  }

  private static boolean isEscaped(String text, int at) {
    int backslashes = 0;
    while (backslashes < at && text.charAt(at - 1 - backslashes) == '\\') {
      backslashes++;
    }
    return backslashes % 2 == 1;
  }

  /** Parses an element as in RFC 7239, 4: pairs, some of which may be empty. A malformed element is ignored. */
  private static Hop forwarded(String element) {
    Map<String, String> parameters = new HashMap<>();
    int at = pair(element, 0);
    while (at < element.length()) {
      int equals = element.indexOf('=', at);
      if (equals < 0) {
        return new Hop(null, null, null);
      }
      String name = element.substring(at, equals).strip().toLowerCase(Locale.ROOT);
      StringBuilder value = new StringBuilder();
      at = value(element, equals + 1, value);
      if (at < 0 || parameters.put(name, value.toString().strip()) != null) {
        return new Hop(null, null, null);
      }
      at = pair(element, at);
    }
    String node = parameters.get("for");
    return new Hop(node == null ? null : address(node), lower(parameters.get("proto")), lower(parameters.get("host")));
  }

  /** Returns the start of the next pair that is not empty. */
  private static int pair(String element, int from) {
    int at = from;
    while (at < element.length() && (element.charAt(at) == ';' || Character.isWhitespace(element.charAt(at)))) {
      at++;
    }
    return at;
  }

  /** Reads a value without its quotes. Returns the start of the next parameter, or -1 if a quote does not end. */
  private static int value(String element, int from, StringBuilder value) {
    boolean quoted = false;
    int at = from;
    while (at < element.length() && (quoted || element.charAt(at) != ';')) {
      char c = element.charAt(at);
      if (c == '"') {
        quoted = !quoted;
      } else if (quoted && c == '\\' && at + 1 < element.length()) {
        at++;
        value.append(element.charAt(at));
      } else {
        value.append(c);
      }
      at++;
    }
    return quoted ? -1 : at + 1;
  }

  private static String lower(String text) {
    return text == null ? null : text.toLowerCase(Locale.ROOT);
  }

  /**
   * An address with or without a port, an IPv6 address in brackets where it has one. Null for a name, a number that only
   * some parsers take for an address, or an identifier that hides the address (RFC 7239, 6.3).
   */
  static IPAddress address(String node) {
    int hiddenPort = node.lastIndexOf(":_");
    HostName host = new HostName(hiddenPort < 0 ? node : node.substring(0, hiddenPort), NODE);
    boolean isName = host.isReverseDNS() || host.isUNCIPv6Literal(); // the library reads addresses out of these
    return isName ? null : plain(host.asAddress());
  }

  /** Returns IPv4 in IPv6 form (RFC 4291, 2.5.5.2) as IPv4. Null for null. */
  static IPAddress plain(IPAddress address) {
    return address != null && address.isIPv4Convertible() ? address.toIPv4() : address;
  }

  private static HostNameParameters node() {
    HostNameParameters.Builder node = new HostNameParameters.Builder()
        .allowEmpty(false).allowPort(true).allowService(false).allowBracketedIPv4(false);
    node.getAddressOptionsBuilder()
        .allowEmpty(false).allowAll(false).allowSingleSegment(false).allowMask(false).allowPrefix(false)
        .allowPrefixOnly(false).allowWildcardedSeparator(false).allow_inet_aton(false)
        .setRangeOptions(RangeParameters.NO_RANGE)
        .getIPv4AddressParametersBuilder().allowLeadingZeros(false).allowBinary(false);
    node.getAddressOptionsBuilder().getIPv6AddressParametersBuilder()
        .allowZone(false).allowBase85(false).allowBinary(false).allowUnlimitedLeadingZeros(false)
        .getEmbeddedIPv4AddressParametersBuilder().allow_inet_aton(false).allowLeadingZeros(false).allowBinary(false);
    return node.toParams();
  }
}
