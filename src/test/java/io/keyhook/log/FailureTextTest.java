package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LinearWork;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The line of a response by which failures are grouped. */
class FailureTextTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "ValueError: unknown license|ValueError: unknown license",
      "`\n  no such route  \nmore`|no such route",
      "`{\"error\":\"ValueError: unknown license\"}`|ValueError: unknown license",
      "`{\"error\":\"Bad Gateway\",\"message\":\"upstream \\\"a\\\" is away\"}`|upstream \"a\" is away",
      "`{\"error\":{\"code\":7,\"message\" : \"nested\"}}`|nested",
      "`{\"error\":\"Internal Server Error\",\"message\":\"\"}`|Internal Server Error",
      "`{\"message\":\"cut of`|cut of",
      "`{\"ok\":false}`|{\"ok\":false}",
      "`{\"message\"`|{\"message\"",
      "`{\"message\":12}`|{\"message\":12}",
      "`<!doctype html><TITLE lang=en>502 Bad Gateway</TITLE><h1>x</h1>`|502 Bad Gateway",
      "`<html><body><h1>Service Unavailable</h1>`|Service Unavailable",
      "`<html><body>away <b>for</b> now</body>`|away for now",
      "`Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: unknown license\n`|ValueError: unknown license",
      "`a\tb\u0001c`|a b c"})
  void theMessageIsWhatAPersonWouldLookFor(String body, String message) {
    assertThat(FailureText.of(body)).isEqualTo(message);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " \n", "\u0001", "<html></html>"})
  void aResponseThatSaysNothingHasNone(String body) {
    assertThat(FailureText.of(body)).isNull();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "no license 4711 here|no license … here",
      "request 0f8fad5b-d9cd-469f-a165-70867728950e failed|request … failed",
      "at 2026-11-28T21:00:01Z|at …:…:01Z",
      "error E1001: v2 of the API|error E1001: v2 of the API",
      "database is locked|database is locked"})
  void whatDiffersBetweenTwoFailuresOfOneCauseIsMasked(String text, String masked) {
    assertThat(FailureText.masked(text)).isEqualTo(masked);
  }

  @Test
  void aLongLineIsCut() {
    assertThat(FailureText.of("x".repeat(1000))).hasSize(FailureText.MAX_LENGTH).endsWith("x…");
    assertThat(FailureText.of("x".repeat(FailureText.MAX_LENGTH - 2) + "😀😀")).endsWith("x…");
  }

  @Test
  void everyResponseTakesLinearTime() {
    for (String piece : List.of("{\"message\"", "\"error\":\"", "\\", "<title", "<", " ", "\n", "a1-", "Traceback (most recent call last)")) {
      for (String start : List.of("{", "<", "", "{\"message\":\"", "Traceback (most recent call last)")) {
        String body = start + piece.repeat(300_000 / piece.length());
        LinearWork.assertLinear(start + piece, () -> FailureText.masked(String.valueOf(FailureText.of(body))));
      }
    }
  }
}
