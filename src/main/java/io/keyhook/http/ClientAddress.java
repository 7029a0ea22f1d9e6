package io.keyhook.http;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The address, scheme and host that a client used, as reported by trusted proxies.
 * {@code X-Forwarded-For} or, if that is empty, {@code Forwarded} (RFC 7239) is read from the right: each trusted proxy
 * vouches for the next address, and the first one that is not a trusted proxy is the client's.
 *
 * <p>{@code X-Forwarded-For} wins if a request has both, because nearly every proxy writes that one and passes
 * {@code Forwarded} on as the client sent it. A proxy that writes {@code Forwarded} instead must remove
 * {@code X-Forwarded-For}.
 */
final class ClientAddress {

  private final List<IPAddress> trusted;
  private final UntrustedProxies untrusted;

  /**
   * @param trustedProxies valid addresses and CIDR ranges
   */
  ClientAddress(List<String> trustedProxies, UntrustedProxies untrusted) {
    this.trusted = trustedProxies.stream().map(cidr -> Hops.plain(new IPAddressString(cidr).getAddress())).toList();
    this.untrusted = untrusted;
  }

  /** Null if the peer has no address. */
  String of(HttpServerRequest request) {
    String client = peer(request);
    if (client == null || !isFromProxy(request)) {
      return client;
    }
    Hops hops = Hops.of(request.headers());
    for (Hops.Hop hop = hops.next(); hop != null && hop.address() != null; hop = hops.next()) {
      client = hop.address().toCanonicalString();
      if (!isTrusted(hop.address())) {
        return client;
      }
    }
    return client; // what stands left of something that is not an address is anybody's word
  }

  /** Returns whether the client's own connection uses TLS, as reported by a trusted proxy. */
  boolean isSecure(HttpServerRequest request) {
    if (request.isSSL()) {
      return true;
    }
    if (!isFromProxy(request)) {
      return false;
    }
    Optional<String> usual = request.headers().getAll("X-Forwarded-Proto").stream()
        .flatMap(line -> Stream.of(line.split(","))).map(String::strip).filter(proto -> !proto.isEmpty()).findFirst();
    if (usual.isPresent()) {
      return usual.get().equalsIgnoreCase("https");
    }
    Hops.Hop client = farthest(request);
    return client != null && "https".equals(client.proto());
  }

  /** Returns the names by which the client may have called this server, in lower case, with any port that is not the default. */
  Set<String> hosts(HttpServerRequest request) {
    Stream<String> own = Stream.ofNullable(host(request));
    if (!isFromProxy(request)) {
      return hosts(own);
    }
    Hops.Hop client = farthest(request);
    Stream<String> usual = Stream.ofNullable(request.getHeader("X-Forwarded-Host"))
        .flatMap(line -> Stream.of(line.split(",")));
    return hosts(Stream.of(own, usual, Stream.ofNullable(client == null ? null : client.host())).flatMap(names -> names));
  }

  /** HTTP/2 has a field of its own for it, which goes before the header. */
  private static String host(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_2
        ? request.authority() == null ? null : request.authority().toString() : request.getHeader(HttpHeaders.HOST);
  }

  private static Set<String> hosts(Stream<String> names) {
    return names.map(host -> host.strip().toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }

  /** Returns what the trusted proxy closest to the client wrote. Null: nothing. */
  private Hops.Hop farthest(HttpServerRequest request) {
    Hops hops = Hops.of(request.headers());
    Hops.Hop farthest = hops.next();
    while (farthest != null && farthest.address() != null && isTrusted(farthest.address())) {
      Hops.Hop next = hops.next();
      if (next == null) {
        return farthest;
      }
      farthest = next;
    }
    return farthest;
  }

  /** Records that a limit refused a request. Counts and reports it if an untrusted proxy forwarded it. */
  void limited(HttpServerRequest request) {
    if (Hops.areIn(request.headers()) && !isFromProxy(request)) {
      untrusted.refused(peer(request));
    }
  }

  private boolean isFromProxy(HttpServerRequest request) {
    String peer = trusted.isEmpty() ? null : peer(request);
    return peer != null && isTrusted(Hops.plain(new IPAddressString(peer).getAddress()));
  }

  private static String peer(HttpServerRequest request) {
    return request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
  }

  private boolean isTrusted(IPAddress address) {
    return address != null && trusted.stream().anyMatch(block -> block.contains(address));
  }
}
