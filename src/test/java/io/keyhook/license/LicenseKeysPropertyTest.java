package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.constraints.Whitespace;

class LicenseKeysPropertyTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @Example
  void aKeyIsFourGroupsOfFourUnambiguousCharacters() {
    for (int i = 0; i < 1000; i++) {
      assertThat(LicenseKeys.generate(RANDOM)).matches("[A-Z2-9]{4}(-[A-Z2-9]{4}){3}").doesNotContain("I", "L", "O", "U");
    }
  }

  @Example
  void keysHoldAtLeast75RandomBits() {
    Set<Character> alphabet = new HashSet<>();
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < 2000; i++) {
      String key = LicenseKeys.generate(RANDOM);
      keys.add(key);
      key.chars().filter(c -> c != '-').forEach(c -> alphabet.add((char) c));
    }
    assertThat(keys).hasSize(2000);
    assertThat(16 * Math.log(alphabet.size()) / Math.log(2)).isGreaterThanOrEqualTo(75);
  }

  @Property
  void lookupIgnoresCaseAndSurroundingSpace(
      @ForAll @CharRange(from = '!', to = '~') @StringLength(min = 16, max = 128) String key,
      @ForAll @Whitespace @StringLength(max = 3) String before, @ForAll @Whitespace @StringLength(max = 3) String after) {
    String lookup = LicenseKeys.lookup(key);
    assertThat(LicenseKeys.lookup(before.replace('\u00a0', ' ') + key.toLowerCase(Locale.ROOT) + after.replace('\u00a0', ' ')))
        .isEqualTo(lookup);
    assertThat(LicenseKeys.lookup(key.toUpperCase(Locale.ROOT))).isEqualTo(lookup);
    assertThat(LicenseKeys.lookup(lookup)).isEqualTo(lookup);
  }

  @Property
  void noOtherScriptFoldsIntoAKey(@ForAll String text) {
    boolean ascii = text.strip().chars().allMatch(c -> c < 128);
    assertThat(LicenseKeys.lookup(text).chars().allMatch(c -> c < 128)).isEqualTo(ascii);
  }
}
