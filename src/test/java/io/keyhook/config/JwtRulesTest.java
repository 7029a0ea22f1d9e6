package io.keyhook.config;

import static io.keyhook.config.Failures.failures;
import static io.keyhook.config.Failures.overrideFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.config.KeyhookOptions.Jwt;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A token is always checked with a key that fits its algorithm. */
class JwtRulesTest {
  private static final JwtKeys RSA = JwtKeys.rsa(2048);
  private static final JwtKeys EC = JwtKeys.ec("secp256r1");

  @TempDir
  Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"none", "hs256", "RS512", ""})
  void anotherAlgorithmIsRefused(String algorithm) {
    assertThat(overrideFailure("auth.jwt.algorithm", algorithm)).endsWith("must be HS256, RS256 or ES256");
  }

  @Test
  void aSecretHasThirtyTwoBytesAndNotCharacters() {
    assertThat(overrideFailure("auth.jwt.secret", "s".repeat(31)))
        .isEqualTo("auth.jwt.secret (options): is ***, must be 32 bytes or more");
    assertThat(jwt("HS256", new JsonObject().put("secret", "\u00f6".repeat(16))).secret()).isPresent();
  }

  @Test
  void keysOfTheRightTypeAreTaken() {
    assertThat(jwt("RS256", keys(RSA.publicPem(), RSA.privatePem())).privateKey()).contains(RSA.privatePem());
    assertThat(jwt("ES256", keys(EC.publicPem(), EC.privatePem())).publicKey()).contains(EC.publicPem());
    assertThat(jwt("ES256", keys(EC.publicPem(), null)).privateKey()).isEmpty();
  }

  @Test
  void aPemMayHaveItsLineBreaksWrittenOutAndComesOutWithRealOnes() {
    Jwt jwt = jwt("RS256", keys(RSA.publicPem().replace("\n", "\\n"), RSA.privatePem().replace("\n", "\r\n")));
    assertThat(jwt.publicKey()).contains(RSA.publicPem());
    assertThat(jwt.privateKey()).contains(RSA.privatePem());
  }

  @Test
  void aPublicKeyIsRequiredUnlessAFileHasKeys() {
    assertThat(errors("RS256", new JsonObject())).containsExactly("auth.jwt.publicKey (default): is not set,"
        + " must be an RSA public key of 2048 bits or more in PEM (-----BEGIN PUBLIC KEY-----),"
        + " unless auth.jwt.jwks names a file with keys");
    assertThat(errors("ES256", keys(null, EC.privatePem()))).singleElement().asString()
        .contains("an EC (P-256) public key in PEM");
    assertThat(jwt("RS256", new JsonObject().put("jwks", jwks("{\"keys\": [{}]}"))).jwks())
        .contains(directory.resolve("jwks.json"));
  }

  @Test
  void aFileWithKeysStandsInForTheSecretOfAnExternalDatabase() {
    JsonObject overrides = overrides("HS256", new JsonObject().put("jwks", jwks("{\"keys\": [{}]}")))
        .put("secrets", new JsonObject().put("masterKey", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
    assertThat(Configuration.of(overrides, true).auth().jwt().secret()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "{\"keys\": {}}", "{\"keys\": []}", "{\"keys\": [", ""})
  void aJwksFileHoldsKeys(String json) {
    assertThat(errors("RS256", new JsonObject().put("jwks", jwks(json)))).singleElement().asString()
        .startsWith("auth.jwt.jwks (options): is ")
        .contains("must be a JSON file with an array \"keys\" of one key or more");
  }

  @Test
  void aJwksFileExists() {
    assertThat(overrideFailure("auth.jwt.jwks", directory.resolve("none.json").toString()))
        .endsWith("must be a JSON file with an array \"keys\" of one key or more, but cannot be read (NoSuchFileException)");
  }

  @Test
  void keysOfTheWrongTypeAreRefused() {
    assertThat(errors("RS256", keys(EC.publicPem(), EC.privatePem()))).hasSize(2)
        .allMatch(line -> line.contains(": is ***, must be an RSA "));
    assertThat(errors("ES256", keys(RSA.publicPem(), RSA.privatePem()))).hasSize(2)
        .allMatch(line -> line.contains(": is ***, must be an EC (P-256) "));
    assertThat(errors("RS256", keys(RSA.privatePem(), RSA.publicPem()))).hasSize(2);
  }

  @Test
  void weakKeysAndOtherCurvesAreRefused() {
    assertThat(errors("RS256", keys(JwtKeys.rsa(1024).publicPem(), null))).singleElement().asString()
        .contains("2048 bits or more");
    assertThat(errors("ES256", keys(JwtKeys.ec("secp384r1").publicPem(), null))).singleElement().asString()
        .contains("P-256");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MIIB", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
      "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n=A=\n-----END PUBLIC KEY-----",
      "-----BEGIN RSA PUBLIC KEY-----\nMIIB\n-----END RSA PUBLIC KEY-----"})
  void whatIsNoPemIsRefused(String pem) {
    assertThat(errors("RS256", keys(pem, null))).singleElement().asString()
        .startsWith("auth.jwt.publicKey (options): is ***, must be");
  }

  @Test
  void aPrivateKeyBelongsToThePublicOne() {
    assertThat(errors("RS256", keys(RSA.publicPem(), JwtKeys.rsa(2048).privatePem())))
        .containsExactly("auth.jwt.privateKey (options): is ***, must be the private key of auth.jwt.publicKey");
    assertThat(errors("ES256", keys(EC.publicPem(), JwtKeys.ec("secp256r1").privatePem()))).hasSize(1);
  }

  @Test
  void keysThatTheAlgorithmHasNoUseForAreRefused() {
    assertThat(errors("HS256", keys(RSA.publicPem(), RSA.privatePem()))).hasSize(2)
        .allMatch(line -> line.endsWith("use it with RS256 or ES256"));
  }

  private Jwt jwt(String algorithm, JsonObject jwt) {
    return Configuration.of(overrides(algorithm, jwt)).auth().jwt();
  }

  private List<String> errors(String algorithm, JsonObject jwt) {
    return failures(() -> Configuration.of(overrides(algorithm, jwt)));
  }

  private static JsonObject overrides(String algorithm, JsonObject jwt) {
    return Failures.nested("auth.jwt", jwt.put("algorithm", algorithm));
  }

  private static JsonObject keys(String publicPem, String privatePem) {
    return new JsonObject().put("publicKey", publicPem).put("privateKey", privatePem);
  }

  private String jwks(String json) {
    return TextFiles.write(directory.resolve("jwks.json"), json).toString();
  }
}
