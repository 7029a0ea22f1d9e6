package io.keyhook.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.MailServer;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.SlackServer;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Team members are told by mail and Slack what they chose, once, and programs by events. */
class AlertTest {
  static final MailServer mails = MailServer.withLogin("keyhook", "pass word");
  static final SlackServer slack = new SlackServer();

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("mail", new JsonObject()
      .put("host", "127.0.0.1").put("port", mails.port()).put("tls", "none").put("user", "keyhook").put("password", "pass word")
      .put("from", "keyhook@example.com")));

  private static final String OF_ACCOUNT =
      " FROM keyhook.alert_message WHERE account_id = (SELECT account_id FROM keyhook.webhook WHERE webhook_id = ?)";

  private Api account;

  @AfterAll
  static void close() throws IOException {
    mails.close();
    slack.close();
  }

  @BeforeEach
  void createAccount() {
    account = keyhook.account("enterprise");
  }

  private void alertMe(JsonObject where, String... causes) {
    account.patch("/api/alerts", where.copy().put("causes", new JsonArray(List.of(causes)))).expect(200);
  }

  private static JsonObject mail() {
    return new JsonObject().put("mail", true);
  }

  private static JsonObject toSlack() {
    return new JsonObject().put("slackUrl", slack.url());
  }

  private void raise() {
    account.validate(keyhook.license(account, new JsonObject().put("name", "L").put("maxActivations", 1)).key(), "device").expect(200);
  }

  /** A webhook whose endpoint has failed once. */
  private Webhook failing(Receiver receiver) {
    Webhook webhook = keyhook.webhook(account, receiver, "license.activated");
    receiver.answer(Answer.status(503));
    raise();
    receiver.take();
    return webhook;
  }

  @Test
  void aWebhookThatStartsToFailAndRecoversIsReportedOnceByMailSlackAndEvents() {
    Receiver watcher = keyhook.receiver();
    keyhook.webhook(account, watcher, "webhook.failing", "webhook.recovered");
    alertMe(mail().mergeIn(toSlack()), "webhook.failing", "webhook.recovered");
    Receiver receiver = keyhook.receiver();
    Webhook webhook = failing(receiver);

    Delivery event = watcher.take();
    assertThat(event.event()).isEqualTo("webhook.failing");
    assertThat(event.data().fieldNames()).containsExactly("webhookId", "url", "description", "consecutiveFailures",
        "lastStatusCode", "lastError", "lastSuccessAt", "lastFailureAt");
    assertThat(event.data().getString("webhookId")).isEqualTo(webhook.id());
    assertThat(event.data().getString("url")).isEqualTo(receiver.url());
    assertThat(event.data().getInteger("lastStatusCode")).isEqualTo(503);
    assertThat(event.data().getInteger("consecutiveFailures")).isEqualTo(1);
    String mail = mails.take();
    assertThat(mail).contains("Subject: Keyhook: Webhook failing\n").contains("From: keyhook@example.com").contains("To: owner-");
    assertThat(unfolded(mail)).contains(webhook.id()).contains("HTTP 503").doesNotContain("/hook");
    assertThat(slack.take()).startsWith("*Webhook failing* in the account An account\n• ").contains(webhook.id()).contains("HTTP 503");

    receiver.answer(Answer.OK);
    keyhook.clock().advanceQueue(Duration.ofMinutes(2));
    Delivery recovered = watcher.take();
    assertThat(recovered.event()).isEqualTo("webhook.recovered");
    assertThat(recovered.data().fieldNames())
        .containsExactly("webhookId", "url", "description", "failingSince", "lastSuccessAt");
    assertThat(recovered.data().getString("webhookId")).isEqualTo(webhook.id());
    assertThat(mails.take()).contains("Subject: Keyhook: Webhook recovered\n");
    assertThat(slack.take()).startsWith("*Webhook recovered*");
    String looked = "SELECT extract(epoch FROM since)::bigint FROM keyhook.alert_state WHERE kind = 'webhook.states'";
    long before = keyhook.database().number(looked);
    Waiting.until("a node has looked again", () -> keyhook.database().number(looked) > before);
    keyhook.awaitEmptyQueueOf(account);
    assertThat(watcher.untaken()).as("events that say the same again").isZero();
    assertThat(keyhook.database().number("SELECT coalesce(sum(total), 0)" + OF_ACCOUNT, rowId(webhook)))
        .as("what waits to be said again").isZero();
    assertThat(mails.isEmpty()).as("no more mail").isTrue();
  }

  /** Lines of quoted-printable text, put together again. */
  private static String unfolded(String mail) {
    return mail.replace("=\n", "").replace("=3D", "=");
  }

  @Test
  void furtherAlertsOfACauseWaitForAnHourAndComeTogether() {
    alertMe(mail(), "webhook.failing");
    failing(keyhook.receiver());
    assertThat(mails.take()).contains("Subject: Keyhook: Webhook failing\n");
    Webhook second = failing(keyhook.receiver());
    Webhook third = failing(keyhook.receiver());
    Waiting.until("both wait", () -> keyhook.database().number("SELECT total" + OF_ACCOUNT, rowId(second)) == 2);
    assertThat(keyhook.database().number("SELECT count(*)" + OF_ACCOUNT + " AND due_at > now() + interval '50 minutes'",
        rowId(second))).as("they are due in an hour").isEqualTo(1);

    keyhook.database().update("UPDATE keyhook.alert_message SET due_at = now()");
    String digest = mails.take();
    assertThat(digest).contains("Subject: Keyhook: Webhook failing (2)\n");
    assertThat(unfolded(digest)).contains(second.id()).contains(third.id());
    Waiting.until("nothing waits", () -> keyhook.database().number("SELECT total" + OF_ACCOUNT, rowId(second)) == 0);
  }

  private static java.util.UUID rowId(Webhook webhook) {
    return io.keyhook.bus.Id.WEBHOOK.parse(webhook.id());
  }

  @Test
  void aWebhookThatKeyhookDeactivatesIsReportedWithTheReason() {
    Receiver watcher = keyhook.receiver();
    keyhook.webhook(account, watcher, "webhook.deactivated", "license.*");
    alertMe(toSlack(), "webhook.deactivated");
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(account, receiver, "license.validated");
    receiver.answer(Answer.status(410));
    raise();
    receiver.take();
    assertThat(slack.take()).startsWith("*Webhook deactivated*").contains(webhook.id()).contains("410 Gone");
    Delivery event = java.util.stream.Stream.generate(watcher::take).filter(one -> one.event().startsWith("webhook.")).findFirst().get();
    assertThat(event.event()).isEqualTo("webhook.deactivated");
    assertThat(event.data().getString("webhookId")).isEqualTo(webhook.id());
    assertThat(event.data().getString("deactivatedReason")).contains("410 Gone");
    assertThat(event.data().containsKey("sequence")).isFalse();
  }

  @Test
  void nobodyIsToldWhatTheyDidNotChoose() {
    Receiver others = keyhook.receiver();
    keyhook.webhook(account, others, "license.*");
    alertMe(mail(), "license.expiring");
    Receiver receiver = keyhook.receiver();
    Receiver watcher = keyhook.receiver();
    keyhook.webhook(account, watcher, "webhook.failing");
    failing(receiver);
    watcher.take();
    assertThat(keyhook.database().number("""
        SELECT count(*) FROM keyhook.alert_message m JOIN keyhook.alert_setting s USING (account_id, user_id)
        WHERE m.cause = 'webhook.failing' AND NOT m.cause = ANY (s.causes)""")).isZero();
    assertThat(others.all()).extracting(Delivery::event).doesNotContain("webhook.failing");
  }

  @Test
  void aMessageThatSlackRefusesIsRetriedOnSchedule() {
    alertMe(toSlack(), "webhook.failing");
    slack.refuseNext(500);
    Webhook webhook = failing(keyhook.receiver());
    assertThat(slack.take()).contains(webhook.id());
    Waiting.until("a retry is scheduled", () -> keyhook.database().number("""
        SELECT count(*) FROM keyhook.alert_message WHERE tries = 1 AND total = 1 AND due_at > now() + interval '30 seconds'""") == 1);
    keyhook.database().update("UPDATE keyhook.alert_message SET due_at = now() WHERE tries = 1");
    assertThat(slack.take()).contains(webhook.id());
    Waiting.until("it was sent", () -> keyhook.database().number("SELECT count(*) FROM keyhook.alert_message WHERE total > 0") == 0);
  }

  @Test
  void namesCannotMakeLinksOrMentionsInSlack() {
    assertThat(new AlertText("T", "*b*", List.of("webhook_1 _i_"), 1, "").slack())
        .isEqualTo("*T* in the account \u2217b\u2217\n• webhook_1 \u02cdi\u02cd");
    assertThat(new AlertText("T", "<!channel>", List.of("a & <http://x|y>"), 3, "").slack())
        .isEqualTo("*T* in the account &lt;!channel&gt;\n• a &amp; &lt;http://x|y&gt;\n• and 2 more");
  }

  @Test
  void aTestMessageGoesWhereTheSettingsSay() {
    account.post("/api/alerts/test", new JsonObject()).expect(409, "NO_ALERT_CHANNEL");
    alertMe(mail().mergeIn(toSlack()));
    JsonObject sent = account.post("/api/alerts/test", new JsonObject()).expect(200).json();
    assertThat(sent.getJsonObject("mail")).isEqualTo(new JsonObject().put("success", true).putNull("error"));
    assertThat(sent.getJsonObject("slack").getBoolean("success")).isTrue();
    assertThat(mails.take()).contains("Subject: Keyhook: Test\n").as("to an address that may be a stranger's")
        .doesNotContain("An account");
    assertThat(slack.take()).startsWith("*Test*");

    slack.refuseNext(404);
    JsonObject refused = account.post("/api/alerts/test", new JsonObject()).expect(200).json().getJsonObject("slack");
    slack.take();
    mails.take();
    assertThat(refused.getBoolean("success")).isFalse();
    assertThat(refused.getString("error")).contains("HTTP 404");
    assertThat(account.get("/api/audit?action=alerts.tested").data()).hasSize(2);
  }

  @Test
  void settingsAreOfAUserAndTheSlackUrlIsNeverReturned() {
    assertThat(account.get("/api/alerts").expect(200).json().getJsonArray("causes")).isEmpty();
    alertMe(mail().mergeIn(toSlack()), "plan.limit", "plan.limit");
    JsonObject settings = account.get("/api/alerts").expect(200).json();
    assertThat(settings.getJsonArray("causes")).containsExactly("plan.limit");
    assertThat(settings.getBoolean("mail")).isTrue();
    assertThat(settings.getBoolean("mailAvailable")).isTrue();
    assertThat(settings.getString("email")).startsWith("owner-");
    assertThat(settings.getString("slackHost")).startsWith("127.0.0.1:");
    assertThat(settings.encode()).doesNotContain("secret");
    assertThat(keyhook.database().column("SELECT encode(slack_url, 'escape') FROM keyhook.alert_setting WHERE slack_url IS NOT NULL"))
        .isNotEmpty().noneMatch(url -> url.contains("secret"));
    assertThat(account.patch("/api/alerts", new JsonObject().putNull("slackUrl")).expect(200).json().getString("slackHost")).isNull();
    assertThat(account.get("/api/audit?action=alerts.updated").data()).hasSize(2)
        .allMatch(entry -> !entry.encode().contains("services"));

    assertThat(account.patch("/api/alerts", new JsonObject().put("causes", new JsonArray().add("x"))).expect(400).badFields())
        .containsExactly("causes");
    assertThat(account.patch("/api/alerts", new JsonObject().put("slackUrl", "ftp://x.example/")).expect(400).badFields())
        .containsExactly("slackUrl");
    keyhook.api().get("/api/alerts").expect(403, "USER_ONLY");
  }
}
