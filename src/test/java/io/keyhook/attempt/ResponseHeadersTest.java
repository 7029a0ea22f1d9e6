package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.MultiMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseHeadersTest {
  private static String text(String... namesAndValues) {
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return new ResponseHeaders(headers).text();
  }

  @Test
  void headersKeepTheirOrderAndRepeatedOnesStay() {
    assertThat(text("Server", "nginx", "X-Empty", "", "Via", "1.1 a", "via", "1.1 b"))
        .isEqualTo("server: nginx\nx-empty: \nvia: 1.1 a\nvia: 1.1 b");
    assertThat(ResponseHeaders.NONE.text()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Set-Cookie", "Set-Cookie2", "Authorization", "Proxy-Authorization", "Authentication-Info", "X-Auth-Token",
      "X-CSRF-Token", "X-Api-Key", "X-ApiKey", "Client-Secret", "X-Session-Id", "X-Signature"})
  void credentialsAreHidden(String name) {
    assertThat(text(name, "s3cret-value")).endsWith(": [hidden]").doesNotContain("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"WWW-Authenticate", "X-Request-Id", "Retry-After", "CF-Ray", "Location"})
  void whatHelpsToFindTheFaultIsShown(String name) {
    assertThat(text(name, "value")).endsWith(": value");
  }

  @Test
  void longValuesAreCutAndTheWholeIsBounded() {
    String[] headers = new String[200];
    for (int i = 0; i < headers.length; i += 2) {
      headers[i] = "X-" + i;
      headers[i + 1] = "v".repeat(8000);
    }
    String text = text(headers);
    assertThat(text.length()).isBetween(ResponseHeaders.MAX_LENGTH - 600, ResponseHeaders.MAX_LENGTH);
    assertThat(text.lines()).allMatch(line -> line.endsWith("v…") && line.length() < ResponseHeaders.MAX_VALUE + 10);
    assertThat(text("n".repeat(5000), "value")).hasSize(ResponseHeaders.MAX_NAME + ": value".length());
  }

  @Test
  void whatNoDatabaseStoresAndWhatWouldBeAnotherLineIsReplaced() {
    assertThat(text("X-A", "a\u0000b\u0085c\td\ud800e")).isEqualTo("x-a: a\uFFFDb\u0085c\uFFFDd\uFFFDe");
  }
}
