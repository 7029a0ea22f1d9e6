package io.keyhook.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardOptionsTest {
  private static final Map<String, String> KEY = Map.of("KEYHOOK_API_KEY", "kh_a");

  private static ForwardOptions parse(String arguments) {
    return ForwardOptions.parse(List.of(arguments.split(" ")), KEY);
  }

  @Test
  void onlyTheUrlToForwardToIsRequired() {
    ForwardOptions options = parse("--forward http://localhost:3000/hook");
    assertThat(options.forward()).hasToString("http://localhost:3000/hook");
    assertThat(options.server()).hasToString("http://localhost:8080");
    assertThat(options.events()).containsExactly("license.*");
    assertThat(options.webhook()).isEmpty();
    assertThat(options.secret()).isEmpty();
    assertThat(options).asString().doesNotContain("kh_a");
  }

  @Test
  void everythingElseCanBeChosen() {
    ForwardOptions options = parse("--url https://keyhook.example.com/ --events license.created,license.expired --forward http://[::1]:1");
    assertThat(options.server()).hasToString("https://keyhook.example.com");
    assertThat(options.events()).containsExactly("license.created", "license.expired");
    assertThat(parse("--forward http://a --webhook webhook_1").webhook()).contains("webhook_1");
  }

  @Test
  void theKeyComesFromAFileOrTheEnvironmentOnly(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "kh_from_the_file\n");
    assertThat(parse("--forward http://a --api-key-file " + file).apiKey()).isEqualTo("kh_from_the_file");
    assertThat(parse("--forward http://a").apiKey()).isEqualTo("kh_a");
    assertThatThrownBy(() -> ForwardOptions.parse(List.of("--forward", "http://a"), Map.of()))
        .hasMessageStartingWith("There is no API key: set KEYHOOK_API_KEY");
    assertThatThrownBy(() -> parse("--forward http://a --api-key-file " + directory.resolve("none")))
        .hasMessageStartingWith("Cannot read the API key from ");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "--events license.created | --forward is required.",
      "--forward localhost:3000 | --forward is not an http or https URL",
      "--forward http://u:p@a/ | --forward is not an http or https URL",
      "--forward file:///etc/passwd | --forward is not an http or https URL",
      "--forward http://a --url ws://b | --url is not an http or https URL",
      "--forward http://a --forward http://b | --forward is given twice.",
      "--forward | --forward needs a value.",
      "--forward http://a --api-key kh_a | \"--api-key\" is not an option of listen.",
      "--forward http://a conf/keyhook.json | \"conf/keyhook.json\" is not an option of listen.",
      "--forward http://a --events , | --events names no event.",
      "--forward http://a --webhook w --events license.created | --events is for a new webhook",
      "--forward http://a --webhook ../licenses | --webhook is not the ID of a webhook",
      "--forward http://a:99999/ | --forward is not an http or https URL",
      "--forward http://a --url http://b/?a=b | --url is not an http or https URL"})
  void whatCannotBeUsedIsRefusedWithTheUsage(String arguments, String problem) {
    assertThatThrownBy(() -> parse(arguments)).isInstanceOf(ForwardOptions.UnusableException.class)
        .hasMessageStartingWith(problem).hasMessageContaining("Usage: java -jar keyhook.jar listen --forward URL");
  }
}
