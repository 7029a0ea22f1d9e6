package io.keyhook.account;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Makes tokens, good and bad, without Keyhook's code. */
public final class Jwts {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private Jwts() {}

  public static String hs256(JsonObject claims, String secret) {
    return hmac(new JsonObject().put("alg", "HS256").put("typ", "JWT"), claims, "HmacSHA256",
        secret.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * @param algorithm as Java names it
   */
  public static String hmac(JsonObject header, JsonObject claims, String algorithm, byte[] secret) {
    String signed = part(header) + '.' + part(claims);
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(secret, algorithm));
      return signed + '.' + BASE64.encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static String rs256(JsonObject header, JsonObject claims, PrivateKey key) {
    String signed = part(header) + '.' + part(claims);
    try {
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(key);
      signature.update(signed.getBytes(StandardCharsets.UTF_8));
      return signed + '.' + BASE64.encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static String unsigned(JsonObject claims, String algorithm) {
    return part(new JsonObject().put("alg", algorithm).put("typ", "JWT")) + '.' + part(claims) + '.';
  }

  private static String part(JsonObject json) {
    return BASE64.encodeToString(json.encode().getBytes(StandardCharsets.UTF_8));
  }
}
