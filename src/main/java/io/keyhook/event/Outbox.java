package io.keyhook.event;

import io.keyhook.account.Plans;
import io.keyhook.bus.Id;
import io.keyhook.db.ShardClient;
import io.keyhook.db.Shards;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Commits events, and hands their deliveries over once they are committed. Any thread. */
public final class Outbox {
  /** How long a lease lasts; an attempt ends well within it. */
  public static final int LEASE_SECONDS = 30;

  private final Plans plans;
  private final Shards shards;
  private final Dispatcher dispatcher;
  private final EventFeed feed;
  private final Map<EventType, Counter> counters = new EnumMap<>(EventType.class);

  public Outbox(Plans plans, Shards shards, Dispatcher dispatcher, EventFeed feed, MeterRegistry meters) {
    for (EventType type : EventType.values()) {
      counters.put(type, Counter.builder("keyhook.events").description("Events committed").tag("type", type.wireName())
          .register(meters));
    }
    this.plans = plans;
    this.shards = shards;
    this.dispatcher = dispatcher;
    this.feed = feed;
  }

  /**
   * What was written, to be {@link #dispatch dispatched} once it is committed.
   *
   * @param eventIds in step with the events
   */
  public record Written(List<Raised> events, List<UUID> eventIds, List<Outgoing> leased, Set<EndpointId> due) {
    public static final Written NOTHING = new Written(List.of(), List.of(), List.of(), Set.of());

    /** All that several calls wrote. */
    public static Written of(List<Written> parts) {
      if (parts.size() <= 1) {
        return parts.isEmpty() ? NOTHING : parts.get(0);
      }
      Written all = new Written(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new LinkedHashSet<>());
      parts.forEach(part -> {
        all.events.addAll(part.events);
        all.eventIds.addAll(part.eventIds);
        all.leased.addAll(part.leased);
        all.due.addAll(part.due);
      });
      return all;
    }
  }

  /** Writes within the caller's transaction, or in one of its own for each shard where the client has none. */
  public Future<Written> write(SqlClient client, List<Raised> events) {
    return shards.each(client, events, Raised::accountId, (shard, some) -> write(shard, some)).map(Written::of);
  }

  /** Writes events and dispatches them, those of each shard as soon as they are committed. */
  public Future<Void> commit(Pool connections, List<Raised> events) {
    return shards.each(connections, events, Raised::accountId, (shard, some) -> write(shard, some).onSuccess(this::dispatch))
        .mapEmpty();
  }

  /** Writes events of accounts in one shard, to be {@linkplain #dispatch dispatched}. */
  public Future<Written> write(ShardClient client, List<Raised> events) {
    if (events.isEmpty()) {
      return Future.succeededFuture(Written.NOTHING);
    }
    return write(client, events, dispatcher.saturated(accounts(events).collect(Collectors.toSet())));
  }

  private Future<Written> write(ShardClient client, List<Raised> events, UUID[] saturated) {
    List<UUID> ids = events.stream().map(event -> Id.v7(ThreadLocalRandom.current())).toList();
    return OutboxStore.write(client, plans, events, ids, saturated);
  }

  /**
   * Writes events within a long transaction of the caller. Their deliveries stay in the queue, from which nodes take them as they
   * have room: a lease would pass before the commit, and so many would exceed what one node may hold.
   */
  public Future<Written> queue(SqlClient tx, List<Raised> events) {
    return shards.each(tx, events, Raised::accountId,
        (shard, some) -> write(shard, some, accounts(some).distinct().toArray(UUID[]::new))).map(Written::of);
  }

  private static Stream<UUID> accounts(List<Raised> events) {
    return events.stream().map(Raised::accountId);
  }

  /** Whether a webhook of the account or a subscriber wants events of a type. An event that nobody wants need not be raised. */
  public Future<Boolean> isWanted(SqlClient client, UUID accountId, EventType type) {
    return feed.isHeard() ? Future.succeededFuture(true) : OutboxStore.isWanted(client, accountId, type);
  }

  /** Whether an account's deliveries give the senders of this node enough to do for now. */
  public boolean isBusy(UUID accountId) {
    return dispatcher.isBusy(accountId);
  }

  /** Sends on what is committed now. */
  public void dispatch(Written written) {
    dispatcher.dispatch(written.leased, written.due);
    written.events.forEach(event -> counters.get(event.type()).increment());
    feed.publish(written.events, written.eventIds);
  }
}
