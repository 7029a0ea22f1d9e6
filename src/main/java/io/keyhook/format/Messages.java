package io.keyhook.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.samskivert.mustache.MustacheException;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Webhooks.Format;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Renders deliveries for services that do not read Keyhook's own payload. The result depends on what is stored and nothing else, so that
 * every attempt sends the same bytes. Any thread.
 */
public final class Messages {
  /** Counted up by whoever changes the default texts, the JSON around them, how values are escaped or what counts as JSON; deliveries of earlier editions keep theirs. */
  public static final short EDITION = 4;
  /** The longest template, in characters. */
  public static final int MAX_TEMPLATE = 4_000;

  /** Numbers that an event may lack: without a response, for webhooks that did not choose newer events, or as not every license has them. */
  private static final Set<String> OPTIONAL_NUMBERS = Set.of("lastStatusCode", "sequence", "heartbeatSeconds", "leaseSeconds");
  /** Texts that every event about a license has. */
  private static final Set<String> ALWAYS = Set.of("event", "title", "timestamp", "deliveryId", "licenseId", "licenseKey", "fullLicenseKey",
      "licenseName");
  /** Receivers may read no comments, which Vert.x does. */
  private static final ObjectReader STRICT = JsonMapper.builder(JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES).build())
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build().reader();
  private static final int MOST_LINES = 100;
  private static final String PLAIN = "text/plain; charset=utf-8";
  /** The colors of Discord. */
  private static final Map<String, Integer> COLORS = Map.of("license.expired", 0xD97706, "license.expiring", 0xD97706,
      "license.disabled", 0xDC2626, "license.deleted", 0xDC2626, "webhook.failing", 0xDC2626, "webhook.deactivated", 0xDC2626,
      "webhook.recovered", 0x16A34A, "license.activated", 0x16A34A, "license.created", 0x16A34A, "license.enabled", 0x16A34A);
  private static final int COLOR = 0x2563EB;

  private Messages() {}

  /**
   * The body of a delivery.
   *
   * @param event its type
   * @param id the delivery's as it is sent
   * @param data the JSON of the event's data
   */
  public static MessageBody render(MessageFormat format, String event, UUID deliveryId, String id, String data) {
    String timestamp = JsonText.time(Instant.ofEpochMilli(Id.millis(deliveryId)));
    String template = format.template() == null ? defaultText(format.format(), event) : format.template();
    Markup markup = Markup.of(format.format(), format.edition(), template);
    String text = Template.of(markup, format.edition(), template).render(Values.of(markup, format.edition(), event, id, timestamp, data));
    return markup == Markup.JSON ? new MessageBody(null, text)
        : markup == Markup.TEXT ? new MessageBody(PLAIN, text)
        : new MessageBody(null, around(markup, text.isBlank() ? DefaultTexts.title(event) : markup.cut(text), event, timestamp).encode());
  }

  /** The template that an event has if the webhook has none for it. */
  public static String defaultText(Format format, String event) {
    return DefaultTexts.of(format == Format.GENERIC ? Markup.JSON : Markup.of(format, EDITION, ""), event);
  }

  private static JsonObject around(Markup markup, String text, String event, String timestamp) {
    return switch (markup) {
      case SLACK -> new JsonObject().put("text", text).put("blocks", new JsonArray().add(new JsonObject()
          .put("type", "section")
          .put("text", new JsonObject().put("type", "mrkdwn").put("text", text).put("verbatim", true))));
      case DISCORD -> new JsonObject().put("embeds", new JsonArray().add(new JsonObject()
              .put("description", text).put("color", COLORS.getOrDefault(event, COLOR)).put("timestamp", timestamp)))
          .put("allowed_mentions", new JsonObject().put("parse", new JsonArray()));
      case TEAMS -> new JsonObject().put("type", "message").put("attachments", new JsonArray().add(new JsonObject()
          .put("contentType", "application/vnd.microsoft.card.adaptive")
          .put("contentUrl", null)
          .put("content", new JsonObject()
              .put("$schema", "http://adaptivecards.io/schemas/adaptive-card.json").put("type", "AdaptiveCard").put("version", "1.4")
              .put("body", lines(text)))));
      case JSON, TEXT -> throw new IllegalArgumentException("A generic message is its template");
    };
  }

  /** Adaptive Cards show a line break in no reliable way, so each line is an element. A message has a limit, so the last has the rest. */
  private static JsonArray lines(String text) {
    List<String> all = text.lines().filter(line -> !line.isBlank()).toList();
    JsonArray lines = new JsonArray();
    for (int i = 0; i < Math.min(all.size(), MOST_LINES); i++) {
      String line = i < MOST_LINES - 1 ? all.get(i) : String.join(" ", all.subList(i, all.size()));
      lines.add(new JsonObject().put("type", "TextBlock").put("text", line).put("wrap", true));
    }
    return lines;
  }

  /**
   * Checks a template.
   *
   * @param samples the JSON of the data of the events that it is for, by type
   * @throws TemplateException it cannot be used
   */
  public static void check(Format format, String template, Map<String, String> samples) throws TemplateException {
    Markup markup = Markup.of(format, EDITION, template);
    Set<String> names = new LinkedHashSet<>(Values.OWN);
    samples.values().forEach(data -> names.addAll(new JsonObject(data).fieldNames()));
    if (template.isBlank()) {
      throw new TemplateException("is blank; leave it out to send the default text");
    }
    Set<String> sections = TemplateRules.check(markup, template, names);
    for (Map.Entry<String, String> sample : samples.entrySet()) {
      check(markup, template, sections, sample.getKey(), sample.getValue());
    }
  }

  private static void check(Markup markup, String template, Set<String> sections, String event, String data) throws TemplateException {
    Map<String, Object> values = Values.of(markup, EDITION, event, "delivery_01jhsqk2v8g5a1d7r0x4n6t9qe", "2025-01-03T14:25:30.000Z", data);
    Template compiled = Template.of(markup, EDITION, template);
    String rendered;
    try {
      rendered = compiled.render(values);
    } catch (MustacheException e) { // the rules know the syntax, and this is its other reader
      throw new TemplateException(String.valueOf(e.getMessage()));
    }
    if (markup == Markup.JSON) {
      String otherwise = "the result is not JSON for " + event;
      checkJson(rendered, otherwise);
      Map<String, Object> empty = empty(values);
      checkJson(compiled.render(empty), otherwise + " when values are empty; put quotes around values");
      checkSections(compiled, sections, full(values), empty, otherwise);
    }
  }

  /** Checks what becomes of the commas around a value that is missing, or the only one of those that may be. */
  private static void checkSections(
      Template template, Set<String> sections, Map<String, Object> full, Map<String, Object> empty, String otherwise)
      throws TemplateException {
    checkJson(template.render(full), otherwise + " when no value is missing; put quotes around values");
    for (String name : sections) {
      if (full.get(name) != null && empty.get(name) == null && !ALWAYS.contains(name)) {
        Map<String, Object> without = new LinkedHashMap<>(full);
        without.put(name, null);
        checkJson(template.render(without), otherwise + " when " + name + " is missing");
        Map<String, Object> alone = new LinkedHashMap<>(full);
        sections.stream().filter(other -> !other.equals(name) && !ALWAYS.contains(other)).forEach(other -> alone.put(other, empty.get(other)));
        checkJson(template.render(alone), otherwise + " when only " + name + " is not missing");
      }
    }
  }

  /** The same values without those that may be missing from an event. */
  private static Map<String, Object> empty(Map<String, Object> values) {
    Map<String, Object> empty = new LinkedHashMap<>(values);
    empty.replaceAll((name, value) ->
        value instanceof Number && !OPTIONAL_NUMBERS.contains(name) || Values.DATA.equals(name) ? value : null);
    return empty;
  }

  /** The same values with text for those that the sample does not have. */
  private static Map<String, Object> full(Map<String, Object> values) {
    Map<String, Object> full = new LinkedHashMap<>(values);
    full.replaceAll((name, value) -> value == null ? "text" : value);
    return full;
  }

  private static void checkJson(String rendered, String otherwise) throws TemplateException {
    try {
      STRICT.readTree(rendered);
    } catch (JsonProcessingException e) {
      throw new TemplateException(otherwise + (e.getLocation() == null ? "" : "; see line " + e.getLocation().getLineNr() + " of it"));
    }
  }

  /** The values of an event that a template can show, in their order. */
  public static List<String> names(String data) {
    List<String> names = new ArrayList<>(new JsonObject(data).fieldNames());
    Values.OWN.stream().sorted().filter(name -> !names.contains(name)).forEach(names::add);
    return names;
  }
}
