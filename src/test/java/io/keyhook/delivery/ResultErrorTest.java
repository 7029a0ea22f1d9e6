package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A result that the database does not take is kept until it does: its delivery is not sent again. */
class ResultErrorTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @AfterEach
  void forgetWebhooks() {
    keyhook.deleteWebhooks();
  }

  /** Lets an attempt wait for its answer, and returns the delivery's id. */
  private static String hold(Receiver receiver, Answer.Held held) {
    receiver.answer(held);
    keyhook.webhook(receiver, "license.activated");
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    return receiver.take().id();
  }

  @Test
  void whateverErrorMeetsAResultItIsWrittenWhenTheErrorIsGone() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    String id = hold(receiver, held);
    keyhook.database().update("ALTER TABLE keyhook.attempt_count RENAME TO moved_away");
    held.release();
    Waiting.until("the result is refused", () -> !LogWatch.linesWith("attempt_count\" does not exist").isEmpty());
    keyhook.database().update("ALTER TABLE keyhook.moved_away RENAME TO attempt_count");
    assertThat(keyhook.awaitStatus(id, "delivered").getJsonArray("attempts")).hasSize(1);
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void aResultWithoutAPartitionMakesItAndIsWrittenAtOnce() {
    Receiver receiver = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    String id = hold(receiver, held);
    // until a day that no plan has: its clock has jumped since, or it was for another retention
    keyhook.database().administer("""
        CREATE TABLE keyhook.event_odd PARTITION OF keyhook.event
        FOR VALUES FROM (current_date + 7) TO (current_date + 8);
        ALTER TABLE keyhook.event_odd OWNER TO keyhook;
        UPDATE keyhook.event SET keep_until = current_date + 7;
        UPDATE keyhook.delivery_queue SET keep_until = current_date + 7""");
    held.release();
    assertThat(keyhook.awaitStatus(id, "delivered").getJsonArray("attempts")).hasSize(1);
    assertThat(keyhook.database().value("SELECT keep_until = current_date + 7 FROM keyhook.delivery WHERE delivery_id = ?",
        Id.DELIVERY.parse(id))).isEqualTo("t");
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void withoutAnyPartitionOfTheDayEventsAreAcceptedAndDeliveredOnce() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated", "license.validated");
    for (String partition : keyhook.database().column("""
        SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class p ON p.oid = inhparent
        WHERE p.relkind = 'p' AND p.relnamespace = 'keyhook'::regnamespace""")) {
      keyhook.database().update("DROP TABLE " + partition);
    }
    keyhook.api().validate(keyhook.license(1).key(), "device").expect(200);
    receiver.take(2).forEach(delivery ->
        assertThat(keyhook.awaitStatus(delivery.id(), "delivered").getJsonArray("attempts")).hasSize(1));
    keyhook.awaitEmptyQueue();
    assertThat(receiver.untaken()).isZero();
  }
}
