package io.keyhook.http;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Whose request it is. {@code X-Forwarded-For} is believed only as far as proxies that the operator trusts have written
 * it: from the right, the first address that is not one of them.
 */
final class ClientAddress {
  private static final IPAddressStringParameters PLAIN = new IPAddressStringParameters.Builder()
      .allowEmpty(false).allowAll(false).allowWildcardedSeparator(false).allowSingleSegment(false).allowMask(false)
      .allowPrefix(false).toParams();
  private static final int IPV6_CUSTOMER_BITS = 64;

  private final List<IPAddress> trusted;

  /**
   * @param trustedProxies CIDRs, valid
   */
  ClientAddress(List<String> trustedProxies) {
    this.trusted = trustedProxies.stream().map(cidr -> new IPAddressString(cidr).getAddress()).toList();
  }

  String of(HttpServerRequest request) {
    String peer = request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
    if (peer == null || trusted.isEmpty() || !isTrusted(peer)) {
      return peer;
    }
    String client = peer;
    List<String> hops = request.headers().getAll("X-Forwarded-For").stream()
        .flatMap(line -> List.of(line.split(",")).stream()).map(String::strip).toList();
    for (int i = hops.size() - 1; i >= 0; i--) {
      IPAddress hop = new IPAddressString(hops.get(i), PLAIN).getAddress();
      if (hop == null) {
        return client; // not an address: what stands left of it is anybody's word
      }
      client = hop.toCanonicalString();
      if (!isTrusted(client)) {
        return client;
      }
    }
    return client;
  }

  /** Whether the client's own connection is TLS, as far as a trusted proxy tells. */
  boolean isSecure(HttpServerRequest request) {
    if (request.isSSL()) {
      return true;
    }
    String forwarded = isFromProxy(request) ? request.getHeader("X-Forwarded-Proto") : null;
    return forwarded != null && forwarded.split(",", 2)[0].strip().equalsIgnoreCase("https");
  }

  /** What this server is called by who asks, in lower case: hosts, with their ports where they are not the usual ones. */
  Set<String> hosts(HttpServerRequest request) {
    Stream<String> own = Stream.ofNullable(request.getHeader(HttpHeaders.HOST));
    Stream<String> forwarded = isFromProxy(request) ? Stream.ofNullable(request.getHeader("X-Forwarded-Host"))
        .flatMap(line -> Stream.of(line.split(","))) : Stream.empty();
    return Stream.concat(own, forwarded).map(host -> host.strip().toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }

  private boolean isFromProxy(HttpServerRequest request) {
    return !trusted.isEmpty() && request.remoteAddress() != null && isTrusted(request.remoteAddress().hostAddress());
  }

  /** What a limit counts by: an IPv6 customer has a whole /64. */
  static String limitKey(String address) {
    if (address == null || address.indexOf(':') < 0) {
      return String.valueOf(address);
    }
    IPAddress parsed = new IPAddressString(address).getAddress();
    return parsed == null ? address : parsed.toPrefixBlock(IPV6_CUSTOMER_BITS).toCanonicalString();
  }

  private boolean isTrusted(String address) {
    IPAddress parsed = new IPAddressString(address).getAddress();
    return parsed != null && trusted.stream().anyMatch(block -> block.contains(parsed));
  }
}
