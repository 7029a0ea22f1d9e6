package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Administrators are woken when Keyhook is late, and not when an endpoint is. */
class BehindTest {
  private static final int EVENTS = 30;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject().put("delivery",
      new JsonObject().put("maxInFlightPerEndpoint", 1)));

  private static double metric(String name) {
    return keyhook.api().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1))).findFirst().orElseThrow();
  }

  private static void validate(int times) {
    License license = keyhook.license(1);
    for (int i = 0; i < times; i++) {
      keyhook.api().validate(license.key(), "device").expect(200);
    }
  }

  /** As if a webhook's deliveries in the queue had been due for that long. */
  private static void age(UUID webhook, int seconds) {
    keyhook.database().update("UPDATE keyhook.delivery_queue SET due_at = now() - make_interval(secs => ?)"
        + " WHERE webhook_id = ? AND NOT leased", (double) seconds, webhook);
  }

  private static UUID webhook(Receiver receiver, String event) {
    return Id.WEBHOOK.parse(keyhook.webhook(receiver, event).id());
  }

  @OnlyOnPostgresql
  @Test
  void whatWaitsForAnEndpointThatHangsIsOldAndNotLateAndWhatNoNodeCanClaimIsLate() throws SQLException {
    Receiver failing = keyhook.receiver();
    failing.answerNext(Answer.status(500));
    UUID stuck = webhook(failing, "license.disabled");
    keyhook.api().post("/api/licenses/" + keyhook.license(1).id() + "/disable").expect(200);
    keyhook.awaitAttempts(failing.take().id(), 1);

    Receiver hanging = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    hanging.answer(held);
    UUID slow = webhook(hanging, "license.validated");
    validate(EVENTS);
    age(slow, 4000);
    Waiting.until("the oldest is seen", () -> metric("keyhook_queue_oldest_due_seconds") >= 4000);
    assertThat(metric("keyhook_queue_behind_seconds")).isZero();

    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SELECT FROM keyhook.delivery_queue WHERE webhook_id = '" + stuck + "' FOR KEY SHARE"); // claims skip it
      age(stuck, 400);
      Waiting.until("Keyhook is late", () -> metric("keyhook_queue_behind_seconds") >= 400);
      assertThat(metric("keyhook_queue_behind_seconds")).as("without what waits for the endpoint").isLessThan(4000);
      connection.rollback();
    }
    failing.take();
    held.release();
    keyhook.awaitEmptyQueue();
    Waiting.until("Keyhook has caught up", () -> metric("keyhook_queue_behind_seconds") == 0);
  }
}
