package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HEAD is answered wherever GET is, with the headers of GET and no body, and every answer says when it was made. */
class HeadTest {
  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<Operation> reading() {
    return Document.operations().stream().filter(operation -> operation.method().equals("GET"));
  }

  private static Exchange send(String method, String path, String... headers) {
    return subject.wire().send(method, path, new byte[0], headers);
  }

  @ParameterizedTest
  @MethodSource("reading")
  void headIsGetWithoutABody(Operation operation) {
    String credential = "Authorization: Bearer " + subject.credential(operation);
    Exchange head = send("HEAD", subject.path(operation), credential).expect(200);
    assertThat(head.body()).isEmpty();
    if (!operation.isStream()) {
      Exchange get = send("GET", subject.path(operation), credential).expect(200);
      assertThat(head.header("Content-Type")).isEqualTo(get.header("Content-Type"));
      if (!operation.path().equals("/metrics")) { // what it counts changes meanwhile
        assertThat(head.header("Content-Length")).isEqualTo(get.header("Content-Length"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/docs/"})
  void headOfAPageIsGetWithoutABody(String path) {
    Exchange head = send("HEAD", path).expect(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.header("Content-Length")).isEqualTo(send("GET", path).expect(200).header("Content-Length"));
  }

  @Test
  void headFailsAsGetDoes() {
    send("HEAD", "/api/licenses").expect(401);
    send("HEAD", "/api/nothing").expect(404);
    send("HEAD", "/api/licenses/bulk", "Authorization: Bearer " + Node.API_KEY).expect(405);
    send("HEAD", "/api/validate").expect(405);
  }

  @Test
  void everyAnswerSaysWhenItWasMade() {
    List<Exchange> answers = List.of(send("GET", "/health/live"), send("GET", "/"), send("GET", "/docs"),
        send("DELETE", "/"), send("GET", "/nowhere"), send("OPTIONS", "/api/validate"), send("GET", "/%zz"),
        send("POST", "/api/validate", "Transfer-Encoding: gzip"), subject.wire().send("POST", "/api/licenses", new byte[] {'{', '}'}, "Expect: tea"),
        send("GET", "/" + "a".repeat(9000)), send("GET", "/api/account", "X-Large: " + "a".repeat(20_000)),
        send("GET", "/api/account", "X y: 1"), send("GET", "/api/account"));
    assertThat(answers).extracting(Exchange::status)
        .containsExactly(200, 200, 301, 405, 404, 204, 400, 400, 417, 414, 431, 400, 401);
    assertThat(answers).allSatisfy(answer -> assertThat(
        Duration.between(ZonedDateTime.parse(answer.headers().allValues("Date").get(0),
            DateTimeFormatter.RFC_1123_DATE_TIME).toInstant(), Instant.now()))
        .as("age of %s %s", answer.method(), answer.path()).isBetween(Duration.ofSeconds(-1), Duration.ofMinutes(2)));
  }
}
