package io.keyhook.log;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.utc;

import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Recoveries.Filter;
import io.keyhook.bus.Recoveries.Recovery;
import io.keyhook.bus.Recoveries.Status;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Subscription;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The SQL of recoveries. A recovery is a row that remembers how far it has come. A step locks the row, moves some deliveries
 * from the log to the queue and remembers the last one, all in one transaction: whichever node takes the next step begins
 * after it, and no delivery is moved twice.
 */
final class RecoveryStore {
  private static final int MAX_KEPT = 100;

  private static final String ENDED = "(d.attempts -> -1 ->> 'at')::bigint + (d.attempts -> -1 ->> 'ms')::bigint";
  /** When it failed is when its last attempt ended: an old one may have been redelivered. */
  private static final String FAILED = """
      (d.status = 2 AND NOT d.test AND %1$s >= $5::bigint AND ($6::bigint IS NULL OR %1$s < $6))""".formatted(ENDED);
  private static final String WANTED = """
      (($7::smallint[] IS NULL OR d.type = ANY ($7)) AND ($8::text[] IS NULL OR CASE
        WHEN d.attempts -> -1 ->> 'error' IS NOT NULL THEN d.attempts -> -1 ->> 'error' = ANY ($8)
        ELSE d.attempts -> -1 ->> 'status' = ANY ($8) OR left(d.attempts -> -1 ->> 'status', 1) || 'xx' = ANY ($8) END))""";

  private static final String COUNT = """
      WITH scanned AS MATERIALIZED (
        SELECT type, coalesce(d.attempts -> -1 ->> 'error', d.attempts -> -1 ->> 'status') AS result,
          %s AS failed, %s AS wanted
        FROM (
          SELECT type, status, test, attempts FROM keyhook.delivery
          WHERE account_id = $1 AND webhook_id = $2 AND delivery_id > $3 AND delivery_id < $4 AND status <> 1
          ORDER BY delivery_id DESC LIMIT $9) d
      )
      SELECT s.seen, g.type, g.result, g.count, g.wanted
      FROM (SELECT count(*) AS seen FROM scanned) s LEFT JOIN (
        SELECT type, result, count(*) AS count, count(*) FILTER (WHERE wanted) AS wanted
        FROM scanned WHERE failed GROUP BY type, result) g ON true
      ORDER BY g.count DESC, g.result, g.type""".formatted(FAILED, WANTED);

