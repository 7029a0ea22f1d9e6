package io.keyhook.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.event.EventType;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Webhooks that send what Slack, Discord and Teams take, and what a template says. */
class FormatTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
  }

  private Exchange tryCreate(JsonObject fields) {
    return keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.validated")).mergeIn(fields));
  }

  private JsonObject create(JsonObject fields) {
    JsonObject created = tryCreate(fields).expect(201).json();
    receiver.trust(created.getString("secret"));
    return created;
  }

  private static JsonObject format(String format) {
    return new JsonObject().put("format", format);
  }

  private static JsonObject templates(String... typesAndTexts) {
    JsonObject templates = new JsonObject();
    for (int i = 0; i < typesAndTexts.length; i += 2) {
      templates.put(typesAndTexts[i], typesAndTexts[i + 1]);
    }
    return new JsonObject().put("templates", templates);
  }

  private static Exchange patch(JsonObject webhook, JsonObject change) {
    return keyhook.api().patch("/api/webhooks/" + webhook.getString("id"), change);
  }

  private Delivery tested(JsonObject webhook, String event) {
    keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id")).put("event", event)).expect(200);
    return receiver.take();
  }

  private Delivery delivered() {
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    return receiver.take();
  }

  private static String text(Delivery delivery) {
    return new String(delivery.body(), StandardCharsets.UTF_8);
  }

  private static JsonObject json(Delivery delivery) {
    return new JsonObject(text(delivery));
  }

  private static Stream<String> events() {
    return Stream.of(EventType.values()).map(EventType::wireName);
  }

  /** https://docs.slack.dev/reference/block-kit/blocks/section-block and .../text-object: text of 1 to 3,000 characters. */
  private static void assertIsOfSlack(JsonObject body) {
    assertThat(body.fieldNames()).containsExactlyInAnyOrder("text", "blocks");
    assertThat(body.getString("text")).isNotBlank();
    assertThat(body.getString("text").length()).isLessThanOrEqualTo(3_000);
    assertThat(body.getJsonArray("blocks")).hasSizeBetween(1, 50).allSatisfy(item -> {
      JsonObject block = (JsonObject) item;
      assertThat(block.getString("type")).isEqualTo("section");
      JsonObject text = block.getJsonObject("text");
      assertThat(text.getString("type")).isEqualTo("mrkdwn");
      assertThat(text.getString("text").length()).isBetween(1, 3_000);
      assertThat(text.fieldNames()).isSubsetOf("type", "text", "verbatim");
    });
  }

  /** https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
  private static void assertIsOfDiscord(JsonObject body) {
    assertThat(body.fieldNames()).isSubsetOf("content", "embeds", "allowed_mentions");
    assertThat(body.getJsonObject("allowed_mentions")).isEqualTo(new JsonObject().put("parse", new JsonArray()));
    assertThat(body.getJsonArray("embeds")).hasSizeBetween(1, 10).allSatisfy(item -> {
      JsonObject embed = (JsonObject) item;
      assertThat(embed.fieldNames()).isSubsetOf("description", "color", "timestamp");
      assertThat(embed.getString("description").length()).isBetween(1, 2_000);
      assertThat(embed.getInteger("color")).isBetween(0, 0xFFFFFF);
      assertThat(embed.getInstant("timestamp")).isNotNull();
    });
  }

  /** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook: 28 KB */
  private static void assertIsOfTeams(JsonObject body) {
    assertThat(body.getString("type")).isEqualTo("message");
    assertThat(body.encode().getBytes(StandardCharsets.UTF_8).length).isLessThan(28 * 1024);
    JsonObject attachment = body.getJsonArray("attachments").getJsonObject(0);
    assertThat(attachment.getString("contentType")).isEqualTo("application/vnd.microsoft.card.adaptive");
    JsonObject card = attachment.getJsonObject("content");
    assertThat(card.getString("type")).isEqualTo("AdaptiveCard");
    assertThat(card.getString("version")).isEqualTo("1.4");
    assertThat(card.getJsonArray("body")).isNotEmpty().allSatisfy(item -> {
      assertThat(((JsonObject) item).getString("type")).isEqualTo("TextBlock");
      assertThat(((JsonObject) item).getString("text")).isNotBlank();
    });
  }

  private static void assertIsOf(String format, JsonObject body) {
    switch (format) {
      case "slack" -> assertIsOfSlack(body);
      case "discord" -> assertIsOfDiscord(body);
      case "teams" -> assertIsOfTeams(body);
      default -> assertThat(body.getString("text")).isNotBlank();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"slack", "discord", "teams", "generic"})
  void everyEventIsSentAsTheServiceTakesIt(String format) {
    JsonObject webhook = create(format(format));
    assertThat(webhook.getString("format")).isEqualTo(format);
    events().forEach(event -> {
      Delivery test = tested(webhook, event);
      assertThat(test.headers().getAll("Content-Type")).containsExactly("application/json");
      assertIsOf(format, json(test));
      assertThat(text(test)).doesNotContain("ABCD-1234-EFGH-5678");
    });
    assertIsOf(format, json(delivered()));
  }

  @Test
  void everyAttemptSendsTheSameBytesWhateverBecomesOfTheTemplate() {
    JsonObject webhook = create(format("slack").mergeIn(templates("license.validated", "first {{licenseName}} {{timestamp}}")));
    receiver.answerNext(Answer.status(500), Answer.status(500));
    Delivery first = delivered();
    keyhook.awaitAttempts(first.id(), 1);
    patch(webhook, templates("*", "second {{event}}")).expect(200);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(1));
    Delivery second = receiver.take();
    assertThat(second.body()).isEqualTo(first.body());
    keyhook.awaitAttempts(first.id(), 2);
    patch(webhook, format("keyhook")).expect(200);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(5));
    assertThat(receiver.take().body()).isEqualTo(first.body());
    JsonObject logged = keyhook.awaitStatus(first.id(), "delivered");
    assertThat(logged.getJsonObject("body").getString("text")).isEqualTo(text(first));
    assertThat(logged.getJsonObject("payload").getString("event")).isEqualTo("license.validated");
    keyhook.api().post("/api/deliveries/" + first.id() + "/redeliver", new JsonObject()).expect(202);
    assertThat(receiver.take().body()).as("after a day in the log, too").isEqualTo(first.body());
    Delivery after = delivered();
    assertThat(json(after).getString("event")).isEqualTo("license.validated");
    assertThat(keyhook.logged(after.id()).getValue("body")).isNull();
  }

  @Test
  void whatWaitsInKeyhooksOwnFormatStaysInIt() {
    JsonObject webhook = create(new JsonObject());
    receiver.answerNext(Answer.status(500));
    Delivery first = delivered();
    keyhook.awaitAttempts(first.id(), 1);
    patch(webhook, format("discord")).expect(200);
    keyhook.clock().advance(first.id(), Duration.ofMinutes(1));
    assertThat(receiver.take().body()).isEqualTo(first.body());
    assertIsOfDiscord(json(delivered()));
  }

  @Test
  void aWebhookInKeyhooksOwnFormatKeepsNothingMore() {
    create(new JsonObject());
    long events = keyhook.database().count("event");
    delivered();
    assertThat(keyhook.database().count("event")).isEqualTo(events + 1);
  }

  @Test
  void aGenericTemplateOfTextIsSentAsText() {
    JsonObject webhook = create(format("generic").mergeIn(templates("*", "{{title}}: {{event}}")));
    Delivery test = tested(webhook, "license.created");
    assertThat(text(test)).isEqualTo("License created: license.created");
    assertThat(test.headers().getAll("Content-Type")).containsExactly("text/plain; charset=utf-8");
    assertThat(keyhook.logged(test.id()).getJsonObject("body"))
        .isEqualTo(new JsonObject().put("contentType", "text/plain; charset=utf-8").put("text", text(test)));
  }

  @Test
  void aTemplateIsForItsTypeAndAStarForTheOthers() {
    JsonObject webhook = create(format("generic").mergeIn(templates("license.created", "created", "*", "other")));
    assertThat(text(tested(webhook, "license.created"))).isEqualTo("created");
    assertThat(text(tested(webhook, "license.deleted"))).isEqualTo("other");
    JsonObject changed = patch(webhook, templates("license.created", "made")).expect(200).json();
    assertThat(changed.getJsonObject("templates")).isEqualTo(new JsonObject().put("license.created", "made"));
    assertThat(text(tested(webhook, "license.created"))).isEqualTo("made");
    assertThat(json(tested(webhook, "license.deleted")).getString("event")).as("the default text").isEqualTo("license.deleted");
    assertThat(patch(webhook, format("slack")).expect(200).json().getJsonObject("templates").isEmpty()).isTrue();
  }

  @Test
  void aBadTemplateIsRefusedAndChangesNothing() {
    for (Exchange refused : List.of(
        tryCreate(format("slack").mergeIn(templates("license.created", "ok", "license.expired", "a\n{{nothing}}"))),
        patch(create(format("slack")), templates("license.expired", "a\n{{nothing}}")))) {
      JsonObject error = refused.expect(400).json().getJsonArray("errors").getJsonObject(0);
      assertThat(error.getString("field")).isEqualTo("templates.license.expired");
      assertThat(error.getString("message")).startsWith("line 2: {{nothing}} is not a value of this event; choose from ");
    }
    tryCreate(templates("*", "a")).expect(400);
    tryCreate(format("slack").mergeIn(templates("license.other", "a"))).expect(400);
    tryCreate(format("slack").mergeIn(templates("*", "a".repeat(4_001)))).expect(400);
    JsonObject none = new JsonObject().put("templates", new JsonObject().putNull("*"));
    for (Exchange refused : List.of(tryCreate(format("slack").mergeIn(none)), patch(create(format("slack")), none))) {
      JsonObject error = refused.expect(400).json().getJsonArray("errors").getJsonObject(0);
      assertThat(error.getString("field")).isEqualTo("templates.*");
      assertThat(error.getString("message")).isEqualTo("is null; send a text, or leave it out to send the default text");
    }
    tryCreate(format("fax")).expect(400);
    patch(create(new JsonObject()), templates("*", "a")).expect(400);
  }

  @Test
  void aPreviewIsWhatATestSends() {
    JsonObject preview = keyhook.api().post("/api/webhooks/preview", format("slack").put("event", "license.expired")).expect(200).json();
    assertThat(preview.getString("template")).startsWith("*{{title}}*");
    assertThat(preview.getJsonArray("values")).contains("licenseName", "fullLicenseKey");
    assertIsOfSlack(new JsonObject(preview.getString("body")));
    JsonObject own = keyhook.api().post("/api/webhooks/preview", format("generic").put("event", "license.expired")
        .put("template", "{{licenseName}} {{licenseKey}}")).expect(200).json();
    assertThat(own.getString("body")).isEqualTo("Sample License …5678");
    assertThat(own.getString("contentType")).isEqualTo("text/plain; charset=utf-8");
    JsonObject refused = keyhook.api().post("/api/webhooks/preview", format("slack").put("template", "{{#message}}")).expect(400).json();
    assertThat(refused.getJsonArray("errors").getJsonObject(0).getString("message"))
        .isEqualTo("line 1: the section {{#message}} is not closed");
    keyhook.api().post("/api/webhooks/preview", format("keyhook")).expect(400);
    keyhook.api().post("/api/webhooks/preview", format("slack").put("event", "license.other")).expect(400);
  }

  @Test
  void aFormatThatIsSetAgainIsNoChange() {
    JsonObject webhook = create(format("slack").mergeIn(templates("*", "a")));
    patch(webhook, format("slack").mergeIn(templates("*", "a"))).expect(200);
    assertThat(keyhook.database().count("webhook_format")).isGreaterThan(0);
    assertThat(keyhook.database().number("SELECT max(version) FROM keyhook.webhook_format WHERE webhook_id = ?",
        Id.WEBHOOK.parse(webhook.getString("id")))).isEqualTo(1);
  }

  @Test
  void tooManyChangesAreRefused() {
    JsonObject webhook = create(format("slack"));
    keyhook.database().update("""
        INSERT INTO keyhook.webhook_format (account_id, webhook_id, version, format, edition)
        SELECT account_id, webhook_id, n, format, edition FROM keyhook.webhook_format, generate_series(1001, 1199) n
        WHERE webhook_id = ?""", Id.WEBHOOK.parse(webhook.getString("id")));
    patch(webhook, templates("*", "a")).expect(409);
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.getString("id")).expect(200).json().getJsonObject("templates").isEmpty()).isTrue();
    keyhook.database().update("UPDATE keyhook.webhook_format SET created_at = now() - interval '400 days' WHERE webhook_id = ?",
        Id.WEBHOOK.parse(webhook.getString("id")));
    patch(webhook, templates("*", "a")).expect(200);
  }
}
