package io.keyhook.http;

import io.keyhook.bus.Failure;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * A page of this server, from which calls are accepted whose credential a browser sends by itself: they require a header that another
 * site's page cannot set without a preflight, which is never granted.
 */
final class OwnPage {
  private static final String HEADER = "X-Keyhook-Session";

  private OwnPage() {}

  /**
   * @throws io.keyhook.bus.FailureException the request is not of a page of this server
   */
  static void require(HttpServerRequest request, ClientAddress addresses) {
    if (!"1".equals(request.getHeader(HEADER))) {
      throw new Failure.Forbidden("CROSS_SITE", "Send the header " + HEADER + ": 1").exception();
    }
    refuseOthers(request, addresses);
  }

  /** Browsers tell where a request is from; what is none tells nothing, and nobody is tricked with it. */
  static void refuseOthers(HttpServerRequest request, ClientAddress addresses) {
    String site = request.getHeader("Sec-Fetch-Site");
    String origin = request.getHeader("Origin");
    boolean own = site != null ? site.equals("same-origin") || site.equals("none")
        : origin == null || addresses.hosts(request).contains(authority(origin).orElse(null));
    if (!own) {
      throw new Failure.Forbidden("CROSS_SITE", "This call is only for pages of this server").exception();
    }
  }

  private static Optional<String> authority(String origin) {
    try {
      return Optional.ofNullable(URI.create(origin).getRawAuthority()).map(text -> text.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) { // "null" is what hides where it is from, and is no authority either
      return Optional.empty();
    }
  }
}
