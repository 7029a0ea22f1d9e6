package io.keyhook.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.bus.Id;
import io.keyhook.bus.Webhooks.Format;
import io.keyhook.event.EventType;
import io.keyhook.license.EventSamples;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates, and what is made of them. */
class MessagesTest {
  private static final UUID DELIVERY = UUID.fromString("01942c6e-2d10-7000-8000-000000000002");
  private static final String EVENT = "license.activated";

  private static String data(String licenseName, String customerName) {
    return new JsonObject().put("licenseId", "lic_1").put("licenseKey", "ABCD-1234-EFGH-5678").put("licenseName", licenseName)
        .put("deviceName", null).put("currentActivations", 1).put("maxActivations", 5).put("customerName", customerName)
        .put("metadata", new JsonObject().put("seats", 3).put("tags", new JsonArray().add("a").add("b")))
        .put("expiresAt", "2025-01-03T14:25:30.000Z").encode();
  }

  private static String render(Format format, String template, String data) {
    return body(format, template, data).text();
  }

  private static MessageBody body(Format format, String template, String data) {
    return Messages.render(new MessageFormat(format, Messages.EDITION, template), EVENT, DELIVERY, Id.DELIVERY.of(DELIVERY), data);
  }

  private static String slack(String template, String licenseName) {
    return new JsonObject(render(Format.SLACK, template, data(licenseName, null))).getString("text");
  }

  private static void check(Format format, String template) throws TemplateException {
    Messages.check(format, template, Map.of(EVENT, data("Pro", "Ada")));
  }

  @Test
  void aValueIsNothingButTextInEachFormat() {
    assertThat(slack("*{{licenseName}}*", "<!channel> & <https://evil.example|x>"))
        .isEqualTo("*&lt;!channel&gt; &amp; &lt;https://evil.example|x&gt;*");
    assertThat(new JsonObject(render(Format.DISCORD, "{{licenseName}}", data("@everyone **x** [a](b) `c`", null)))
        .getJsonArray("embeds").getJsonObject(0).getString("description"))
        .isEqualTo("\\@everyone \\*\\*x\\*\\* \\[a\\]\\(b\\) \\`c\\`");
    assertThat(new JsonObject(render(Format.TEAMS, "{{licenseName}}", data("[a](b) *c*", null))).getJsonArray("attachments")
        .getJsonObject(0).getJsonObject("content").getJsonArray("body").getJsonObject(0).getString("text"))
        .isEqualTo("\\[a\\](b) \\*c\\*");
    assertThat(new JsonObject(render(Format.GENERIC, "{\"name\":\"{{licenseName}}\"}", data("a\"b\\c\nd\u0001", null))).getString("name"))
        .isEqualTo("a\"b\\c\nd\u0001");
    assertThat(render(Format.GENERIC, "name={{licenseName}}", data("a&b<c>", null))).isEqualTo("name=a&b<c>");
  }

  @Test
  void aValueIsNotBoldInSlackNorAnItemOfAListInTeams() {
    assertThat(slack("*{{licenseName}}* of {{licenseName}}", "*b* _i_ ~s~ `c` a_b 2*3"))
        .isEqualTo("*\u2217b\u2217 \u02cdi\u02cd \u223cs\u223c \u02cbc\u02cb a_b 2*3* of \u2217b\u2217 \u02cdi\u02cd \u223cs\u223c \u02cbc\u02cb a_b 2*3");
    Map.of("- a", "\\- a", "+ a", "\\+ a", "> a", "\\> a", "1. a", "1\\. a", "12) a", "12\\) a", "1.5", "1\\.5", "a - b", "a - b", "12", "12")
        .forEach((value, escaped) -> assertThat(teams(Messages.EDITION, value)).isEqualTo(escaped));
  }

  @Test
  void deliveriesOfTheFirstEditionKeepTheirBytes() {
    MessageFormat first = new MessageFormat(Format.SLACK, 1, "{{licenseName}}");
    assertThat(new JsonObject(Messages.render(first, EVENT, DELIVERY, Id.DELIVERY.of(DELIVERY), data("*b* <x>", null)).text()).getString("text"))
        .isEqualTo("*b* &lt;x&gt;");
    assertThat(teams(1, "- a")).isEqualTo("- a");
  }

  private static String teams(int edition, String licenseName) {
    MessageFormat format = new MessageFormat(Format.TEAMS, edition, "{{licenseName}}");
    return new JsonObject(Messages.render(format, EVENT, DELIVERY, Id.DELIVERY.of(DELIVERY), data(licenseName, null)).text())
        .getJsonArray("attachments").getJsonObject(0).getJsonObject("content").getJsonArray("body").getJsonObject(0).getString("text");
  }

