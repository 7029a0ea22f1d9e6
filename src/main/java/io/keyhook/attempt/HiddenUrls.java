package io.keyhook.attempt;

import java.util.StringTokenizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * URLs in the headers of a response without what may be a credential: the values of a query or of a session in the path, the
 * fragment, and the name and password before the host. Takes time linear in the length of the header.
 */
final class HiddenUrls {
  static final String HIDDEN = "[hidden]";

  /** Where a query or a fragment begins. Servlet containers keep a session in the path. */
  private static final Pattern END_OF_PATH = Pattern.compile("[?#]|;jsessionid=", Pattern.CASE_INSENSITIVE);
  /** Where a parameter ends. */
  private static final String ENDS = "&;?#";

  private final int max;
  private final StringBuilder shown = new StringBuilder();

  private HiddenUrls(int max) {
    this.max = max;
  }

  /**
   * Returns the value of a header.
   *
   * @param bracketed whether it has several URLs, in angle brackets, as {@code Link} has; otherwise all of it is one, even if it has
   *     characters that a URL may not have
   * @param max the most characters that are needed; the result may have more
   */
  static String in(String value, boolean bracketed, int max) {
    HiddenUrls urls = new HiddenUrls(max);
    if (!bracketed) {
      urls.url(value);
    } else {
      StringTokenizer parts = new StringTokenizer(value, "<>", true);
      while (parts.hasMoreTokens() && urls.isShort()) {
        urls.url(parts.nextToken());
      }
    }
    return urls.shown.toString();
  }

  private boolean isShort() {
    return shown.length() <= max;
  }

  private void url(String url) {
    Matcher endOfPath = END_OF_PATH.matcher(url);
    int end = endOfPath.find() ? endOfPath.start() : url.length();
    path(url.substring(0, end));
    while (end < url.length() && isShort()) {
      end = url.charAt(end) == '#' ? fragment(url, end) : parameter(url, end);
    }
  }

  /** Appends scheme, host and path without what is before the host, also that of a URL within the path. */
  private void path(String path) {
    int from = 0;
    for (int slashes; isShort() && (slashes = path.indexOf("//", from)) >= 0; ) {
      int host = slashes + 2;
      int end = path.indexOf('/', host);
      int sign = path.substring(host, end < 0 ? path.length() : end).lastIndexOf('@');
      shown.append(path, from, host).append(sign < 0 ? "" : HIDDEN);
      from = sign < 0 ? host : host + sign;
    }
    shown.append(path, from, path.length());
  }

  private int fragment(String url, int at) {
    shown.append('#').append(url.length() > at + 1 ? HIDDEN : "");
    return url.length();
  }

  /**
   * Appends a delimiter and a parameter. One without a value may be a credential itself, with the padding of Base64.
   *
   * @return where it ends
   */
  private int parameter(String url, int at) {
    int equals = -1;
    boolean hasValue = false;
    int end = at + 1;
    for (; end < url.length() && ENDS.indexOf(url.charAt(end)) < 0; end++) {
      if (equals < 0) {
        equals = url.charAt(end) == '=' ? end : -1;
      } else {
        hasValue |= url.charAt(end) != '=';
      }
    }
    shown.append(url, at, hasValue ? equals + 1 : at + 1).append(end > at + 1 ? HIDDEN : "");
    return end;
  }
}
