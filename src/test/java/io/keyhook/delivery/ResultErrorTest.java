package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.ResponseHeaders;
import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A result that the database does not take is kept until it does: its delivery is not sent again. */
@OnlyOnPostgresql
class ResultErrorTest {
  private static final int MANY = 20;

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
  void whatWaitsToBeWrittenDoesNotKeepTheWholeHeadOfItsResponse() {
    Receiver receiver = keyhook.receiver();
    Answer.Held answer = Answer.held(
        request -> request.response().setStatusCode(500).putHeader("X-Policy", "p".repeat(60_000)).end());
    receiver.answer(answer);
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    IntStream.range(0, MANY).forEach(i -> keyhook.api().validate(license.key(), "device").expect(200));
    List<Delivery> deliveries = receiver.take(MANY);
    int before = live(ResponseHeaders.class); // of what other tests have left behind
    keyhook.database().update("ALTER TABLE keyhook.attempt_count RENAME TO moved_away");
    answer.release();
    Waiting.until("their results wait", () -> unwritten() == MANY);
    int held = live(ResponseHeaders.class) - before;
    keyhook.database().update("ALTER TABLE keyhook.moved_away RENAME TO attempt_count");
    assertThat(held).isLessThan(MANY / 2);
    for (Delivery delivery : deliveries) {
      keyhook.awaitAttempts(delivery.id(), 1);
      assertThat(keyhook.logged(delivery.id()).getJsonArray("attempts").getJsonObject(0).getInteger("statusCode")).isEqualTo(500);
    }
  }

  private static double unwritten() {
    return keyhook.api().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith("keyhook_results_unwritten{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  /** The number of objects of a class that are reachable. */
  private static int live(Class<?> type) {
    try {
      String histogram = (String) ManagementFactory.getPlatformMBeanServer().invoke(
          new ObjectName("com.sun.management:type=DiagnosticCommand"), "gcClassHistogram", new Object[] {null},
          new String[] {String[].class.getName()});
      return histogram.lines().map(line -> line.trim().split("\\s+"))
          .filter(line -> line.length > 3 && line[3].equals(type.getName())).mapToInt(line -> Integer.parseInt(line[1])).sum();
    } catch (JMException e) {
      throw new AssertionError(e);
    }
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
    // not by the API yet: a query that was planned before there was the partition does not find it there
    Waiting.until("it is in the log", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.delivery WHERE delivery_id = ?", Id.DELIVERY.parse(id)) == 1);
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
