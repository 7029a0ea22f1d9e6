package io.keyhook.event;

import io.keyhook.account.Plans;
import io.keyhook.bus.Id;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * Commits events. One statement finds the active webhooks that want each event, stores its data once, and queues a
 * delivery for each, already leased to this node where it has room: a first attempt needs no claim. What no webhook
 * wants leaves no trace. Any thread.
 */
public final class Outbox {
  /** How long a lease lasts; an attempt ends well within it. */
  public static final int LEASE_SECONDS = 30;

  private static final String WRITE = """
      WITH fan AS MATERIALIZED (
        SELECT r.ord, r.account_id, r.event_id, r.type, r.data, w.webhook_id, w.version,
          keyhook.uuid_v7() AS delivery_id,
          (now() AT TIME ZONE 'UTC')::date + ($6::int[])[array_position($5::text[], a.plan)] AS keep_until,
          NOT (w.webhook_id = ANY ($7::uuid[]) OR w.account_id = ANY ($7)) AS leased
        FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[]) WITH ORDINALITY
          r (account_id, event_id, type, data, ord)
        JOIN keyhook.account a ON a.account_id = r.account_id AND a.plan = ANY ($5)
        JOIN keyhook.webhook w ON w.account_id = r.account_id AND w.is_active AND r.type = ANY (w.events)
      ), stored AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT DISTINCT ON (event_id) account_id, event_id, keep_until, data FROM fan
      ), queued AS (
        INSERT INTO keyhook.delivery_queue
          (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, leased,
          -- not now(): a transaction may have waited for locks
          CASE WHEN leased THEN clock_timestamp() + make_interval(secs => $8) ELSE now() END
        FROM fan
      )
      SELECT ord, delivery_id, webhook_id, version, leased FROM fan""";

  private final Plans plans;
  private final Dispatcher dispatcher;
  private final EventFeed feed;

  public Outbox(Plans plans, Dispatcher dispatcher, EventFeed feed) {
    this.plans = plans;
    this.dispatcher = dispatcher;
    this.feed = feed;
  }

  /** What was written, to be {@link #dispatch dispatched} once it is committed. */
  public record Written(List<Raised> events, List<Outgoing> leased, Set<EndpointId> due) {}

  /** Writes within the caller's transaction, or in one of its own where the client has none. */
  public Future<Written> write(SqlClient client, List<Raised> events) {
    if (events.isEmpty()) {
      return Future.succeededFuture(new Written(events, List.of(), Set.of()));
    }
    long now = System.nanoTime();
    return client.preparedQuery(WRITE)
        .execute(Tuple.tuple()
            .addArrayOfUUID(events.stream().map(Raised::accountId).toArray(UUID[]::new))
            .addArrayOfUUID(events.stream().map(event -> Id.v7(ThreadLocalRandom.current())).toArray(UUID[]::new))
            .addArrayOfShort(events.stream().map(event -> event.type().code()).toArray(Short[]::new))
            .addArrayOfString(events.stream().map(Raised::data).toArray(String[]::new))
            .addArrayOfString(plans.withWebhooks())
            .addArrayOfInteger(plans.retentions())
            .addArrayOfUUID(dispatcher.saturated(events.stream().map(Raised::accountId).collect(Collectors.toSet())))
            .addDouble((double) LEASE_SECONDS))
        .map(rows -> {
          List<Outgoing> leased = new ArrayList<>(rows.size());
          Set<EndpointId> due = new LinkedHashSet<>();
          for (Row row : rows) {
            Raised event = events.get(row.getLong(0).intValue() - 1);
            UUID webhookId = row.getUUID(2);
            if (row.getBoolean(4)) {
              leased.add(new Outgoing(event.accountId(), row.getUUID(1), webhookId, row.getInteger(3), event.type(),
                  event.data(), 1, 1, 0, now));
            } else {
              due.add(new EndpointId(event.accountId(), webhookId));
            }
          }
          return new Written(events, leased, due);
        });
  }

  /** Whether the senders of this node have enough to do for now. */
  public boolean isBusy() {
    return dispatcher.isBusy();
  }

  /** Sends on what is committed now. */
  public void dispatch(Written written) {
    dispatcher.dispatch(written.leased, written.due);
    feed.publish(written.events);
  }
}
