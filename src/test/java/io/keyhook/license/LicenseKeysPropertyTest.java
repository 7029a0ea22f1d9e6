package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.LicenseKeys;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
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
  void theFormIgnoresCaseHyphensAndSpace(
      @ForAll @CharRange(from = '!', to = '~') @StringLength(min = 16, max = 128) String key,
      @ForAll @Whitespace @StringLength(max = 3) String before, @ForAll @Whitespace @StringLength(max = 3) String after,
      @ForAll("layout") String between) {
    String form = LicenseKeys.form(key);
    assertThat(form).isEqualTo(key.replace("-", "").toUpperCase(Locale.ROOT));
    assertThat(LicenseKeys.form(before + key.toLowerCase(Locale.ROOT) + after)).isEqualTo(form);
    assertThat(LicenseKeys.form(String.join(between, key.split("")))).isEqualTo(form);
    assertThat(LicenseKeys.form(fullWidth(key))).isEqualTo(form);
    assertThat(LicenseKeys.form(form)).isEqualTo(form);
    assertThat(LicenseKeys.typed(before + fullWidth(key) + after)).isEqualTo(key);
  }

  @Provide
  Arbitrary<String> layout() {
    return Arbitraries.of("-", " ", "\t", "\r\n", "\u00a0", "\u202f", "\u2009", "\u3000", "\u200b", "\u200e", "\u202c", "\u2060",
        "\ufeff", "\u00ad", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "\uff0d", "\ufe0f", "\u2028");
  }

  private static String fullWidth(String key) {
    return key.chars().map(c -> c - '!' + '\uff01').collect(StringBuilder::new, StringBuilder::appendCodePoint,
        StringBuilder::append).toString();
  }

  @Property
  void noOtherScriptTurnsIntoAKey(@ForAll @CharRange(from = '\u00a1', to = '\u1fff') String text) {
    assertThat(LicenseKeys.form("KEY" + text).chars().filter(c -> c < 128).count()).isEqualTo(3);
  }
}
