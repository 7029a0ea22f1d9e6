package io.keyhook.attempt;

import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The headers of a response, for people who look for what answered. They are read only when an attempt is written with them, so
 * that they cost nothing otherwise. Any thread; the headers are no longer changed.
 */
public final class ResponseHeaders {
  /** The built-in test endpoint has none. */
  public static final ResponseHeaders NONE = new ResponseHeaders(MultiMap.caseInsensitiveMultiMap());

  /** Bytes, as UTF-8, that are kept of all headers together. */
  static final int MAX_BYTES = 4 * 1024;
  /** Characters that are kept of one value: a long policy does not push out the others. */
  static final int MAX_VALUE = 512;
  static final int MAX_NAME = 128;

  /** Names of headers whose values are credentials. */
  private static final Pattern CREDENTIAL = Pattern.compile("cookie|auth|token|secret|passw|session|signature|jwt|credential|csrf|xsrf"
      + "|(?:api|access|private|functions|subscription)[-_]?key");
  /** These contain {@code auth}, but say what credential is missing, and hold none. */
  private static final Set<String> CHALLENGES = Set.of("www-authenticate", "proxy-authenticate");
  private static final Set<String> WITH_URLS = Set.of("location", "content-location", "refresh", "link");
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private final MultiMap headers;
  private final ExtraHeaders hidden;

  ResponseHeaders(MultiMap headers) {
    this(headers, ExtraHeaders.NONE);
  }

  private ResponseHeaders(MultiMap headers, ExtraHeaders hidden) {
    this.headers = headers;
    this.hidden = hidden;
  }

  /** Returns the same headers, whose text does not repeat values of the request's. */
  ResponseHeaders without(ExtraHeaders extra) {
    return new ResponseHeaders(headers, extra);
  }

  /**
   * Returns the headers in the order in which they came, each on a line of its own as {@code name: value}, with names in lower
   * case. Values of credentials are replaced by {@value HiddenUrls#HIDDEN}, and so are the parts of URLs that may hold one. Long
   * values end with an ellipsis, and headers after the first {@value #MAX_BYTES} bytes are left out. Empty: the response had none.
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    int bytes = 0;
    for (Map.Entry<String, String> header : headers) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      String line = clean(shortened(name, MAX_NAME)) + ": " + clean(shortened(shown(name, hidden.redact(header.getValue())), MAX_VALUE));
      bytes += (text.isEmpty() ? 0 : 1) + line.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > MAX_BYTES) {
        break;
      }
      text.append(text.isEmpty() ? "" : "\n").append(line);
    }
    return text.toString();
  }

  /**
   * @param name in lower case
   */
  private static String shown(String name, String value) {
    if (WITH_URLS.contains(name)) {
      return HiddenUrls.in(value, name.equals("link"), MAX_VALUE);
    }
    return CREDENTIAL.matcher(name).find() && !CHALLENGES.contains(name) ? HiddenUrls.HIDDEN : value;
  }

  private static String shortened(String text, int max) {
    return text.length() <= max ? text : text.substring(0, max - 1) + '…';
  }

  private static String clean(String text) {
    return ResponseText.clean(CONTROL.matcher(text).replaceAll("\uFFFD"));
  }
}
