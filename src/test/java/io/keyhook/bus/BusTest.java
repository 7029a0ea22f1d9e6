package io.keyhook.bus;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.keyhook.trace.Tracing;
import io.vertx.core.Vertx;
import io.vertx.junit5.Checkpoint;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every request ends, once, where it was asked. */
@ExtendWith(VertxExtension.class)
class BusTest {
  private static final Address<String, String> ECHO = new Address<>("test.echo");
  private static final Address<String, String> LATE = new Address<>("test.late", Duration.ofMillis(1));
  private static final Address<String, String> LOST = new Address<>("test.lost", Duration.ofMillis(1));
  private static final Address<String, String> SILENT = new Address<>("test.silent");

  private final Promise<String> late = Promise.promise();
  private Bus bus;
  private String verticle;

  @BeforeEach
  void deploy(Vertx vertx, VertxTestContext test) {
    bus = new Bus(vertx, "test", Tracing.OFF);
    bus.open();
    vertx.deployVerticle(new VerticleBase() {
      @Override
      public Future<?> start() {
        bus.answer(ECHO, BusTest::echo);
        bus.answer(LATE, question -> late.future());
        bus.answer(SILENT, question -> Promise.<String>promise().future());
        return vertx.eventBus().localConsumer("test." + LOST.name(), message -> { }).completion(); // as one that died with it
      }
    }).onComplete(test.succeeding(deployed -> {
      verticle = deployed;
      test.completeNow();
    }));
  }

  private static Future<String> echo(String question) {
    if (question.isEmpty()) {
      throw Check.invalid("question", "is empty");
    }
    return Future.succeededFuture(question);
  }

  private static void assertUnavailable(VertxTestContext test, Throwable e) {
    test.verify(() -> assertThat(((FailureException) e).failure()).isInstanceOf(Failure.Unavailable.class));
  }

  @Test
  void anAnswerAndARefusalCompleteOnTheCallersContext(Vertx vertx, VertxTestContext test) {
    Checkpoint answered = test.checkpoint();
    Checkpoint refused = test.checkpoint();
    vertx.runOnContext(v -> {
      Context here = Vertx.currentContext();
      bus.request(ECHO, "?").onComplete(test.succeeding(answer -> test.verify(() -> {
        assertThat(answer).isEqualTo("?");
        assertThat(Vertx.currentContext()).isSameAs(here);
        answered.flag();
      })));
      bus.request(ECHO, "").onComplete(test.failing(e -> test.verify(() -> {
        assertThat(((FailureException) e).failure()).isInstanceOf(Failure.Invalid.class);
        assertThat(Vertx.currentContext()).isSameAs(here);
        refused.flag();
      })));
    });
  }

  @Test
  void aVerticleOnTheCallersEventLoopAnswersAndAnotherAfterItHasStopped(Vertx vertx, VertxTestContext test) {
    Address<String, Thread> whose = new Address<>("test.whose");
    Queue<Context> contexts = new ConcurrentLinkedQueue<>();
    Supplier<VerticleBase> answers = () -> new VerticleBase() {
      @Override
      public Future<?> start() {
        contexts.add(context);
        bus.answer(whose, question -> Future.succeededFuture(Thread.currentThread()));
        return Future.succeededFuture();
      }
    };
    vertx.deployVerticle(answers.get()).compose(first -> {
      Context here = contexts.remove();
      return vertx.deployVerticle(answers.get()).compose(second -> Future.all(IntStream.range(0, 8).mapToObj(i -> asked(here, whose))
              .toList()))
          .compose(same -> {
            test.verify(() -> assertThat(same.<Boolean>list()).containsOnly(true));
            return vertx.undeploy(first);
          })
          .compose(undeployed -> asked(here, whose));
    }).onComplete(test.succeeding(same -> test.verify(() -> {
      assertThat(same).isFalse();
      test.completeNow();
    })));
  }

  /** Whether the thread of a context that asks is the one that answers. */
  private Future<Boolean> asked(Context context, Address<String, Thread> address) {
    return Future.future(result -> context.runOnContext(v -> {
      Thread asker = Thread.currentThread();
      bus.request(address, "?").map(asker::equals).onComplete(result);
    }));
  }

  @Test
  void aThreadThatIsNotOfVertxMayAsk(VertxTestContext test) {
    bus.request(ECHO, "?").onComplete(test.succeeding(answer -> test.verify(() -> {
      assertThat(answer).isEqualTo("?");
      test.completeNow();
    })));
  }

  @Test
  void anAnswerThatComesTooLateIsLost(VertxTestContext test) {
    bus.request(LATE, "?").onComplete(test.failing(e -> {
      assertUnavailable(test, e);
      late.complete("!");
      bus.request(ECHO, "?").onComplete(test.succeedingThenComplete());
    }));
  }

  @Test
  void aRequestWhoseConsumerDiedWithItEndsInTime(VertxTestContext test) {
    bus.request(LOST, "?").onComplete(test.failing(e -> {
      assertUnavailable(test, e);
      test.completeNow();
    }));
  }

  @Test
  void afterTheVerticleStoppedARequestFailsAtOnce(Vertx vertx, VertxTestContext test) {
    vertx.undeploy(verticle).compose(undeployed -> bus.request(ECHO, "?")).onComplete(test.failing(e -> {
      assertUnavailable(test, e);
      test.completeNow();
    }));
  }

  @Test
  void closingTheBusEndsWhatIsUnansweredAndWhatIsAskedLater(VertxTestContext test) {
    Checkpoint before = test.checkpoint();
    Checkpoint after = test.checkpoint();
    bus.request(SILENT, "?").onComplete(test.failing(e -> {
      assertUnavailable(test, e);
      before.flag();
    }));
    bus.close();
    bus.request(ECHO, "?").onComplete(test.failing(e -> {
      assertUnavailable(test, e);
      after.flag();
    }));
  }
}
