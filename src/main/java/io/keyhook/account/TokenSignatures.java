package io.keyhook.account;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.bus.JsonText;
import io.vertx.core.json.JsonObject;
// JWTAuth parses a token before it checks the signature, and its keys are public in no other way.
import io.vertx.ext.auth.impl.jose.JWK;
import io.vertx.ext.auth.impl.jose.JWS;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Checks the signature of a token before {@code JWTAuth} sees it. {@code JWTAuth} parses header and claims first, with a
 * parser whose table of names all of Vert.x shares: whoever may put names of one hash there makes other JSON fail. What
 * passes here was written by an issuer.
 */
final class TokenSignatures {
  private static final Base64.Decoder BASE64 = Base64.getUrlDecoder();

  private final List<JWS> keys = new ArrayList<>();

  private TokenSignatures() {}

  /** Those of the keys with which {@code JWTAuth} checks tokens by these options. */
  static TokenSignatures of(JWTAuthOptions options) {
    TokenSignatures signatures = new TokenSignatures();
    if (options.getPubSecKeys() != null) {
      options.getPubSecKeys().forEach(key -> signatures.add(new JWK(key)));
    }
    if (options.getJwks() != null) {
      options.getJwks().forEach(signatures::add);
    }
    return signatures;
  }

  private void add(JsonObject key) {
    try {
      add(new JWK(key));
    } catch (RuntimeException unsupported) {
      // JWTAuth warns of it, and does without
    }
  }

  private void add(JWK key) {
    if (key.mac() != null || key.publicKey() != null) {
      keys.add(new JWS(key));
    }
  }

  /** Whether a key with the algorithm of the token's header, and with the key id if both have one, signed it. */
  boolean isSigned(String token) {
    int claims = token.indexOf('.');
    int signature = token.lastIndexOf('.');
    if (claims < 0 || signature == claims) {
      return false;
    }
    try {
      JsonNode header = JsonText.read(new String(BASE64.decode(token.substring(0, claims)), StandardCharsets.UTF_8));
      byte[] signed = token.substring(0, signature).getBytes(StandardCharsets.UTF_8);
      byte[] given = BASE64.decode(token.substring(signature + 1));
      return keys.stream().anyMatch(key -> isFor(key.jwk(), header) && verifies(key, given, signed));
    } catch (IllegalArgumentException malformed) {
      return false;
    }
  }

  private static boolean isFor(JWK key, JsonNode header) {
    String id = header.path("kid").textValue();
    return key.getAlgorithm().equals(header.path("alg").textValue())
        && (id == null || key.getId() == null || id.equals(key.getId()));
  }

  /** A signature of the wrong length throws instead of returning false. */
  private static boolean verifies(JWS key, byte[] signature, byte[] signed) {
    try {
      return key.verify(signature, signed);
    } catch (RuntimeException malformed) {
      return false;
    }
  }
}
