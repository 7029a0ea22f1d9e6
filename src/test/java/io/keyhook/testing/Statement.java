package io.keyhook.testing;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;

/** A compact JSON Web Signature, read and verified without Keyhook's code. */
public final class Statement {
  /** Before the 32 bytes of a key (RFC 8410). */
  private static final byte[] ENCODING = HexFormat.of().parseHex("302a300506032b6570032100");

  private final String[] parts;

  private Statement(String[] parts) {
    this.parts = parts;
  }

  public static Statement of(String compact) {
    String[] parts = compact.split("\\.", -1);
    if (parts.length != 3) {
      throw new AssertionError("No compact JWS: " + compact);
    }
    return new Statement(parts);
  }

  public JsonObject header() {
    return json(parts[0]);
  }

  public JsonObject claims() {
    return json(parts[1]);
  }

  private static JsonObject json(String part) {
    return new JsonObject(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8));
  }

  /** Whether it is signed by the key of a key set that it names. */
  public boolean isSignedBy(JsonObject keySet) {
    return keySet.getJsonArray("keys").stream().map(JsonObject.class::cast)
        .filter(key -> key.getString("kid").equals(header().getString("kid"))).anyMatch(key -> verify(key.getString("x")));
  }

  private boolean verify(String publicKey) {
    try {
      byte[] encoded = new byte[ENCODING.length + 32];
      System.arraycopy(ENCODING, 0, encoded, 0, ENCODING.length);
      System.arraycopy(Base64.getUrlDecoder().decode(publicKey), 0, encoded, ENCODING.length, 32);
      PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
      Signature signature = Signature.getInstance("Ed25519");
      signature.initVerify(key);
      signature.update((parts[0] + '.' + parts[1]).getBytes(StandardCharsets.US_ASCII));
      return signature.verify(Base64.getUrlDecoder().decode(parts[2]));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