  @Test
  void aLineBreakInAValueBeginsNoQuotation() {
    assertThat(slack("{{licenseName}}", "a\n> b\u2028c")).isEqualTo("a &gt; b c");
  }

  @ParameterizedTest
  @EnumSource(value = Format.class, names = {"SLACK", "DISCORD", "TEAMS"})
  void aValueDoesNotTurnTheTextAfterIt(Format format) {
    String data = data("a\u202Eb\u2066c\u202C\u2069\u200F", null);
    assertThat(render(format, "{{licenseName}} was activated", data)).contains("abc\u200F was activated");
    MessageFormat third = new MessageFormat(format, 3, "{{licenseName}} was activated");
    assertThat(Messages.render(third, EVENT, DELIVERY, Id.DELIVERY.of(DELIVERY), data).text()).as("a delivery of before keeps its bytes")
        .contains("a\u202Eb\u2066c\u202C\u2069\u200F was activated");
  }

  @Test
  void aKeyIsCutToItsEndUnlessTheTemplateAsksForAllOfIt() {
    assertThat(slack("{{licenseKey}}", "Pro")).isEqualTo("…5678");
    assertThat(slack("{{fullLicenseKey}}", "Pro")).isEqualTo("ABCD-1234-EFGH-5678");
    for (Format format : Format.values()) {
      if (format != Format.KEYHOOK) {
        assertThat(render(format, null, data("Pro", "Ada"))).contains("5678").doesNotContain("EFGH");
      }
    }
  }

  @Test
  void theUrlOfAWebhookIsCutToItsHost() {
    String data = new JsonObject().put("webhookId", "webhook_1").put("url", "https://hooks.slack.com/services/T0/B0/secret")
        .put("description", null).put("consecutiveFailures", 3).encode();
    String text = Messages.render(new MessageFormat(Format.SLACK, 1, null), "webhook.failing", DELIVERY, "delivery_1", data).text();
    assertThat(text).contains("hooks.slack.com").doesNotContain("secret");
  }

  @Test
  void sectionsShowWhatThereIsAndNothingRepeats() {
    assertThat(slack("{{#customerName}}for {{customerName}}{{/customerName}}{{^customerName}}for nobody{{/customerName}}", "Pro"))
        .isEqualTo("for nobody");
    assertThat(slack("{{metadata.seats}} {{metadata.tags}} {{#metadata.tags}}once{{/metadata.tags}}", "Pro")).isEqualTo("3 a, b once");
    assertThat(slack("{{#licenseName}}{{.}}{{/licenseName}}", "Pro")).isEqualTo("Pro");
  }

  @Test
  void aTemplateReachesNoMethodOfAValue() {
    assertThat(slack("a{{licenseName.length}}{{licenseName.class.name}}{{metadata.entrySet}}{{metadata.size}}b", "Pro")).isEqualTo("ab");
  }

