package io.keyhook.attempt;

import io.keyhook.bus.Webhooks;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Headers that every attempt to an endpoint carries beside Keyhook's own, prepared once. What the endpoint returns may repeat their
 * values, and is logged without them. Any thread.
 */
public final class ExtraHeaders {
  public static final ExtraHeaders NONE = new ExtraHeaders(new CharSequence[0], new CharSequence[0], List.of());
  /** Shorter values are found in text that has nothing to do with them, and are guessed sooner than found. */
  private static final int MIN_SECRET = 8;

  private final CharSequence[] names;
  private final CharSequence[] values;
  /** The longest first: it may contain another. */
  private final List<String> secrets;

  private ExtraHeaders(CharSequence[] names, CharSequence[] values, List<String> secrets) {
    this.names = names;
    this.values = values;
    this.secrets = secrets;
  }

  /**
   * @param secrets what is not to be logged; null among them: nothing
   */
  static ExtraHeaders of(Map<String, String> headers, Collection<String> secrets) {
    return new ExtraHeaders(
        headers.keySet().stream().map(HttpHeaders::createOptimized).toArray(CharSequence[]::new),
        headers.values().stream().map(HttpHeaders::createOptimized).toArray(CharSequence[]::new),
        secrets.stream().filter(Objects::nonNull).flatMap(ExtraHeaders::spellings).filter(secret -> secret.length() >= MIN_SECRET)
            .distinct().sorted(Comparator.comparing(String::length).reversed()).toList());
  }

  /** As it is, and as JSON writes it. */
  private static Stream<String> spellings(String secret) {
    String escaped = secret.replace("\\", "\\\\").replace("\"", "\\\"");
    return Stream.of(secret, escaped, escaped.replace("/", "\\/"));
  }

  public boolean isEmpty() {
    return names.length == 0;
  }

  void addTo(MultiMap headers) {
    for (int i = 0; i < names.length; i++) {
      headers.add(names[i], values[i]);
    }
  }

  /** Replaces the values in the headers of a request by {@link Webhooks#MASK}. */
  public void mask(MultiMap headers) {
    for (CharSequence name : names) {
      headers.set(name, Webhooks.MASK);
    }
  }

  /**
   * Replaces the values in a text that is to be logged, and the beginning of one at the end of a text that is cut off there.
   *
   * @param text null: there is none
   */
  String redact(String text) {
    if (text == null) {
      return null;
    }
    String redacted = text;
    for (String secret : secrets) {
      redacted = redact(redacted, secret);
    }
    return redacted;
  }

  /** The algorithm of Knuth, Morris and Pratt: both texts are a tenant's, and the work is linear whatever they are. */
  private static String redact(String text, String secret) {
    int[] borders = borders(secret);
    StringBuilder redacted = new StringBuilder();
    int from = 0;
    int matched = 0;
    for (int i = 0; i < text.length(); i++) {
      matched = matched(secret, borders, matched, text.charAt(i));
      if (matched == secret.length()) {
        redacted.append(text, from, i + 1 - matched).append(Webhooks.MASK);
        from = i + 1;
        matched = 0;
      }
    }
    return matched >= MIN_SECRET ? redacted.append(text, from, text.length() - matched).append(Webhooks.MASK).toString()
        : from == 0 ? text : redacted.append(text, from, text.length()).toString();
  }

  /** By number of characters less one: the longest proper beginning of that many that they also end with. */
  private static int[] borders(String secret) {
    int[] borders = new int[secret.length()];
    for (int i = 1; i < borders.length; i++) {
      borders[i] = matched(secret, borders, borders[i - 1], secret.charAt(i));
    }
    return borders;
  }

  /** How many characters of the secret a text ends with that ended with {@code matched} of them before {@code next}. */
  private static int matched(String secret, int[] borders, int matched, char next) {
    int length = matched;
    while (length > 0 && secret.charAt(length) != next) {
      length = borders[length - 1];
    }
    return secret.charAt(length) == next ? length + 1 : length;
  }

  /** Without the values. */
  @Override
  public String toString() {
    return "ExtraHeaders" + List.of(names);
  }
}
