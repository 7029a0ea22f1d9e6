package io.keyhook.log;

import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Id;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.Outbox;
import io.keyhook.log.DeliveryLicenseStore.Listed;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** The SQL of watching: an account's deliveries as they are now, as far as they may have changed lately. */
final class LiveStore {
  /** The maximum number of deliveries that one poll reports, the newest. */
  static final int MAX_FRESH = 200;
  private static final int MAX_OF_WEBHOOK = 100;

  private static final String QUEUED = """
      q.delivery_id, q.webhook_id, q.type, 0::smallint AS status, false AS test, q.attempts,
        %s AS due_at, %s AS paused, q.event_id, q.keep_until"""
      .formatted(DeliveryRowStore.nextAttemptAt("q"), DeliveryRowStore.waitsForWebhook("q"));
  private static final String LOGGED = """
      d.delivery_id, d.webhook_id, d.type, d.status, d.test, d.attempts, NULL::timestamptz, false, d.event_id, d.keep_until""";

  /**
   * The newest deliveries, and those with a current or imminent attempt: a redelivered old one changes within seconds of
   * being there. Then those that were pending when they were last seen. A webhook that is just deleted has canceled
   * some.
   */
  private static final String LOOK = """
      WITH fresh AS MATERIALIZED (
        SELECT f.* FROM keyhook.webhook w CROSS JOIN LATERAL (
          (SELECT %1$s FROM keyhook.delivery_queue q
          WHERE q.account_id = $1 AND q.webhook_id = w.webhook_id AND q.delivery_id >= $2
          ORDER BY q.delivery_id DESC LIMIT %3$d)
          UNION ALL
          (SELECT %1$s FROM keyhook.delivery_queue q
          WHERE q.account_id = $1 AND q.webhook_id = w.webhook_id AND q.due_at > '-infinity'
            AND q.due_at > now() - interval '5 seconds' AND q.due_at <= now() + interval '%4$d seconds'
          ORDER BY q.due_at DESC LIMIT %3$d)
          UNION ALL
          (SELECT %2$s FROM keyhook.delivery d
          WHERE d.account_id = $1 AND d.webhook_id = w.webhook_id AND d.delivery_id >= $2
            AND d.keep_until = ANY ($3::date[])
          ORDER BY d.delivery_id DESC LIMIT %3$d)) f
        WHERE w.account_id = $1 AND (w.deleted_at IS NULL OR w.deleted_at > now() - interval '1 minute')
        ORDER BY f.delivery_id DESC LIMIT %5$d
      ), seen AS (
        SELECT * FROM fresh
        UNION ALL
        SELECT %1$s FROM unnest($4::uuid[], $5::uuid[]) k (webhook_id, delivery_id)
        JOIN keyhook.delivery_queue q
          ON q.account_id = $1 AND q.webhook_id = k.webhook_id AND q.delivery_id = k.delivery_id
        UNION ALL
        SELECT %2$s FROM unnest($4, $5, $6::date[]) k (webhook_id, delivery_id, keep_until)
        JOIN keyhook.delivery d
          ON d.account_id = $1 AND d.webhook_id = k.webhook_id AND d.delivery_id = k.delivery_id
          AND d.keep_until = k.keep_until
      )
      SELECT s.delivery_id, s.webhook_id, s.type, s.status, s.test, %6$s,
        (s.attempts -> -1 ->> 'status')::int, s.attempts -> -1 ->> 'error', s.due_at, s.paused, s.event_id, s.keep_until,
        n.millis
      FROM (SELECT (extract(epoch FROM now()) * 1000)::bigint AS millis) n LEFT JOIN seen s ON true
      ORDER BY s.delivery_id""".formatted(QUEUED, LOGGED, MAX_OF_WEBHOOK, Outbox.LEASE_SECONDS + 1, MAX_FRESH,
      DeliveryRowStore.attemptCount("s.attempts"));

  private LiveStore() {}

  /** Where a delivery is to be found. */
  record Place(UUID webhookId, UUID deliveryId, LocalDate keepUntil) {}

  record Seen(Place place, Listed delivery) {}

  /**
   * @param millis when it was, by the database's clock
   * @param seen oldest first; one may be there twice
   */
  record Look(long millis, List<Seen> seen) {}

  /**
   * @param since all that were raised then or later, of the newest
   * @param days until which any of these can be kept
   * @param pending and these, wherever they are now
   */
  static Future<Look> look(
      SqlClient client, UUID accountId, long since, Set<LocalDate> days, List<Place> pending) {
    return client.preparedQuery(LOOK)
        .execute(Tuple.of(accountId, Id.floor(since)).addArrayOfLocalDate(days.toArray(LocalDate[]::new))
            .addArrayOfUUID(uuids(pending, Place::webhookId)).addArrayOfUUID(uuids(pending, Place::deliveryId))
            .addArrayOfLocalDate(pending.stream().map(Place::keepUntil).toArray(LocalDate[]::new)))
        .map(rows -> {
          long millis = 0;
          List<Seen> seen = new ArrayList<>(rows.size());
          for (Row row : rows) {
            millis = row.getLong(12);
            if (row.getUUID(0) != null) {
              seen.add(new Seen(new Place(row.getUUID(1), row.getUUID(0), row.getLocalDate(11)), Listed.of(row)));
            }
          }
          return new Look(millis, seen);
        });
  }
}