  @Test
  void timesAreForPeopleInChatsAndForProgramsElsewhere() {
    assertThat(slack("{{expiresAt}}", "Pro")).isEqualTo("Jan 3, 2025 14:25 UTC");
    assertThat(render(Format.GENERIC, "{{expiresAt}}", data("Pro", null))).isEqualTo("2025-01-03T14:25:30.000Z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[Keyhook] {{licenseName}}", "[{{event}}] {{licenseName}}", " [Keyhook]", "[1] of {{licenseName}}",
      "[Keyhook] {{licenseName}} [{{event}}]", "[", "[test]", "{{licenseName}} [1]",
      "[\"VIP\"] {{licenseName}}", "[\"{{licenseName}}\"] activated", "[{note}] {{licenseName}}", "[{{licenseName}}]", "[- {{licenseName}}]",
      "[{{metadata.plan}}]", "[{{#licenseName}}{{.}}{{/licenseName}}]", "[{\"a\": {{licenseName}}}]", "[\"a\", {{licenseName}}",
      "{{! a comment }}[Keyhook] {{licenseName}}", "{{! a comment }}"})
  void textThatBeginsWithABracketIsText(String template) throws TemplateException {
    check(Format.GENERIC, template);
    assertThat(body(Format.GENERIC, template, data("a\"b", null))).isEqualTo(new MessageBody("text/plain; charset=utf-8",
        template.replace("{{! a comment }}", "").replace("{{#licenseName}}{{.}}{{/licenseName}}", "a\"b").replace("{{licenseName}}", "a\"b")
            .replace("{{metadata.plan}}", "").replace("{{event}}", EVENT)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"{{licenseName}}\"]", "[{{currentActivations}}, 1]", "[{{{data}}}]", "[ ]", "[[1]]", " [true, null] ", "[-1]{{! x}}",
      "[\n{\"a\": \"{{licenseName}}\"}\n]", "[{{^currentActivations}}1]{{/currentActivations}}{{#currentActivations}}2]{{/currentActivations}}",
      "[\"{{metadata.plan}}\", {\"b\": {{maxActivations}}}]", "[{{#customerName}}\"{{.}}\"{{/customerName}}{{^customerName}}\"b\"{{/customerName}}]",
      "{{! a comment }}\n[\"{{event}}\"]", "\uFEFF[\"{{event}}\"]"})
  void aListIsJson(String template) throws TemplateException {
    check(Format.GENERIC, template);
    MessageBody body = body(Format.GENERIC, template, data("a\"b", null));
    assertThat(body.contentType()).as("JSON").isNull();
    assertThat(new JsonArray(body.text())).isNotNull();
  }

  @Test
  void aTemplateIsJsonForAllEventsOrForNone() throws TemplateException {
    for (EventType type : EventType.subscribable()) {
      JsonObject data = new JsonObject(EventSamples.data(type, Instant.EPOCH, true));
      assertThat(data.stream().filter(field -> field.getValue() instanceof Number)).extracting(Map.Entry::getKey).isSubsetOf(AnyValues.NUMBERS);
      for (String template : List.of("[\"{{event}}\"]", "[{{{data}}}]")) {
        Messages.check(Format.GENERIC, template, Map.of(type.wireName(), data.encode()));
        assertThat(body(Format.GENERIC, template, data.encode()).contentType()).isNull();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{! a comment }}{\"a\":\"{{licenseName}}\"}", " {{!a}} {{!b}}\n{\"a\":\"{{licenseName}}\"}",
      "\uFEFF{\"a\":\"{{licenseName}}\"}", "\uFEFF\n{{!a}}{\"a\":\"{{licenseName}}\"}"})
  void commentsAndAByteOrderMarkBeforeJsonLeaveItJson(String template) throws TemplateException {
    check(Format.GENERIC, template);
    MessageBody body = body(Format.GENERIC, template, data("a\"b", null));
    assertThat(body.contentType()).as("JSON").isNull();
    assertThat(new JsonObject(body.text()).getString("a")).isEqualTo("a\"b");
    MessageFormat second = new MessageFormat(Format.GENERIC, 2, template);
    assertThat(Messages.render(second, EVENT, DELIVERY, Id.DELIVERY.of(DELIVERY), data("a\"b", null)).contentType())
        .as("a delivery of before keeps its bytes").isEqualTo("text/plain; charset=utf-8");
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {
      "SLACK; a{{licenceName}}; line 1: {{licenceName}} is not a value of this event",
      "SLACK; 'a\n{{licenseName'; line 2: a tag that begins with {{ does not end with }}",
      "SLACK; '{{#customerName}}\na'; line 1: the section {{#customerName}} is not closed",
      "SLACK; '{{#customerName}}\n{{/licenseName}}'; line 2: {{/licenseName}} closes the section {{#customerName}} of line 1",
      "SLACK; {{/licenseName}}; line 1: {{/licenseName}} closes no section",
      "SLACK; {{{licenseName}}}; line 1: values are always escaped",
      "SLACK; {{&licenseName}}; line 1: values are always escaped",
      "SLACK; {{{data}}}; line 1: {{{data}}} is for JSON",
      "SLACK; {{> other}}; line 1: {{>}} is not supported",
      "SLACK; {{=<% %>=}}; line 1: {{=}} is not supported",
      "SLACK; {{$block}}{{/block}}; line 1: {{$}} is not supported",
      "SLACK; {{}}; line 1: {{}} is not a value",
      "SLACK; {{ ! {{&licenseName}}; line 1: a tag that begins with {{ has another {{ inside",
      "SLACK; {{!{{&licenseName}}; line 1: a tag that begins with {{ has another {{ inside",
      "SLACK; {{ ! a}}; line 1: the character ! has to follow {{ directly",
      "SLACK; '{{\u2003&licenseName}}'; line 1: the character & has to follow {{ directly",
      "SLACK; ' '; is blank",
      "GENERIC; {\"a\":{{licenseName}}}; the result is not JSON for license.activated",
      "GENERIC; {\"a\":{{#customerName}}1{{/customerName}}}; the result is not JSON for license.activated when values are empty",
      "GENERIC; {\"a\":{{{data}}} ,\"b\":{{{data}}}}; line 1: {{{data}}} is there twice",
      "GENERIC; {\"a\":1} // b; the result is not JSON for license.activated",
      "GENERIC; {\"a\":/* b */1}; the result is not JSON for license.activated",
      "GENERIC; { {{#customerName}}\"a\":1{{/customerName}}{{#expiresAt}},\"b\":2{{/expiresAt}} }; "
          + "the result is not JSON for license.activated when customerName is missing",
      "GENERIC; { {{#customerName}}\"a\":1{{/customerName}}{{#customerName}}{{^expiresAt}},{{/expiresAt}}{{/customerName}} }; "
          + "the result is not JSON for license.activated when only customerName is not missing",
      "GENERIC; {\"a\":{{#deviceName}}{{deviceName}}{{/deviceName}}{{^deviceName}}1{{/deviceName}}}; "
          + "the result is not JSON for license.activated when no value is missing",
      "GENERIC; {\"a\":1; the result is not JSON for license.activated"})
  void aBadTemplateIsRefusedWithItsLine(Format format, String template, String problem) {
    assertThatThrownBy(() -> check(format, template)).isInstanceOf(TemplateException.class).hasMessageStartingWith(problem);
  }

  @Test
  void aNumberThatMayBeMissingNeedsQuotesInJson() {
    Map<String, String> samples = Map.of("webhook.failing", "{\"lastStatusCode\":503,\"consecutiveFailures\":1}");
    assertThatThrownBy(() -> Messages.check(Format.GENERIC, "{\"a\":{{lastStatusCode}}}", samples))
        .hasMessageStartingWith("the result is not JSON for webhook.failing when values are empty");
    assertThatThrownBy(() -> Messages.check(Format.GENERIC, "{\"a\":{{sequence}}}", Map.of("license.activated", "{\"sequence\":3}")))
        .hasMessageStartingWith("the result is not JSON for license.activated when values are empty");
    assertThatCode(() -> Messages.check(Format.GENERIC, "{\"a\":\"{{lastStatusCode}}\",\"b\":{{consecutiveFailures}}}", samples))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @EnumSource(value = Format.class, names = "KEYHOOK", mode = EnumSource.Mode.EXCLUDE)
  void aDefaultTextIsAGoodTemplate(Format format) {
    String all = new JsonObject(data("Pro", "Ada")).put("message", "").encode();
    for (String event : new String[] {EVENT, "license.validated", "webhook.test"}) {
      assertThatCode(() -> Messages.check(format, Messages.defaultText(format, event), Map.of(event, all))).doesNotThrowAnyException();
    }
  }

  @Test
  void theWholeDataFitsIntoJson() throws TemplateException {
    String template = "{\"type\":\"{{event}}\",\"data\":{{{data}}}}";
    check(Format.GENERIC, template);
    assertThat(new JsonObject(render(Format.GENERIC, template, data("Pro", null))).getJsonObject("data").encode()).isEqualTo(data("Pro", null));
  }

  @Test
  void whatIsTooLongIsCutButNoEscapeIsCutInTwo() {
    for (int i = 0; i < 12; i++) {
      String text = slack("x".repeat(2_990 + i) + "{{licenseName}}{{licenseName}}", "&😀&<");
      assertThat(text.length()).isLessThanOrEqualTo(3_000);
      assertThat(text.replaceAll("&(amp|lt|gt);", "")).doesNotContain("&");
      assertThat(text.codePoints().filter(c -> c >= 0xD800 && c <= 0xDFFF).count()).isZero();
      String description = new JsonObject(render(Format.DISCORD, "x".repeat(1_990 + i) + "{{licenseName}}{{licenseName}}", data("**\\**", null)))
          .getJsonArray("embeds").getJsonObject(0).getString("description");
      assertThat(description.length()).isLessThanOrEqualTo(2_000);
      assertThat(description.replace("\\\\", "").replace("\\*", "")).doesNotContain("\\");
    }
  }

  @Test
  void theWorkIsBoundedWhateverTheValues() {
    String template = "{{#licenseName}}".repeat(8) + "{{licenseName}}".repeat(80) + "{{/licenseName}}".repeat(8);
    assertThat(render(Format.GENERIC, template, data("x".repeat(100_000), null)).length()).isLessThanOrEqualTo(80 * 1_000);
    String changes = new JsonObject().put("changes", new JsonObject().put("metadata", new JsonObject().put("a", "x".repeat(900))
        .put("b", "x".repeat(900)))).encode();
    assertThat(render(Format.GENERIC, "{{changes}}".repeat(100), changes).length()).isLessThanOrEqualTo(100 * 1_000);
    assertThat(render(Format.TEAMS, "a\n".repeat(2_000), data("Pro", null)).length()).isLessThan(28_000);
    assertThatThrownBy(() -> check(Format.SLACK, "{{event}}".repeat(101))).hasMessage("line 1: has more than 100 tags");
    assertThatThrownBy(() -> check(Format.SLACK, "{{#event}}".repeat(9))).hasMessage("line 1: sections are nested more than 8 deep");
  }
}
