package io.keyhook.webhook;

import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FieldErrors;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Format;
import io.keyhook.event.EventType;
import io.keyhook.event.TemplateNames;
import io.keyhook.format.MessageBody;
import io.keyhook.format.MessageFormat;
import io.keyhook.format.Messages;
import io.keyhook.format.TemplateException;
import io.keyhook.license.EventSamples;
import io.keyhook.webhook.WebhookStore.StoredFormat;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** Checks, changes and previews what webhooks send. Any thread. */
final class Formats {
  /** Of a webhook: each is kept for as long as a delivery may need it. */
  private static final int MAX_KEPT = 200;
  private static final UUID SAMPLE = UUID.fromString("01942c6e-2d10-7000-8000-000000000002");

  private Formats() {}

  /**
   * What a new webhook sends.
   *
   * @throws io.keyhook.bus.FailureException a template is refused
   */
  static StoredFormat of(Webhooks.Options options) {
    return new StoredFormat(options.format() == Format.KEYHOOK ? null : 1, options.format(),
        coded(options.format(), options.templates()));
  }

  /**
   * Keeps the format of a new webhook for its deliveries.
   *
   * @param days for which any plan keeps a delivery at the longest
   */
  static Future<Void> keep(SqlClient tx, UUID accountId, UUID webhookId, StoredFormat format, int days) {
    return format.version() == null ? Future.succeededFuture()
        : WebhookStore.keepFormat(tx, accountId, webhookId, format, days).mapEmpty();
  }

  /**
   * Keeps and returns what a webhook sends after a change; null: what it sends already. Fails if a template is refused, and with
   * {@link Failure.Conflict} after too many changes.
   *
   * @param days for which any plan keeps a delivery at the longest
   */
  static Future<StoredFormat> changed(SqlClient tx, UUID webhookId, Webhooks.Update change, int days) {
    Webhooks.OptionChanges options = change.options();
    UUID accountId = change.caller().accountId();
    if (!options.format().present() && !options.templates().present()) {
      return Future.succeededFuture();
    }
    return WebhookStore.lockFormat(tx, accountId, webhookId).compose(before -> {
      StoredFormat after = after(before, options);
      return after == null ? Future.succeededFuture()
          : WebhookStore.keepFormat(tx, accountId, webhookId, after, days).map(kept -> {
            if (kept > MAX_KEPT) {
              throw new Failure.Conflict("TOO_MANY_FORMATS", "The format and the templates of this webhook were changed " + MAX_KEPT
                  + " times, and Keyhook keeps each for the deliveries that were created with it. Create another webhook, and"
                  + " preview templates before you save them").exception();
            }
            return after;
          });
    });
  }

  /** Null: nothing differs. */
  private static StoredFormat after(StoredFormat before, Webhooks.OptionChanges options) {
    Format format = options.format().present() ? options.format().value() : before.format();
    Map<String, String> given = options.templates().value();
    if (format == Format.KEYHOOK && given != null && !given.isEmpty()) {
      throw Check.invalid("templates", "is for other formats than keyhook");
    }
    Map<String, String> templates = options.templates().present() ? coded(format, given == null ? Map.of() : given)
        : format == before.format() ? before.templates() : Map.of();
    return format == before.format() && templates.equals(before.templates()) ? null
        : new StoredFormat(before.version() == null ? 1 : before.version() + 1, format, templates);
  }

  /** Checks templates, and names them as they are stored. */
  private static Map<String, String> coded(Format format, Map<String, String> templates) {
    Map<String, String> coded = new LinkedHashMap<>();
    FieldErrors errors = new FieldErrors("body");
    templates.forEach((name, template) -> {
      boolean others = Webhooks.ALL_OTHERS.equals(name);
      Optional<EventType> type = EventType.named(name);
      String field = "templates." + (name.length() > 50 ? name.substring(0, 50) : name);
      if (!others && type.isEmpty()) {
        errors.add(field, "is not a type of event, and not " + Webhooks.ALL_OTHERS + " for all others");
        return;
      }
      try {
        Messages.check(format, template, others ? samples(templates) : Map.of(name, sample(type.get())));
      } catch (TemplateException e) {
        errors.add(field, e.getMessage());
      }
      coded.put(TemplateNames.stored(name).orElseThrow(), template);
    });
    errors.refuse();
    return coded;
  }

  /** Of the types that have no template of their own. */
  private static Map<String, String> samples(Map<String, String> templates) {
    return Arrays.stream(EventType.values()).filter(type -> !templates.containsKey(type.wireName()))
        .collect(Collectors.toMap(EventType::wireName, Formats::sample, (a, b) -> a, LinkedHashMap::new));
  }

  private static String sample(EventType type) {
    return type == EventType.WEBHOOK_TEST ? testData(Id.WEBHOOK.of(SAMPLE)) : EventSamples.data(type, Instant.now(), true);
  }

  /** The data of a test event. */
  static String testData(String webhookId) {
    Map<String, String> data = new LinkedHashMap<>();
    data.put("webhookId", webhookId);
    data.put("message", "This is a test delivery. If its signature verifies, your endpoint is ready.");
    return JsonText.of(data);
  }

  /**
   * Renders a sample.
   *
   * @throws io.keyhook.bus.FailureException there is no such type, or the template is refused
   */
  static Webhooks.Previewed preview(Webhooks.Preview request) {
    EventType type = request.event() == null ? EventType.WEBHOOK_TEST : EventType.named(request.event())
        .orElseThrow(() -> Check.invalid("event", "is not a type of event"));
    String data = sample(type);
    String template = request.template() == null ? Messages.defaultText(request.format(), type.wireName()) : request.template();
    try {
      Messages.check(request.format(), template, Map.of(type.wireName(), data));
    } catch (TemplateException e) {
      throw Check.invalid("template", e.getMessage());
    }
    MessageBody body = Messages.render(new MessageFormat(request.format(), Messages.EDITION, template), type.wireName(), SAMPLE,
        Id.DELIVERY.of(SAMPLE), data);
    return new Webhooks.Previewed(type.wireName(), template, List.copyOf(Messages.names(data)),
        body.contentType() == null ? "application/json" : body.contentType(), body.text());
  }
}
