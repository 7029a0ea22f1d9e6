package io.keyhook.bus;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.tracing.TracingPolicy;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Typed messages between the verticles of one Keyhook, on the event bus of its Vert.x and on this node only. Several
 * Keyhooks share a Vert.x under different names. Any thread.
 */
public final class Bus {
  private final Vertx vertx;
  private final EventBus eventBus;
  private final LocalCodec codec;
  private final DeliveryOptions options;
  private final ThreadLocal<Map<Address<?, ?>, Function<?, ?>>> near = ThreadLocal.withInitial(IdentityHashMap::new);

  public Bus(Vertx vertx, String name) {
    this.vertx = vertx;
    this.eventBus = vertx.eventBus();
    this.codec = new LocalCodec(name);
    this.options = new DeliveryOptions()
        .setCodecName(name)
        .setLocalOnly(true)
        .setTracingPolicy(TracingPolicy.IGNORE)
        .setSendTimeout(Address.DEFAULT_TIMEOUT.toMillis());
  }

  /**
   * Opens the bus.
   *
   * @throws IllegalStateException another Keyhook of this name runs in this Vert.x
   */
  public void open() {
    eventBus.registerCodec(codec);
  }

  public void close() {
    eventBus.unregisterCodec(codec.name());
  }

  /** Fails with a {@link FailureException} where the request is refused or cannot be carried out. */
  public <Q, A> Future<A> request(Address<Q, A> address, Q question) {
    @SuppressWarnings("unchecked")
    Function<Q, Future<A>> handler = (Function<Q, Future<A>>) near.get().get(address);
    if (handler != null) {
      Promise<A> answer = ((ContextInternal) vertx.getOrCreateContext()).promise();
      ask(handler, question).onComplete(answer::complete, e -> answer.fail(FailureException.of(e)));
      return answer.future();
    }
    DeliveryOptions waiting = address.timeout().equals(Address.DEFAULT_TIMEOUT) ? options
        : new DeliveryOptions(options).setSendTimeout(address.timeout().toMillis());
    return eventBus.<A>request(path(address), question, waiting).transform(reply -> reply.succeeded()
        ? Future.succeededFuture(reply.result().body())
        : Future.failedFuture(FailureException.of(reply.cause())));
  }

  /** Answers the requests to an address until the calling verticle is undeployed. */
  public <Q, A> void answer(Address<Q, A> address, Function<Q, Future<A>> handler) {
    eventBus.<Q>localConsumer(path(address), message -> ask(handler, message.body()).onComplete(
        value -> message.reply(value, options),
        e -> message.reply(FailureException.of(e), options)));
  }

  /**
   * And those on the calling verticle's own event loop at once: a message, with its timer, can cost more than what it asks
   * for. The handler bounds its own waits, and the verticle {@linkplain #leave leaves} as it stops.
   */
  public <Q, A> void answerNear(Address<Q, A> address, Function<Q, Future<A>> handler) {
    near.get().put(address, handler);
    answer(address, handler);
  }

  /** Ends {@link #answerNear}, on the event loop that called it. */
  public void leave(Address<?, ?> address) {
    near.get().remove(address);
  }

  private static <Q, A> Future<A> ask(Function<Q, Future<A>> handler, Q question) {
    try {
      return handler.apply(question);
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  /** Sends without waiting: a wake-up. It is lost where nobody listens. */
  public <Q> void send(Address<Q, Void> address, Q message) {
    eventBus.send(path(address), message, options);
  }

  /** Tells all who listen. */
  public <Q> void publish(Address<Q, Void> address, Q message) {
    eventBus.publish(path(address), message, options);
  }

  /** Listens for what is sent or published, until it is unregistered or the calling verticle is undeployed. */
  public <Q> MessageConsumer<Q> listen(Address<Q, Void> address, Consumer<Q> handler) {
    return eventBus.localConsumer(path(address), message -> handler.accept(message.body()));
  }

  private String path(Address<?, ?> address) {
    return codec.name() + "." + address.name();
  }
}
