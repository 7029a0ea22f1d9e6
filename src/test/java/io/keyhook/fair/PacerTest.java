package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When bulk work rests, and its pieces take turns, so that validations stay fast. */
@ExtendWith(VertxExtension.class)
class PacerTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private long now = TimeUnit.DAYS.toNanos(1);
  private final Pacer pacer = new Pacer(() -> now, 1);

  /** Validations for a second, 1,000 of them, of which one in a hundred takes longer. */
  private void second(long millis, long slowMillis) {
    for (int i = 1; i <= 1000; i++) {
      now += MILLI;
      pacer.validated(now - MILLI * (i % 100 == 0 ? slowMillis : millis));
    }
  }

  private void seconds(int count, long millis) {
    for (int i = 0; i < count; i++) {
      second(millis, millis);
    }
  }

  private double restAfter(long millis) {
    return (double) pacer.restAfter(now - millis * MILLI, SECOND) / MILLI;
  }

  @Test
  void bulkWorkRestsWhileValidationsAreSlowAndNoLonger() {
    assertThat(restAfter(10)).isZero();
    seconds(5, 2);
    assertThat(restAfter(10)).as("at rest").isZero();
    assertThat(pacer.isYielding()).isFalse();
    seconds(1, 5);
    assertThat(pacer.isYielding()).isTrue();
    assertThat(restAfter(10)).as("at the most, after some windows").isEqualTo(10 * Pacer.MAX);
    seconds(60, 2);
    assertThat(restAfter(10)).as("fast again").isZero();
  }

  @Test
  void bulkWorkGoesOnRestingWhileValidationsWaitForADatabaseThatAnswersNone() {
    seconds(5, 2);
    seconds(1, 5);
    List<Promise<String>> unanswered = Stream.generate(Promise::<String>promise).limit(Pacer.ENOUGH).toList();
    unanswered.forEach(answer -> pacer.measured(answer::future));
    now += 5 * SECOND;
    assertThat(restAfter(10)).isEqualTo(10 * Pacer.MAX);
    unanswered.forEach(answer -> answer.fail("the database is away"));
    now += 5 * SECOND;
    assertThat(restAfter(10)).as("nobody asks any more").isZero();
  }

  @Test
  void oneThatThrowsHasEndedToo() {
    seconds(5, 2);
    seconds(1, 5);
    for (int i = 0; i < Pacer.ENOUGH; i++) {
      Future<String> answer = pacer.measured(() -> {
        throw new IllegalStateException("a defect");
      });
      assertThat(answer.cause()).hasMessage("a defect");
    }
    now += 5 * SECOND;
    assertThat(restAfter(10)).isZero();
  }

  @Test
  void aFewSlowValidationsAreEnough() {
    seconds(5, 2);
    second(2, 60);
    assertThat(restAfter(10)).isPositive();
  }

  @Test
  void restsShrinkSlowlySoThatMostValidationsAreFastWhenBulkWorkGoesOn() {
    seconds(5, 2);
    seconds(2, 5);
    seconds(1, 2);
    assertThat(restAfter(10)).isBetween(10 * Pacer.MAX / 2, 10 * Pacer.MAX - 1);
  }

  @Test
  void whereNobodyValidatesBulkWorkDoesNotRest() {
    seconds(5, 2);
    seconds(2, 50);
    now += TimeUnit.SECONDS.toNanos(3);
    assertThat(restAfter(10)).isZero();
    for (int i = 0; i < 1000; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      pacer.validated(now - MILLI * (i < 500 ? 1 : 100));
      assertThat(restAfter(10)).as("for one validation a second").isZero();
    }
  }

  /** Or a faster machine's past, and an hour without load, would make bulk work rest for ever. */
  @Test
  void whatValidationsTakeAtRestIsForgottenAfterTenMinutes() {
    seconds(5, 1);
    seconds(300, 4);
    assertThat(restAfter(10)).as("five minutes later").isPositive();
    seconds(600, 4);
    assertThat(restAfter(10)).as("ten minutes later").isZero();
  }

  /** Two of them would keep both of two processors busy. */
  @Test
  void piecesTakeTurnsWhileBulkWorkRests(Vertx vertx, VertxTestContext test) {
    seconds(5, 2);
    Promise<Void> before = Promise.promise();
    List<Future<Void>> quiet = List.of(pacer.run(vertx, before::future), pacer.run(vertx, () -> Future.succeededFuture()));
    assertThat(quiet.get(1).isComplete()).as("at once, while nobody rests").isTrue();
    seconds(1, 5);
    Promise<Void> first = Promise.promise();
    AtomicInteger begun = new AtomicInteger();
    vertx.runOnContext(v -> {
      Context asked = vertx.getOrCreateContext();
      Future<Void> waits = pacer.run(vertx, () -> {
        begun.incrementAndGet();
        test.verify(() -> assertThat(vertx.getOrCreateContext()).isSameAs(asked));
        return first.future();
      });
      Future<Void> fails = pacer.run(vertx, () -> {
        test.verify(() -> assertThat(waits.isComplete()).as("the one before has ended").isTrue());
        throw new IllegalStateException("a defect");
      });
      Future<Void> last = pacer.run(vertx, () -> {
        test.verify(() -> assertThat(fails.failed()).as("the one before has ended").isTrue());
        return Future.succeededFuture();
      });
      test.verify(() -> assertThat(begun).as("while the one before goes on").hasValue(0));
      before.complete();
      vertx.runOnContext(next -> {
        test.verify(() -> assertThat(begun).hasValue(1));
        first.complete();
      });
      last.onComplete(test.succeedingThenComplete());
    });
  }

  @Test
  void aRestIsBounded() {
    seconds(5, 1);
    seconds(5, 100);
    assertThat(pacer.restAfter(now - SECOND, MILLI)).isEqualTo(MILLI);
  }

  @Test
  void metricsShowHowLongBulkWorkRests() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    pacer.meteredBy(meters);
    seconds(5, 1);
    assertThat(meters.get("keyhook.bulk.rest").gauge().value()).isZero();
    seconds(5, 100);
    pacer.restAfter(now - SECOND, SECOND / 2);
    assertThat(meters.get("keyhook.bulk.rested").functionCounter().count()).isEqualTo(0.5);
    assertThat(meters.get("keyhook.bulk.rest").gauge().value()).isEqualTo(Pacer.MAX);
  }
}
