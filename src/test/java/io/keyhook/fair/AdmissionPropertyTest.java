package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Waiting;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever tenants ask for, and in whatever order their work ends. */
class AdmissionPropertyTest {
  private static final int TENANTS = 5;
  private static final int MAX_WAITING = 30;

  private static Vertx vertx;

  @BeforeContainer
  static void start() {
    vertx = Vertx.vertx();
  }

  @AfterContainer
  static void stop() {
    Waiting.on(vertx.close());
  }

  /** Steps below {@link #TENANTS} are work that this tenant asks for; others end work that runs. */
  @Property(tries = 300)
  void nobodyWaitsBesideAFreePermitAndTenantsTakeTurns(
      @ForAll @Size(max = 200) List<@IntRange(min = 0, max = 2 * TENANTS - 1) Integer> steps,
      @ForAll @IntRange(min = 1, max = 6) int permits) {
    Model model = new Model(permits);
    Waiting.on(model.run(steps).compose(v -> model.endAll()));
  }

  private static final class Work {
    private final int tenant;
    private final Promise<Void> end = Promise.promise();
    /** How much of others has begun while this was the first of a tenant that had nothing running. */
    private int overtaken;

    private Work(int tenant) {
      this.tenant = tenant;
    }
  }

  /** On one event loop: what was admitted in a step has begun before the next. */
  private static final class Model {
    private final Context context = vertx.getOrCreateContext();
    private final int permits;
    private final Admission<Integer> admission;
    private final List<Work> running = new ArrayList<>();
    private final Map<Integer, Deque<Work>> waiting = new HashMap<>();
    private int asked;
    private int over;
    private int refused;

    private Model(int permits) {
      this.permits = permits;
      this.admission = new Admission<>(vertx, "steps", permits, MAX_WAITING, Duration.ofMinutes(1));
      for (int tenant = 0; tenant < TENANTS; tenant++) {
        waiting.put(tenant, new ArrayDeque<>());
      }
    }

    Future<Void> run(List<Integer> steps) {
      return steps.isEmpty() ? Future.succeededFuture() : step(() -> {
        int step = steps.get(0);
        if (step < TENANTS) {
          ask(step);
        } else if (!running.isEmpty()) {
          running.get(step % running.size()).end.complete();
        }
      }).compose(v -> run(steps.subList(1, steps.size())));
    }

    Future<Void> endAll() {
      return running.isEmpty() ? step(() -> {
        assertThat(admission.waiting()).isZero();
        assertThat(over + refused).isEqualTo(asked);
      }) : step(() -> running.get(0).end.complete()).compose(v -> endAll());
    }

    /** What the step admits begins in a task of its own, before the one that looks. */
    private Future<Void> step(Runnable step) {
      Promise<Void> done = Promise.promise();
      context.runOnContext(v -> attempt(done, () -> {
        step.run();
        context.runOnContext(next -> attempt(done, () -> {
          assertFair();
          done.complete();
        }));
      }));
      return done.future();
    }

    private static void attempt(Promise<Void> done, Runnable step) {
      try {
        step.run();
      } catch (RuntimeException | AssertionError e) {
        done.tryFail(e);
      }
    }

    private void ask(int tenant) {
      asked++;
      Work work = new Work(tenant);
      waiting.get(tenant).add(work);
      Future<Void> result = admission.run(tenant, () -> {
        assertThat(waiting.get(tenant).poll()).as("the tenant's first").isSameAs(work);
        running.add(work);
        waiting.values().stream().filter(queue -> !queue.isEmpty() && running(queue.peek().tenant) == 0)
            .forEach(queue -> queue.peek().overtaken++);
        return work.end.future().onComplete(ended -> running.remove(work));
      });
      if (result.failed()) {
        refused++;
        waiting.get(tenant).removeLast();
      } else {
        result.onComplete(done -> over++);
      }
    }

    private long running(int tenant) {
      return running.stream().filter(work -> work.tenant == tenant).count();
    }

    private void assertFair() {
      assertThat(running).hasSizeLessThanOrEqualTo(permits);
      waiting.forEach((tenant, queue) -> {
        if (!queue.isEmpty() && running(tenant) == 0) {
          assertThat(running).as("while a tenant waits that has nothing").hasSize(permits);
          assertThat(queue.peek().overtaken).as("times that it was overtaken").isLessThan(TENANTS);
        }
      });
      assertThat(admission.waiting()).isEqualTo(waiting.values().stream().mapToInt(Deque::size).sum())
          .isLessThanOrEqualTo(MAX_WAITING);
    }
  }
}
