package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/**
 * Headers of every response: its date, and what a browser may do with it. Browsers must not guess its content type
 * or embed anything; pages run only their own scripts.
 */
final class SecurityHeaders {
  private static final CharSequence CONTENT_TYPE_OPTIONS = HttpHeaders.createOptimized("x-content-type-options");
  private static final CharSequence NOSNIFF = HttpHeaders.createOptimized("nosniff");
  static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
  private static final CharSequence CONTENT_SECURITY_POLICY = HttpHeaders.createOptimized("content-security-policy");
  private static final CharSequence NOTHING =
      HttpHeaders.createOptimized("default-src 'none'; frame-ancestors 'none'");
  /** Allows a page's own scripts, styles and calls; nothing inline, evaluated or from other origins. */
  private static final CharSequence OWN = HttpHeaders.createOptimized("default-src 'none'; script-src 'self'; "
      + "style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'; require-trusted-types-for 'script'");
  private static final CharSequence OPENER_POLICY = HttpHeaders.createOptimized("cross-origin-opener-policy");
  private static final CharSequence SAME_ORIGIN = HttpHeaders.createOptimized("same-origin");
  private static final CharSequence REFERRER_POLICY = HttpHeaders.createOptimized("referrer-policy");
  private static final CharSequence NO_REFERRER = HttpHeaders.createOptimized("no-referrer");

  private SecurityHeaders() {}

  /** Adds the headers of a response that is neither a page nor cacheable, before others and only once. Returns the response. */
  static HttpServerResponse on(HttpServerResponse response) {
    return on(response, NO_STORE);
  }

  /** Adds the headers of a response that is not a page, before others and only once. Returns the response. */
  static HttpServerResponse on(HttpServerResponse response, CharSequence cacheControl) {
    response.headers()
        .set(HttpHeaders.DATE, HttpDate.now()) // a host that mounts the router may have set one
        // added, not set: there are no earlier values to find and remove
        .add(CONTENT_TYPE_OPTIONS, NOSNIFF)
        .add(HttpHeaders.CACHE_CONTROL, cacheControl)
        .add(CONTENT_SECURITY_POLICY, NOTHING)
        .add(REFERRER_POLICY, NO_REFERRER);
    return response;
  }

  /** Adds the headers of a page or of one of its files. */
  static HttpServerResponse onPage(HttpServerResponse response, CharSequence cacheControl) {
    response.headers()
        .set(HttpHeaders.DATE, HttpDate.now())
        .add(CONTENT_TYPE_OPTIONS, NOSNIFF)
        .add(HttpHeaders.CACHE_CONTROL, cacheControl)
        .add(CONTENT_SECURITY_POLICY, OWN)
        .add(OPENER_POLICY, SAME_ORIGIN)
        .add(REFERRER_POLICY, NO_REFERRER);
    return response;
  }
}
