package io.keyhook.config;

import static io.keyhook.config.Failures.failures;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.config.KeyhookOptions.Plan;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Defaults, file, environment: what overrides what. */
class LayersTest {
  @TempDir
  Path directory;

  @Test
  void withoutFileAndEnvironmentTheDefaultsHold() {
    KeyhookOptions options = load(Map.of());
    assertThat(options.http().host()).isEqualTo("127.0.0.1");
    assertThat(options.http().port()).isEqualTo(8080);
    assertThat(options.database().uri()).isEmpty();
    assertThat(options.delivery().retryDelays())
        .containsExactly(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(30));
    assertThat(options.plans()).containsOnlyKeys("free", "starter", "professional", "enterprise");
    assertThat(options.plans().get("enterprise")).isEqualTo(new Plan(Optional.empty(), Optional.of(50), 90));
  }

  @Test
  void theFileOverridesTheDefaultsAndTheEnvironmentTheFile() {
    usualFile("{\"http\": {\"host\": \"::1\", \"port\": 1}}");
    KeyhookOptions options = load(Map.of("KEYHOOK_HTTP_PORT", "2"));
    assertThat(options.http().host()).isEqualTo("::1");
    assertThat(options.http().port()).isEqualTo(2);
    assertThat(options.http().enabled()).isTrue();
  }

  @Test
  void theVariableNamesTheFileBeforeTheArgumentAndTheArgumentBeforeTheUsualPlace() {
    usualFile("{\"http\": {\"port\": 1}}");
    Optional<Path> argument = Optional.of(file("argument.json", "{\"http\": {\"port\": 2}}"));
    file("variable.json", "{\"http\": {\"port\": 3}}");
    assertThat(load(Map.of()).http().port()).isEqualTo(1);
    assertThat(Configuration.load(Map.of(), argument, directory).http().port()).isEqualTo(2);
    assertThat(Configuration.load(Map.of("KEYHOOK_CONFIG", "variable.json"), argument, directory).http().port()).isEqualTo(3);
    assertThat(Configuration.load(Map.of("KEYHOOK_CONFIG", ""), argument, directory).http().port()).isEqualTo(2);
  }

  @Test
  void theDevelopmentFileOfTheRepositoryLoads() {
    KeyhookOptions options = Configuration.load(Map.of(), Optional.of(Path.of("conf", "development.json")));
    assertThat(options.delivery().allowInsecureTargets()).isTrue();
  }

  @Test
  void anEmptyVariableIsAsOneThatIsNotSet() {
    usualFile("{\"http\": {\"port\": 1}, \"operator\": {\"key\": \"" + "o".repeat(32) + "\"}}");
    KeyhookOptions options = load(Map.of("KEYHOOK_HTTP_PORT", "", "KEYHOOK_OPERATOR_KEY", "", "KEYHOOK_PLANS", " ",
        "KEYHOOK_OPERATOR_KEY_FILE", ""));
    assertThat(options.http().port()).isEqualTo(1);
    assertThat(options.operator().key()).contains("o".repeat(32));
  }

  @Test
  void theVariableNullTakesAwayTheOptionalStringOfAFile() {
    usualFile("{\"operator\": {\"key\": \"" + "o".repeat(32) + "\"}}");
    assertThat(load(Map.of("KEYHOOK_OPERATOR_KEY", "null")).operator().key()).isEmpty();
  }

  @Test
  void anEmptyOptionalStringInAFileIsNone() {
    usualFile("{\"operator\": {\"key\": \"\"}, \"database\": {\"uri\": \"\"}}");
    KeyhookOptions options = load(Map.of());
    assertThat(options.operator().key()).isEmpty();
    assertThat(options.database().uri()).isEmpty();
  }

  @Test
  void aPlanMergesFieldByFieldAndNewOnesAreAdded() {
    usualFile("{\"plans\": {\"free\": {\"maxLicenses\": 7},"
        + " \"team\": {\"maxLicenses\": 20, \"maxWebhooks\": null, \"logRetentionDays\": 60}}}");
    KeyhookOptions options = load(Map.of("KEYHOOK_PLANS", "{\"free\":{\"maxWebhooks\":1},\"team\":{\"logRetentionDays\":61}}"));
    assertThat(options.plans()).hasSize(5)
        .containsEntry("free", new Plan(Optional.of(7), Optional.of(1), 30))
        .containsEntry("team", new Plan(Optional.of(20), Optional.empty(), 61));
  }

