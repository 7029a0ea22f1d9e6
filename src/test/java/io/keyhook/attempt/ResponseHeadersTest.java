package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LinearWork;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
      "X-CSRF-Token", "X-Api-Key", "X-ApiKey", "Client-Secret", "X-Session-Id", "X-Signature", "x-amzn-Remapped-Authorization",
      "X-Authorization", "X-Original-Authorization", "X-Auth", "X-Auth-Key", "Api_Key", "X-Access-Key", "x-functions-key", "Private-Key",
      "X-Passwd", "X-CSRF", "X-XSRF-Id", "Ocp-Apim-Subscription-Key"})
  void credentialsAreHidden(String name) {
    assertThat(text(name, "s3cret-value")).endsWith(": [hidden]").doesNotContain("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"WWW-Authenticate", "Proxy-Authenticate", "X-Cache-Key", "X-Request-Id", "Retry-After", "CF-Ray", "Location"})
  void whatHelpsToFindTheFaultIsShown(String name) {
    assertThat(text(name, "value")).endsWith(": value");
  }

  @Test
  void aCredentialIsHiddenUnderANameThatIsCut() {
    assertThat(text("x".repeat(200) + "-Token", "s3cret")).endsWith("…: [hidden]");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "Location         | /login                                  | /login",
      "Location         | https://a.example:8443/b?page=2         | https://a.example:8443/b?page=[hidden]",
      "Location         | /b?token=s3cret&next=%2Fc&empty=#part   | /b?token=[hidden]&next=[hidden]&[hidden]#[hidden]",
      "Location         | /b?s3cret==                             | /b?[hidden]",
      "Location         | /b?q=s3cret with > spaces               | /b?q=[hidden]",
      "Location         | /#/reset?code=s3cret                    | /#[hidden]",
      "Location         | /b;jSessionId=s3cret?a=1                | /b;jSessionId=[hidden]?a=[hidden]",
      "Content-Location | https://user:s3cret@a.example/b         | https://[hidden]@a.example/b",
      "Location         | //s3c@ret@a.example                     | //[hidden]@a.example",
      "Location         | /go/https://s3cret@a.example/b//c       | /go/https://[hidden]@a.example/b//c",
      "Refresh          | 5; url='https://a.example/?t=s3cret'    | 5; url='https://a.example/?t=[hidden]",
      "Link | <https://a.example/?cursor=s3cret>; rel=\"next\", </b#s3cret>; rel=\"up\" "
          + "| <https://a.example/?cursor=[hidden]>; rel=\"next\", </b#[hidden]>; rel=\"up\"",
      "Location         | https://a.example/?&                    | https://a.example/?&"})
  void urlsAreShownWithoutCredentials(String name, String value, String shown) {
    assertThat(text(name, value)).isEqualTo(name.toLowerCase(Locale.ROOT) + ": " + shown);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Location", "Link"})
  void aLongUrlIsCutAfterItsCredentialsAreHidden(String name) {
    assertThat(text(name, "https://" + "s3cret".repeat(20_000) + "@a.example/")).endsWith(": https://[hidden]@a.example/");
    assertThat(text(name, "/?" + "a=s3cret&".repeat(10_000))).doesNotContain("s3").endsWith("…");
    assertThat(text(name, "/?" + "s3cret=&".repeat(10_000))).doesNotContain("s3").endsWith("…");
  }

  @Test
  void urlsTakeLinearTime() {
    for (String part : List.of("//", "//a@", "<//", "<>", "?", "&a=", ";jsessionid=", "@", "#")) {
      for (String name : List.of("Link", "Location")) {
        LinearWork.assertLinear(name + ": " + part, () -> text(name, part.repeat(500_000)));
      }
    }
  }

  @Test
  void bytesAreCounted() {
    String[] headers = new String[40];
    for (int i = 0; i < headers.length; i += 2) {
      headers[i] = "X-" + i;
      headers[i + 1] = "\u20ac".repeat(300);
    }
    assertThat(text(headers).getBytes(StandardCharsets.UTF_8).length)
        .isBetween(ResponseHeaders.MAX_BYTES - 1000, ResponseHeaders.MAX_BYTES);
  }

  @Test
  void longValuesAreCutAndTheWholeIsBounded() {
    String[] headers = new String[200];
    for (int i = 0; i < headers.length; i += 2) {
      headers[i] = "X-" + i;
      headers[i + 1] = "v".repeat(8000);
    }
    String text = text(headers);
    assertThat(text.getBytes(StandardCharsets.UTF_8).length).isBetween(ResponseHeaders.MAX_BYTES - 600, ResponseHeaders.MAX_BYTES);
    assertThat(text.lines()).allMatch(line -> line.endsWith("v…") && line.length() < ResponseHeaders.MAX_VALUE + 10);
    assertThat(text("n".repeat(5000), "value")).hasSize(ResponseHeaders.MAX_NAME + ": value".length());
  }

  @Test
  void whatNoDatabaseStoresAndWhatWouldBeAnotherLineIsReplaced() {
    assertThat(text("X-A", "a\u0000b\u0085c\td\ud800e")).isEqualTo("x-a: a\uFFFDb\u0085c\uFFFDd\uFFFDe");
  }
}
