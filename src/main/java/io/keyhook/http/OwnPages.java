package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/** Tells pages of this server from those of other sites. */
final class OwnPages {
  private final ClientAddress addresses;

  OwnPages(ClientAddress addresses) {
    this.addresses = addresses;
  }

  /**
   * Refuses requests from pages of other sites. Browsers tell where a request is from; what is none tells nothing, and nobody is
   * tricked with it.
   */
  void require(HttpServerRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    boolean own = site != null ? site.equals("same-origin") || site.equals("none")
        : origin == null || addresses.hosts(request).contains(authority(origin).orElse(null));
    if (!own) {
      throw new Failure.Forbidden("CROSS_SITE", "This call is only for pages of this server").exception();
    }
  }

  /** Returns the origin of the page that makes a request, which {@link #require} does not refuse; null: it is not from a page. */
  String origin(HttpServerRequest request) {
    require(request);
    return request.getHeader(HttpHeaders.ORIGIN);
  }

  private static Optional<String> authority(String origin) {
    try {
      return Optional.ofNullable(URI.create(origin).getRawAuthority()).map(text -> text.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) { // "null" is what hides where it is from, and is no authority either
      return Optional.empty();
    }
  }
}