  @Test
  void aPlanThatIsNullIsTakenAway() {
    usualFile("{\"plans\": {\"starter\": null}}");
    assertThat(load(Map.of()).plans()).containsOnlyKeys("free", "professional", "enterprise");
  }

  @Test
  void anArrayReplacesTheOneBelow() {
    usualFile("{\"delivery\": {\"retryDelays\": [\"PT9S\"]}}");
    assertThat(load(Map.of()).delivery().retryDelays()).containsExactly(Duration.ofSeconds(9));
    assertThat(load(Map.of("KEYHOOK_DELIVERY_RETRY_DELAYS", "[]")).delivery().retryDelays()).isEmpty();
  }

  @Test
  void aRelativePathIsResolvedAgainstTheWorkingDirectoryAndATildeIsALetter() {
    assertThat(load(Map.of()).database().directory()).isEqualTo(directory.resolve("data"));
    assertThat(load(Map.of("KEYHOOK_DATABASE_DIRECTORY", "~/x/../y")).database().directory())
        .isEqualTo(directory.resolve("~").resolve("y"));
    assertThat(load(Map.of("KEYHOOK_DATABASE_DIRECTORY", "/srv/keyhook")).database().directory())
        .isEqualTo(Path.of("/srv/keyhook"));
    assertThat(Configuration.of(new JsonObject()).database().directory()).isAbsolute();
  }

  @Test
  void aSecretComesFromTheFileThatItsVariableNamesWithoutTheLineBreakAtItsEnd() {
    file("run/operator", "o".repeat(40) + "\r\n");
    assertThat(load(Map.of("KEYHOOK_OPERATOR_KEY_FILE", "run/operator")).operator().key()).contains("o".repeat(40));
    String absolute = directory.resolve("run/operator").toString();
    assertThat(load(Map.of("KEYHOOK_OPERATOR_KEY_FILE", absolute)).operator().key()).contains("o".repeat(40));
  }

  @Test
  void aSecretAndAFileWithItAreOneTooMany() {
    file("operator", "o".repeat(32));
    assertThat(failures(() -> load(Map.of("KEYHOOK_OPERATOR_KEY_FILE", "operator", "KEYHOOK_OPERATOR_KEY", "p".repeat(32)))))
        .containsExactly("operator.key (KEYHOOK_OPERATOR_KEY): is set together with KEYHOOK_OPERATOR_KEY_FILE; set only one of them");
  }

  @Test
  void aSecretsFileThatIsMissingOrEmptyStopsTheStart() {
    file("empty", "\n");
    assertThat(failures(() -> load(Map.of(
        "KEYHOOK_DATABASE_URI", "postgresql://db/keyhook", "KEYHOOK_AUTH_JWT_SECRET_FILE", "empty",
        "KEYHOOK_SECRETS_MASTER_KEY_FILE", "missing"))))
        .containsExactlyInAnyOrder(
            "auth.jwt.secret (KEYHOOK_AUTH_JWT_SECRET_FILE): names an empty file, must name one that holds the secret",
            "secrets.masterKey (KEYHOOK_SECRETS_MASTER_KEY_FILE): must name a readable UTF-8 file that holds the secret"
                + " (NoSuchFileException)");
  }

  @Test
  void aHostOverridesTheDefaultsWithoutFileAndEnvironment() {
    KeyhookOptions options = Configuration.of(new JsonObject()
        .put("http", new JsonObject().put("enabled", false).put("trustedProxies", new JsonArray().add("10.0.0.0/8")))
        .put("plans", new JsonObject().put("free", new JsonObject().put("maxLicenses", 6))));
    assertThat(options.http().enabled()).isFalse();
    assertThat(options.http().trustedProxies()).containsExactly("10.0.0.0/8");
    assertThat(options.plans().get("free").maxLicenses()).contains(6);
  }

  @Test
  void aHostsValueThatIsNoJsonIsRefused() {
    assertThat(failures(() -> Configuration.of(new JsonObject().put("http", new Object())))).singleElement().asString()
        .startsWith("options: contain a value that is not JSON");
  }

  private KeyhookOptions load(Map<String, String> env) {
    return Configuration.load(env, Optional.empty(), directory);
  }

  private void usualFile(String json) {
    file("conf/keyhook.json", json);
  }

  private Path file(String name, String text) {
    return TextFiles.write(directory.resolve(name), text);
  }
}
