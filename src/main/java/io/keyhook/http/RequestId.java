package io.keyhook.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/** The header {@code X-Request-Id}: taken from the request or created, returned in the response, and logged with failures. */
final class RequestId {
  static final CharSequence HEADER = HttpHeaders.createOptimized("x-request-id");
  private static final int MAX_LENGTH = 128;
  private static final int BITS_PER_DIGIT = 4;

  private RequestId() {}

  /** Returns the client's ID if it is 1 to 128 of {@code A-Z a-z 0-9 . _ : -} and alone, and a new one otherwise. */
  static CharSequence of(HttpServerRequest request) {
    String given = request.getHeader(HEADER);
    return given != null && isValid(given) && request.headers().getAll(HEADER).size() == 1 ? given : create();
  }

  /** Returns the ID that the response carries. */
  static String of(RoutingContext context) {
    return String.valueOf(context.response().headers().get(HEADER));
  }

  /** No other character may get into a line of the log. */
  private static boolean isValid(String id) {
    if (id.isEmpty() || id.length() > MAX_LENGTH) {
      return false;
    }
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean valid = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
          || c == ':';
      if (!valid) {
        return false;
      }
    }
    return true;
  }

  /** 64 random bits in hexadecimal: enough to find a request among those of a day. */
  private static String create() {
    long random = ThreadLocalRandom.current().nextLong();
    byte[] digits = new byte[Long.SIZE / BITS_PER_DIGIT];
    for (int i = 0; i < digits.length; i++) {
      digits[i] = (byte) Character.forDigit((int) (random >>> i * BITS_PER_DIGIT) & 0xf, 16);
    }
    return new String(digits, StandardCharsets.ISO_8859_1);
  }
}
