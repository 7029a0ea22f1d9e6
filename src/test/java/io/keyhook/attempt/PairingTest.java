package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Connection;
import io.keyhook.testing.RawReceiver.Script;
import io.keyhook.testing.Waiting;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLServerSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each answer is one request's, whatever a receiver sends between two of them, and when; and what it sends beside its
 * answers harms no other delivery.
 */
class PairingTest {
  private static final String LATE = "HTTP/1.1 500 Late\r\nContent-Length: 4\r\n\r\nlate";

  private static SenderRig rig;
  private static Certificates certificates;

  enum Kind { PLAIN, TLS }

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.make();
    rig = certificates.rig();
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static RawReceiver receiver(Kind kind, Script script) {
    SSLServerSocketFactory tls = certificates.good();
    return kind == Kind.PLAIN ? new RawReceiver(script) : new RawReceiver(script, tls);
  }

  private static CompletableFuture<Attempt> send(UUID account, RawReceiver receiver) {
    return rig.send(account, receiver.url(Certificates.HOST));
  }

  private static Attempt attempt(UUID account, RawReceiver receiver) {
    return rig.ended(send(account, receiver));
  }

  private static String ok(String body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }

  private static void assertAnswered(Attempt attempt, int status, String body) {
    assertThat(attempt.error()).isNull();
    assertThat(attempt.statusCode()).isEqualTo(status);
    assertThat(attempt.responseBody()).isEqualTo(body);
  }

