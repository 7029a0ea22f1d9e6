package io.keyhook.event;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Events;
import io.keyhook.bus.Events.Event;
import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Events for the application that embeds Keyhook, once they are committed: those of this node, or those of all nodes of a
 * clustered Vert.x. A subscriber to all nodes announces itself again and again, so that nodes without one publish nothing. A
 * node that starts publishes until it would have heard of a subscriber.
 * Any thread.
 */
public final class EventFeed {
  private static final Address<Published, Void> EVENTS = new Address<>("events");
  private static final Address<JsonObject, Void> EVENTS_OF_ALL_NODES = new Address<>("events.all-nodes");
  /** Types that nodes of the version before do not know: their subscribers named none, and did not ask for these. */
  private static final Address<JsonObject, Void> LATER_EVENTS_OF_ALL_NODES = new Address<>("events.all-nodes.later");
  private static final Address<JsonObject, Void> WANTED = new Address<>("events.wanted");
  private static final Duration ANNOUNCING = Duration.ofSeconds(5);
  /** A subscriber may miss two announcements before its events stop. */
  private static final Duration ANNOUNCED = ANNOUNCING.multipliedBy(3);

  /**
   * An event for all subscribers.
   *
   * @param sequence as in {@link Raised}
   */
  private record Published(Event event, Long sequence) {
    Event sequenced() {
      return sequence == null ? event : new Event(event.id(), event.timestamp(), event.accountId(), event.type(),
          event.data().copy().put("sequence", sequence));
    }
  }

  private final Vertx vertx;
  private final Bus bus;
  private final Set<MessageConsumer<?>> consumers = ConcurrentHashMap.newKeySet();
  private volatile boolean announced;
  private volatile long announcedUntil;

  /** Belongs to the verticle that calls it: with it, listening to announcements ends. */
  public EventFeed(Vertx vertx, Bus bus) {
    this.vertx = vertx;
    this.bus = bus;
    if (vertx.isClustered()) {
      announced();
      bus.listenOnAllNodes(WANTED, announcement -> announced());
    }
  }

  private void announced() {
    announcedUntil = System.nanoTime() + ANNOUNCED.toNanos();
    announced = true;
  }

  /** Whether anybody subscribes; an event that nobody wants need not be raised. */
  public boolean isHeard() {
    return isHeardHere() || isHeardOnAnotherNode();
  }

  private boolean isHeardHere() {
    consumers.removeIf(consumer -> !consumer.isRegistered()); // its verticle may have been undeployed
    return !consumers.isEmpty();
  }

  private boolean isHeardOnAnotherNode() {
    return announced && System.nanoTime() - announcedUntil < 0;
  }

  /**
   * @param ids in step with the events
   */
  void publish(List<Raised> events, List<UUID> ids) {
    boolean here = isHeardHere();
    boolean elsewhere = isHeardOnAnotherNode();
    for (int i = 0; (here || elsewhere) && i < events.size(); i++) {
      Published event = new Published(event(events.get(i), ids.get(i)), events.get(i).sequence());
      if (here) {
        bus.publish(EVENTS, event);
      }
      if (elsewhere) {
        bus.publishToAllNodes(EventType.BEFORE_SEQUENCES.contains(events.get(i).type()) ? EVENTS_OF_ALL_NODES
            : LATER_EVENTS_OF_ALL_NODES, toJson(event));
      }
    }
  }

  private static Event event(Raised raised, UUID id) {
    return new Event(Id.EVENT.of(id), Instant.ofEpochMilli(Id.millis(id)), Id.ACCOUNT.of(raised.accountId()),
        raised.type().wireName(), new JsonObject(raised.data()));
  }

  private static JsonObject toJson(Published published) {
    Event event = published.event;
    return new JsonObject().put("id", event.id()).put("timestamp", event.timestamp()).put("accountId", event.accountId())
        .put("type", event.type()).put("data", event.data()).put("sequence", published.sequence);
  }

  private static Published fromJson(JsonObject event) {
    return new Published(new Event(event.getString("id"), event.getInstant("timestamp"), event.getString("accountId"),
        event.getString("type"), event.getJsonObject("data")), event.getLong("sequence"));
  }

  private static Consumer<Published> select(Subscription events, Consumer<Event> handler) {
    Set<String> types = events.covered().stream().map(EventType::wireName).collect(Collectors.toSet());
    return published -> {
      if (types.contains(published.event.type())) {
        handler.accept(events.isSequenced() ? published.sequenced() : published.event);
      }
    };
  }

  /** Calls back on the caller's context until the subscription is closed or the caller's verticle is undeployed. */
  public Events.Subscription subscribe(Subscription events, Consumer<Event> handler) {
    MessageConsumer<Published> consumer = bus.listen(EVENTS, select(events, handler));
    consumers.add(consumer);
    return () -> consumers.remove(consumer) ? consumer.unregister() : Future.succeededFuture();
  }

  /** The same for the events of all nodes; without a cluster, those are this node's. */
  public Events.Subscription subscribeToAllNodes(Subscription events, Consumer<Event> handler) {
    if (!vertx.isClustered()) {
      return subscribe(events, handler);
    }
    Consumer<Published> selected = select(events, handler);
    List<MessageConsumer<JsonObject>> both = Stream.of(EVENTS_OF_ALL_NODES, LATER_EVENTS_OF_ALL_NODES)
        .map(address -> bus.listenOnAllNodes(address, event -> selected.accept(fromJson(event)))).toList();
    Future.all(both.stream().map(MessageConsumer::completion).toList()).onSuccess(registered -> announce());
    long timer = vertx.setPeriodic(ANNOUNCING.toMillis(), t -> announce());
    return () -> vertx.cancelTimer(timer)
        ? Future.all(both.stream().map(MessageConsumer::unregister).toList()).mapEmpty() : Future.succeededFuture();
  }

  private void announce() {
    bus.publishToAllNodes(WANTED, new JsonObject());
  }
}
