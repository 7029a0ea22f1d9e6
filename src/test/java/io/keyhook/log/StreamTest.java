package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.account.Jwts;
import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Authenticator;
import io.keyhook.testing.EventSource;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code GET /api/deliveries/stream}: what changes is told, on every node, until the credential or the node ends. */
class StreamTest {
  private static final String PATH = "/api/deliveries/stream";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  private final List<EventSource> open = new ArrayList<>();

  private EventSource stream(Node node, String credential, String query) {
    EventSource source = EventSource.open(node.uri(), credential, PATH + query);
    open.add(source);
    return source;
  }

  private EventSource stream() {
    return stream(keyhook.node(), Node.API_KEY, "");
  }

  /** The next that is about this delivery and has this status; what comes before it is passed over. */
  private static JsonObject next(EventSource stream, String deliveryId, String status) {
    for (;;) {
      JsonObject event = stream.next();
      assertThat(event.getString("of")).isEqualTo("delivery");
      if (event.getString("id").equals(deliveryId) && event.getString("status").equals(status)) {
        return event;
      }
    }
  }

  @AfterEach
  void close() {
    open.forEach(EventSource::close);
    keyhook.deleteWebhooks();
    await("nobody watches").atMost(Waiting.LONG).until(() ->
        keyhook.api().anonymous().get("/metrics").body().contains("keyhook_streams 0.0"));
  }

