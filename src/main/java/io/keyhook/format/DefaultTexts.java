package io.keyhook.format;

import java.util.Map;

/**
 * The texts of events for webhooks without templates of their own. They are templates themselves, so that an owner can begin with one.
 * Deliveries that wait were promised the texts of their edition: whoever changes one adds an edition.
 */
final class DefaultTexts {
  private static final String CUSTOMER = "{{#customerName}} for {{customerName}}{{/customerName}}";
  private static final String DEVICE = "{{#deviceName}} on {{deviceName}}{{/deviceName}}";
  private static final String DEVICES = "{{currentActivations}} of {{maxActivations}} activations in use";
  private static final String KEY = "License key {{licenseKey}}";
  private static final String WEBHOOK = "The webhook to {{url}}{{#description}} ({{description}}){{/description}}";

  private record Text(String title, String lines) {}

  private static final Map<String, Text> TEXTS = Map.ofEntries(
      Map.entry("license.validated", new Text("License validated", "{{licenseName}} was validated" + DEVICE + ".\n" + DEVICES + " · " + KEY)),
      Map.entry("license.activated",
          new Text("License activated", "{{licenseName}}" + CUSTOMER + " was activated" + DEVICE + ".\n" + DEVICES + " · " + KEY)),
      Map.entry("license.expired", new Text("License expired",
          "{{licenseName}}" + CUSTOMER + " expired{{#expiresAt}} on {{expiresAt}}{{/expiresAt}}.\n" + DEVICES + " · " + KEY)),
      Map.entry("license.disabled", new Text("License disabled",
          "{{licenseName}}" + CUSTOMER + " was disabled{{#disabledBy}} by {{disabledBy}}{{/disabledBy}}.\n" + KEY)),
      Map.entry("license.deactivated", new Text("Device removed", "A device of {{licenseName}}" + CUSTOMER
          + " was removed{{#deviceName}}: {{deviceName}}{{/deviceName}}.\n" + DEVICES + " · " + KEY)),
      Map.entry("license.created", new Text("License created",
          "{{licenseName}}" + CUSTOMER + " was created{{#createdBy}} by {{createdBy}}{{/createdBy}}.\n"
              + "{{#expiresAt}}Expires on {{expiresAt}} · {{/expiresAt}}" + KEY)),
      Map.entry("license.updated", new Text("License changed",
          "{{licenseName}}" + CUSTOMER + " was changed{{#updatedBy}} by {{updatedBy}}{{/updatedBy}}.\n"
              + "{{#changed}}Changed: {{changed}} · {{/changed}}" + KEY)),
      Map.entry("license.enabled", new Text("License enabled",
          "{{licenseName}}" + CUSTOMER + " was enabled{{#enabledBy}} by {{enabledBy}}{{/enabledBy}}.\n" + KEY)),
      Map.entry("license.deleted", new Text("License deleted",
          "{{licenseName}}" + CUSTOMER + " was deleted{{#deletedBy}} by {{deletedBy}}{{/deletedBy}}.\n" + KEY)),
      Map.entry("license.expiring", new Text("License expires soon",
          "{{licenseName}}" + CUSTOMER + " expires on {{expiresAt}}.\nDays left: {{daysBefore}}"
              + "{{#customerEmail}} · {{customerEmail}}{{/customerEmail}} · " + KEY)),
      Map.entry("webhook.failing", new Text("Webhook failing", WEBHOOK + " is failing.\nConsecutive failures: {{consecutiveFailures}}"
          + "{{#lastStatusCode}} · last status: {{lastStatusCode}}{{/lastStatusCode}}{{#lastError}} · last error: {{lastError}}{{/lastError}}")),
      Map.entry("webhook.recovered", new Text("Webhook recovered", WEBHOOK + " succeeded again.\nIt had failed since {{failingSince}}.")),
      Map.entry("webhook.deactivated", new Text("Webhook deactivated", WEBHOOK + " was deactivated.\n{{deactivatedReason}}")),
      Map.entry("webhook.test", new Text("Test event", "{{message}}")));

  private static final String JSON = "{\"event\":\"{{event}}\",\"text\":\"%s\"}";

  private DefaultTexts() {}

  /** What an event is called; of a type that a later version added, its name. */
  static String title(String event) {
    Text text = TEXTS.get(event);
    return text == null ? event : text.title;
  }

  /** The template of an event; of a type that a later version added, one that names it. */
  static String of(Markup markup, String event) {
    Text text = TEXTS.get(event);
    String lines = text == null ? "" : "\n" + text.lines;
    return markup.isChat() ? markup.bold() + "{{title}}" + markup.bold() + lines
        : JSON.formatted("{{title}}" + (text == null ? "" : ": " + text.lines.replace("\n", " ")));
  }
}
