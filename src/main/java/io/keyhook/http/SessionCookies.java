package io.keyhook.http;

import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Set;

/** The session's cookie as HTTP has it: no script reads it, no other site's page sends it, no other path gets it. */
final class SessionCookies {
  private static final String NAME = "keyhook_session";
  private static final String PATH = "/api/auth";

  private SessionCookies() {}

  /** Null where there is none. Of two, one may have been planted by another host of this domain. */
  static String read(RoutingContext context) {
    Set<Cookie> cookies = context.request().cookies(NAME);
    return cookies.size() == 1 ? cookies.iterator().next().getValue() : null;
  }

  static void set(RoutingContext context, ClientAddress addresses, String value, Duration lasts) {
    context.response().addCookie(Cookie.cookie(NAME, value)
        .setPath(path(context))
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.STRICT)
        .setSecure(addresses.isSecure(context.request()))
        .setMaxAge(lasts.toSeconds()));
  }

  static void clear(RoutingContext context, ClientAddress addresses) {
    set(context, addresses, "", Duration.ZERO);
  }

  /** Below where a host has mounted it. */
  private static String path(RoutingContext context) {
    String mount = context.mountPoint();
    return mount == null ? PATH : mount.replaceFirst("/+$", "") + PATH;
  }
}
