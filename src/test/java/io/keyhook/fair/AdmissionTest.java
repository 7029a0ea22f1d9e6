package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Waiting;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who is admitted, who waits, and who is refused. */
@ExtendWith(VertxExtension.class)
class AdmissionTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  /** Work that has begun and goes on until it is ended. */
  private final List<String> begun = new ArrayList<>();
  private final List<Promise<Void>> running = new ArrayList<>();

  private Future<Void> ask(Admission<String> admission, String tenant) {
    return admission.run(tenant, () -> {
      synchronized (this) {
        begun.add(tenant);
        Promise<Void> work = Promise.promise();
        running.add(work);
        return work.future();
      }
    });
  }

  private synchronized void endFirst() {
    running.remove(0).complete();
  }

  private synchronized List<String> begun() {
    return List.copyOf(begun);
  }

  @Test
  void oneThatAsksForEverythingLeavesRoomForTheNext(Vertx vertx) {
    Admission<String> admission = new Admission<>(vertx, "calls", 8, 100, LONG);
    for (int i = 0; i < 50; i++) {
      ask(admission, "greedy");
    }
    assertThat(begun()).hasSize(6);
    ask(admission, "modest");
    assertThat(begun()).hasSize(7).endsWith("modest");
  }

  @Test
  void thoseThatWaitTakeTurns(Vertx vertx) {
    Admission<String> admission = new Admission<>(vertx, "calls", 2, 100, LONG);
    for (int i = 0; i < 20; i++) {
      ask(admission, "greedy");
    }
    ask(admission, "b");
    ask(admission, "c");
    assertThat(begun()).containsExactly("greedy", "greedy");
    for (int i = 0; i < 3; i++) {
      int before = begun().size();
      endFirst();
      Waiting.until("the next begins", () -> begun().size() > before);
    }
    assertThat(begun().subList(2, 5)).contains("b", "c");
  }

  @Test
  void roomsThatShareAnAdmissionTakeTurnsHoweverManyTenantsOneHas(Vertx vertx) {
    Admission<String> shared = new Admission<>(vertx, "shared", 1, 100, LONG);
    Admission<String> crowded = new Admission<>(vertx, "crowded", 1, 100, LONG);
    Admission<String> quiet = new Admission<>(vertx, "quiet", 1, 100, LONG);
    for (int i = 0; i < 50; i++) {
      crowded.run("stranger" + i, () -> ask(shared, "crowded"));
    }
    for (int i = 0; i < 3; i++) {
      quiet.run("known", () -> ask(shared, "quiet"));
    }
    for (int i = 1; i < 6; i++) {
      int before = i;
      endFirst();
      Waiting.until("the next begins", () -> begun().size() > before);
    }
    assertThat(begun()).containsExactly("crowded", "quiet", "crowded", "quiet", "crowded", "quiet");
  }

  @Test
  void whoFillsTheWaitingRoomIsRefusedAndOthersAreNot(Vertx vertx) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Admission<String> admission = new Admission<String>(vertx, "calls", 1, 30, LONG).meteredBy(meters);
    List<Future<Void>> greedy = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      greedy.add(ask(admission, "greedy"));
    }
    long refused = greedy.stream().filter(Future::failed).count();
    assertThat(refused).isBetween(70L, 90L);
    assertThat(greedy.stream().filter(Future::failed).map(Future::cause))
        .allSatisfy(e -> assertThat(FailureException.of(e).failure()).isInstanceOf(Failure.Unavailable.class));
    assertThat(ask(admission, "modest").failed()).isFalse();
    assertThat(meters.get("keyhook.admission.refused").tag("what", "calls").functionCounter().count()).isEqualTo(refused);
    assertThat(meters.get("keyhook.admission.running").gauge().value()).isEqualTo(1);
    assertThat(meters.get("keyhook.admission.waiting").gauge().value()).isEqualTo(100 - refused);
  }

  @Test
  void theLogSaysOnceAMinuteThatWorkIsRefused(Vertx vertx) {
    Admission<String> admission = new Admission<>(vertx, "calls of AdmissionTest", 1, 3, LONG);
    for (int i = 0; i < 20; i++) {
      ask(admission, "greedy");
    }
    assertThat(LogWatch.linesWith("Too many calls of AdmissionTest are in progress, so some are refused with 503: 1 run, "))
        .hasSize(1);
  }

  @Test
  void noneWaitsLongerThanItsPatience(Vertx vertx, VertxTestContext test) {
    Admission<String> admission = new Admission<>(vertx, "calls", 1, 10, Duration.ofMillis(10));
    ask(admission, "first");
    ask(admission, "second").onComplete(test.failing(e -> test.verify(() -> {
      assertThat(FailureException.of(e).failure()).isInstanceOf(Failure.Unavailable.class);
      assertThat(admission.waiting()).isZero();
      endFirst();
      ask(admission, "second");
      assertThat(begun()).containsExactly("first", "second");
      test.completeNow();
    })));
  }

  @Test
  void workThatThrowsFailsAndGivesItsPermitBack(Vertx vertx) {
    Admission<String> admission = new Admission<>(vertx, "calls", 1, 10, LONG);
    for (int i = 0; i < 5; i++) {
      Future<Void> failed = admission.run("a", () -> {
        throw new IllegalStateException("broken");
      });
      assertThat(failed.cause()).hasMessage("broken");
    }
    assertThat(Waiting.on(admission.run("a", () -> Future.succeededFuture("done")))).isEqualTo("done");
  }

  @Test
  void workStartsOnTheContextThatAskedForIt(Vertx vertx, VertxTestContext test) {
    Admission<String> admission = new Admission<>(vertx, "calls", 1, 10, LONG);
    ask(admission, "first");
    vertx.runOnContext(v -> {
      Context asked = vertx.getOrCreateContext();
      admission.run("second", () -> {
        test.verify(() -> assertThat(vertx.getOrCreateContext()).isSameAs(asked));
        return Future.succeededFuture();
      }).onComplete(test.succeedingThenComplete());
      endFirst();
    });
  }

  /** A caller has its answer at once; the next waits. */
  @Test
  void aPermitRestsAfterBulkWorkWhileValidationsAreSlow(Vertx vertx, VertxTestContext test) {
    AtomicLong now = new AtomicLong(TimeUnit.DAYS.toNanos(1));
    Pacer pacer = new Pacer(now::get, 1);
    for (int i = 0; i < 2000; i++) {
      long took = i < 1000 ? 1 : 100;
      now.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
      pacer.validated(now.get() - TimeUnit.MILLISECONDS.toNanos(took));
    }
    Admission<String> admission = new Admission<String>(vertx, "pieces", 1, 10, LONG)
        .pacedBy(pacer, Duration.ofSeconds(2)); // what comes next is looked at within it, also on a busy machine
    Future<Void> first = ask(admission, "first");
    Future<Void> second = ask(admission, "second");
    now.addAndGet(TimeUnit.SECONDS.toNanos(1)); // that it takes: it rests for as long as it may
    endFirst();
    assertThat(first.isComplete()).isTrue();
    assertThat(begun()).containsExactly("first");
    Waiting.until("the permit has rested", () -> begun().size() == 2);
    endFirst();
    second.onComplete(test.succeedingThenComplete());
  }
}
