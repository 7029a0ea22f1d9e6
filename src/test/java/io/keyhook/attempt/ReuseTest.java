package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.Receivers.Kind;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Connection;
import io.keyhook.testing.RawReceiver.Script;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A receiver closes a kept connection just as it is used again: the attempt starts once more on a fresh one, and is the
 * same attempt; once, in the same time, and never when a response has begun.
 */
class ReuseTest {
  private static final UUID ACCOUNT = UUID.randomUUID();
  private static final String EMPTY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  @RegisterExtension
  static final Receivers receivers = new Receivers();

  /** Uses a connection for one attempt, and for a second one of which the script decides. */
  private static Attempt second(RawReceiver receiver) {
    assertThat(receivers.attempt(ACCOUNT, receiver).error()).isNull();
    return receivers.attempt(ACCOUNT, receiver);
  }

  /** The first connection answers once, and then does as the test says; the others are good. */
  private static Script reused(Script second) {
    return connection -> {
      connection.request();
      connection.write(EMPTY);
      if (connection.number() == 1) {
        connection.request();
        second.run(connection);
      } else {
        connection.awaitClose();
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatIsClosedAsItIsUsedAgainIsNotTheAttemptsFailure(Kind kind) {
    try (RawReceiver receiver = receivers.start(kind, reused(c -> { }))) {
      assertThat(second(receiver).succeeded()).isTrue();
      assertThat(receiver.accepted()).isEqualTo(2);
      assertThat(receiver.requests()).hasSize(3);
      String again = receiver.requests().get(2).replaceFirst("(?i)connection: close\r\n", "");
      assertThat(again).as("the same attempt").isEqualTo(receiver.requests().get(1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void norIsOneThatIsReset(Kind kind) {
    try (RawReceiver receiver = receivers.start(kind, reused(Connection::reset))) {
      assertThat(second(receiver).succeeded()).isTrue();
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }

  /** As load balancers do that give up a connection without requests. */
  @ParameterizedTest
  @EnumSource
  void norIsOneOnWhichTheReceiverHasWaitedTooLongForARequest(Kind kind) {
    String tooLong = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlate";
    try (RawReceiver receiver = receivers.start(kind, reused(c -> c.write(tooLong)))) {
      assertThat(second(receiver).succeeded()).isTrue();
      assertThat(receiver.accepted()).isEqualTo(2);
    }
    try (RawReceiver receiver = receivers.start(kind, c -> {
      c.request();
      c.write(tooLong);
    })) {
      Attempt first = receivers.attempt(ACCOUNT, receiver);
      assertThat(first.statusCode()).as("on a fresh connection it is an answer").isEqualTo(408);
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @Test
  void itStartsAgainOnlyOnce() {
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      if (c.number() == 1) {
        c.write(EMPTY);
        c.request();
      }
    })) {
      assertThat(second(receiver).error()).isEqualTo(AttemptError.CONNECTION_RESET);
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }

  @Test
  void theSecondConnectionHasNoMoreTime() {
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      if (c.number() == 1) {
        c.write(EMPTY);
        c.request();
      } else {
        c.awaitClose();
      }
    })) {
      assertThat(second(receiver).error()).isEqualTo(AttemptError.TIMEOUT);
      receiver.awaitClosed();
    }
  }

  @Test
  void aResponseThatHasBegunIsNotAskedForAgain() {
    for (String begun : List.of("H", "HTTP/1.1 2", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) {
      try (RawReceiver receiver = receivers.start(Kind.PLAIN, reused(c -> c.write(begun)))) {
        assertThat(second(receiver).error()).as(begun).isEqualTo(AttemptError.CONNECTION_RESET);
        assertThat(receiver.accepted()).as(begun).isEqualTo(1);
      }
    }
  }

  @Test
  void aConnectionClosedWhileItIsIdleIsNotUsed() {
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      c.write(EMPTY);
    })) {
      assertThat(receivers.attempt(ACCOUNT, receiver).error()).isNull();
      receiver.awaitClosed();
      assertThat(receivers.attempt(ACCOUNT, receiver).error()).isNull();
      assertThat(receiver.requests()).hasSize(2);
    }
  }
}
