package io.keyhook.testing;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;

/**
 * A browser with a device that keeps one passkey (ES256). A test that wants it to misbehave asks for a copy that says something
 * else.
 *
 * @param origin of the page
 * @param rpId that the device signs; null: the one that it is asked for
 * @param flags of the device: 1 present, 4 verified, 8 may be on several devices, 16 is
 * @param count of its uses; 0: it does not count
 * @param type of the client data; null: the right one
 */
public record PasskeyDevice(KeyPair keys, byte[] credentialId, String origin, String rpId, int flags, long count, String type) {
  public static final int PRESENT = 1;
  public static final int VERIFIED = 4;
  private static final int ATTESTED = 64;

  public static PasskeyDevice at(String origin) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      byte[] id = new byte[32];
      new SecureRandom().nextBytes(id);
      return new PasskeyDevice(generator.generateKeyPair(), id, origin, null, PRESENT | VERIFIED, 0, null);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public PasskeyDevice on(String page) {
    return new PasskeyDevice(keys, credentialId, page, rpId, flags, count, type);
  }

  public PasskeyDevice of(String site) {
    return new PasskeyDevice(keys, credentialId, origin, site, flags, count, type);
  }

  public PasskeyDevice with(int otherFlags) {
    return new PasskeyDevice(keys, credentialId, origin, rpId, otherFlags, count, type);
  }

  public PasskeyDevice used(long times) {
    return new PasskeyDevice(keys, credentialId, origin, rpId, flags, times, type);
  }

  public PasskeyDevice saying(String otherType) {
    return new PasskeyDevice(keys, credentialId, origin, rpId, flags, count, otherType);
  }

  /** The same ID with another key. */
  public PasskeyDevice forged() {
    return new PasskeyDevice(at(origin).keys, credentialId, origin, rpId, flags, count, type);
  }

  /** The fields by which a page completes {@code /api/auth/passkeys/begin}, but for the name. */
  public JsonObject create(JsonObject options) {
    byte[] data = authenticatorData(options.getString("rpId"), flags | ATTESTED, attested());
    byte[] head = ByteBuffer.allocate(3).put((byte) 0x59).putShort((short) data.length).array();
    return new JsonObject()
        .put("attestationObject", text(join(new byte[] {(byte) 0xa3}, string("fmt"), string("none"), string("attStmt"),
            new byte[] {(byte) 0xa0}, string("authData"), head, data)))
        .put("clientData", text(clientData(options, "webauthn.create")));
  }

  /**
   * The fields by which a page completes {@code /api/auth/session/passkey/begin}.
   *
   * @param userHandle that the device got with the passkey
   */
  public JsonObject open(JsonObject options, String userHandle) {
    byte[] data = authenticatorData(options.getString("rpId"), flags, new byte[0]);
    byte[] clientData = clientData(options, "webauthn.get");
    return new JsonObject().put("credentialId", text(credentialId)).put("userHandle", userHandle)
        .put("authenticatorData", text(data)).put("clientData", text(clientData))
        .put("signature", text(sign(join(data, sha256(clientData)))));
  }

  private byte[] clientData(JsonObject options, String right) {
    return new JsonObject().put("type", type == null ? right : type).put("challenge", options.getString("challenge"))
        .put("origin", origin).put("crossOrigin", false).encode().getBytes(StandardCharsets.UTF_8);
  }

  private byte[] authenticatorData(String asked, int saidFlags, byte[] rest) {
    byte[] site = sha256((rpId == null ? asked : rpId).getBytes(StandardCharsets.UTF_8));
    return join(site, new byte[] {(byte) saidFlags}, ByteBuffer.allocate(4).putInt((int) count).array(), rest);
  }

  private byte[] attested() {
    ECPublicKey key = (ECPublicKey) keys.getPublic();
    return join(new byte[16], new byte[] {0, (byte) credentialId.length}, credentialId,
        new byte[] {(byte) 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20}, coordinate(key.getW().getAffineX()),
        new byte[] {0x22, 0x58, 0x20}, coordinate(key.getW().getAffineY()));
  }

  private static byte[] coordinate(BigInteger value) {
    byte[] bytes = value.toByteArray();
    byte[] fixed = new byte[32];
    int length = Math.min(32, bytes.length);
    System.arraycopy(bytes, bytes.length - length, fixed, 32 - length, length);
    return fixed;
  }

  private byte[] sign(byte[] data) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(keys.getPrivate());
      signature.update(data);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** In CBOR, for short ones. */
  private static byte[] string(String text) {
    return join(new byte[] {(byte) (0x60 + text.length())}, text.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  public static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
