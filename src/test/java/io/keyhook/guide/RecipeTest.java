package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.MailServer;
import io.keyhook.testing.Node;
import io.keyhook.testing.Program;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The receivers that the guide shows, run as they stand between Keyhook and what they pass events on to. */
class RecipeTest extends Recipe {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT0.1S").add("PT0.1S"))));

  @Override
  Installation installation() {
    return keyhook;
  }

  @Test
  void slackIsToldOfEachEventOnce() throws Exception {
    try (Sink slack = new Sink();
        Program running = serve("slack.js", Map.of("SLACK_WEBHOOK_URL", slack.url()), "node", "slack.js")) {
      assertChat(slack, "text", "Größe &lt;1&gt; &amp; *2*");
      assertThat(running.output()).isEqualTo("Slack answered 500\n");
    }
  }

  @Test
  void discordIsToldOfEachEventOnce() throws Exception {
    try (Sink discord = new Sink();
        Program running = serve("discord.php", Map.of("DISCORD_WEBHOOK_URL", discord.url()),
            "php", "-S", "127.0.0.1:PORT", "discord.php")) {
      assertChat(discord, "content", "Größe <1> & *2*");
      test("license.activated");
      assertThat(discord.take().getJsonObject("allowed_mentions").getJsonArray("parse")).isEmpty();
      assertThat(running.output()).doesNotContain("Warning", "Fatal", "Deprecated");
    }
  }

  @Test
  void aMailIsSentWhenALicenseHasExpired() throws Exception {
    try (MailServer mails = new MailServer();
        Program running = serve("email_me.py", Map.of("SMTP_HOST", "127.0.0.1", "SMTP_PORT", Integer.toString(mails.port()),
            "MAIL_FROM", "keyhook@example.com", "MAIL_TO", "me@example.com"), "python3", "email_me.py")) {
      test("license.activated");
      test("webhook.test");
      test("license.expired");
      assertThat(mails.take()).contains("Subject: Expired: Sample License", "To: me@example.com", "customer@example.com",
          "Message-ID: <delivery_test_");
      assertForgedIsRefused();
      assertThat(mails.isEmpty()).isTrue();
      assertThat(running.output()).isEmpty();
    }
  }

