package io.keyhook.log;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Events;
import io.vertx.core.Future;
import io.vertx.core.eventbus.MessageConsumer;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Publishes an account's changed deliveries to its subscribers on this node, from {@link LiveVerticle}. Any
 * thread.
 */
public final class DeliveryFeed {
  /** Completes when the subscription is active: later changes are reported. */
  static final Address<Open, Void> OPEN = new Address<>("delivery.watch");
  static final Address<Close, Void> CLOSE = new Address<>("delivery.unwatch");

  /**
   * @param stream names it until it is closed
   */
  record Open(UUID stream, Deliveries.Watch watch) {}

  record Close(UUID stream, UUID accountId) {}

  /**
   * What changed in one look.
   *
   * @param ended streams that get nothing from now on
   */
  record Changes(List<Deliveries.Summary> deliveries, Set<UUID> ended) {}

  private final Bus bus;

  public DeliveryFeed(Bus bus) {
    this.bus = bus;
  }

  static Address<Changes, Void> changesOf(UUID accountId) {
    return new Address<>("delivery.changes." + accountId);
  }

  /** One stream of changes, on the subscriber's context. */
  private final class Stream implements Events.Subscription {
    private final UUID id = UUID.randomUUID();
    private final Deliveries.Watch watch;
    private final Consumer<Deliveries.Summary> changed;
    private final Runnable ended;
    private final MessageConsumer<?> consumer;
    private volatile boolean open;

    Stream(Deliveries.Watch watch, Consumer<Deliveries.Summary> changed, Runnable ended) {
      this.watch = watch;
      this.changed = changed;
      this.ended = ended;
      this.consumer = bus.listen(changesOf(watch.caller().accountId()), this::tell);
    }

    private void tell(Changes changes) {
      if (open) { // others may be told already
        changes.deliveries.stream().filter(watch::covers).forEach(changed);
        if (changes.ended.contains(id)) {
          open = false;
          ended.run();
        }
      }
    }

    Future<Events.Subscription> opened() {
      return bus.request(OPEN, new Open(id, watch)).<Events.Subscription>map(watched -> {
        open = true;
        return this;
      }).onFailure(e -> close());
    }

    @Override
    public Future<Void> close() {
      open = false;
      bus.send(CLOSE, new Close(id, watch.caller().accountId()));
      return consumer.isRegistered() ? consumer.unregister() : Future.succeededFuture();
    }
  }

  /**
   * Calls back on the caller's context until the subscription is closed.
   *
   * @param ended called once where Keyhook ends it
   */
  public Future<Events.Subscription> watch(
      Deliveries.Watch watch, Consumer<Deliveries.Summary> changed, Runnable ended) {
    return new Stream(watch, changed, ended).opened();
  }
}
