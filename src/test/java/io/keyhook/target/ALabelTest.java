package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.net.IDN;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ALabelTest {

  /** The samples of RFC 3492, 7.1, that are in lower case, and labels of today's registries. */
  @Example
  void labelsThatAreRegisteredAreValid() {
    for (String label : new String[] {
      "xn--ihqwcrb4cv8a8dqg056pqjye", "xn--4dbcagdahymbxekheh6e0a7fei0b", "xn--egbpdaj6bu4bxfgehfvwxn",
      "xn--mgbaam7a8h", "xn--bcher-kva", "xn--strae-oqa", "xn--kxakd4bjhb", "xn--mgbn2ecje63gr19l", "xn--n3h"}) {
      assertThat(ALabel.isValid(label)).as(label).isTrue();
    }
  }

  @Example
  void labelsThatDecodeToAsciiOrToNothingOrThatAreCutOffAreNot() {
    for (String label : new String[] {
      "xn--", "xn---", "xn--a", "xn--a-", "xn--localhost-", "xn---bcher-kva", "xn--bcher-kv", "xn--0", "xn--99999999",
      "xn--zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}) {
      assertThat(ALabel.isValid(label)).as(label).isFalse();
    }
  }

  @Example
  void labelsThatMapToOtherTextAreNot() {
    // circled 1, circled l, script l, full-width a, capital e acute, ideographic full stop, soft hyphen, joiner
    for (String label : new String[] {
      "xn--orh", "xn--6uh", "xn--ocalhost-lj5d", "xn--mi7c", "xn--dca", "xn--localhost-ek3h", "xn--localhost-9ma",
      "xn--localhost-469d"}) {
      assertThat(ALabel.isValid(label)).as(label).isFalse();
    }
  }

  @Property
  void whatTheJdkEncodesIsValid(@ForAll("words") String word) {
    String label = IDN.toASCII(word);
    Assume.that(label.startsWith(ALabel.PREFIX) && IDN.toUnicode(label).equals(word));
    assertThat(ALabel.isValid(label)).as(word).isTrue();
  }

  @Provide
  Arbitrary<String> words() {
    return Arbitraries.strings().ofMinLength(1).ofMaxLength(12).withCharRange('a', 'z').withChars('-')
        .withCharRange('\u00e0', '\u00f6').withCharRange('\u03b1', '\u03c9').withCharRange('\u0430', '\u044f')
        .withCharRange('\u05d0', '\u05ea').withCharRange('\u4e00', '\u9fa5')
        .filter(word -> !word.startsWith("-") && !word.endsWith("-") && isLabel(word));
  }

  @Property
  void noLabelBreaksTheDecoder(@ForAll("encodedForms") String encoded) {
    assertThatCode(() -> ALabel.isValid(ALabel.PREFIX + encoded)).doesNotThrowAnyException();
  }

  @Provide
  Arbitrary<String> encodedForms() {
    return Arbitraries.strings().withCharRange('a', 'z').withCharRange('0', '9').withChars('-').ofMaxLength(59);
  }

  private static boolean isLabel(String word) {
    try {
      return IDN.toASCII(word).length() <= 63;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
