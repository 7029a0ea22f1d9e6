package io.keyhook.event;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Events;
import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Events for the application that embeds Keyhook: those raised on this node, once they are committed. Any thread. */
public final class EventFeed {
  private static final Address<Events.Event, Void> EVENTS = new Address<>("events");

  private final Bus bus;
  private final Set<MessageConsumer<?>> consumers = ConcurrentHashMap.newKeySet();

  public EventFeed(Bus bus) {
    this.bus = bus;
  }

  /** Whether anybody listens; what nobody hears of need not be raised. */
  public boolean isHeard() {
    consumers.removeIf(consumer -> !consumer.isRegistered()); // its verticle may have been undeployed
    return !consumers.isEmpty();
  }

  void publish(List<Raised> events) {
    if (isHeard()) {
      events.forEach(event -> bus.publish(EVENTS, new Events.Event(
          Id.ACCOUNT.of(event.accountId()), event.type().wireName(), new JsonObject(event.data()))));
    }
  }

  /** Calls back on the caller's context until the subscription is closed. */
  public Events.Subscription subscribe(Consumer<Events.Event> handler) {
    MessageConsumer<Events.Event> consumer = bus.listen(EVENTS, handler);
    consumers.add(consumer);
    return () -> consumers.remove(consumer) ? consumer.unregister() : Future.succeededFuture();
  }
}
