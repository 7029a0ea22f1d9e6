package io.keyhook.alert;

import io.keyhook.bus.Alerts.Cause;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.format.SlackText;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The words of a message.
 *
 * @param title of the cause
 * @param accountName null: not named
 * @param total alerts in it
 */
record AlertText(String title, String accountName, List<String> lines, long total, String advice) {
  private static final String FOOTER = "You receive one message per cause and hour at most."
      + " To change your alerts, log in to the dashboard and open Settings.";
  private static final Map<Cause, String> TITLES = Map.of(
      Cause.WEBHOOK_FAILING, "Webhook failing",
      Cause.WEBHOOK_RECOVERED, "Webhook recovered",
      Cause.WEBHOOK_DEACTIVATED, "Webhook deactivated",
      Cause.LICENSE_EXPIRING, "License expiring",
      Cause.PLAN_LIMIT, "Plan limit near");
  private static final Map<Cause, String> ADVICE = Map.of(
      Cause.WEBHOOK_FAILING, "Keyhook retries failed deliveries. Open the webhook in the dashboard to see what your endpoint returns.",
      Cause.WEBHOOK_RECOVERED, "Deliveries that failed in the meantime stay failed until you recover them in the dashboard.",
      Cause.WEBHOOK_DEACTIVATED, "Fix your endpoint, send a test event, then reactivate the webhook and recover the failed deliveries.",
      Cause.LICENSE_EXPIRING, "To extend a license, change its expiry in the dashboard.",
      Cause.PLAN_LIMIT, "To change plans, contact your administrator.");
  /** Of the dashboard: where something can be done about the cause. */
  private static final Map<Cause, String> PAGES = Map.of(
      Cause.WEBHOOK_FAILING, "/",
      Cause.WEBHOOK_RECOVERED, "/deliveries?status=failing",
      Cause.WEBHOOK_DEACTIVATED, "/",
      Cause.LICENSE_EXPIRING, "/licenses",
      Cause.PLAN_LIMIT, "/plan");

  /**
   * Returns the words of alerts about one cause.
   *
   * @param dashboardUrl empty: no link to it
   */
  static AlertText of(Cause cause, String accountName, List<String> lines, long total, Optional<URI> dashboardUrl) {
    String link = dashboardUrl.map(url -> "\n" + KeyhookOptions.Mail.page(url, "/#" + PAGES.get(cause))).orElse("");
    return new AlertText(TITLES.get(cause), accountName, lines, total, ADVICE.get(cause) + link);
  }

  /** A message that may go to a stranger, whose address somebody has signed up with: nothing in it is chosen by the sender. */
  static AlertText test() {
    return new AlertText("Test", null, List.of("This is a test message. Alerts about your account arrive here."
        + " If you do not use Keyhook, you can ignore this message."), 1, "");
  }

  String subject() {
    return "Keyhook: " + title + (total > 1 ? " (" + total + ")" : "");
  }

  /** Returns the body of a mail, in plain text. */
  String mail() {
    StringBuilder text = new StringBuilder(title).append(inAccount(accountName)).append(":\n\n");
    lines.forEach(line -> text.append("- ").append(line).append('\n'));
    return text.append(others("- ")).append(advice.isEmpty() ? "" : "\n" + advice + "\n").append('\n').append(FOOTER).append('\n')
        .toString();
  }

  /** Returns the text of a Slack message. Names cannot make links, mentions or bold text of it. */
  String slack() {
    StringBuilder text = new StringBuilder("*").append(title).append('*')
        .append(accountName == null ? "" : inAccount(SlackText.escape(accountName)));
    lines.forEach(line -> text.append("\n• ").append(SlackText.escape(line)));
    String others = others("\n• ");
    return text.append(others.stripTrailing()).append(advice.isEmpty() ? "" : "\n" + advice).toString();
  }

  private static String inAccount(String name) {
    return name == null ? "" : " in the account " + name;
  }

  private String others(String bullet) {
    long others = total - lines.size();
    return others <= 0 ? "" : bullet + (lines.isEmpty() ? "" : "and ") + others + (lines.isEmpty() ? "" : " more") + "\n";
  }
}
