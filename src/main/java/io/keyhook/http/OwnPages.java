package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * Tells pages of this server from those of other sites. Calls whose credential a browser sends by itself require a header that another
 * site's page cannot set without a preflight, which is never granted.
 */
final class OwnPages {
  private static final String HEADER = "X-Keyhook-Session";

  private final ClientAddress addresses;

  OwnPages(ClientAddress addresses) {
    this.addresses = addresses;
  }

  /** Refuses requests that are not from a page of this server. */
  void require(HttpServerRequest request) {
    if (!"1".equals(request.getHeader(HEADER))) {
      throw new Failure.Forbidden("CROSS_SITE", "Send the header " + HEADER + ": 1").exception();
    }
    refuseOthers(request);
  }

  /**
   * Refuses requests from pages of other sites. Browsers tell where a request is from; what is none tells nothing, and nobody is
   * tricked with it.
   */
  void refuseOthers(HttpServerRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    boolean own = site != null ? site.equals("same-origin") || site.equals("none")
        : origin == null || addresses.hosts(request).contains(authority(origin).orElse(null));
    if (!own) {
      throw new Failure.Forbidden("CROSS_SITE", "This call is only for pages of this server").exception();
    }
  }

  /** Returns the origin of the page that makes a request, which {@link #refuseOthers} does not refuse; null: it is not from a page. */
  String origin(HttpServerRequest request) {
    refuseOthers(request);
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
