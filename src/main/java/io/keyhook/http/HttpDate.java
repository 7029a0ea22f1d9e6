package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The {@code Date} of a response (RFC 9110, 6.6.1), formatted once a second on each thread. */
final class HttpDate {
  /** IMF-fixdate (RFC 9110, 5.6.7): Java's own RFC 1123 format omits the zero of a single-digit day. */
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ENGLISH).withZone(ZoneOffset.UTC);
  private static final ThreadLocal<HttpDate> LATEST = ThreadLocal.withInitial(HttpDate::new);

  private long second = Long.MIN_VALUE;
  private CharSequence text;

  private HttpDate() {}

  static CharSequence now() {
    return LATEST.get().at(System.currentTimeMillis());
  }

  private CharSequence at(long millis) {
    long now = Math.floorDiv(millis, 1000L);
    if (now != second) {
      second = now;
      text = HttpHeaders.createOptimized(FORMAT.format(Instant.ofEpochSecond(now)));
    }
    return text;
  }
}
