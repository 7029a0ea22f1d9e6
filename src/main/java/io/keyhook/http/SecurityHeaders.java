package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/** What every answer tells a browser: nothing of it is a page, nothing is to be kept, embedded or guessed at. */
final class SecurityHeaders {
  private static final CharSequence CONTENT_TYPE_OPTIONS = HttpHeaders.createOptimized("x-content-type-options");
  private static final CharSequence NOSNIFF = HttpHeaders.createOptimized("nosniff");
  private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
  private static final CharSequence CONTENT_SECURITY_POLICY = HttpHeaders.createOptimized("content-security-policy");
  private static final CharSequence NOTHING =
      HttpHeaders.createOptimized("default-src 'none'; frame-ancestors 'none'");
  private static final CharSequence REFERRER_POLICY = HttpHeaders.createOptimized("referrer-policy");
  private static final CharSequence NO_REFERRER = HttpHeaders.createOptimized("no-referrer");

  private SecurityHeaders() {}

  /** Once for a response, which has none of them yet, and is given back. */
  static HttpServerResponse on(HttpServerResponse response) {
    response.headers() // added, not put: nothing is to be looked for and taken out first
        .add(CONTENT_TYPE_OPTIONS, NOSNIFF)
        .add(HttpHeaders.CACHE_CONTROL, NO_STORE)
        .add(CONTENT_SECURITY_POLICY, NOTHING)
        .add(REFERRER_POLICY, NO_REFERRER);
    return response;
  }
}
