package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.MailServer;
import io.keyhook.testing.Program;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The recipes that use a library, and those that write to customers. */
class LibraryRecipeTest extends Recipe {
  private static final List<String> CUSTOMER_EVENTS = List.of("license.activated", "license.expired");
  private static final JsonObject ADA = new JsonObject().put("name", "Größe").put("maxActivations", 2)
      .put("customerName", "Ada").put("customerEmail", "ada@example.com");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT0.1S").add("PT0.1S"))));

  @Override
  Installation installation() {
    return keyhook;
  }

  private static void activate(JsonObject license, String device) {
    keyhook.api().validate(keyhook.license(license.copy()).key(), device).expect(200);
  }

  @Test
  void aBotOfSlackPostsEachEventOnce() throws Exception {
    try (Sink slack = new Sink();
        Program running = serve("slack_bot.js", withPackages("SLACK_API_URL", slack.origin() + "/api/",
            "SLACK_BOT_TOKEN", "xoxb-1", "SLACK_CHANNEL", "C1"), "node", "slack_bot.js")) {
      assertChat(slack, "text", "Größe &lt;1&gt; &amp; *2*");
      test("license.activated");
      JsonObject message = slack.take();
      assertThat(message.getString("channel")).isEqualTo("C1");
      assertThat(message.getString("authorization")).isEqualTo("Bearer xoxb-1");
      assertThat(running.output().lines()).singleElement().asString().contains("500");
    }
  }

  @Test
  void whatSlackRefusesIsRetriedWhenSlackSays() throws Exception {
    try (Sink slack = new Sink();
        Program running = serve("slack_bot.js", withPackages("SLACK_API_URL", slack.origin() + "/api/",
            "SLACK_BOT_TOKEN", "xoxb-1", "SLACK_CHANNEL", "C1"), "node", "slack_bot.js")) {
      slack.refuseNext(429);
      slack.refuseNext(200, "{\"ok\":false,\"error\":\"not_in_channel\"}");
      activate(ADA, "device-1");
      assertThat(slack.take().getString("text")).contains("device-1");
      JsonArray attempts = keyhook.logged(deliveryOf("license.activated")).getJsonArray("attempts");
      assertThat(attempts.stream().map(attempt -> ((JsonObject) attempt).getInteger("statusCode")))
          .containsExactly(429, 500, 204);
      assertThat(running.output()).contains("not_in_channel");
    }
  }

  @Test
  void aCustomerGetsAMailForADeviceAndForAnExpiry() throws Exception {
    try (MailServer mails = new MailServer()) {
      Map<String, String> environment = Map.of("SMTP_HOST", "127.0.0.1", "SMTP_PORT", Integer.toString(mails.port()),
          "MAIL_FROM", "licenses@example.com", "DATABASE", "sent.db");
      try (Program running = serve("email_customer.py", CUSTOMER_EVENTS, environment, "python3", "email_customer.py")) {
        test("webhook.test");
        test("license.disabled");
        test("license.expired");
        assertThat(mails.take()).contains("To: customer@example.com", "Subject: Sample License has expired");
        activate(ADA.copy().putNull("customerEmail"), "device-0");
        activate(ADA, "device-1");
        assertThat(mails.take()).contains("To: ada@example.com", "Hello Ada,", "1 of 2 devices",
            "Message-ID: <delivery_");
        redeliver(deliveryOf("license.activated"));
        assertForgedIsRefused();
        assertThat(mails.isEmpty()).isTrue();
        assertThat(running.output()).isEmpty();
      }
    }
  }

  @Test
  void aMailToACustomerThatFailedIsRetried() throws Exception {
    try (Program running = serve("email_customer.py", CUSTOMER_EVENTS, Map.of("SMTP_HOST", "127.0.0.1",
        "SMTP_PORT", Integer.toString(Program.freePort()), "MAIL_FROM", "a@example.com"), "python3", "email_customer.py")) {
      activate(ADA, "device-1");
      assertThat(keyhook.logged(deliveryOf("license.activated")).getJsonArray("attempts")).hasSize(3);
      assertThat(running.output()).contains("refused");
    }
  }

  @Test
  void sendGridWritesToTheCustomerOnce() throws Exception {
    try (Sink sendGrid = new Sink();
        Program running = serve("email_customer.js", CUSTOMER_EVENTS, withPackages("SENDGRID_API_URL", sendGrid.origin(),
            "SENDGRID_API_KEY", "SG.1", "MAIL_FROM", "licenses@example.com"), "node", "email_customer.js")) {
      test("webhook.test");
      test("license.disabled");
      test("license.expired");
      assertThat(sendGrid.take().getString("subject")).isEqualTo("Sample License has expired");
      activate(ADA.copy().putNull("customerEmail"), "device-0");
      sendGrid.refuseNext(503);
      activate(ADA, "device-1");
      JsonObject mail = sendGrid.take();
      assertThat(mail.getString("authorization")).isEqualTo("Bearer SG.1");
      assertThat(mail.getJsonObject("from").getString("email")).isEqualTo("licenses@example.com");
      assertThat(mail.getJsonArray("personalizations").encode()).contains("\"ada@example.com\"");
      assertThat(mail.getJsonArray("content").getJsonObject(0).getString("value"))
          .contains("Hello Ada,", "Größe is now active on", "1 of 2 devices");
      String delivery = deliveryOf("license.activated");
      assertThat(keyhook.logged(delivery).getJsonArray("attempts")).hasSize(2);
      redeliver(delivery);
      assertForgedIsRefused();
      assertThat(sendGrid.isEmpty()).isTrue();
      assertThat(running.output().lines()).singleElement().asString().contains("Service Unavailable");
    }
  }

  @Test
  void everyEventIsKeptOnceInPostgresql() throws Exception {
    try (Program running = serve("log_events.js", withPackages("DATABASE_URL", databaseUri()), "node", "log_events.js")) {
      License license = keyhook.license(new JsonObject().put("name", "Größe & 🔑").put("maxActivations", 3));
      for (String device : List.of("device-1", "device-2")) {
        keyhook.api().validate(license.key(), device).expect(200);
      }
      redeliver(deliveryOf("license.activated"));
      keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
      Waiting.until("three events are there", () -> keyhook.database().column("SELECT delivery_id FROM public.event").size() == 3);
      String shown = Guide.page("recipes").blocksOf("database").stream().filter(block -> block.language().equals("sql"))
          .map(Guide.Block::text).reduce((first, last) -> last).orElseThrow();
      assertThat(keyhook.database().column("SELECT license || ', ' || devices FROM ("
          + shown.replace("FROM event", "FROM public.event").replace(";", "") + ") AS shown")).containsExactly("Größe & 🔑, 2");
      test("webhook.test");
      assertForgedIsRefused();
      assertThat(running.output()).isEmpty();
    }
  }
}