  private static final String REQUEUE = """
      WITH room AS MATERIALIZED (
        SELECT greatest(0, least($9::bigint, $10::bigint - count(*))) AS places FROM (
          (SELECT FROM keyhook.delivery_queue q
            WHERE q.account_id = $1 AND q.webhook_id = $2 AND q.due_at > '-infinity' AND q.due_at <= now() LIMIT $10::bigint)
          UNION ALL -- what waited for the end of a pause goes first
          (SELECT FROM keyhook.delivery_queue q
            WHERE q.account_id = $1 AND q.webhook_id = $2 AND %s AND q.due_at <= now() + %s LIMIT $10::bigint)) waiting
      ), seen AS MATERIALIZED (
        SELECT d.delivery_id, d.keep_until, %s AND %s AS failed
        FROM keyhook.delivery d
        WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.delivery_id > $3 AND d.delivery_id < $4 AND d.status <> 1
        ORDER BY d.delivery_id LIMIT (SELECT places FROM room)
      ), taken AS (
        DELETE FROM keyhook.delivery d USING seen
        WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.delivery_id = seen.delivery_id
          AND d.keep_until = seen.keep_until AND seen.failed AND d.status = 2
        RETURNING d.*
      ), queued AS (
        %s
      )
      SELECT (SELECT places FROM room), (SELECT count(*) FROM seen), (SELECT count(*) FROM taken),
        (SELECT delivery_id FROM seen ORDER BY delivery_id DESC LIMIT 1)"""
      .formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.PARKED_BY, FAILED, WANTED, RedeliveryStore.QUEUE_TAKEN);

  private static final String COLUMNS = """
      r.recovery_id, r.webhook_id, r.status, r.since, r.until, r.types, r.results, r.total, r.recovered, r.created_at,
      r.ended_at""";
  private static final String LOCK_WEBHOOK = """
      SELECT FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL FOR UPDATE""";
  private static final String REPLACE = """
      UPDATE keyhook.recovery SET status = 2, ended_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND ended_at IS NULL AND until IS NULL AND types IS NULL AND results IS NULL
      RETURNING since""";
  private static final String RUNNING = """
      SELECT count(*) FROM keyhook.recovery WHERE account_id = $1 AND webhook_id = $2 AND ended_at IS NULL""";
  private static final String INSERT = """
      INSERT INTO keyhook.recovery AS r
        (account_id, webhook_id, after_id, before_id, since, until, types, results, total)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      RETURNING\s""" + COLUMNS;
  private static final String FORGET = """
      DELETE FROM keyhook.recovery WHERE account_id = $1 AND webhook_id = $2 AND ended_at IS NOT NULL AND recovery_id < (
        SELECT recovery_id FROM keyhook.recovery WHERE account_id = $1 AND webhook_id = $2
        ORDER BY recovery_id DESC OFFSET $3 LIMIT 1)""";
  private static final String GET = "SELECT " + COLUMNS + """

      FROM keyhook.recovery r WHERE r.account_id = $1 AND r.recovery_id = $2""";
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.recovery r
      WHERE r.account_id = $1 AND ($2::uuid IS NULL OR r.webhook_id = $2) AND r.recovery_id < $3
      ORDER BY r.recovery_id DESC LIMIT $4""";
  private static final String END = """
      UPDATE keyhook.recovery r SET status = $3, ended_at = now()
      WHERE r.account_id = $1 AND r.recovery_id = $2 AND r.ended_at IS NULL
      RETURNING\s""" + COLUMNS;

  /** A webhook's recoveries take their turn one after the other, and accounts one beside the other. */
  private static final String DUE = """
      SELECT account_id, recovery_id, seconds FROM (
        SELECT r.account_id, r.recovery_id, extract(epoch FROM r.next_at - now())::float8 AS seconds,
          row_number() OVER (PARTITION BY r.account_id ORDER BY r.next_at) AS turn
        FROM keyhook.recovery r
        WHERE r.ended_at IS NULL AND NOT EXISTS (
          SELECT FROM keyhook.recovery o
          WHERE o.account_id = r.account_id AND o.webhook_id = r.webhook_id AND o.ended_at IS NULL
            AND o.recovery_id < r.recovery_id)) r
      ORDER BY seconds > 0, turn, seconds LIMIT $1""";
  private static final String LOCK = """
      SELECT r.webhook_id, r.after_id, r.before_id, r.since, r.until, r.types, r.results,
        w.deleted_at IS NULL AND %s, %s
      FROM keyhook.recovery r
      JOIN keyhook.account a ON a.account_id = r.account_id
      JOIN keyhook.webhook w ON w.account_id = r.account_id AND w.webhook_id = r.webhook_id
      WHERE r.account_id = $1 AND r.recovery_id = $2 AND r.ended_at IS NULL AND r.next_at <= now()
      FOR UPDATE OF r SKIP LOCKED FOR SHARE OF w SKIP LOCKED"""
      .formatted(DeliveryRowStore.isSentTo("w", "a", "$3"), DeliveryRowStore.isPaused("w"));
  private static final String PROGRESS = """
      UPDATE keyhook.recovery SET after_id = coalesce($3, after_id), recovered = recovered + $4,
        next_at = now() + make_interval(secs => $5)
      WHERE account_id = $1 AND recovery_id = $2""";

  /** By their codes in the database. */
  private static final Status[] STATUSES = {Status.RUNNING, Status.COMPLETED, Status.STOPPED, Status.FAILED};

  private RecoveryStore() {}

  /**
   * Failed deliveries of an endpoint.
   *
   * @param after of greater ids
   * @param before of smaller ids
   */
  record Failed(EndpointId endpoint, UUID after, UUID before, Filter filter) {
    Failed since(Instant since) {
      return new Failed(endpoint, after, before, new Filter(since, filter.until(), filter.events(), filter.results()));
    }
  }

  /**
   * The failed deliveries of one type whose last attempt had the same result.
   *
   * @param wanted those that the filter selects
   */
  record Group(String event, String result, long count, long wanted) {}

  /**
   * Failed deliveries by type and result, the most frequent first.
   *
   * @param seen the number of deliveries that were looked at
   */
  record Counted(long seen, List<Group> groups) {
    long wanted() {
      return groups.stream().mapToLong(Group::wanted).sum();
    }
  }

  /** Counts failed deliveries among a limited number of the newest that were not delivered. */
  static Future<Counted> count(SqlClient client, Failed failed, int limit) {
    return client.preparedQuery(COUNT).execute(tuple(failed).addLong((long) limit))
        .map(rows -> new Counted(rows.iterator().next().getLong(0),
            all(rows, row -> row.getValue(1) == null ? null
                : new Group(EventType.wireNameOf(row.getShort(1)), row.getString(2), row.getLong(3), row.getLong(4)))
                .stream().filter(group -> group != null).toList()));
  }

  private static Tuple tuple(Failed failed) {
    Filter filter = failed.filter;
    return Tuple.of(failed.endpoint.accountId(), failed.endpoint.webhookId(), failed.after, failed.before,
        filter.since().toEpochMilli()).addLong(filter.until() == null ? null : filter.until().toEpochMilli())
        .addArrayOfShort(types(filter)).addArrayOfString(results(filter));
  }

  private static Short[] types(Filter filter) {
    return filter.events() == null ? null
        : Subscription.of(filter.events()).covered().stream().map(EventType::code).toArray(Short[]::new);
  }

  private static String[] results(Filter filter) {
    return filter.results() == null ? null : filter.results().toArray(String[]::new);
  }

  /** Locks a webhook, so that one recovery of it starts at a time. */
  static Future<Void> lockWebhook(SqlClient tx, EndpointId endpoint) {
    return tx.preparedQuery(LOCK_WEBHOOK).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId())).map(rows -> {
      if (rows.size() == 0) {
        throw Id.WEBHOOK.notFound();
      }
      return null;
    });
  }

  /** Ends the running recoveries of a webhook without events and results to select by; since when they went back. */
  static Future<List<Instant>> replace(SqlClient tx, EndpointId endpoint) {
    return tx.preparedQuery(REPLACE).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> all(rows, row -> instant(row, 0)));
  }

  static Future<Long> running(SqlClient tx, EndpointId endpoint) {
    return tx.preparedQuery(RUNNING).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> rows.iterator().next().getLong(0));
  }

  /** Starts a recovery, and forgets the oldest of its webhook that have ended, from the {@value #MAX_KEPT}th on. */
  static Future<Recovery> insert(SqlClient tx, Failed failed, long total) {
    Filter filter = failed.filter;
    EndpointId endpoint = failed.endpoint;
    return tx.preparedQuery(FORGET).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId(), (long) MAX_KEPT - 2))
        .compose(forgotten -> tx.preparedQuery(INSERT)
            .execute(Tuple.of(endpoint.accountId(), endpoint.webhookId(), failed.after, failed.before, utc(filter.since()))
                .addOffsetDateTime(utc(filter.until())).addArrayOfShort(types(filter)).addArrayOfString(results(filter))
                .addLong(total)))
        .map(rows -> recovery(rows.iterator().next()));
  }

  static Future<Recovery> get(SqlClient client, UUID accountId, UUID recoveryId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId, recoveryId))
        .map(rows -> first(rows, RecoveryStore::recovery).orElseThrow(Id.RECOVERY::notFound));
  }

  /**
   * @param webhookId null: all
   */
  static Future<Page<Recovery>> list(SqlClient client, UUID accountId, UUID webhookId, Page.Request page) {
    return client.preparedQuery(LIST).execute(Tuple.of(accountId, webhookId, page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, RecoveryStore::recovery), page.limit(), one -> Id.RECOVERY.parse(one.id())));
  }

  /** Ends a running recovery; empty if it has ended already. */
  static Future<Optional<Recovery>> end(SqlClient client, Key key, Status status) {
    return client.preparedQuery(END).execute(Tuple.of(key.accountId, key.recoveryId, (short) status.ordinal()))
        .map(rows -> first(rows, RecoveryStore::recovery));
  }

  /** A recovery with its account. */
  record Key(UUID accountId, UUID recoveryId) {}

  /**
   * A running recovery whose turn it is.
   *
   * @param seconds until its next step; 0 or less if it is due
   */
  record Due(Key key, double seconds) {}

  /** Running recoveries, those that are due first. */
  static Future<List<Due>> due(SqlClient client, int limit) {
    return client.preparedQuery(DUE).execute(Tuple.of((long) limit))
        .map(rows -> all(rows, row -> new Due(new Key(row.getUUID(0), row.getUUID(1)), row.getDouble(2))));
  }

  /**
   * What is left of a recovery.
   *
   * @param active whether its webhook may be sent to
   * @param paused whether its webhook is paused
   */
  record Rest(Failed failed, boolean active, boolean paused) {}

  /** Locks a recovery for a step; empty if it has ended, is not due, or is locked by another node. */
  static Future<Optional<Rest>> lock(SqlClient tx, Key key, String[] plans) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(key.accountId, key.recoveryId).addArrayOfString(plans))
        .map(rows -> first(rows, row -> new Rest(
            new Failed(new EndpointId(key.accountId, row.getUUID(0)), row.getUUID(1), row.getUUID(2),
                new Filter(instant(row, 3), instant(row, 4), events(row, 5), texts(row, 6))),
            row.getBoolean(7), row.getBoolean(8))));
  }

  /**
   * What became of a batch.
   *
   * @param places how many could be looked at; 0 while enough wait in the queue
   * @param seen how many were; fewer than places: they were the last
   * @param taken how many of these are queued now
   * @param last the last that was seen; null: none
   */
  record Requeued(long places, long seen, long taken, UUID last) {
    boolean isLast() {
      return seen < places;
    }
  }

  /**
   * Gives a fresh schedule to those that are wanted among the oldest that were not delivered.
   *
   * @param batch the maximum number of rows
   * @param maxWaiting the number of due deliveries in the queue from which nothing is moved
   */
  static Future<Requeued> requeue(SqlClient tx, Failed failed, int batch, int maxWaiting) {
    return tx.preparedQuery(REQUEUE).execute(tuple(failed).addLong((long) batch).addLong((long) maxWaiting))
        .map(rows -> first(rows, row ->
            new Requeued(row.getLong(0), row.getLong(1), row.getLong(2), row.getUUID(3))).orElseThrow());
  }

  /**
   * Remembers how far a recovery has come.
   *
   * @param pause until its next step
   */
  static Future<Void> progress(SqlClient tx, Key key, UUID last, long recovered, Duration pause) {
    return tx.preparedQuery(PROGRESS)
        .execute(Tuple.of(key.accountId, key.recoveryId, last, recovered, pause.toMillis() / 1e3)).mapEmpty();
  }

  private static Recovery recovery(Row row) {
    return new Recovery(Id.RECOVERY.of(row.getUUID(0)), Id.WEBHOOK.of(row.getUUID(1)), STATUSES[row.getShort(2)],
        instant(row, 3), instant(row, 4), events(row, 5), texts(row, 6), row.getLong(7), row.getLong(8), instant(row, 9),
        instant(row, 10));
  }

  private static List<String> events(Row row, int column) {
    Short[] types = row.getArrayOfShorts(column);
    return types == null ? null : Arrays.stream(types).map(code -> EventType.wireNameOf(code)).toList();
  }

  private static List<String> texts(Row row, int column) {
    String[] texts = row.getArrayOfStrings(column);
    return texts == null ? null : List.of(texts);
  }
}
