package io.keyhook.guide;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A signature that code for Ed25519 has to judge: those of RFC 8032, section 7.1, and what section 5.1.7 refuses.
 *
 * @param key the public key in hexadecimal, as the message and the signature are
 */
record Ed25519Case(String name, String key, String message, String signature, boolean isGenuine) {
  private static final HexFormat HEX = HexFormat.of();
  private static final BigInteger ORDER = BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
  private static final String NEUTRAL = "01" + "00".repeat(31);
  private static final String ZERO = "00".repeat(32);
  /** The neutral point with a y that is not below the prime. */
  private static final String NOT_REDUCED = "ee" + "ff".repeat(30) + "7f";
  /** The neutral point with the sign of an x that is not zero. */
  private static final String NEGATIVE_ZERO = "01" + "00".repeat(30) + "80";

  static List<Ed25519Case> all() {
    List<Ed25519Case> cases = new ArrayList<>();
    List.of(new Ed25519Case("TEST 1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            true),
        new Ed25519Case("TEST 2", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            true),
        new Ed25519Case("TEST 3", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            true)).forEach(vector -> vector.andChanged(cases));
    cases.add(new Ed25519Case("a key of small order", NEUTRAL, "72", NEUTRAL + ZERO, true));
    cases.add(new Ed25519Case("a key that is not reduced", NOT_REDUCED, "72", NEUTRAL + ZERO, false));
    cases.add(new Ed25519Case("a point that is not reduced", NEUTRAL, "72", NOT_REDUCED + ZERO, false));
    cases.add(new Ed25519Case("a key with the sign of zero", NEGATIVE_ZERO, "72", NEUTRAL + ZERO, false));
    cases.add(new Ed25519Case("a point with the sign of zero", NEUTRAL, "72", NEGATIVE_ZERO + ZERO, false));
    cases.add(new Ed25519Case("a point of small order under another key", cases.get(0).key, "72", NEUTRAL + ZERO, false));
    return cases;
  }

  private void andChanged(List<Ed25519Case> cases) {
    cases.add(this);
    cases.add(changed("another message", key, message + "00", signature));
    for (int i : List.of(0, 31, 32, 62, 63)) {
      cases.add(changed("byte " + i + " of the signature changed", key, message, flipped(signature, i)));
    }
    for (int i : List.of(0, 31)) {
      cases.add(changed("byte " + i + " of the key changed", flipped(key, i), message, signature));
    }
    cases.add(changed("a scalar that is not reduced", key, message, signature.substring(0, 64) + plusOrder(signature.substring(64))));
    cases.add(changed("a short signature", key, message, signature.substring(2)));
    cases.add(changed("a long signature", key, message, signature + "00"));
    cases.add(changed("a short key", key.substring(2), message, signature));
    cases.add(changed("a long key", key + "00", message, signature));
    cases.add(changed("no signature", key, message, ""));
  }

  private Ed25519Case changed(String change, String key, String message, String signature) {
    return new Ed25519Case(name + ": " + change, key, message, signature, false);
  }

  private static String flipped(String hex, int position) {
    byte[] bytes = HEX.parseHex(hex);
    bytes[position] ^= 1;
    return HEX.formatHex(bytes);
  }

  private static String plusOrder(String scalar) {
    byte[] sum = new BigInteger(1, reversed(HEX.parseHex(scalar))).add(ORDER).toByteArray();
    byte[] bytes = new byte[32];
    System.arraycopy(reversed(sum), 0, bytes, 0, Math.min(32, sum.length));
    return HEX.formatHex(bytes);
  }

  private static byte[] reversed(byte[] bytes) {
    byte[] reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    return reversed;
  }
}
