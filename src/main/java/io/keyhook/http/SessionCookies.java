package io.keyhook.http;

// Vert.x shows one of two cookies with the same name, and another host of the domain may have set it.
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The cookies of a session, of a device and of a portal in HTTP: no script reads them, no page of another site sends them, and no other
 * path gets them. The device's cookie outlives sessions, and has an entry for each user who logs in on the device.
 */
final class SessionCookies {
  private static final String NAME = "keyhook_session";
  private static final String DEVICE = "keyhook_device";
  private static final int MAX_PEOPLE = 4;
  /** One that this host has set, and some that other hosts of the domain have planted. */
  private static final int MAX_COOKIES = 8;
  /** The longest time for which browsers keep a cookie (RFC 6265bis, 5.5). */
  private static final Duration DEVICE_LASTS = Duration.ofDays(400);
  private static final String PATH = "/api/auth";
  private static final String PORTAL = "keyhook_portal";
  private static final String PORTAL_PATH = "/api/portal";

  private SessionCookies() {}

  /** Returns null if there is none. Of two, one may have been planted by another host of this domain. */
  static String read(RoutingContext context) {
    return read(context, NAME);
  }

  private static String read(RoutingContext context, String name) {
    List<String> values = values(context, name).toList();
    return values.size() == 1 ? values.get(0) : null;
  }

  static void set(RoutingContext context, ClientAddress addresses, String value, Duration lasts) {
    set(context, addresses, NAME, PATH, value, lasts);
  }

  /** Returns the cookie of a portal; null: there is none. */
  static String readPortal(RoutingContext context) {
    return read(context, PORTAL);
  }

  static void setPortal(RoutingContext context, ClientAddress addresses, String value, Duration lasts) {
    set(context, addresses, PORTAL, PORTAL_PATH, value, lasts);
  }

  /** The entries of the device, of all its cookies: what another host of this domain has planted is no entry of anybody. */
  static List<String> devices(RoutingContext context) {
    return values(context, DEVICE).limit(MAX_COOKIES)
        .flatMap(value -> Arrays.stream(value.split("\\.", MAX_PEOPLE + 1)).limit(MAX_PEOPLE)).toList();
  }

  /** All cookies of the name, in the order of the request. Vert.x keeps one of those with the same name, domain and path. */
  private static Stream<String> values(RoutingContext context, String name) {
    return context.request().headers().getAll(HttpHeaders.COOKIE).stream()
        .flatMap(header -> ServerCookieDecoder.STRICT.decodeAll(header).stream())
        .filter(cookie -> cookie.name().equals(name)).map(io.netty.handler.codec.http.cookie.Cookie::value);
  }

  /** Adds an entry before the device's entries for other users. */
  static void setDevice(RoutingContext context, ClientAddress addresses, String entry) {
    String value = Stream.concat(Stream.of(entry), devices(context).stream()
            .filter(other -> other.length() == entry.length() && !other.equals(entry)))
        .limit(MAX_PEOPLE).collect(Collectors.joining("."));
    set(context, addresses, DEVICE, PATH, value, DEVICE_LASTS);
  }

  private static void set(
      RoutingContext context, ClientAddress addresses, String name, String path, String value, Duration lasts) {
    context.response().addCookie(Cookie.cookie(name, value)
        .setPath(mounted(context, path))
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.STRICT)
        .setSecure(addresses.isSecure(context.request()))
        .setMaxAge(lasts.toSeconds()));
  }

  static void clear(RoutingContext context, ClientAddress addresses) {
    set(context, addresses, "", Duration.ZERO);
  }

  static void clearPortal(RoutingContext context, ClientAddress addresses) {
    setPortal(context, addresses, "", Duration.ZERO);
  }

  /** A path of cookies below the mount point of the host. */
  private static String mounted(RoutingContext context, String path) {
    String mount = context.mountPoint();
    int end = mount == null ? 0 : mount.length();
    while (end > 0 && mount.charAt(end - 1) == '/') {
      end--;
    }
    return end == 0 ? path : mount.substring(0, end) + path;
  }
}
