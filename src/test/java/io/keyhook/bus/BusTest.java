package io.keyhook.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Waiting;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who asks on the event loop that answers is answered there, without a message; everybody else by one. */
class BusTest {
  private static final Address<String, String> ECHO = new Address<>("test.echo");

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final Bus bus = new Bus(vertx, "test");
  private final Promise<String> answer = Promise.promise();
  private Thread asked;
  private String verticle;

  @BeforeEach
  void deploy() {
    bus.open();
    verticle = Waiting.on(vertx.deployVerticle(new VerticleBase() {
      @Override
      public Future<?> start() {
        bus.answerNear(ECHO, question -> {
          asked = Thread.currentThread();
          if (question.isEmpty()) {
            throw Check.invalid("question", "is empty");
          }
          return answer.future();
        });
        return Future.succeededFuture();
      }

      @Override
      public Future<?> stop() {
        bus.leave(ECHO);
        return Future.succeededFuture();
      }
    }));
  }

  @AfterEach
  void close() {
    Waiting.on(vertx.close());
  }

  /** What came of a question that was asked on an event loop, and whether all of it happened before the call returned. */
  private record Asked(boolean atOnce, Context here, Context there, Throwable failure) {}

  private Asked ask(String question) {
    Promise<Asked> done = Promise.promise();
    vertx.runOnContext(v -> {
      Context here = vertx.getOrCreateContext();
      Future<String> answered = bus.request(ECHO, question);
      boolean atOnce = asked == Thread.currentThread() || answered.isComplete();
      answered.onComplete(
          value -> done.complete(new Asked(atOnce, here, Vertx.currentContext(), null)),
          e -> done.complete(new Asked(atOnce, here, Vertx.currentContext(), e)));
      answer.tryComplete("yes");
    });
    return Waiting.on(done.future());
  }

  @Test
  void onTheSameEventLoopItIsACallThatCompletesOnTheCallersContext() {
    Asked near = ask("?");
    assertThat(near.atOnce()).isTrue();
    assertThat(near.there()).isSameAs(near.here());
    assertThat(near.failure()).isNull();
  }

  @Test
  void whatIsRefusedFailsAlike() {
    assertThat(ask("").failure()).isInstanceOf(FailureException.class);
    assertThatThrownBy(() -> Waiting.on(bus.request(ECHO, ""))).isInstanceOf(FailureException.class);
  }

  @Test
  void fromElsewhereItIsAMessage() {
    answer.complete("yes");
    assertThat(Waiting.on(bus.request(ECHO, "?"))).isEqualTo("yes");
    assertThat(asked).isNotSameAs(Thread.currentThread());
  }

  @Test
  void afterTheVerticleStoppedNobodyIsThere() {
    Waiting.on(vertx.undeploy(verticle));
    Asked late = ask("?");
    assertThat(asked).isNull();
    assertThat(((FailureException) late.failure()).failure()).isInstanceOf(Failure.Unavailable.class);
  }
}
