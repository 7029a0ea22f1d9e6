package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The database goes away and comes back: 503 meanwhile, then everything by itself, and nothing is sent twice. */
class DatabaseOutageTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();
  static Proxy proxy;
  static Node node;

  @BeforeAll
  static void startBehindProxy() {
    proxy = keyhook.proxy();
    node = keyhook.startBehind(proxy, new JsonObject());
  }

  @AfterEach
  void bringBack() {
    proxy.open();
    awaitReady();
    keyhook.deleteWebhooks();
  }

  private static void awaitReady() {
    await("ready again").atMost(Waiting.LONG).until(() -> node.api().get("/health/ready").status() == 200);
  }

  @Test
  void whileItIsAwayCallsAre503WithRetryAfterAndThenWorkAgain() {
    License license = keyhook.license(1);
    node.api().validate(license.key(), "device").expect(200);
    proxy.cut();
    Exchange validation = node.api().validate(license.key(), "device").expect(503, "UNAVAILABLE");
    assertThat(validation.json().getBoolean("valid")).isFalse();
    Exchange list = node.api().get("/api/licenses").expect(503, "UNAVAILABLE");
    Exchange create = node.api().post("/api/licenses", new JsonObject().put("name", "L")).expect(503, "UNAVAILABLE");
    Exchange ready = node.api().get("/health/ready").expect(503);
    for (Exchange answer : List.of(validation, list, create, ready)) {
      assertThat(Integer.parseInt(answer.header("Retry-After"))).as(answer.path()).isPositive();
    }
    assertThat(list.header("Content-Type")).isEqualTo("application/problem+json");
    node.api().get("/health/live").expect(200);
    proxy.open();
    awaitReady();
    node.api().validate(license.key(), "device").expect(200);
    node.api().get("/api/licenses").expect(200);
  }

  @Test
  void theResultOfAnAttemptInFlightIsWrittenWhenItIsBackAndNotSentAgain() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    keyhook.webhook(receiver, "license.activated");
    node.api().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    proxy.cut();
    held.release();
    node.api().get("/api/licenses").expect(503);
    assertThat(keyhook.database().count("delivery_queue")).isEqualTo(1);
    proxy.open();
    awaitReady();
    assertThat(keyhook.awaitStatus(id, "delivered").getJsonArray("attempts")).hasSize(1);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aFailedAttemptIsTriedAgainThoughItsResultCameLate() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.status(500));
    receiver.answerNext(held);
    keyhook.webhook(receiver, "license.activated");
    node.api().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    proxy.cut();
    held.release();
    node.api().get("/api/licenses").expect(503);
    proxy.open();
    awaitReady();
    keyhook.awaitAttempts(id, 1);
    keyhook.clock().advance(id, Duration.ofMinutes(1));
    assertThat(receiver.take().attempt()).isEqualTo(2);
    keyhook.awaitStatus(id, "delivered");
  }

  @Test
  void everyAnswerUnderLoadHasItsEventThoughConnectionsAreCut() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    node.api().validate(license.key(), "device").expect(200);
    long answered = 1;
    for (int round = 0; round < 5; round++) {
      List<CompletableFuture<Exchange>> answers = IntStream.range(0, 100)
          .mapToObj(i -> node.api().validateAsync(license.key(), "device")).toList();
      answers.get(0).join();
      keyhook.database().terminateConnections();
      for (CompletableFuture<Exchange> answer : answers) {
        Exchange exchange = Api.join(answer);
        assertThat(exchange.status()).as(exchange.body()).isIn(200, 503);
        answered += exchange.status() == 200 ? 1 : 0;
      }
      awaitReady();
    }
    node.api().validate(license.key(), "device").expect(200);
    // What was committed as its connection was cut is leased to nobody who knows of it.
    await("the node holds no lease").atMost(Waiting.LONG)
        .until(() -> node.api().get("/metrics").body().contains("keyhook_deliveries_held 0.0"));
    keyhook.clock().advanceQueue(Duration.ofSeconds(30));
    keyhook.awaitEmptyQueue();
    assertThat(receiver.all()).extracting(Delivery::id).doesNotHaveDuplicates();
    assertThat(keyhook.database().count("event")).isGreaterThan(answered);
    assertThat((long) receiver.all().size()).isGreaterThan(answered);
  }
}