  @Test
  void aDeliveryIsToldWhenItIsRaisedAndWhenItChanges() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    receiver.answer(held);
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    EventSource stream = stream();
    keyhook.api().validate(license.key(), "device").expect(200);
    String id = receiver.take().id();
    JsonObject raised = next(stream, id, "pending");
    assertThat(raised.getString("webhookId")).isEqualTo(webhook.id());
    assertThat(raised.getInteger("attemptCount")).isZero();
    held.release();
    JsonObject told = next(stream, id, "delivered");
    told.remove("of");
    assertThat(told).as("as it is in the list").isEqualTo(keyhook.api().get("/api/deliveries?limit=1").data().get(0));
    assertThat(stream.untaken()).isZero();
  }

  @Test
  void aFailureAndWhatIsSentAgainIsTold() {
    Receiver receiver = keyhook.receiver();
    receiver.answerNext(Answer.status(500));
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    EventSource stream = stream();
    keyhook.api().validate(license.key(), "device").expect(200);
    String id = receiver.take().id();
    JsonObject failed = next(stream, id, "pending");
    while (failed.getInteger("attemptCount") == 0) {
      failed = next(stream, id, "pending");
    }
    assertThat(failed.getInteger("lastStatusCode")).isEqualTo(500);
    assertThat(failed.getString("nextAttemptAt")).isNotNull();
    keyhook.clock().advance(id, Duration.ofMinutes(2));
    assertThat(next(stream, id, "delivered").getInteger("attemptCount")).isEqualTo(2);
  }

  @Test
  void anOldOneThatIsSentAgainIsToldToo() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    String id = receiver.take().id();
    keyhook.awaitStatus(id, "delivered");
    String old = makeOld(id);
    EventSource stream = stream();
    keyhook.api().post("/api/deliveries/redeliver", new JsonObject().put("ids", new JsonArray().add(old))).expect(202);
    assertThat(next(stream, old, "delivered").getInteger("attemptCount")).isEqualTo(2);
  }

  /** As if it had been raised an hour before; tells the id that it would have. */
  private static String makeOld(String id) {
    UUID now = Id.DELIVERY.parse(id);
    UUID then = new UUID(now.getMostSignificantBits() - (Duration.ofHours(1).toMillis() << 16),
        now.getLeastSignificantBits());
    keyhook.database().update("UPDATE keyhook.delivery SET delivery_id = ? WHERE delivery_id = ?", then, now);
    return Id.DELIVERY.of(then);
  }

  @Test
  void aTestIsToldWhenItIsOver() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.expired");
    EventSource stream = stream();
    String id = keyhook.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(200)
        .json().getString("deliveryId");
    assertThat(next(stream, id, "delivered").getString("event")).isEqualTo("webhook.test");
    receiver.take();
  }

  @Test
  void whatOtherNodesDoIsTold() {
    Node other = keyhook.start();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    EventSource here = stream();
    EventSource there = stream(other, Node.API_KEY, "");
    other.api().validate(license.key(), "device").expect(200);
    String id = receiver.take().id();
    next(here, id, "delivered");
    next(there, id, "delivered");
    there.close();
    other.stop();
  }

  @Test
  void ofOneWebhookNothingElseIsToldAndOfAnotherAccountNothing() {
    Receiver receiver = keyhook.receiver();
    Webhook validated = keyhook.webhook(receiver, "license.validated");
    keyhook.webhook(receiver, "license.activated");
    String stranger = token(Instant.now().plusSeconds(600), keyhook.account("enterprise"));
    EventSource all = stream();
    EventSource one = stream(keyhook.node(), Node.API_KEY, "?webhookId=" + validated.id());
    EventSource foreign = stream(keyhook.node(), stranger, "");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    List<String> ids = receiver.take(2).stream().filter(delivery -> delivery.event().equals("license.activated"))
        .map(delivery -> delivery.id()).toList();
    next(all, ids.get(0), "delivered");
    keyhook.api().validate(license.key(), "device").expect(200);
    String last = receiver.take().id();
    JsonObject event;
    do {
      event = one.next();
      assertThat(event.getString("webhookId")).isEqualTo(validated.id());
    } while (!event.getString("id").equals(last) || !event.getString("status").equals("delivered"));
    assertThat(foreign.untaken()).isZero();
  }

  private static String token(Instant end, Api api) {
    return Jwts.hs256(new JsonObject().put("iss", "keyhook").put("aud", "keyhook").put("sub", "someone")
        .put("account", api.get("/api/account").expect(200).json().getString("id")).put("exp", end.getEpochSecond()),
        Node.JWT_SECRET);
  }

  @Test
  void itEndsWithItsToken() {
    Instant end = Instant.now().plusSeconds(3);
    EventSource stream = stream(keyhook.node(), token(end, keyhook.api()), "");
    assertThat(stream.awaitEnd()).as("ended in order").isTrue();
    assertThat(Instant.now()).isAfterOrEqualTo(Instant.ofEpochSecond(end.getEpochSecond()))
        .as("and not at the next look at the credential").isBefore(end.plusSeconds(10));
  }

  @Test
  void itEndsSoonAfterItsKeyIsTakenBack() {
    JsonObject key = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "k")).expect(201).json();
    EventSource stream = stream(keyhook.node(), key.getString("key"), "");
    keyhook.api().delete("/api/api-keys/" + key.getString("id")).expect(204);
    assertThat(stream.awaitEnd()).as("ended in order").isTrue();
    assertThat(stream.comments()).as("comments, the first and that of the beat").isEqualTo(2);
  }

  /** How a user's access ends, by the owner's client and the user's, and the user's ID. */
  private enum Ending {
    REMOVED, PASSWORD_CHANGED, PASSWORD_RESET, SESSIONS_ENDED, TWO_FACTOR_ON, SUSPENDED;

    void of(Api owner, Api user, String id) {
      JsonObject current = new JsonObject().put("currentPassword", Node.PASSWORD);
      switch (this) {
        case REMOVED -> owner.delete("/api/users/" + id).expect(204);
        case PASSWORD_CHANGED -> user.post("/api/auth/password", current.copy().put("newPassword", "another good password")).expect(204);
        case PASSWORD_RESET -> user.anonymous().post("/api/auth/new-password", new JsonObject().put("newPassword", "another good password")
            .put("token", owner.post("/api/users/" + id + "/password-reset", current).expect(201).json().getString("token"))).expect(204);
        case SESSIONS_ENDED -> user.post("/api/auth/sessions/end-others").expect(204);
        case TWO_FACTOR_ON -> user.post("/api/auth/two-factor/enable", new JsonObject().put("code", Authenticator.code(
            user.post("/api/auth/two-factor", current).expect(200).json().getString("secret"), 0))).expect(200);
        case SUSPENDED -> keyhook.node().operator().post("/api/admin/accounts/" + owner.get("/api/account").json().getString("id")
            + "/suspend").expect(200);
      }
    }
  }

  /** A stream of a user whose access ends. */
  private record Ended(Ending by, EventSource stream, int before, Api stolen) {
    static Ended by(Ending ending, StreamTest test) {
      Api owner = keyhook.account("enterprise");
      JsonObject person = new JsonObject().put("email", UUID.randomUUID() + "@example.com").put("password", Node.PASSWORD);
      String id = owner.post("/api/users", person.copy().put("role", "read_only")).expect(201).json().getString("id");
      String stolen = logIn(person);
      Api user = owner.anonymous().bearer(logIn(person));
      EventSource stream = test.stream(keyhook.node(), stolen, "");
      ending.of(owner, user, id);
      return new Ended(ending, stream, stream.comments(), owner.anonymous().bearer(stolen));
    }

    void verify() {
      assertThat(stream.awaitEnd()).as("ended in order: %s", by).isTrue();
      assertThat(stream.comments()).as("comments, at most those of two beats more: %s", by).isLessThanOrEqualTo(before + 2);
      assertThat(stolen.get(PATH).status()).as("%s", by).isIn(401, 403);
    }
  }

  /** Whichever way it ends. All of them at once, as each is noticed at the next beat. */
  @Test
  void itEndsWithinSecondsOfTheAccessOfItsUser() {
    List<Ended> streams = Arrays.stream(Ending.values()).map(ending -> Ended.by(ending, this)).toList();
    assertThat(streams).allSatisfy(Ended::verify);
  }

  @Test
  void itGoesOnForWhoGetsAnotherRole() {
    Api owner = keyhook.account("enterprise");
    JsonObject person = new JsonObject().put("email", UUID.randomUUID() + "@example.com").put("password", Node.PASSWORD);
    String id = owner.post("/api/users", person.copy().put("role", "member")).expect(201).json().getString("id");
    EventSource stream = stream(keyhook.node(), logIn(person), "");
    owner.patch("/api/users/" + id, new JsonObject().put("role", "read_only")).expect(200);
    await("checked again").atMost(Waiting.LONG).until(() -> stream.comments() > 2);
  }

  private static String logIn(JsonObject credentials) {
    return keyhook.api().anonymous().post("/api/auth/login", credentials).expect(200).json().getString("token");
  }

  @Test
  void anAccountHasSoManyAndOthersHaveTheirs() {
    for (int i = 0; i < 40; i++) {
      stream();
    }
    assertThat(keyhook.api().get(PATH).expect(429, "RATE_LIMITED").header("Retry-After")).isNotNull();
    stream(keyhook.node(), token(Instant.now().plusSeconds(600), keyhook.account("free")), "");
    open.get(0).close();
    await("there is room again").atMost(Waiting.LONG).until(() ->
        keyhook.api().anonymous().get("/metrics").body().contains("keyhook_streams 40.0"));
    stream();
  }

  @Test
  void aNodeThatStopsEndsItsStreamsAndDoesNotWaitForThem() {
    Node node = keyhook.start();
    EventSource stream = stream(node, Node.API_KEY, "");
    node.stop();
    assertThat(stream.awaitEnd()).as("ended in order, not cut off after a wait").isTrue();
  }

  @Test
  void whatIsNoWebhookIsRefused() {
    assertThat(keyhook.api().get(PATH + "?webhookId=x").expect(400).badFields()).containsExactly("webhookId");
    assertThat(keyhook.api().get(PATH + "?colour=red").expect(400).badFields()).containsExactly("colour");
    keyhook.api().get(PATH + "?webhookId=webhook_" + "0".repeat(26)).expect(404, "NOT_FOUND");
    keyhook.api().anonymous().get(PATH).expect(401, "UNAUTHORIZED");
  }
}
