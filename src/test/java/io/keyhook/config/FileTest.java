package io.keyhook.config;

import static io.keyhook.config.Failures.environmentFailure;
import static io.keyhook.config.Failures.failures;
import static io.keyhook.config.Failures.fileFailure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that cannot be used stop the start. */
class FileTest {
  @TempDir
  Path directory;

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "{\"delivery\": {\"retryDelay\": []}}     | delivery.retryDelay   | delivery.retryDelays",
      "{\"database\": {\"url\": null}}          | database.url          | database.uri",
      "{\"htttp\": {}}                          | htttp                 | http",
      "{\"port\": 1}                            | port                  | http.port",
      "{\"http.port\": 1}                       | http.port             | http.port",
      "{\"http\": {\"\": 1}}                     | http.                 | http",
      "{\"auth\": {\"jwt\": {\"jwk\": \"x\"}}}  | auth.jwt.jwk          | auth.jwt.jwks",
      "{\"plans\": {\"free\": {\"maxLicense\": 1}}} | plans.free.maxLicense | plans.free.maxLicenses"})
  void anUnknownKeyInAFileStopsTheStartAndNamesTheNearestOne(String json, String key, String nearest) {
    assertThat(fileFailure(directory, json))
        .isEqualTo(key + " (" + directory.resolve("given.json") + "): is not a known key, did you mean " + nearest + "?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"entirely\": 1}", "{\"\": {\"http\": {\"port\": 1}}}"})
  void anUnknownKeyThatIsLikeNoOtherStopsTheStart(String json) {
    assertThat(fileFailure(directory, json)).endsWith("): is not a known key");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "{\"http\": {\"port\": \"8080\"}}           | is \"8080\", must be a whole number",
      "{\"http\": {\"port\": 80.5}}               | is 80.5, must be a whole number",
      "{\"http\": {\"port\": null}}               | is null, must be a whole number",
      "{\"http\": {\"port\": 1e400}}              | must be a whole number",
      "{\"http\": {\"enabled\": 1}}               | is 1, must be true or false",
      "{\"http\": {\"host\": 1}}                  | is 1, must be a string",
      "{\"http\": {\"host\": null}}               | is null, must be a string",
      "{\"http\": {\"trustedProxies\": \"::1\"}}  | must be a JSON array of strings",
      "{\"http\": {\"trustedProxies\": [1]}}      | must be a JSON array of strings",
      "{\"http\": 8080}                           | http (.*): must be a JSON object",
      "{\"bootstrap\": {\"email\": 1}}            | is 1, must be a string or null",
      "{\"plans\": {\"free\": 5}}                 | plans.free (.*): must be a JSON object",
      "{\"plans\": {\"free\": {\"maxLicenses\": \"5\"}}} | is \"5\", must be a whole number or null"})
  void aValueOfTheWrongTypeStopsTheStart(String json, String problem) {
    assertThat(fileFailure(directory, json)).containsPattern(problem.replace("(", "\\(").replace(")", "\\)"));
  }

  @Test
  void aWrongTypeInAFileStopsTheStartAlsoWhereTheEnvironmentOverridesIt() {
    Path file = TextFiles.write(directory.resolve("given.json"), "{\"http\": {\"port\": true}}");
    assertThat(failures(() -> Configuration.load(Map.of("KEYHOOK_HTTP_PORT", "1"), Optional.of(file), directory)))
        .containsExactly("http.port (" + file + "): is true, must be a whole number");
  }

  @Test
  void malformedJsonStopsTheStartWithLineAndColumn() {
    assertThat(fileFailure(directory, "{\n  \"http\": {,}\n}"))
        .isEqualTo(directory.resolve("given.json") + " (named by the argument): has malformed JSON at line 2, column 12,"
            + " must be a JSON object without repeated keys");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"http\": {}} {}", "{\"http\": {}", "{'http': {}}", "{} // comment"})
  void whatIsNotStrictlyOneJsonObjectStopsTheStart(String json) {
    assertThat(fileFailure(directory, json)).contains("malformed JSON at line 1, column ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "null", "1"})
  void aFileThatHoldsNoObjectStopsTheStart(String json) {
    assertThat(fileFailure(directory, json)).endsWith("given.json: must be a JSON object");
  }

  @Test
  void aKeyThatOccursTwiceStopsTheStart() {
    assertThat(fileFailure(directory, "{\"http\": {},\n \"http\": {}}")).contains("has a key that occurs twice at line 2");
  }

  @Test
  void aMissingFileStopsTheStart() {
    assertThat(environmentFailure(directory, "KEYHOOK_CONFIG", "no.json"))
        .isEqualTo("no.json (named by KEYHOOK_CONFIG): does not exist, must be a JSON file");
    assertThat(failures(() -> Configuration.load(Map.of(), Optional.of(Path.of("no.json")), directory)))
        .containsExactly("no.json (named by the argument): does not exist, must be a JSON file");
  }

  @Test
  void aDirectoryForAFileStopsTheStart() {
    assertThat(environmentFailure(directory, "KEYHOOK_CONFIG", "."))
        .isEqualTo(". (named by KEYHOOK_CONFIG): cannot be read (IOException), must be a JSON file");
  }

  @Test
  void allErrorsOfAllLayersAreReportedOneALine() {
    Path file = TextFiles.write(directory.resolve("given.json"), "{\"http\": {\"port\": -1}, \"no\\nsuch\": 1}");
    Map<String, String> env = Map.of("KEYHOOK_DELIVERY_TIMEOUT", "10", "KEYHOOK_HTTP_ENABLED", "yes");
    assertThatThrownBy(() -> Configuration.load(env, Optional.of(file), directory))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("no such (" + file + "): is not a known key\n"
            + "http.enabled (KEYHOOK_HTTP_ENABLED): is \"yes\" (malformed JSON at line 1, column 4), must be true or false\n"
            + "http.port (" + file + "): is -1, must be a whole number from 0 to 65535\n"
            + "delivery.timeout (KEYHOOK_DELIVERY_TIMEOUT): is \"10\", must be an ISO-8601 duration from PT0.001S to PT12S");
  }
}
