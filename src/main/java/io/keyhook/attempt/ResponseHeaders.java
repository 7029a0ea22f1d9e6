package io.keyhook.attempt;

import io.vertx.core.MultiMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The headers of a response, for people who look for what answered. They are read only when an attempt is written with them, so
 * that they cost nothing otherwise. Any thread; the headers are no longer changed.
 */
public final class ResponseHeaders {
  /** The built-in test endpoint has none. */
  public static final ResponseHeaders NONE = new ResponseHeaders(MultiMap.caseInsensitiveMultiMap());

  /** Characters that are kept of all headers together. */
  static final int MAX_LENGTH = 4 * 1024;
  /** Characters that are kept of one value: a long policy does not push out the others. */
  static final int MAX_VALUE = 512;
  static final int MAX_NAME = 128;
  static final String HIDDEN = "[hidden]";

  /** Names of headers whose values are credentials. {@code WWW-Authenticate} says what credential is missing, and holds none. */
  private static final Pattern CREDENTIAL =
      Pattern.compile("cookie|^(proxy-)?auth|token|secret|password|session|api-?key|signature|jwt|credential");
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
   * case. Values of credentials are replaced by {@value #HIDDEN}, long values end with an ellipsis, and headers after the first
   * {@value #MAX_LENGTH} characters are left out. Empty: the response had none.
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, String> header : headers) {
      String name = shortened(header.getKey().toLowerCase(Locale.ROOT), MAX_NAME);
      String value = CREDENTIAL.matcher(name).find() ? HIDDEN : shortened(hidden.redact(header.getValue()), MAX_VALUE);
      String line = clean(name) + ": " + clean(value);
      if (text.length() + 1 + line.length() > MAX_LENGTH) {
        break;
      }
      text.append(text.isEmpty() ? "" : "\n").append(line);
    }
    return text.toString();
  }

  private static String shortened(String text, int max) {
    return text.length() <= max ? text : text.substring(0, max - 1) + '…';
  }

  private static String clean(String text) {
    return ResponseText.clean(CONTROL.matcher(text).replaceAll("\uFFFD"));
  }
}
