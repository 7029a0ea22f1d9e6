package io.keyhook.signing;

import io.keyhook.bus.JsonText;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** JSON Web Signatures in their compact form (RFC 7515), with Ed25519 (RFC 8037). */
final class Jws {
  /** Tells a statement from every other JSON Web Token (RFC 8725, 3.11). */
  static final String TYPE = "keyhook+jwt";

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private Jws() {}

  /**
   * Signs claims. Takes as long as {@link Ed25519#sign}.
   *
   * @param privateKey PKCS #8
   */
  static String sign(String keyId, byte[] privateKey, Map<String, Object> claims) {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("alg", "EdDSA");
    header.put("kid", keyId);
    header.put("typ", TYPE);
    String signed = base64(JsonText.bytes(header)) + '.' + base64(JsonText.bytes(claims));
    return signed + '.' + base64(Ed25519.sign(privateKey, signed.getBytes(StandardCharsets.US_ASCII)));
  }

  static String base64(byte[] bytes) {
    return BASE64.encodeToString(bytes);
  }
}
