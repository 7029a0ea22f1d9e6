package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class CipherTest {
  private static final String OLD = key(1);
  private static final String NEW = key(2);
  private static final UUID ACCOUNT = new UUID(1, 2);
  private static final UUID ROW = new UUID(3, 4);
  private static final String SECRET = "a secret at rest";

  private final Cipher old = new Cipher(OLD, List.of());
  private final Cipher both = new Cipher(NEW, List.of(OLD));

  private static String key(int fill) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) fill);
    return Base64.getEncoder().encodeToString(key);
  }

  /** As versions before key ids wrote it. */
  private static byte[] sealedWithoutKeyId() throws Exception {
    byte[] nonce = new byte[12];
    javax.crypto.Cipher cipher = javax.crypto.Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(javax.crypto.Cipher.ENCRYPT_MODE, new SecretKeySpec(Base64.getDecoder().decode(OLD), "AES"),
        new GCMParameterSpec(128, nonce));
    cipher.updateAAD(ByteBuffer.allocate(32).putLong(1).putLong(2).putLong(3).putLong(4).array());
    byte[] sealed = cipher.doFinal(SECRET.getBytes(StandardCharsets.UTF_8));
    return ByteBuffer.allocate(1 + 12 + sealed.length).put((byte) 1).put(nonce).put(sealed).array();
  }

  @Test
  void aSecretOpensForItsRowOnly() {
    byte[] sealed = old.seal(SECRET, ACCOUNT, ROW);
    assertThat(old.open(sealed, ACCOUNT, ROW)).isEqualTo(SECRET);
    for (UUID[] other : new UUID[][] {{ACCOUNT, ACCOUNT}, {ROW, ROW}, {ROW, ACCOUNT}}) {
      assertThatThrownBy(() -> old.open(sealed, other[0], other[1])).isInstanceOf(UnreadableSecretException.class);
    }
    for (int i = 0; i < sealed.length; i++) {
      byte[] changed = sealed.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> old.open(changed, ACCOUNT, ROW)).as("byte %d changed", i)
          .isInstanceOf(UnreadableSecretException.class);
    }
  }

  @Test
  void theIdOfItsKeyStandsBeforeItAndTellsNothingElse() {
    byte[] sealed = old.seal(SECRET, ACCOUNT, ROW);
    assertThat(HexFormat.of().formatHex(sealed)).startsWith("02" + old.keyId());
    assertThat(old.keyId()).hasSize(16).isEqualTo(new Cipher(OLD, List.of(NEW)).keyId()).isNotEqualTo(both.keyId());
    assertThat(HexFormat.of().parseHex(old.keyId())).isNotEqualTo(Arrays.copyOf(Base64.getDecoder().decode(OLD), 8));
  }

  @Test
  void noNonceIsUsedTwice() {
    Set<String> nonces = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      nonces.add(HexFormat.of().formatHex(old.seal(SECRET, ACCOUNT, ROW), 9, 21));
    }
    assertThat(nonces).hasSize(1000);
  }

  @Test
  void anotherKeyOpensWhatItSealedAndSealsNoMore() {
    byte[] before = old.seal(SECRET, ACCOUNT, ROW);
    assertThat(both.open(before, ACCOUNT, ROW)).isEqualTo(SECRET);
    assertThat(both.isCurrent(before)).isFalse();
    byte[] after = both.seal(SECRET, ACCOUNT, ROW);
    assertThat(both.isCurrent(after)).isTrue();
    assertThat(new Cipher(NEW, List.of()).open(after, ACCOUNT, ROW)).isEqualTo(SECRET);
    assertThatThrownBy(() -> old.open(after, ACCOUNT, ROW)).isInstanceOf(UnreadableSecretException.class)
        .hasMessageContaining(both.keyId());
  }

  @Test
  void whatWasSealedBeforeKeysHadIdsStaysReadableUnderEachKey() throws Exception {
    byte[] sealed = sealedWithoutKeyId();
    assertThat(old.open(sealed, ACCOUNT, ROW)).isEqualTo(SECRET);
    assertThat(both.open(sealed, ACCOUNT, ROW)).isEqualTo(SECRET);
    assertThat(old.isCurrent(sealed)).isFalse();
    assertThatThrownBy(() -> new Cipher(NEW, List.of()).open(sealed, ACCOUNT, ROW))
        .isInstanceOf(UnreadableSecretException.class);
    assertThatThrownBy(() -> both.open(sealed, ROW, ROW)).isInstanceOf(UnreadableSecretException.class);
  }
}
