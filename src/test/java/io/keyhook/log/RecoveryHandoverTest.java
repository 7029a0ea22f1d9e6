package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A recovery outlives its node: another one goes on where it was. */
class RecoveryHandoverTest {
  private static final int FAILED = 500;

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  Path directory;

  private Receiver receiver;
  private Webhook webhook;

  private static JsonObject settings() {
    return new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray()));
  }

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  /** Starts a recovery, and gives its id once it has begun and is far from its end. */
  private String begin(Node first, Api api) {
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(first.api(), receiver, "license.activated");
    License license = keyhook.license(first.api(), new JsonObject().put("name", "L"));
    receiver.answerNext(Answer.status(500));
    first.api().validate(license.key(), "device").expect(200);
    Delivery one = receiver.take();
    keyhook.awaitStatus(one.id(), "failed");
    keyhook.database().update("""
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, keyhook.uuid_v7(), webhook_id, event_id, keep_until, type, status, attempts
        FROM keyhook.delivery, generate_series(2, %d) WHERE delivery_id = ?""".formatted(FAILED), Id.DELIVERY.parse(one.id()));
    String id = api.post("/api/webhooks/" + webhook.id() + "/recover",
        new JsonObject().put("since", Instant.now().minus(Duration.ofHours(1)).toString())).expect(202).json()
        .getString("recoveryId");
    receiver.take();
    return id;
  }

  private void assertCompletes(Api api, String id) {
    Waiting.until("the recovery has completed", () -> {
      keyhook.clock().advanceQueue(Duration.ofSeconds(10)); // leases of the node that is gone end
      return api.get("/api/recoveries/" + id).expect(200).json().getString("status").equals("completed");
    });
    JsonObject completed = api.get("/api/recoveries/" + id).json();
    assertThat(completed.getInteger("recovered")).isEqualTo(FAILED);
    Waiting.until("all are delivered", () -> {
      keyhook.clock().advanceQueue(Duration.ofSeconds(10));
      return keyhook.database().number("SELECT count(*) FROM keyhook.delivery WHERE status = 1 AND webhook_id = ?",
          Id.WEBHOOK.parse(webhook.id())) == FAILED;
    });
    assertThat(receiver.all().stream().map(Delivery::id).distinct()).hasSize(FAILED);
  }

  @Test
  void anotherNodeGoesOnWhenOneStopsAndRecoversNothingTwice() {
    Node first = keyhook.start(settings());
    String id = begin(first, first.api());
    first.stop();
    assertThat(keyhook.database().value("SELECT status::text FROM keyhook.recovery WHERE recovery_id = ?", Id.RECOVERY.parse(id)))
        .as("running").isEqualTo("0");
    Node second = keyhook.start(settings());
    assertCompletes(second.api(), id);
    assertThat(receiver.all()).as("and the attempt that failed").hasSize(1 + FAILED);
  }

  @Test
  void anotherNodeGoesOnWhenOneIsKilled() {
    Node other = keyhook.start(settings());
    NodeProcess killed = keyhook.fork(keyhook.proxy(), settings(), Map.of(), directory.resolve("killed.log"));
    String id = begin(other, killed.api());
    killed.kill();
    assertCompletes(other.api(), id);
  }
}
