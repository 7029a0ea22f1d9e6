package io.keyhook.http;

import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The cookies of a session and of a device in HTTP: no script reads them, no page of another site sends them, and no other
 * path gets them. The device's cookie outlives sessions, and has an entry for each user who logs in on the device.
 */
final class SessionCookies {
  private static final String NAME = "keyhook_session";
  private static final String DEVICE = "keyhook_device";
  private static final int MAX_PEOPLE = 4;
  /** The longest time for which browsers keep a cookie (RFC 6265bis, 5.5). */
  private static final Duration DEVICE_LASTS = Duration.ofDays(400);
  private static final String PATH = "/api/auth";

  private SessionCookies() {}

  /** Returns null if there is none. Of two, one may have been planted by another host of this domain. */
  static String read(RoutingContext context) {
    Set<Cookie> cookies = context.request().cookies(NAME);
    return cookies.size() == 1 ? cookies.iterator().next().getValue() : null;
  }

  static void set(RoutingContext context, ClientAddress addresses, String value, Duration lasts) {
    set(context, addresses, NAME, value, lasts);
  }

  /** The entries of the device, of all its cookies: what another host of this domain has planted is no entry of anybody. */
  static List<String> devices(RoutingContext context) {
    return context.request().cookies(DEVICE).stream()
        .flatMap(cookie -> Arrays.stream(cookie.getValue().split("\\.", MAX_PEOPLE + 1)).limit(MAX_PEOPLE)).toList();
  }

  /** Adds an entry before the device's entries for other users. */
  static void setDevice(RoutingContext context, ClientAddress addresses, String entry) {
    String value = Stream.concat(Stream.of(entry), devices(context).stream()
            .filter(other -> other.length() == entry.length() && !other.equals(entry)))
        .limit(MAX_PEOPLE).collect(Collectors.joining("."));
    set(context, addresses, DEVICE, value, DEVICE_LASTS);
  }

  private static void set(
      RoutingContext context, ClientAddress addresses, String name, String value, Duration lasts) {
    context.response().addCookie(Cookie.cookie(name, value)
        .setPath(path(context))
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.STRICT)
        .setSecure(addresses.isSecure(context.request()))
        .setMaxAge(lasts.toSeconds()));
  }

  static void clear(RoutingContext context, ClientAddress addresses) {
    set(context, addresses, "", Duration.ZERO);
  }

  /** The path of the cookies, below the mount point of the host. */
  private static String path(RoutingContext context) {
    String mount = context.mountPoint();
    int end = mount == null ? 0 : mount.length();
    while (end > 0 && mount.charAt(end - 1) == '/') {
      end--;
    }
    return end == 0 ? PATH : mount.substring(0, end) + PATH;
  }
}
