package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/**
 * Headers that every answer has: when it was made, and what a browser may do with it. A browser is to guess no content type
 * and to embed nothing; pages run scripts of their own alone.
 */
final class SecurityHeaders {
  private static final CharSequence CONTENT_TYPE_OPTIONS = HttpHeaders.createOptimized("x-content-type-options");
  private static final CharSequence NOSNIFF = HttpHeaders.createOptimized("nosniff");
  private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
  private static final CharSequence CONTENT_SECURITY_POLICY = HttpHeaders.createOptimized("content-security-policy");
  private static final CharSequence NOTHING =
      HttpHeaders.createOptimized("default-src 'none'; frame-ancestors 'none'");
  /** Its own scripts, styles and calls; nothing inline, nothing evaluated, nothing of anybody else. */
  private static final CharSequence OWN = HttpHeaders.createOptimized("default-src 'none'; script-src 'self'; "
      + "style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'; require-trusted-types-for 'script'");
  private static final CharSequence OPENER_POLICY = HttpHeaders.createOptimized("cross-origin-opener-policy");
  private static final CharSequence SAME_ORIGIN = HttpHeaders.createOptimized("same-origin");
  private static final CharSequence REFERRER_POLICY = HttpHeaders.createOptimized("referrer-policy");
  private static final CharSequence NO_REFERRER = HttpHeaders.createOptimized("no-referrer");

  private SecurityHeaders() {}

  /** Once for a response, which has none of them yet, and is given back: nothing of it is a page, or is to be kept. */
  static HttpServerResponse on(HttpServerResponse response) {
    response.headers()
        .set(HttpHeaders.DATE, HttpDate.now()) // a host that mounts the router may have set one
        // added, not set: nothing is to be looked for and taken out first
        .add(CONTENT_TYPE_OPTIONS, NOSNIFF)
        .add(HttpHeaders.CACHE_CONTROL, NO_STORE)
        .add(CONTENT_SECURITY_POLICY, NOTHING)
        .add(REFERRER_POLICY, NO_REFERRER);
    return response;
  }

  /** The same for a page, or for what one is made of. */
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
