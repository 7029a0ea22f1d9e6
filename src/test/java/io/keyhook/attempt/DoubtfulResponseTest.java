package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.Receivers.Kind;
import io.keyhook.testing.RawReceiver;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Behind a clear status line, what cannot be read fails no delivery: what else {@link Fault} does not tell. */
class DoubtfulResponseTest {
  @RegisterExtension
  static final Receivers receivers = new Receivers();

  private static void assertAnswered(Attempt attempt, int status, String body) {
    assertThat(attempt.error()).isNull();
    assertThat(attempt.statusCode()).isEqualTo(status);
    assertThat(attempt.responseBody()).isEqualTo(body);
  }

  /** It is no sign of a receiver that sends what nobody has asked for. */
  @ParameterizedTest
  @ValueSource(strings = {"200 OK\r\nContent-Length: x\r\n\r\none", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\none",
      "204 No Content\r\nContent-Length: 3\r\n\r\none", "205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"})
  void aBodyThatIsNotReadCostsItsReceiverNoReuse(String response) {
    aBodyThatIsNotRead(Kind.PLAIN, response);
    aBodyThatIsNotRead(Kind.TLS, response);
  }

  private static void aBodyThatIsNotRead(Kind kind, String response) {
    UUID account = UUID.randomUUID();
    int before = receivers.rig().unasked();
    try (RawReceiver receiver = receivers.start(kind, c -> {
      c.request();
      c.write("HTTP/1.1 " + response);
      c.awaitClose();
    })) {
      assertAnswered(receivers.attempt(account, receiver), Integer.parseInt(response.substring(0, 3)), "");
      receiver.awaitClosed();
      receiver.behave(Fault.answer(Receivers.ok("again")));
      assertAnswered(receivers.attempt(account, receiver), 200, "again");
      assertAnswered(receivers.attempt(account, receiver), 200, "again");
      assertThat(receiver.accepted()).as("the second connection is kept").isEqualTo(2);
    }
    assertThat(receivers.rig().unasked()).isEqualTo(before);
  }

  @Test
  void linesThatAreNoHeadersAreLeftOutAndTheOthersCount() {
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, Fault.answer("HTTP/1.1 503 Busy\r\nX-First: 1\r\nWarning: a\u0000b\r\n"
        + "no header\r\n and more\r\nX Second: 2\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"))) {
      Attempt attempt = receivers.attempt(UUID.randomUUID(), receiver);
      assertAnswered(attempt, 503, "busy");
      assertThat(attempt.responseHeaders().text()).isEqualTo("x-first: 1\nretry-after: 7\ncontent-length: 4");
      assertThat(attempt.retryAfter()).isEqualTo(Duration.ofSeconds(7));
    }
  }
}
