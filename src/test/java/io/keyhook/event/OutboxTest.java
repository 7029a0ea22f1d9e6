package io.keyhook.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Events are committed before the answer, and only those that a webhook wants. */
class OutboxTest {
  private static final String[] ALL =
      {"license.validated", "license.activated", "license.expired", "license.disabled"};

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
    keyhook.database().update("DELETE FROM keyhook.event");
  }

  private static long events() {
    return keyhook.database().count("event");
  }

  private static long queued() {
    return keyhook.database().count("delivery_queue");
  }

  @OnlyOnPostgresql
  @Test
  void noAnswerIsSentWhileItsEventCannotBeWritten() throws SQLException {
    keyhook.webhook(keyhook.receiver(), "license.validated", "license.activated", "license.disabled");
    License known = keyhook.license(1);
    keyhook.api().validate(known.key(), "device").expect(200);
    keyhook.awaitEmptyQueue();
    License fresh = keyhook.license(1);
    License disabled = keyhook.license(1);
    List<CompletableFuture<Exchange>> answers;
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE keyhook.event IN EXCLUSIVE MODE");
      answers = List.of(keyhook.api().validateAsync(known.key(), "device"),
          keyhook.api().validateAsync(fresh.key(), "device"),
          keyhook.api().send("POST", "/api/licenses/" + disabled.id() + "/disable", null));
      await("three wait for the lock").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
          SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'keyhook.event'::regclass""") == 3);
      for (int i = 0; i < 5; i++) { // an answer that does not wait would have come by then
        keyhook.api().get("/api/account").expect(200);
      }
      assertThat(answers).noneMatch(CompletableFuture::isDone);
      connection.commit();
    }
    answers.forEach(answer -> Api.join(answer).expect(200));
    keyhook.awaitEmptyQueue();
  }

  @Test
  void aValidationIsAnsweredAfterItsEventsAreInTheDatabase() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    keyhook.webhook(receiver, ALL);
    License license = keyhook.license(9);
    for (int i = 1; i <= 5; i++) {
      keyhook.api().validate(license.key(), "device " + i).expect(200);
      assertThat(events()).isEqualTo(2L * i);
      assertThat(queued()).isEqualTo(2L * i);
    }
    keyhook.api().validate(license.key(), "device 1").expect(200);
    assertThat(queued()).isEqualTo(11);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(queued()).isEqualTo(12);
    held.release();
    assertThat(receiver.take(12)).extracting(Delivery::id).doesNotHaveDuplicates();
    keyhook.awaitEmptyQueue();
  }

  @Test
  void underLoadEveryAnswerHasItsEvent() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    IntStream.range(0, 300).mapToObj(i -> keyhook.api().validateAsync(license.key(), "device")).toList()
        .forEach(answer -> Api.join(answer).expect(200));
    assertThat(events()).isEqualTo(300);
    assertThat(receiver.take(300)).extracting(Delivery::id).doesNotHaveDuplicates();
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void everyWebhookThatWantsAnEventGetsItOnceUnderAnIdOfItsOwn() {
    Receiver first = keyhook.receiver();
    Receiver second = keyhook.receiver();
    keyhook.webhook(first, "license.activated");
    keyhook.webhook(second, "license.activated", "license.disabled");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    Delivery one = first.take();
    Delivery two = second.take();
    assertThat(one.id()).isNotEqualTo(two.id());
    assertThat(one.data()).isEqualTo(two.data());
    assertThat(events()).as("its data is stored once").isEqualTo(1);
    keyhook.awaitEmptyQueue();
    assertThat(first.untaken() + second.untaken()).isZero();
  }

  private static void raiseAll(Api api, License license) {
    api.validate(license.key(), "device").expect(200);
    api.validate(license.key(), "device").expect(200);
    api.post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(events()).isZero();
    assertThat(queued()).isZero();
  }

  @Test
  void anActivationSortsBeforeTheValidationThatCausedIt() {
    keyhook.deleteWebhooks();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated", "license.activated");
    List<License> licenses = IntStream.range(0, 30).mapToObj(i -> keyhook.license(1)).toList();
    licenses.stream().map(license -> keyhook.api().validateAsync(license.key(), "device")).toList()
        .forEach(answer -> Api.join(answer).expect(200));
    Map<String, List<Delivery>> byLicense = receiver.take(60).stream()
        .sorted(Comparator.comparing(Delivery::id))
        .collect(Collectors.groupingBy(delivery -> delivery.data().getString("licenseId")));
    assertThat(byLicense).hasSize(30).allSatisfy((license, deliveries) -> assertThat(deliveries)
        .extracting(Delivery::event).containsExactly("license.activated", "license.validated"));
  }

  @Test
  void nothingIsWrittenWhereThereIsNoWebhook() {
    raiseAll(keyhook.api(), keyhook.license(1));
  }

  @Test
  void nothingIsWrittenForAnInactiveWebhook() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, ALL);
    keyhook.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("isActive", false)).expect(200);
    keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray(List.of(ALL))).put("isActive", false)).expect(201);
    raiseAll(keyhook.api(), keyhook.license(1));
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void nothingIsWrittenForAnEventThatNoWebhookWants() {
    keyhook.webhook(keyhook.receiver(), "license.expired");
    raiseAll(keyhook.api(), keyhook.license(1));
  }

  @Test
  void nothingIsWrittenForAnotherAccountsWebhook() {
    keyhook.webhook(keyhook.receiver(), ALL);
    Api other = keyhook.account("professional");
    raiseAll(other, keyhook.license(other, new JsonObject().put("name", "Another's")));
  }

  @Test
  void nothingIsWrittenOnAPlanWithoutWebhooks() {
    Api downgraded = keyhook.account("professional");
    keyhook.webhook(downgraded, keyhook.receiver(), ALL);
    keyhook.node().operator().patch("/api/admin/accounts/" + downgraded.get("/api/account").json().getString("id"),
        new JsonObject().put("plan", "free")).expect(200);
    raiseAll(downgraded, keyhook.license(downgraded, new JsonObject().put("name", "Still valid")));
  }

  @Test
  void aRefusedValidationRaisesNothing() {
    keyhook.webhook(keyhook.receiver(), "license.validated", "license.activated");
    License license = keyhook.license(1);
    keyhook.api().validate("ABCD-1234-EFGH-5678", "device").expect(404);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    keyhook.api().validate(license.key(), "device").expect(403);
    assertThat(events()).isZero();
  }
}
