package io.keyhook.attempt;

import static io.keyhook.attempt.Receivers.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.Receivers.Kind;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.RawReceiver.Connection;
import io.keyhook.testing.RawReceiver.Script;
import io.keyhook.testing.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each answer is one request's, whatever a receiver sends between two of them, and when; and what it sends beside its
 * answers harms no other delivery.
 */
class PairingTest {
  private static final String LATE = "HTTP/1.1 500 Late\r\nContent-Length: 4\r\n\r\nlate";

  private static final Pattern ID = Pattern.compile("(?i)webhook-id: (\\S+)");
  private static final int BURST = 20;

  @RegisterExtension
  static final Receivers receivers = new Receivers();

  /** For bursts, whose attempts wait for one connection: on a busy machine for long. */
  @RegisterExtension
  static final Receivers patient = new Receivers(Waiting.LONG);

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
    try (RawReceiver receiver = receivers.start(kind, c -> {
      c.request();
      c.write(ok("none"));
      c.request();
      c.write("HTTP/1.1 102 Processing\r\n\r\n");
      asked.complete(null);
      await(secondIsWaiting);
      c.write("HTTP/1.1 102 Processing\r\nX-Again: yes\r\n\r\n" + ok("one"));
      c.request();
      c.write("HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\ntwo");
      c.awaitClose();
    })) {
      assertAnswered(receivers.attempt(account, receiver), 200, "none");
      CompletableFuture<Attempt> first = receivers.send(account, receiver);
      await(asked);
      CompletableFuture<Attempt> second = receivers.send(account, receiver);
      secondIsWaiting.complete(null);
      assertAnswered(receivers.rig().ended(first), 200, "one");
      assertAnswered(receivers.rig().ended(second), 500, "two");
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoAccountsOnOneHostNeverGetEachOthersAnswers(Kind kind) {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    CompletableFuture<Void> othersAnswered = new CompletableFuture<>();
    UUID other = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(kind, c -> {
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
      CompletableFuture<Attempt> first = receivers.send(UUID.randomUUID(), receiver);
      await(asked);
      assertAnswered(receivers.rig().ended(receivers.send(other, receiver)), 500, "two");
      othersAnswered.complete(null);
      assertAnswered(receivers.rig().ended(first), 200, "one");
    }
  }

  @ParameterizedTest
  @EnumSource
  void accountsShareNoConnectionAndEachKeepsItsOwn(Kind kind) {
    List<UUID> accounts = List.of(UUID.randomUUID(), UUID.randomUUID());
    try (RawReceiver receiver = receivers.start(kind, PairingTest::number)) {
      for (int round = 0; round < 3; round++) {
        assertAnswered(receivers.attempt(accounts.get(0), receiver), 200, "of connection 1");
        assertAnswered(receivers.attempt(accounts.get(1), receiver), 200, "of connection 2");
      }
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "\r\n", "HTTP/1.1 102 Processing\r\n\r\n", LATE})
  void whatArrivesWithAnAnswerIsNoAnswerToTheRequestThatWaits(String more) {
    CompletableFuture<Void> secondIsWaiting = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      if (c.number() == 1) {
        await(secondIsWaiting);
        c.write(ok("one") + more);
      } else {
        c.write(ok("two"));
      }
      c.awaitClose();
    })) {
      CompletableFuture<Attempt> first = receivers.send(account, receiver);
      CompletableFuture<Attempt> second = receivers.send(account, receiver);
      secondIsWaiting.complete(null);
      assertAnswered(receivers.rig().ended(first), 200, "one");
      assertAnswered(receivers.rig().ended(second), 200, "two");
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
    try (RawReceiver receiver = receivers.start(kind, c -> {
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
      assertAnswered(receivers.attempt(account, receiver), 200, "one");
      firstHasEnded.complete(null);
      receiver.awaitClosed();
      assertAnswered(receivers.attempt(account, receiver), 200, "two");
      assertThat(receiver.requests()).hasSize(2);
    }
  }

  /** Its rest was on its way as the request was written, so the receiver may have read the request: it gets no other. */
  @ParameterizedTest
  @ValueSource(strings = {"x", "rest of a page</html>\r\n\r\n", "HTT", "HTTP/1", "HHHTTP/HTTP/", "\u0000\r\n"})
  void theRestOfTheAnswerBeforeIsPassedOverAndTheRequestIsSentOnce(String rest) {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      for (char part : rest.toCharArray()) {
        c.write(String.valueOf(part));
      }
      c.write(ok("two"));
      c.awaitClose();
    })) {
      assertAnswered(receivers.attempt(account, receiver), 200, "one");
      assertAnswered(receivers.attempt(account, receiver), 200, "two");
      receiver.awaitClosed();
      assertThat(receiver.requests()).hasSize(2);
      receiver.behave(c -> {
        c.request();
        c.write(ok("three"));
      });
      assertAnswered(receivers.attempt(account, receiver), 200, "three");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/2 200\r\n\r\n", "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"})
  void aStatusLineOfAnotherVersionEndsTheAttemptOnAUsedConnectionToo(String answer) {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = patient.start(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      c.write(answer);
      c.awaitClose();
    })) {
      assertAnswered(patient.attempt(account, receiver), 200, "one");
      assertThat(patient.attempt(account, receiver).error()).isEqualTo(AttemptError.PROTOCOL_ERROR);
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aRequestThatMayHaveBeenReadIsNotSentAgainInSilence() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      c.write("rest");
    })) {
      assertAnswered(receivers.attempt(account, receiver), 200, "one");
      assertThat(receivers.attempt(account, receiver).error()).isEqualTo(AttemptError.CONNECTION_RESET);
      assertThat(receiver.requests()).hasSize(2);
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aRestWithoutEndIsCutOff() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      c.write(ok("one"));
      c.request();
      c.flood("HTTP/");
    })) {
      assertAnswered(receivers.attempt(account, receiver), 200, "one");
      assertThat(receivers.attempt(account, receiver).error()).isEqualTo(AttemptError.PROTOCOL_ERROR);
      receiver.awaitClosed();
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAttemptThatTimesOutLeavesNoAnswerBehind(Kind kind) {
    CompletableFuture<Void> gaveUp = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(kind, c -> {
      c.request();
      if (c.number() == 1) {
        await(gaveUp);
        c.write(LATE);
      } else {
        c.write(ok("two"));
      }
      c.awaitClose();
    })) {
      assertThat(receivers.attempt(account, receiver).error()).isEqualTo(AttemptError.TIMEOUT);
      gaveUp.complete(null);
      assertAnswered(receivers.attempt(account, receiver), 200, "two");
    }
  }

  /** Answers each request with its own id, half of them with 500, and sends one more 200 so long after each answer. */
  private static Script duplicating(int millis) {
    return c -> {
      while (true) {
        answer(c);
        c.pause(millis);
        c.write(ok("late"));
      }
    };
  }

  private static String answer(Connection connection) throws IOException {
    String head = connection.request();
    String id = ID.matcher(head).results().findFirst().orElseThrow().group(1);
    connection.write(Receivers.answer(id.endsWith("0") ? "500 Oops" : "200 OK", id));
    return head;
  }

  private static void assertEachHasItsOwnAnswer(UUID account, RawReceiver receiver) {
    Map<String, CompletableFuture<Attempt>> burst = new LinkedHashMap<>();
    for (int i = 0; i < BURST; i++) {
      String id = "delivery_" + i + (i % 2 == 0 ? "-500" : "-201");
      burst.put(id, patient.send(account, receiver, id));
    }
    burst.forEach((id, attempt) -> assertAnswered(attempt.join(), id.endsWith("0") ? 500 : 200, id));
  }

  /** Whole responses that nothing but their time tells from answers. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 10})
  void aLateDuplicateIsNoAnswerToTheNextRequestOfABurst(int millis) {
    lateDuplicates(Kind.PLAIN, millis);
    lateDuplicates(Kind.TLS, millis);
  }

  private static void lateDuplicates(Kind kind, int millis) {
    UUID account = UUID.randomUUID();
    int before = patient.rig().unasked();
    try (RawReceiver receiver = patient.start(kind, duplicating(millis))) {
      assertEachHasItsOwnAnswer(account, receiver);
      receiver.awaitClosed();
      assertThat(patient.rig().unasked()).isGreaterThan(before);
      patient.rig().pass(Reuse.LOST_FOR.dividedBy(2));
      assertEachHasItsOwnAnswer(account, receiver);
      assertThat(receiver.accepted()).as("a connection each").isEqualTo(2 * BURST);
    }
  }

  /** The host answers both, and is quiet on one path: what it proves there counts for that path alone. */
  @ParameterizedTest
  @EnumSource
  void whatOneUrlSendsLateIsNoAnswerToAnotherOfTheSameAccountAndHost(Kind kind) {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = patient.start(kind, c -> {
      while (true) {
        if (answer(c).startsWith("POST /late")) {
          c.pause(1000); // or until the next request, which it then precedes
          c.write(ok("late"));
        }
      }
    })) {
      for (String id : List.of("delivery_first", "delivery_proven")) { // and an idle connection that was quiet for long
        assertAnswered(patient.rig().ended(patient.send(account, receiver, "/honest", id)), 200, id);
      }
      Map<String, CompletableFuture<Attempt>> burst = new LinkedHashMap<>();
      for (int i = 0; i < 4 * BURST; i++) {
        String path = i % 2 == 0 ? "/late" : i % 4 == 1 ? "/honest" : "/late?again";
        String id = "delivery_" + i + (i % 3 == 0 ? "-500" : "-201");
        burst.put(id, patient.send(account, receiver, path, id));
      }
      burst.forEach((id, attempt) -> assertAnswered(attempt.join(), id.endsWith("0") ? 500 : 200, id));
      int accepted = receiver.accepted();
      assertAnswered(patient.send(account, receiver, "/honest", "delivery_last").join(), 200, "delivery_last");
      assertThat(receiver.accepted()).as("the honest URL keeps its connection").isEqualTo(accepted);
      assertThat(accepted).as("each late attempt has a connection of its own").isEqualTo(1 + 3 * BURST);
    }
  }

  @Test
  void aReceiverThatIsQuietKeepsItsConnectionForABurst() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = patient.start(Kind.PLAIN, c -> {
      while (true) {
        answer(c);
      }
    })) {
      patient.attempt(account, receiver);
      assertEachHasItsOwnAnswer(account, receiver);
      assertThat(receiver.accepted()).isEqualTo(1);
    }
  }

  /** A response too many is left over when nothing is outstanding any more. */
  @Test
  void aReceiverThatBeginsToSendLateAnswersLosesItsConnectionsWhenTheBurstEnds() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = patient.start(Kind.PLAIN, c -> {
      answer(c);
      duplicating(5).run(c);
    })) {
      patient.attempt(account, receiver);
      Stream.generate(() -> patient.send(account, receiver)).limit(BURST).toList().forEach(CompletableFuture::join);
      receiver.awaitClosed();
      receiver.behave(duplicating(1));
      assertEachHasItsOwnAnswer(account, receiver);
    }
  }

  @Test
  void aConnectionWithoutAQuietMomentIsClosedAfterAWhile() {
    UUID account = UUID.randomUUID();
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, PairingTest::number)) {
      assertAnswered(receivers.attempt(account, receiver), 200, "of connection 1");
      Duration gap = SenderRig.QUIET.minusMillis(1);
      for (Duration busy = Duration.ZERO; busy.toSeconds() < Reuse.BUSY_SECONDS; busy = busy.plus(gap)) {
        assertAnswered(receivers.send(account, receiver).join(), 200, "of connection 1");
        receivers.rig().pass(gap);
      }
      assertAnswered(receivers.send(account, receiver).join(), 200, "of connection 1");
      receiver.awaitClosed();
      assertAnswered(receivers.send(account, receiver).join(), 200, "of connection 2");
    }
    assertThat(LogWatch.linesWith("Failed to mark a promise")).isEmpty();
  }

  /** As load balancers send it when a connection had no request for long. */
  @Test
  void aGoodbyeOnAnIdleConnectionCostsNothing() {
    CompletableFuture<Void> firstHasEnded = new CompletableFuture<>();
    UUID account = UUID.randomUUID();
    int before = receivers.rig().unasked();
    try (RawReceiver receiver = receivers.start(Kind.PLAIN, c -> {
      c.request();
      if (c.number() == 1) {
        c.write(ok("one"));
        await(firstHasEnded);
        c.write("HTTP/1.1 408 Request Time-out\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate");
      } else {
        c.write(ok("two"));
        c.request();
        c.write(ok("three"));
      }
      c.awaitClose();
    })) {
      assertAnswered(receivers.attempt(account, receiver), 200, "one");
      firstHasEnded.complete(null);
      receiver.awaitClosed();
      assertAnswered(receivers.attempt(account, receiver), 200, "two");
      assertAnswered(receivers.send(account, receiver).join(), 200, "three");
      assertThat(receivers.rig().unasked()).isEqualTo(before);
    }
  }
}