  @Test
  void aMailServerThatIsAwayIsAFailedAttempt() throws Exception {
    try (Program running = serve("email_me.py", Map.of("SMTP_HOST", "127.0.0.1", "SMTP_PORT",
            Integer.toString(Program.freePort()), "MAIL_FROM", "a@example.com", "MAIL_TO", "b@example.com"), "python3",
        "email_me.py")) {
      assertThat(keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhookId)
          .put("event", "license.expired")).expect(200).json().getInteger("statusCode")).isEqualTo(500);
      assertThat(running.output()).contains("refused");
    }
  }

  @Test
  void everyEventIsKeptOnceAndCanBeAskedFor() throws Exception {
    try (Program running = serve("log_events.py", Map.of("DATABASE", "events.db"), "python3", "log_events.py")) {
      License license = keyhook.license(new JsonObject().put("name", "Größe & 🔑").put("maxActivations", 3));
      for (String device : List.of("device-1", "device-2")) {
        keyhook.api().validate(license.key(), device).expect(200);
      }
      redeliver(deliveryOf("license.activated"));
      keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
      await().atMost(Waiting.LONG).until(() -> ask("SELECT count(*) FROM event").equals("[(3,)]"));
      String shown = Guide.page("recipes").blocks().stream().filter(block -> block.language().equals("sql")).findAny()
          .orElseThrow().text();
      assertThat(ask(shown)).isEqualTo("[('Größe & 🔑', 2)]");
      assertForgedIsRefused();
      assertThat(running.output()).isEmpty();
    }
  }

  private String ask(String sql) throws IOException, InterruptedException {
    return Program.run(directory, Map.of("PYTHONUTF8", "1"), sql, List.of("python3", "-c",
        "import sqlite3, sys; print(sqlite3.connect('events.db').execute(sys.stdin.read()).fetchall())")).get(0);
  }

  /** What the API returns, without what changes with time and without an event. */
  private static Map<String, JsonObject> mirrored(Stream<JsonObject> licenses) {
    return licenses.peek(license -> List.of("status").forEach(license::remove))
        .collect(Collectors.toMap(license -> license.getString("id"), license -> license));
  }

  private static Map<String, JsonObject> licenses() {
    return mirrored(keyhook.api().get("/api/licenses?limit=100").expect(200).data().stream());
  }

  /** A statement in the database of a recipe. */
  private interface Statement {
    void run(String sql) throws Exception;
  }

  /**
   * Licenses of before it ran, calls at once, deliveries again, changes while it was down, and changes without an event: the
   * copy is the same at the end.
   */
  private void assertMirror(String file, Map<String, String> environment, Callable<List<String>> copies, Statement database,
      String... command) throws Exception {
    Map<String, String> all = new HashMap<>(environment);
    all.put("KEYHOOK_URL", keyhook.api().base().toString());
    all.put("KEYHOOK_API_KEY", Node.API_KEY);
    License before = keyhook.license(2);
    License deleted = keyhook.license(2);
    try (Program running = serve(file, List.of("license.*"), all, command)) {
      assertThat(mirrored(copies.call().stream().map(JsonObject::new))).isEqualTo(licenses());
      test("license.updated");
      License made = keyhook.license(new JsonObject().put("name", "Größe").put("maxActivations", 3)
          .put("metadata", new JsonObject().put("order", 7)));
      List<CompletableFuture<Exchange>> calls = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        calls.add(keyhook.api().validateAsync(made.key(), "device-" + i % 3));
        calls.add(keyhook.api().validateAsync(before.key(), "device-" + i));
        calls.add(keyhook.api().header("Content-Type", "application/json")
            .send("PATCH", "/api/licenses/" + made.id(), new JsonObject().put("name", "Name " + i).encode()));
      }
      calls.forEach(Api::join);
      keyhook.api().post("/api/licenses/" + before.id() + "/disable").expect(200);
      keyhook.api().delete("/api/licenses/" + deleted.id()).expect(204);
      keyhook.awaitEmptyQueue();
      Map<String, JsonObject> there = licenses();
      assertThat(mirrored(copies.call().stream().map(JsonObject::new))).isEqualTo(there);
      redeliver(deliveryOf("license.created"));
      assertThat(mirrored(copies.call().stream().map(JsonObject::new))).isEqualTo(there);
      assertForgedIsRefused();
      assertThat(running.output()).isEmpty();
    }
    keyhook.deleteWebhooks();
    keyhook.api().post("/api/licenses/" + before.id() + "/enable").expect(200);
    keyhook.license(1);
    keyhook.api().delete("/api/licenses/" + before.id()).expect(204);
    all.put("READ_ALL_SECONDS", "1");
    try (Program running = serve(file, List.of("license.*"), all, command)) {
      assertThat(mirrored(copies.call().stream().map(JsonObject::new))).isEqualTo(licenses());
      keyhook.deleteWebhooks();
      keyhook.database().update("UPDATE keyhook.license SET name = 'Changed by an older node'");
      Waiting.until("a change without a number is read",
          () -> mirrored(copies.call().stream().map(JsonObject::new)).equals(licenses()));
      database.run("UPDATE license SET data = NULL");
      Waiting.until("licenses that were not found return",
          () -> mirrored(copies.call().stream().map(JsonObject::new)).equals(licenses()));
      assertThat(running.output()).isEmpty();
      assertThat(copies.call()).hasSizeGreaterThan(1);
      keyhook.database().update("DELETE FROM keyhook.license"); // all at once: the program may read between two calls
      Waiting.until("an empty list is refused", () -> running.output().contains("none of your " + copies.call().size() + " licenses"));
      assertThat(copies.call()).hasSizeGreaterThan(1);
    }
  }

  @Test
  void aCopyOfTheLicensesInPostgresqlEqualsTheLicenses() throws Exception {
    assertMirror("mirror.js", withPackages("DATABASE_URL", databaseUri()),
        () -> keyhook.database().column("SELECT data::text FROM public.license WHERE data IS NOT NULL"),
        sql -> keyhook.database().update(sql.replace("license", "public.license")), "node", "mirror.js");
  }

  @Test
  void aCopyOfTheLicensesInSqliteEqualsTheLicenses() throws Exception {
    assertMirror("mirror.py", Map.of("DATABASE", "licenses.db"),
        () -> sqlite("[print(data) for data, in database.execute('SELECT data FROM license WHERE data IS NOT NULL')]"),
        sql -> sqlite("database.execute('" + sql + "')"), "python3", "mirror.py");
  }

  private List<String> sqlite(String statement) throws IOException, InterruptedException {
    return Program.run(directory, Map.of("PYTHONUTF8", "1"), "", List.of("python3", "-c",
        "import sqlite3; database = sqlite3.connect('licenses.db', timeout=5); " + statement + "; database.commit()"));
  }

  @Test
  void everyRecipeIsTried() {
    assertThat(Guide.page("recipes").blocks().stream().filter(Guide.Block::isFile).map(Guide.Block::file))
        .containsExactly("slack.js", "slack_bot.js", "discord.php", "email_me.py", "email_customer.py", "email_customer.js",
            "log_events.py", "log_events.js", "mirror.js", "mirror.py");
  }
}
