package io.keyhook.format;

import io.keyhook.bus.LicenseKeys;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a template can show of an event: plain maps of texts, so that a template reaches nothing else. Lists are texts, too: nothing in a
 * template repeats. Secrets are left out where chats would keep them: keys are cut to their end, and URLs to their host.
 */
final class Values {
  /** The names beside the fields of an event's data. */
  static final Set<String> OWN = Set.of("event", "title", "timestamp", "deliveryId", "fullLicenseKey", "changed");
  /** The only value that is not escaped: the data of the event as JSON. */
  static final String DATA = "data";

  private static final int LONGEST = 1_000;
  private static final int DEEPEST = 8;
  private static final int TIME_LENGTH = "2025-01-03T14:25:30.000Z".length();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MMM d, yyyy HH:mm 'UTC'", Locale.US).withZone(ZoneOffset.UTC);

  /** The edition from which on no value turns the direction of the text after it in a chat. */
  private static final int ONE_DIRECTION = 4;
  /** What turns it: embeddings, overrides and isolates, and their ends (UAX #9, 2). */
  private static final String DIRECTIONS = "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069";

  private final Markup markup;
  private final int edition;

  private Values(Markup markup, int edition) {
    this.markup = markup;
    this.edition = edition;
  }

  /**
   * @param edition as {@link Messages#EDITION} counts
   * @param timestamp as the payload has it
   * @param data the JSON of the event's data
   */
  static Map<String, Object> of(Markup markup, int edition, String event, String deliveryId, String timestamp, String data) {
    Values of = new Values(markup, edition);
    JsonObject fields = new JsonObject(data);
    Map<String, Object> values = of.map(fields, 0);
    String key = fields.getString("licenseKey");
    if (key != null) {
      values.put("licenseKey", LicenseKeys.hint(key));
      values.put("fullLicenseKey", key);
    }
    if (values.containsKey("url")) {
      values.put("url", host(fields.getString("url")));
    }
    if (fields.getValue("changes") instanceof JsonObject changes) {
      values.put("changed", shortened(String.join(", ", changes.fieldNames())));
    }
    values.put("event", event);
    values.put("title", DefaultTexts.title(event));
    values.put("timestamp", of.text(timestamp));
    values.put("deliveryId", deliveryId);
    values.put(DATA, data);
    return values;
  }

  private Map<String, Object> map(JsonObject object, int depth) {
    Map<String, Object> map = new LinkedHashMap<>();
    object.forEach(field -> map.put(field.getKey(), value(field.getValue(), depth + 1)));
    return map;
  }

  private Object value(Object value, int depth) {
    if (value instanceof JsonObject object) {
      return depth < DEEPEST ? map(object, depth) : shortened(object.encode());
    }
    if (value instanceof JsonArray list) {
      return shortened(list.stream().map(String::valueOf).collect(Collectors.joining(", ")));
    }
    return value instanceof String text ? text(text) : value;
  }

  private String text(String text) {
    String shown = markup.isChat() && text.length() == TIME_LENGTH && text.charAt(TIME_LENGTH - 1) == 'Z' ? time(text) : text;
    return shortened(markup.isChat() ? inOneLine(shown) : shown);
  }

  private static String time(String text) {
    try {
      return TIME.format(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return text;
    }
  }

  /** A line break would begin a quotation or a heading. */
  private String inOneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.chars().filter(c -> edition < ONE_DIRECTION || DIRECTIONS.indexOf(c) < 0)
        .forEach(c -> line.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? ' ' : (char) c));
    return line.toString();
  }

  static String shortened(String text) {
    if (text.length() <= LONGEST) {
      return text;
    }
    int end = LONGEST - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  private static String host(String url) {
    try {
      return String.valueOf(URI.create(url).getRawAuthority());
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
