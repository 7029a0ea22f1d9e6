package io.keyhook.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CheckPropertyTest {
  /** Many of what texts rarely have. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars('a', 'é', '\0', '\uD800', '\uDBFF', '\uDC00', '\uDFFF', '\uFFFF').ofMaxLength(6);
  }

  @Property
  void exactlyWhatUtf8CanHoldWithoutNulIsText(@ForAll("texts") String text) {
    assertThat(accepted(Check.that().text("f", text, 10))).isEqualTo(isUtf8(text) && text.indexOf('\0') < 0);
    assertThat(accepted(Check.that().texts("f", Map.of("deep", List.of(Map.of("k", text))))))
        .isEqualTo(isUtf8(text) && text.indexOf('\0') < 0);
    assertThat(accepted(Check.that().texts("f", Map.of(text, 1)))).isEqualTo(isUtf8(text) && text.indexOf('\0') < 0);
  }

  private static boolean isUtf8(String text) {
    try {
      StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static boolean accepted(Check check) {
    try {
      check.done();
      return true;
    } catch (FailureException e) {
      return false;
    }
  }

  @Example
  void lengthIsCountedInCharactersAndNotInCodeUnits() {
    String keys = "\uD83D\uDD11".repeat(10);
    assertThatCode(() -> Check.that().text("f", keys, 10).done()).doesNotThrowAnyException();
    assertThatThrownBy(() -> Check.that().text("f", keys, 9).done()).isInstanceOf(FailureException.class);
  }

  @Example
  void everyBadFieldIsTold() {
    assertThatThrownBy(() -> Check.that().required("a", null).range("b", 0, 1, 2).name("c", " ").email("d", "x").done())
        .isInstanceOfSatisfying(FailureException.class, e ->
            assertThat(((Failure.Invalid) e.failure()).errors()).extracting(Failure.FieldError::field)
                .containsExactly("a", "b", "c", "d"));
  }
}