  private static void await(CompletableFuture<?> signal) {
    signal.orTimeout(Waiting.LONG.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Answers each request with its number on all connections. */
  private static void number(Connection connection) throws IOException {
    while (true) {
      connection.request();
      connection.write(ok("of connection " + connection.number()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void anInterimResponseLeavesTheConnectionToItsRequest(Kind kind) {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    CompletableFuture<Void> secondIsWaiting = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(kind, c -> {
      c.request();
      c.write("HTTP/1.1 102 Processing\r\n\r\n");
      asked.complete(null);
      await(secondIsWaiting);
      c.write("HTTP/1.1 102 Processing\r\nX-Again: yes\r\n\r\n" + ok("one"));
      c.request();
      c.write("HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\ntwo");
      c.awaitClose();
    })) {
      CompletableFuture<Attempt> first = send(account, receiver);
      await(asked);
      CompletableFuture<Attempt> second = send(account, receiver);
      secondIsWaiting.complete(null);
      assertAnswered(rig.ended(first), 200, "one");
      assertAnswered(rig.ended(second), 500, "two");
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoAccountsOnOneHostNeverGetEachOthersAnswers(Kind kind) {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    CompletableFuture<Void> othersAnswered = new CompletableFuture<>();
    UUID other = UUID.randomUUID();
    try (RawReceiver receiver = receiver(kind, c -> {
      c.request();
      if (c.number() == 1) {
        c.write("HTTP/1.1 102 Processing\r\n\r\n");
        asked.complete(null);
        await(othersAnswered);
        c.write(ok("one"));
      } else {
        c.write("HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\ntwo");
      }
      c.awaitClose();
    })) {
      CompletableFuture<Attempt> first = send(UUID.randomUUID(), receiver);
      await(asked);
      assertAnswered(rig.ended(send(other, receiver)), 500, "two");
      othersAnswered.complete(null);
      assertAnswered(rig.ended(first), 200, "one");
    }
  }

  @ParameterizedTest
  @EnumSource
  void accountsShareNoConnectionAndEachKeepsItsOwn(Kind kind) {
    List<UUID> accounts = List.of(UUID.randomUUID(), UUID.randomUUID());
    try (RawReceiver receiver = receiver(kind, PairingTest::number)) {
      for (int round = 0; round < 3; round++) {
        assertAnswered(attempt(accounts.get(0), receiver), 200, "of connection 1");
        assertAnswered(attempt(accounts.get(1), receiver), 200, "of connection 2");
      }
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "\r\n", "HTTP/1.1 102 Processing\r\n\r\n", LATE})
  void whatArrivesWithAnAnswerIsNoAnswerToTheRequestThatWaits(String more) {
    CompletableFuture<Void> secondIsWaiting = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(Kind.PLAIN, c -> {
      c.request();
      if (c.number() == 1) {
        await(secondIsWaiting);
        c.write(ok("one") + more);
      } else {
        c.write(ok("two"));
      }
      c.awaitClose();
    })) {
      CompletableFuture<Attempt> first = send(account, receiver);
      CompletableFuture<Attempt> second = send(account, receiver);
      secondIsWaiting.complete(null);
      assertAnswered(rig.ended(first), 200, "one");
      assertAnswered(rig.ended(second), 200, "two");
      assertThat(receiver.requests()).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "\r\n", "HTTP/1.1 102 Processing\r\n\r\n", LATE})
  void whatArrivesBetweenTwoRequestsClosesTheConnection(String more) {
    whatArrivesBetweenTwoRequests(Kind.PLAIN, more);
    whatArrivesBetweenTwoRequests(Kind.TLS, more);
  }

  private static void whatArrivesBetweenTwoRequests(Kind kind, String more) {
    CompletableFuture<Void> firstHasEnded = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(kind, c -> {
      c.request();
      if (c.number() == 1) {
        c.write(ok("one"));
        await(firstHasEnded);
        c.write(more);
      } else {
        c.write(ok("two"));
      }
      c.awaitClose();
    })) {
      assertAnswered(attempt(account, receiver), 200, "one");
      firstHasEnded.complete(null);
      receiver.awaitClosed();
      assertAnswered(attempt(account, receiver), 200, "two");
      assertThat(receiver.requests()).hasSize(2);
    }
  }

  /** Its rest was on its way as the request was written, so the receiver may have read the request: it gets no other. */
  @ParameterizedTest
  @ValueSource(strings = {"x", "rest of a page</html>\r\n\r\n", "HTT", "HTTP/1", "HHHTTP/HTTP/", "\u0000\r\n"})
  void theRestOfTheAnswerBeforeIsPassedOverAndTheRequestIsSentOnce(String rest) {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      for (char part : rest.toCharArray()) {
        c.write(String.valueOf(part));
      }
      c.write(ok("two"));
      c.awaitClose();
    })) {
      assertAnswered(attempt(account, receiver), 200, "one");
      assertAnswered(attempt(account, receiver), 200, "two");
      receiver.awaitClosed();
      assertThat(receiver.requests()).hasSize(2);
      receiver.behave(c -> {
        c.request();
        c.write(ok("three"));
      });
      assertAnswered(attempt(account, receiver), 200, "three");
    }
  }

  @Test
  void aRequestThatMayHaveBeenReadIsNotSentAgainInSilence() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      c.write("rest");
    })) {
      assertAnswered(attempt(account, receiver), 200, "one");
      assertThat(attempt(account, receiver).error()).isEqualTo(AttemptError.CONNECTION_RESET);
      assertThat(receiver.requests()).hasSize(2);
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aRestWithoutEndIsCutOff() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      c.flood("HTTP/");
    })) {
      assertAnswered(attempt(account, receiver), 200, "one");
      assertThat(attempt(account, receiver).error()).isEqualTo(AttemptError.PROTOCOL_ERROR);
      receiver.awaitClosed();
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAttemptThatTimesOutLeavesNoAnswerBehind(Kind kind) {
    CompletableFuture<Void> gaveUp = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receiver(kind, c -> {
      c.request();
      if (c.number() == 1) {
        await(gaveUp);
        c.write(LATE);
      } else {
        c.write(ok("two"));
      }
      c.awaitClose();
    })) {
      assertThat(attempt(account, receiver).error()).isEqualTo(AttemptError.TIMEOUT);
      gaveUp.complete(null);
      assertAnswered(attempt(account, receiver), 200, "two");
    }
  }
}
