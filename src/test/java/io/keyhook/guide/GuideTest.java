package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keyhook.event.EventType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pages hang together, say all that there is, and may be shown under the policy that they are served with. */
class GuideTest {
  private static final Path WEB = Guide.DIRECTORY.getParent();
  private static final JsonNode DOCUMENT = document();
  /** What a page loads by, and not what it links to. */
  private static final Set<String> LOADING = Set.of("script", "link", "img", "iframe", "source", "video", "audio", "object", "embed");

  static List<Guide.Page> pages() {
    return Guide.pages();
  }

  private static JsonNode document() {
    try {
      return new ObjectMapper().readTree(WEB.resolveSibling("openapi.json").toFile());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Stream<String> names(JsonNode names) {
    return StreamSupport.stream(names.spliterator(), false).filter(JsonNode::isTextual).map(JsonNode::asText);
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(Guide.Page page) {
    for (Element link : page.html().select("a[href]")) {
      String href = link.attr("href");
      if (!href.startsWith("https://")) {
        assertThat(leadsSomewhere(page, href)).as("%s links to %s", page, href).isTrue();
      }
    }
  }

  private static boolean leadsSomewhere(Guide.Page from, String href) {
    if (Set.of("../", "../openapi.json").contains(href)) {
      return true;
    }
    String[] parts = href.split("#", 2);
    String name = parts[0].isEmpty() ? from.name() : parts[0].equals("./") ? "index" : parts[0];
    return Files.exists(Guide.DIRECTORY.resolve(name + ".html"))
        && (parts.length == 1 || Guide.page(name).html().getElementById(parts[1]) != null);
  }

  @ParameterizedTest
  @MethodSource("pages")
  void idsAreUnique(Guide.Page page) {
    Set<String> seen = new HashSet<>();
    assertThat(page.html().select("[id]").eachAttr("id")).allMatch(seen::add);
  }

  @ParameterizedTest
  @MethodSource("pages")
  void nothingIsInlineAndNothingComesFromElsewhere(Guide.Page page) {
    for (Element element : page.html().getAllElements()) {
      assertThat(element.normalName()).as("%s", element.cssSelector()).isNotEqualTo("style");
      assertThat(element.attributes().asList()).as("%s", element.cssSelector())
          .noneMatch(attribute -> attribute.getKey().startsWith("on") || attribute.getKey().equals("style"));
      if (element.normalName().equals("script")) {
        assertThat(element.attr("src")).isNotEmpty();
        assertThat(element.data()).isEmpty();
      }
      if (LOADING.contains(element.normalName())) {
        String loaded = element.hasAttr("src") ? element.attr("src") : element.attr("href");
        assertThat(Guide.DIRECTORY.resolve(loaded).normalize()).as("%s loads %s", page, loaded).exists().startsWith(WEB);
      }
    }
  }

  @Test
  void scriptsAndStylesNameNoOtherHost() throws IOException {
    for (String file : List.of("docs/docs.js", "docs/code.js", "docs/dom.js", "docs/reference.js", "docs/search.js", "docs/try.js",
        "docs/plans.js", "style/docs.css")) {
      assertThat(Files.readString(WEB.resolve(file))).as(file)
          .doesNotContain("https://", "http://www", "innerHTML", "eval(", "@import").doesNotContainPattern("\\burl\\(");
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void aPageSaysWhatItIs(Guide.Page page) {
    assertThat(page.html().select("h1")).hasSize(1);
    assertThat(page.html().title()).isEqualTo(page.html().selectFirst("h1").text() + " - Keyhook guide");
    assertThat(page.html().selectFirst("html").attr("lang")).isEqualTo("en");
    assertThat(page.html().select("meta[name=description]").attr("content")).isNotBlank();
    assertThat(page.html().select("h2, h3").stream().filter(heading -> heading.closest("article") != null
        && heading.closest(".toc, .pair") == null)).allMatch(heading -> heading.hasAttr("id"));
    assertThat(page.html().select("img, svg")).allMatch(image -> image.hasAttr("alt") || image.hasAttr("aria-hidden"));
  }

  @ParameterizedTest
  @MethodSource("pages")
  void theListTellsWhichPageThisIs(Guide.Page page) {
    assertThat(page.html().select("#pages a[aria-current=page]").eachAttr("href"))
        .containsExactly(page.name().equals("index") ? "./" : page.name());
  }

  @Test
  void everyPageIsInTheListAndReadsOnInItsOrder() {
    List<String> order = Guide.page("index").html().select("#pages a").eachAttr("href");
    assertThat(order).hasSameSizeAs(Guide.pages()).doesNotHaveDuplicates();
    for (int i = 0; i < order.size(); i++) {
      Guide.Page page = Guide.page(order.get(i).equals("./") ? "index" : order.get(i));
      assertThat(page.html().select(".pager [rel=prev]").eachAttr("href")).isEqualTo(i == 0 ? List.of() : order.subList(i - 1, i));
      assertThat(page.html().select(".pager [rel=next]").eachAttr("href"))
          .isEqualTo(i + 1 == order.size() ? List.of() : order.subList(i + 1, i + 2));
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void whatIsOnThePageIsListedInItsOrder(Guide.Page page) {
    if (page.html().selectFirst(".toc") != null && !page.name().equals("reference")) {
      assertThat(page.html().select(".toc a").eachAttr("href"))
          .isEqualTo(page.html().select("article > h2").eachAttr("id").stream().map(id -> "#" + id).toList());
    }
  }

  @Test
  void everyEventIsExplainedWithItsPayload() throws IOException {
    Map<String, JsonNode> shown = new HashMap<>();
    for (Guide.Block block : Guide.page("events").blocks()) {
      JsonNode payload = new ObjectMapper().readTree(block.text());
      shown.put(payload.get("event").asText(), payload);
    }
    for (EventType type : EventType.values()) {
      assertThat(Guide.page("events").html().getElementById(type.wireName())).as(type.wireName()).isNotNull();
      JsonNode example = DOCUMENT.at("/webhooks").get(type.wireName()) == null
          ? DOCUMENT.at("/components/schemas/WebhookTest/properties/data/required")
          : DOCUMENT.at("/webhooks").get(type.wireName()).at("/post/requestBody/content/application~1json/example/data");
      assertThat(fields(shown.get(type.wireName()).get("data"))).as(type.wireName())
          .isEqualTo(example.isArray() ? new TreeSet<>(names(example).toList()) : fields(example));
    }
  }

  private static Set<String> fields(JsonNode object) {
    Set<String> fields = new TreeSet<>();
    object.fieldNames().forEachRemaining(fields::add);
    return fields;
  }

  @Test
  void everyErrorOfAnAttemptIsExplained() {
    assertThat(names(DOCUMENT.at("/components/schemas/AttemptError/enum"))).isNotEmpty()
        .allSatisfy(error -> assertThat(Guide.page("troubleshooting").html().getElementById(error)).as(error).isNotNull());
  }

  @Test
  void everyCodeOfAValidationIsExplained() {
    Set<String> explained = new HashSet<>(Guide.page("validate").html().select("td > code").eachText());
    assertThat(names(DOCUMENT.at("/components/schemas/InvalidLicense/properties/code/enum"))).isNotEmpty()
        .allMatch(explained::contains);
  }

  @Test
  void everyCodeOfTheApiIsExplained() {
    assertThat(Guide.page("troubleshooting").html().select("#api ~ .table td:nth-child(2) > code").eachText())
        .doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(
            names(DOCUMENT.at("/components/schemas/Problem/properties/code/enum")).toList());
  }

  @Test
  void everyStateOfADeliveryIsExplained() {
    Set<String> explained = new HashSet<>(Guide.page("retries").html().select("td > code").eachText());
    assertThat(names(DOCUMENT.at("/components/schemas/DeliveryStatus/enum"))).isNotEmpty().allMatch(explained::contains);
  }

  /** What no test can do is little, and told apart: it needs what is not here. */
  @Test
  void allThatCanBeRunIsRun() {
    List<String> languages = List.of("js", "python", "php", "java", "go", "ruby", "csharp", "rust", "sh", "json", "sql", "xml", "text");
    for (Guide.Page page : Guide.pages()) {
      for (Guide.Block block : page.blocks()) {
        assertThat(languages).as("%s shows %s", page, block).contains(block.language());
        boolean isProgram = languages.indexOf(block.language()) < languages.indexOf("sh");
        assertThat(block.isFile()).as("%s shows %s", page, block).isEqualTo(isProgram);
        assertThat(isProgram && !Set.of("start", "security", "frameworks", "recipes", "validate", "offline", "embedding").contains(page.name()))
            .as("a test runs the programs of %s", page).isFalse();
      }
    }
    assertThat(Guide.pages().stream().flatMap(page -> page.blocks().stream()).filter(block -> !block.isRun())
        .map(block -> block.text().replace("\\\n", "").lines().reduce("", (before, line) -> line)))
        .allMatch(line -> Stream.of("mvn ", ".jar", "ngrok ", "openssl s_client", "node slack.js", "node slack_bot.js", "discord.php",
            "email_me.py", "email_customer.py", "node email_customer.js", "log_events.py", "node log_events.js", "node mirror.js",
            "mirror.py", "node fastify.js", "npx next dev", "cargo add ", "cargo run", "docker run ", "helm install ").anyMatch(line::contains));
  }
}
