package io.keyhook.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.config.KeyhookOptions.Jwt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads {@code auth.jwt}. Tokens must always be checked with some key: without one, unsigned tokens would pass. */
final class JwtReader {
  private static final List<String> ALGORITHMS = List.of("HS256", "RS256", "ES256");
  private static final int SECRET_BYTES = 32;

  private final Values values;
  private final Path workingDirectory;

  JwtReader(Values values, Path workingDirectory) {
    this.values = values;
    this.workingDirectory = workingDirectory;
  }

  Jwt read(boolean externalDatabase) {
    String algorithm = values.text("auth.jwt.algorithm", ALGORITHMS::contains, "HS256, RS256 or ES256");
    Optional<String> secret = values.optionalText("auth.jwt.secret",
        text -> text.getBytes(StandardCharsets.UTF_8).length >= SECRET_BYTES, "32 bytes or more");
    Optional<Path> jwks = values.optional("auth.jwt.jwks", text -> Formats.path(text, workingDirectory), "a file's path");
    jwks.ifPresent(this::checkJwks);
    Optional<PublicKey> publicKey = Optional.empty();
    Optional<PrivateKey> privateKey = Optional.empty();
    if (algorithm.equals("HS256")) {
      checkSecret(externalDatabase);
    } else if (!algorithm.isEmpty()) {
      PemKeys keys = new PemKeys(algorithm);
      publicKey = publicKey(keys);
      privateKey = privateKey(keys);
      checkPair(keys, publicKey, privateKey);
    }
    return new Jwt(algorithm, secret, publicKey.map(PemKeys::pem), privateKey.map(PemKeys::pem), jwks,
        text("auth.jwt.issuer"), text("auth.jwt.audience"), text("auth.jwt.accountClaim"),
        values.duration("auth.jwt.lifetime", Duration.ofMinutes(1), Duration.ofDays(30),
            "an ISO-8601 duration from PT1M to P30D"));
  }

  private String text(String path) {
    return values.text(path, text -> !text.isBlank(), "a string that is not empty");
  }

  private void checkSecret(boolean externalDatabase) {
    if (externalDatabase && !values.given("auth.jwt.secret") && !values.given("auth.jwt.jwks")) {
      values.reject("auth.jwt.secret", "32 bytes or more unless the database is the embedded one"
          + " (create one with `openssl rand -base64 32`), unless auth.jwt.jwks names a file with keys");
    }
    for (String key : List.of("auth.jwt.publicKey", "auth.jwt.privateKey")) {
      if (values.given(key)) {
        values.report(key, "is set with auth.jwt.algorithm HS256, which does not use it; use it with RS256 or ES256");
      }
    }
  }

  private Optional<PublicKey> publicKey(PemKeys keys) {
    String must = kind(keys, "public") + " in PEM (-----BEGIN PUBLIC KEY-----)";
    if (!values.given("auth.jwt.publicKey") && !values.given("auth.jwt.jwks")) {
      values.reject("auth.jwt.publicKey", must + ", unless auth.jwt.jwks names a file with keys");
    }
    return values.optional("auth.jwt.publicKey", keys::publicKey, must);
  }

  private Optional<PrivateKey> privateKey(PemKeys keys) {
    return values.optional("auth.jwt.privateKey", keys::privateKey, kind(keys, "private")
        + " in PKCS#8 PEM (-----BEGIN PRIVATE KEY-----; convert others with `openssl pkcs8 -topk8 -nocrypt`)");
  }

  private static String kind(PemKeys keys, String half) {
    return (keys.isRsa() ? "an RSA " : "an EC (P-256) ") + half + " key" + (keys.isRsa() ? " of 2048 bits or more" : "");
  }

  private void checkPair(PemKeys keys, Optional<PublicKey> publicKey, Optional<PrivateKey> privateKey) {
    if (publicKey.isPresent() && privateKey.isPresent() && !keys.arePair(publicKey.get(), privateKey.get())) {
      values.reject("auth.jwt.privateKey", "the private key of auth.jwt.publicKey");
    }
  }

  private void checkJwks(Path file) {
    String must = "a JSON file with an array \"keys\" of one key or more";
    try {
      JsonNode keys = StrictJson.read(Files.readAllBytes(file)).path("keys");
      if (!keys.isArray() || keys.isEmpty()) {
        values.reject("auth.jwt.jwks", must);
      }
    } catch (JsonProcessingException e) {
      values.reject("auth.jwt.jwks", must + ", but has " + StrictJson.describe(e));
    } catch (IOException e) {
      values.reject("auth.jwt.jwks", must + ", but cannot be read (" + e.getClass().getSimpleName() + ")");
    }
  }
}
