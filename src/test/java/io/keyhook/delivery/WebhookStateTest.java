package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Database;
import io.keyhook.event.EndpointId;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One node at a time looks which webhooks fail, and what has changed since it was found is not reported. */
@ExtendWith(VertxExtension.class)
class WebhookStateTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private static final Duration INTERVAL = Duration.ofHours(1); // no test takes so long

  private Database database;

  @BeforeEach
  void connect(Vertx vertx) {
    database = keyhook.database().open(vertx, 2);
  }

  @AfterEach
  void disconnect() {
    Waiting.on(database.close());
  }

  private boolean lock() {
    return Waiting.on(database.transaction(tx -> WebhookStateStore.lock(tx, INTERVAL)));
  }

  @Test
  void nodesLookAsOftenAsOneAlone() {
    Waiting.on(WebhookStateStore.beginJob(database.pool()));
    keyhook.database().update("UPDATE keyhook.alert_state SET since = now() WHERE kind = 'webhook.states'");
    assertThat(lock()).as("one has just looked").isFalse();
    Waiting.on(WebhookStateStore.beginJob(database.pool()));
    assertThat(lock()).as("a further node does not begin anew").isFalse();
    keyhook.database().update("UPDATE keyhook.alert_state SET since = now() - interval '61 minutes' WHERE kind = 'webhook.states'");
    assertThat(Waiting.<Boolean>on(database.transaction(tx -> WebhookStateStore.lock(tx, INTERVAL).compose(mine ->
        database.transaction(other -> WebhookStateStore.lock(other, INTERVAL)).map(others -> mine && !others)))))
        .as("one of two at a time").isTrue();
    assertThat(lock()).as("it has looked").isFalse();
  }

  @Test
  void aWebhookBeginsToFailOnceAndOnlyWhileItIsActive() {
    UUID accountId = UUID.randomUUID();
    EndpointId endpoint = new EndpointId(accountId, UUID.fromString(keyhook.database().value("""
        INSERT INTO keyhook.webhook (account_id, url, events, is_active) VALUES (?, 'https://example.com/', '{1}', true)
        RETURNING webhook_id""", accountId)));
    assertThat(Waiting.on(WebhookStateStore.end(database.pool(), endpoint))).as("it did not fail").isEmpty();
    assertThat(Waiting.on(WebhookStateStore.begin(database.pool(), endpoint))).isTrue();
    assertThat(Waiting.on(WebhookStateStore.begin(database.pool(), endpoint))).isFalse();
    assertThat(Waiting.on(WebhookStateStore.end(database.pool(), endpoint))).isPresent();
    keyhook.database().update("UPDATE keyhook.webhook SET is_active = false WHERE webhook_id = ?", endpoint.webhookId());
    assertThat(Waiting.on(WebhookStateStore.begin(database.pool(), endpoint))).isFalse();
    assertThat(Waiting.on(WebhookStateStore.details(database.pool(), new EndpointId(accountId, new UUID(0, 0))))).isEmpty();
  }
}
