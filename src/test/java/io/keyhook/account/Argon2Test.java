package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Argon2Test {
  /** Made by another implementation, with which accounts of earlier versions were made. */
  private static final String OTHERS =
      "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$e5r23s8td6trmezO3KTjMpZetBHU/P6EPttuRhmhoJ4";

  private final Argon2 argon2 = new Argon2();

  @Test
  void aHashOfAnotherImplementationMatchesItsPassword() {
    assertThat(argon2.matches("p\u00e4ssw\u00f6rd \ud83d\udd11", OTHERS)).isTrue();
    assertThat(argon2.matches("password", OTHERS)).isFalse();
  }

  @Test
  void twoHashesOfAPasswordDifferAndBothMatch() {
    String one = argon2.hash("swordfish");
    String other = argon2.hash("swordfish");
    assertThat(one).isNotEqualTo(other);
    assertThat(argon2.matches("swordfish", one)).isTrue();
    assertThat(argon2.matches("swordfish", other)).isTrue();
    assertThat(argon2.matches("Swordfish", one)).isFalse();
  }

  @Test
  void noPasswordMatchesAHashOfNone() {
    assertThat(argon2.matches("", argon2.ofNoPassword())).isFalse();
    assertThat(argon2.ofNoPassword()).isNotEqualTo(argon2.ofNoPassword()).hasSameSizeAs(OTHERS);
  }

  @Test
  void memoryThatIsUsedAgainKeepsNothing() {
    assertThat(IntStream.range(0, 8).parallel().mapToObj(i -> argon2.hash("password " + i)
        + (argon2.matches("p\u00e4ssw\u00f6rd \ud83d\udd11", OTHERS) ? "" : " mismatch")))
        .noneMatch(hash -> hash.endsWith("mismatch"));
  }

  @Test
  void aHashMatchesAfterItsMemoryWasReleased() {
    String hash = argon2.hash("swordfish");
    argon2.release();
    assertThat(argon2.matches("swordfish", hash)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbg", "$argon2i$v=19$m=19456,t=2,p=1$c2l4dGVlbg$e5r2",
      "$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbg$e5r2"})
  void whatIsNoHashOfKeyhookIsRefused(String hash) {
    assertThatThrownBy(() -> argon2.matches("swordfish", hash)).isInstanceOf(IllegalArgumentException.class);
  }
}
