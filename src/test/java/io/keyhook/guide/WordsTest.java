package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that users read has the voice of the product, and one word for each thing. */
class WordsTest {
  private static final Path WEB = Guide.DIRECTORY.getParent();
  /** Phrases that no native writer uses. */
  private static final String ODD = "mend(?:s|ed|ing)?|hears? of|(?:is|are|was|were|be) told|tells|of yours|whoever"
      + "|(?:is|are|was) over(?! \\d)|this Keyhook|turned away|(?:gives?|gave|given) back|a look|what it answered"
      + "|how an endpoint does|somebody|anybody|for ever";
  /** Other words for a thing that has a name: an activation, an endpoint, a retry, an administrator. */
  private static final String SYNONYMS = "(?<![.\\w])receivers?(?!\\.(?:py|js))|slots?|seats?|resend(?:s|ing)?"
      + "|(?:tries|tried) again|replays?|(?:takes?|took|taken) away|log-in|persons?";
  /** Not a setting, a path or a value, and not the name of a group of calls. */
  private static final String OPERATOR = "(?<![`\"./-])(?-i:operators?)(?! key|[.\"`])";
  private static final Pattern UNWANTED =
      Pattern.compile("\\b(?:" + ODD + "|" + SYNONYMS + "|" + OPERATOR + ")\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern UNWANTED_IN_CODE = Pattern.compile("\\b(?:" + ODD + ")\\b", Pattern.CASE_INSENSITIVE);
  private static final Set<String> TEXTS = Set.of("summary", "description", "title", "detail", "message", "error", "name");
  private static final Pattern MARKDOWN_CODE = Pattern.compile("```.*?```", Pattern.DOTALL);
  private static final Pattern COMMENT_OR_LITERAL =
      Pattern.compile("/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"((?:[^\"\\\\\\n]|\\\\.)*)\"", Pattern.DOTALL);

  private final List<String> found = new ArrayList<>();

  private void check(String where, String text, Pattern unwanted) {
    unwanted.matcher(text).results().forEach(match -> found.add("%s: \"%s\" in \"%s\"".formatted(where, match.group(),
        text.substring(Math.max(0, match.start() - 40), Math.min(text.length(), match.end() + 40)).replace('\n', ' '))));
  }

  private static List<Path> files(Path directory, String suffix) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      return paths.filter(path -> path.toString().endsWith(suffix)).sorted().toList();
    }
  }

  @Test
  void theGuideAndTheDashboardUseTheWordsOfTheProduct() throws IOException {
    for (Path page : files(WEB, ".html")) {
      Document html = Jsoup.parse(Files.readString(page));
      html.select("pre").forEach(code -> check(page.toString(), code.wholeText(), UNWANTED_IN_CODE));
      html.select("pre").remove();
      check(page.toString(), html.text() + "\n" + html.select("meta[name=description]").attr("content"), UNWANTED);
    }
    for (Path script : files(WEB, ".js")) {
      check(script.toString(), Files.readString(script), UNWANTED);
    }
    assertThat(found).isEmpty();
  }

  @Test
  void theDescriptionOfTheApiUsesTheWordsOfTheProduct() throws IOException {
    checkTexts(new ObjectMapper().readTree(WEB.resolveSibling("openapi.json").toFile()));
    assertThat(found).isEmpty();
  }

  private void checkTexts(JsonNode node) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (field.getValue().isTextual() && TEXTS.contains(field.getKey())) {
        check("openapi.json", field.getValue().asText(), UNWANTED);
      }
    }
    node.forEach(this::checkTexts);
  }

  @Test
  void theReadmeAndTheConfigurationUseTheWordsOfTheProduct() throws IOException {
    check("README.md", MARKDOWN_CODE.matcher(Files.readString(Path.of("README.md"))).replaceAll(""), UNWANTED);
    for (Path file : files(Path.of("conf"), "")) {
      if (Files.isRegularFile(file)) {
        check(file.toString(), Files.readString(file), UNWANTED);
      }
    }
    assertThat(found).isEmpty();
  }

  /** All literals of several words: any of them may become part of an error, a log line or the description of a metric. */
  @Test
  void errorsAndLogLinesUseTheWordsOfTheProduct() throws IOException {
    for (Path source : files(Path.of("src/main/java"), ".java")) {
      COMMENT_OR_LITERAL.matcher(Files.readString(source)).results().map(match -> match.group(1))
          .filter(literal -> literal != null && literal.contains(" "))
          .forEach(literal -> check(source.toString(), literal, UNWANTED));
    }
    assertThat(found).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Mend the endpoint", "it hears of activations", "you are told of it", "The log tells why",
      "a URL of yours", "whoever runs it", "Your session is over.", "This Keyhook is for development", "it is turned away",
      "gives back its lease", "4 endpoints need a look", "it takes a slot", "five seats", "Your receiver failed",
      "it is tried again", "Last log-in", "ask the operator", "somebody disabled it"})
  void anUnwantedWordIsFound(String text) {
    check("here", text, UNWANTED);
    assertThat(found).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"save it as receiver.py", "keyhook_receivers_unasked_total", "keyhook.receivers.unasked",
      "set `operator.key`", "an operator key", "over HTTPS", "Idempotent-Replayed: true", "a second look at it"})
  void aNameOfTheProductIsNotTakenForOne(String text) {
    check("here", text, UNWANTED);
    assertThat(found).isEmpty();
  }
}
