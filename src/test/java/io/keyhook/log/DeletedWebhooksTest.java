package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Clock;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A deleted webhook stays in the database for as long as its log does, and no longer. */
class DeletedWebhooksTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static long rows(Webhook webhook) {
    return keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE webhook_id = ?", id(webhook));
  }

  private static UUID id(Webhook webhook) {
    return Id.WEBHOOK.parse(webhook.id());
  }

  /** A node looks as it starts, and ends what it is at before it stops. */
  private static void look() {
    keyhook.start().stop();
  }

  private static Webhook deleted(Receiver receiver, int daysAgo) {
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    keyhook.awaitStatus(receiver.take().id(), "delivered");
    keyhook.api().delete("/api/webhooks/" + webhook.id()).expect(204);
    keyhook.database().update("UPDATE keyhook.webhook SET deleted_at = %s WHERE webhook_id = ?".formatted(Clock.earlier("deleted_at")),
        daysAgo * 86_400.0, id(webhook));
    return webhook;
  }

  /** As if the day until which it is kept were over. */
  private static void dropLog(Webhook webhook) {
    keyhook.database().update("DELETE FROM keyhook.delivery WHERE webhook_id = ?", id(webhook));
  }

  @Test
  void aDeletedWebhookGoesWhenItsLogHasGone() {
    Webhook webhook = deleted(keyhook.receiver(), 91);
    look();
    assertThat(rows(webhook)).as("its log is there").isEqualTo(1);
    dropLog(webhook);
    look();
    assertThat(rows(webhook)).isZero();
    keyhook.api().get("/api/webhooks/" + webhook.id() + "/deliveries").expect(404);
  }

  @Test
  void aWebhookWhoseLogMayBeKeptOrThatIsNotDeletedStays() {
    Webhook young = deleted(keyhook.receiver(), 89);
    dropLog(young);
    Webhook registered = keyhook.webhook(keyhook.receiver(), "license.disabled");
    look();
    assertThat(rows(young)).isEqualTo(1);
    assertThat(rows(registered)).isEqualTo(1);
  }

  @Test
  void aQueueThatIsStillToBeEmptiedKeepsItsWebhook() {
    Webhook webhook = deleted(keyhook.receiver(), 91);
    keyhook.database().update("""
        INSERT INTO keyhook.delivery_queue
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, true, now() + interval '1 hour'
        FROM keyhook.delivery WHERE webhook_id = ?""", id(webhook));
    dropLog(webhook);
    look();
    assertThat(rows(webhook)).isEqualTo(1);
  }
}
