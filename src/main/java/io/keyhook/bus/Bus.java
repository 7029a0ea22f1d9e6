package io.keyhook.bus;

import io.keyhook.trace.Tracing;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.core.json.JsonObject;
import io.vertx.core.tracing.TracingPolicy;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Typed messages between the verticles of one Keyhook instance, on the event bus of its Vert.x and on this node only. Several
 * instances can share a Vert.x under different names. Any thread.
 *
 * <p>A request is one message, which carries the request and the promise of its response by reference. Compared with a call
 * of the handler, it costs 1.1 µs of CPU and about 3% of the validations per second. {@link EventBus#request} costs 2.6 µs
 * and 8%: for each request it sets and cancels a timer, registers and removes a consumer, and sends a second message. Here,
 * one timer serves all requests.
 *
 * <p>Of the verticles that answer an address, one on the caller's event loop gets the request, if there is one: another would
 * have to be woken for it, and would have to wake the caller for the response. Each loop has an address of its own for that.
 */
public final class Bus {
  /** How late a request may learn that it has timed out. */
  private static final Duration SWEEP = Duration.ofSeconds(1);

  private final Vertx vertx;
  private final Tracing tracing;
  private final EventBus eventBus;
  private final LocalCodec codec;
  private final DeliveryOptions options;
  private final Set<Question<?, ?>> unanswered = ConcurrentHashMap.newKeySet();
  /** The paths of addresses that a verticle on a thread answers. After it is undeployed, nobody may listen there. */
  private final Map<Thread, Map<Address<?, ?>, String>> near = new ConcurrentHashMap<>();
  private long sweep;

  /**
   * Creates a bus.
   *
   * @param tracing of all verticles on it; a request carries the context of its caller
   */
  public Bus(Vertx vertx, String name, Tracing tracing) {
    this.vertx = vertx;
    this.tracing = tracing;
    this.eventBus = vertx.eventBus();
    this.codec = new LocalCodec(name);
    this.options = new DeliveryOptions()
        .setCodecName(name)
        .setLocalOnly(true)
        .setTracingPolicy(TracingPolicy.IGNORE);
  }

  /** An open request. The first to remove it from {@link #unanswered} completes it; a later response is dropped. */
  private final class Question<Q, A> {
    private final Q body;
    private final String trace = tracing.current();
    private final long dueNanos;
    private final Context asker = vertx.getOrCreateContext();
    private final Promise<A> answer = Promise.promise();

    Question(Q body, Duration timeout) {
      this.body = body;
      this.dueNanos = System.nanoTime() + timeout.toNanos();
    }

    void giveUp(ReplyFailure reason) {
      end(null, new ReplyException(reason));
    }

    /**
     * @param failure null: the value is the response
     */
    void end(A value, Throwable failure) {
      if (unanswered.remove(this)) {
        FailureException failed = failure == null ? null : FailureException.of(failure);
        asker.runOnContext(v -> answer.complete(value, failed));
      }
    }
  }

  /** Starts the spans of the verticles on this bus. */
  public Tracing tracing() {
    return tracing;
  }

  /**
   * Opens the bus.
   *
   * @throws IllegalStateException if another instance with this name runs in this Vert.x
   */
  public void open() {
    eventBus.registerCodec(codec);
    sweep = vertx.setPeriodic(SWEEP.toMillis(), timer -> {
      long now = System.nanoTime();
      giveUp(question -> question.dueNanos - now <= 0);
    });
  }

  /** Closes the bus. Open requests fail. */
  public void close() {
    vertx.cancelTimer(sweep);
    eventBus.unregisterCodec(codec.name());
    giveUp(question -> true);
  }

  private void giveUp(Predicate<Question<?, ?>> which) {
    unanswered.stream().filter(which).forEach(question -> question.giveUp(ReplyFailure.TIMEOUT));
  }

  /**
   * Sends a request, and completes on the caller's context: within the address's timeout and a second, even if the verticle that
   * responds stops in the meantime. Fails with a {@link FailureException} if the request is refused or cannot be carried out.
   */
  public <Q, A> Future<A> request(Address<Q, A> address, Q question) {
    Question<Q, A> asked = new Question<>(question, address.timeout());
    unanswered.add(asked);
    String here = near.getOrDefault(Thread.currentThread(), Map.of()).get(address);
    Future<Void> sent = here == null ? send(path(address), asked) : send(here, asked).recover(e -> send(path(address), asked));
    sent.onFailure(e -> asked.giveUp(ReplyFailure.NO_HANDLERS)); // also without a codec, once the bus is closed
    return asked.answer.future();
  }

  private Future<Void> send(String path, Question<?, ?> question) {
    return ask(eventBus.<Question<?, ?>>sender(path, options)::write, question);
  }

  /** Responds to the requests to an address until the calling verticle is undeployed. */
  public <Q, A> void answer(Address<Q, A> address, Function<Q, Future<A>> handler) {
    Handler<Message<Question<Q, A>>> consumer = message -> {
      Question<Q, A> question = message.body();
      ask(body -> tracing.under(question.trace, () -> handler.apply(body)), question.body).onComplete((value, e) -> question.end(value, e));
    };
    eventBus.localConsumer(path(address), consumer);
    Thread thread = Thread.currentThread();
    String here = path(address) + "@" + thread.getId();
    eventBus.localConsumer(here, consumer);
    near.computeIfAbsent(thread, key -> new ConcurrentHashMap<>()).put(address, here);
  }

  private static <Q, A> Future<A> ask(Function<Q, Future<A>> handler, Q question) {
    try {
      return handler.apply(question);
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  /** Sends a wake-up without waiting. It is lost if no handler is registered. */
  public <Q> void send(Address<Q, Void> address, Q message) {
    eventBus.send(path(address), message, options);
  }

  /** Publishes to all handlers on this node. */
  public <Q> void publish(Address<Q, Void> address, Q message) {
    eventBus.publish(path(address), message, options);
  }

  /** Registers a handler for sent and published messages, until it is unregistered or the calling verticle is undeployed. */
  public <Q> MessageConsumer<Q> listen(Address<Q, Void> address, Consumer<Q> handler) {
    return eventBus.localConsumer(path(address), message -> handler.accept(message.body()));
  }

  /** Publishes to all handlers on all nodes of a clustered Vert.x; without a cluster, on this node. */
  public void publishToAllNodes(Address<JsonObject, Void> address, JsonObject message) {
    eventBus.publish(path(address), message, new DeliveryOptions().setTracingPolicy(TracingPolicy.IGNORE));
  }

  /** Registers a handler for what any node of a clustered Vert.x publishes, as {@link #listen} does. */
  public MessageConsumer<JsonObject> listenOnAllNodes(Address<JsonObject, Void> address, Consumer<JsonObject> handler) {
    return eventBus.consumer(path(address), message -> handler.accept(message.body()));
  }

  private String path(Address<?, ?> address) {
    return codec.name() + "." + address.name();
  }
}
