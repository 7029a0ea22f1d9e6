package io.keyhook.config;

import static io.keyhook.config.Failures.failures;
import static io.keyhook.config.Failures.nested;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** A secret never leaves the configuration by an error or by toString. */
class SecrecyTest {
  private static final List<String> SECRETS = List.of("database.uri", "database.password",
      "database.migrationUri", "bootstrap.password", "bootstrap.apiKey", "operator.key",
      "auth.jwt.secret", "auth.jwt.publicKey", "auth.jwt.privateKey", "secrets.masterKey");

  @Property(tries = 200)
  void noErrorShowsASecretWhereverItCameFrom(@ForAll("keys") String path, @ForAll("secrets") String secret) throws IOException {
    Path directory = Files.createTempDirectory("secrecy");
    Path file = directory.resolve("given.json");
    try {
      Key key = new Key(path, Kind.OPTIONAL_STRING);
      Optional<Path> argument = Optional.of(file);
      String json = nested(path, secret).encode();
      String algorithm = path.endsWith("Key") ? "RS256" : "HS256";
      Map<String, String> env = Map.of("KEYHOOK_AUTH_JWT_ALGORITHM", algorithm, "KEYHOOK_HTTP_PORT", "-1");

      List<String> lines = new ArrayList<>();
      lines.addAll(failures(() -> load(env, key.variable(), secret, directory)));
      lines.addAll(failures(() -> load(env, key.fileVariable(), secret, directory)));
      for (String text : List.of(json, json.replace("\"" + secret + "\"", secret), json.replace("\"" + secret, secret),
          json.replace("\"" + secret + "\"", "[\"" + secret + "\"]"))) {
        Files.writeString(file, text);
        lines.addAll(failures(() -> Configuration.load(env, argument, directory)));
      }
      Files.writeString(file, secret);
      lines.addAll(failures(() -> Configuration.load(env, argument, directory)));
      lines.addAll(failures(() -> load(env, key.fileVariable(), file.toString(), directory)));
      JsonObject overrides = nested(path, secret).mergeIn(nested("http.port", -1), true);
      lines.addAll(failures(() -> Configuration.of(overrides, true)));

      assertThat(lines).hasSizeGreaterThanOrEqualTo(8).noneMatch(line -> line.contains(secret));
    } finally {
      Files.deleteIfExists(file);
      Files.delete(directory);
    }
  }

  @Provide
  Arbitrary<String> keys() {
    return Arbitraries.of(SECRETS);
  }

  @Provide
  Arbitrary<String> secrets() {
    Arbitrary<String> random = Arbitraries.strings().alpha().numeric().withChars("+=:@_#%! ").ofMinLength(10).ofMaxLength(60)
        .map(String::strip).filter(secret -> secret.length() >= 8);
    return Arbitraries.oneOf(random, random.map(secret -> "postgresql://keyhook:" + secret + "@db/keyhook"),
        random.map(secret -> "kh_" + secret),
        random.map(secret -> "-----BEGIN PRIVATE KEY-----" + secret + "-----END PRIVATE KEY-----"));
  }

  private static KeyhookOptions load(Map<String, String> env, String name, String value, Path directory) {
    Map<String, String> all = new HashMap<>(env);
    all.put(name, value);
    return Configuration.load(all, Optional.empty(), directory);
  }

  @Test
  void theListOfSecretsIsTheOneThatIsKeptFromErrors() {
    assertThat(SECRETS).allMatch(path -> new Key(path, Kind.OPTIONAL_STRING).isSecret());
  }

  @Test
  void noErrorNorTheOptionsShowOneOfSeveralMasterKeys() throws IOException {
    Path directory = Files.createTempDirectory("secrecy");
    Path file = directory.resolve("keys.json");
    String secret = "a key that is none";
    String good = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    String variable = "KEYHOOK_SECRETS_PREVIOUS_MASTER_KEYS";
    try {
      List<String> lines = new ArrayList<>();
      for (String value : List.of(secret, "[\"" + secret + "\"]", "[\"" + secret, "{\"" + secret + "\":1}", "[1,\"" + secret + "\"]")) {
        lines.addAll(failures(() -> load(Map.of(), variable, value, directory)));
        Files.writeString(file, value + "\n");
        lines.addAll(failures(() -> load(Map.of(), variable + "_FILE", file.toString(), directory)));
      }
      assertThat(lines).hasSize(10).allMatch(line -> line.startsWith("secrets.previousMasterKeys"))
          .noneMatch(line -> line.contains(secret));
      Files.writeString(file, "[\"" + good + "\"]\n");
      KeyhookOptions options = load(Map.of(), variable + "_FILE", file.toString(), directory);
      assertThat(options.secrets().previousMasterKeys()).containsExactly(good);
      assertThat(options.toString()).doesNotContain(good);
    } finally {
      Files.delete(file);
      Files.delete(directory);
    }
  }

  @Test
  void theOptionsAsTextShowNoSecret() {
    JwtKeys keys = JwtKeys.rsa(2048);
    Map<String, String> secrets = Map.of(
        "database.uri", "postgresql://keyhook:database-secret@db/keyhook",
        "database.password", "another-database-secret",
        "database.migrationUri", "postgresql://owner:database-secret@db/keyhook",
        "bootstrap.password", "password-secret",
        "bootstrap.apiKey", "kh_bootstrap_api_key_secret",
        "operator.key", "operator-secret".repeat(3),
        "auth.jwt.secret", "jwt-secret".repeat(4),
        "auth.jwt.publicKey", keys.publicPem(),
        "auth.jwt.privateKey", keys.privatePem(),
        "secrets.masterKey", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    assertThat(secrets).containsOnlyKeys(SECRETS);
    JsonObject overrides = nested("auth.jwt.algorithm", "RS256");
    secrets.forEach((path, value) -> overrides.mergeIn(nested(path, value), true));
    KeyhookOptions options = Configuration.of(overrides);

    assertThat(options.bootstrap().apiKey()).isPresent();
    List<Object> texts = List.of(options, options.database(), options.bootstrap(), options.operator(), options.auth(),
        options.auth().jwt(), options.secrets());
    assertThat(texts).allSatisfy(text -> assertThat(text.toString()).doesNotContain(secrets.values())
        .doesNotContain("database-secret", "PRIVATE KEY", keys.privatePem().split("\n")[1]));
  }
}
