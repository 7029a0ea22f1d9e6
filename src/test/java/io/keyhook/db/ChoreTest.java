package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Waiting;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.Checkpoint;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A chore runs again and again, never twice at once, whatever comes of a run. */
@ExtendWith(VertxExtension.class)
class ChoreTest {
  private static final Logger log = LoggerFactory.getLogger(ChoreTest.class);
  private static final Duration SOON = Duration.ofMillis(1);
  private static final Duration NEVER = Duration.ofDays(1);

  private static void onLoop(Vertx vertx, Runnable work) {
    vertx.getOrCreateContext().runOnContext(v -> work.run());
  }

  @Test
  void aRunThatFailsIsLoggedAndTriedAgain(Vertx vertx, VertxTestContext test) throws Exception {
    Checkpoint runs = test.checkpoint(3);
    AtomicInteger run = new AtomicInteger();
    onLoop(vertx, () -> Chore.every(vertx, log, "sweep the yard", SOON, () -> {
      int number = run.incrementAndGet();
      if (number <= 3) {
        runs.flag();
      }
      if (number == 1) {
        throw new IllegalStateException("no broom");
      }
      return number == 2 ? Future.failedFuture("rain") : Future.succeededFuture();
    }).start(Duration.ZERO));
    assertThat(test.awaitCompletion(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(LogWatch.linesWith("Could not sweep the yard; retrying in 0 s: no broom")).hasSize(1);
    assertThat(LogWatch.linesWith("Could not sweep the yard; retrying in 0 s: rain")).hasSize(1);
  }

  @Test
  void whatHurriesWaitsForTheRunThatThereIs(Vertx vertx, VertxTestContext test) {
    AtomicInteger run = new AtomicInteger();
    Promise<Void> first = Promise.promise();
    AtomicReference<Chore> chore = new AtomicReference<>();
    onLoop(vertx, () -> {
      chore.set(Chore.paced(vertx, log, "sweep", NEVER, () -> {
        if (run.incrementAndGet() == 1) {
          chore.get().hurry();
          chore.get().hurry();
          vertx.runOnContext(v -> {
            test.verify(() -> assertThat(run).hasValue(1));
            first.complete();
          });
          return first.future().map(NEVER);
        }
        test.verify(() -> assertThat(first.future().isComplete()).isTrue());
        if (run.get() == 2) {
          vertx.runOnContext(v -> chore.get().hurry()); // of one that rests
        } else {
          test.completeNow();
        }
        return Future.succeededFuture(NEVER);
      }));
      chore.get().start(Duration.ZERO);
    });
  }

  @Test
  void aStopWaitsForARunAndLetsNoOtherBegin(Vertx vertx, VertxTestContext test) {
    AtomicInteger run = new AtomicInteger();
    Promise<Void> first = Promise.promise();
    AtomicReference<Chore> chore = new AtomicReference<>();
    onLoop(vertx, () -> {
      chore.set(Chore.every(vertx, log, "sweep", SOON, () -> {
        run.incrementAndGet();
        vertx.runOnContext(v -> {
          chore.get().hurry();
          Future<Void> stopped = chore.get().stop();
          test.verify(() -> assertThat(stopped.isComplete()).isFalse());
          first.complete();
          // a run that was due would begin before
          stopped.compose(ended -> vertx.timer(5)).onComplete(test.succeeding(later -> test.verify(() -> {
            assertThat(chore.get().isStopped()).isTrue();
            assertThat(run).hasValue(1);
            test.completeNow();
          })));
        });
        return first.future();
      }));
      chore.get().start(Duration.ZERO);
    });
  }
}
