package io.keyhook.license;

import static io.keyhook.db.Rows.all;

import io.keyhook.bus.Licenses.License;
import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.keyhook.db.Shards;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL that finds and takes licenses whose {@code license.expired} is due. */
final class ExpiryStore {
  /**
   * Finds accounts with due expiries. Reads a page from the oldest expiry after a position, so that one page after the other
   * covers all, and a page of the newest, so that an expiry of this moment is found beside a backlog of any size. The row
   * comparison skips the other expiries of the same account and instant.
   */
  private static final String DUE = """
      WITH oldest AS MATERIALIZED (
        SELECT due_at, account_id FROM keyhook.license_expiry
        WHERE (due_at, account_id) > ($1, $2) AND due_at <= now() ORDER BY due_at, account_id LIMIT $3
      ), newest AS MATERIALIZED (
        SELECT due_at, account_id FROM keyhook.license_expiry
        WHERE (due_at, account_id) > ($1, $2) AND due_at <= now() AND (SELECT count(*) FROM oldest) >= $3
        ORDER BY due_at DESC, account_id DESC LIMIT $3
      ), page_end AS (
        SELECT due_at, account_id FROM oldest ORDER BY due_at, account_id OFFSET $3 - 1
      ), due AS (
        SELECT account_id, min(due_at) AS since FROM (TABLE oldest UNION ALL TABLE newest) page GROUP BY account_id
      )
      SELECT due.account_id, due.since, page_end.due_at, page_end.account_id, extract(epoch FROM next.due_at - now())::float8
      FROM (SELECT (SELECT due_at FROM keyhook.license_expiry WHERE due_at > now() ORDER BY due_at LIMIT 1)) next (due_at)
      LEFT JOIN page_end ON true LEFT JOIN due ON true""";

  /**
   * Takes due expiries, up to a number for each account, and skips those that another node is taking. Reads a license only if
   * its account has an active webhook for the event, or if $4 is true.
   */
  private static final String TAKE = """
      WITH due AS MATERIALIZED (
        SELECT a.account_id, a.wanted, e.license_id
        FROM (
          SELECT q.account_id, q.places, q.since, $4 OR EXISTS (SELECT FROM keyhook.webhook w
            WHERE w.account_id = q.account_id AND w.is_active AND 3::smallint = ANY (w.events)) AS wanted
          FROM unnest($1::uuid[], $2::int[], $3::timestamptz[]) q (account_id, places, since)
        ) a CROSS JOIN LATERAL (
          SELECT x.license_id FROM keyhook.license_expiry x
          WHERE x.account_id = a.account_id AND x.due_at > '-infinity' AND x.due_at >= a.since AND x.due_at <= now()
          ORDER BY x.due_at LIMIT a.places
          FOR UPDATE SKIP LOCKED) e
      ), taken AS MATERIALIZED (
        DELETE FROM keyhook.license_expiry e USING due
        WHERE e.account_id = due.account_id AND e.license_id = due.license_id
        RETURNING e.account_id AS owner_id, e.license_id AS expired_id, e.due_at, due.wanted
      )
      SELECT\s""" + LicenseStore.COLUMNS + """
      , owner_id, due_at
      FROM taken LEFT JOIN keyhook.license -- the CASE keeps unwanted licenses from being looked up
        ON account_id = CASE WHEN wanted THEN owner_id END AND license_id = expired_id""";

  private static final ShardStatement TAKE_ON_SHARD =
      new ShardStatement(TAKE, List.of("uuid[]", "int[]", "timestamptz[]", "boolean"), LicenseStore.COLUMN_TYPES
          + ", owner_id uuid, due_at timestamptz");

  private static final int OWNER = LicenseStore.COLUMN_COUNT;

  private ExpiryStore() {}

  /** A place in the order of due expiries. */
  record Position(OffsetDateTime dueAt, UUID accountId) {
    /** Before all. */
    static final Position START = new Position(OffsetDateTime.MIN, new UUID(0, 0));
  }

  /** An account with due expiries, none of which is known to be due earlier than {@code since}. */
  record DueAccount(UUID accountId, OffsetDateTime since) {}

  /**
   * What a search found.
   *
   * @param end of the page; empty where it was the last
   * @param next until the next expiry that is not due yet; empty where there is none
   */
  record Found(List<DueAccount> accounts, Optional<Position> end, Optional<Duration> next) {}

  /**
   * A due expiry that was taken.
   *
   * @param license null if no webhook or subscriber wants the event
   */
  record Taken(UUID accountId, OffsetDateTime dueAt, License license) {}

  /**
   * Finds accounts with due expiries.
   *
   * @param after where the last page ended
   * @param limit of expiries that are read, from each end
   */
  static Future<Found> due(SqlClient client, Position after, int limit) {
    return client.preparedQuery(DUE).execute(Tuple.of(after.dueAt, after.accountId, (long) limit)).map(rows -> {
      List<DueAccount> accounts = new ArrayList<>(rows.size());
      Row any = null;
      for (Row row : rows) {
        any = row;
        if (row.getUUID(0) != null) {
          accounts.add(new DueAccount(row.getUUID(0), row.getOffsetDateTime(1)));
        }
      }
      Optional<Position> end = any.getUUID(3) == null ? Optional.empty()
          : Optional.of(new Position(any.getOffsetDateTime(2), any.getUUID(3)));
      return new Found(accounts, end,
          Optional.ofNullable(any.getDouble(4)).map(seconds -> Duration.ofNanos((long) (seconds * 1e9))));
    });
  }

  /**
   * Takes due expiries within the caller's transaction.
   *
   * @param wanted whether to read licenses even if no webhook wants the event
   */
  static Future<List<Taken>> take(SqlClient tx, Shards shards, List<ExpiryTurns.Turn> turns, boolean wanted) {
    return shards.each(tx, turns, ExpiryTurns.Turn::accountId, (shard, some) -> take(shard, some, wanted))
        .map(all -> all.stream().flatMap(List::stream).toList());
  }

  private static Future<List<Taken>> take(ShardClient tx, List<ExpiryTurns.Turn> turns, boolean wanted) {
    return tx.run(TAKE_ON_SHARD, Tuple.tuple()
            .addArrayOfUUID(turns.stream().map(ExpiryTurns.Turn::accountId).toArray(UUID[]::new))
            .addArrayOfInteger(turns.stream().map(ExpiryTurns.Turn::places).toArray(Integer[]::new))
            .addArrayOfOffsetDateTime(turns.stream().map(ExpiryTurns.Turn::since).toArray(OffsetDateTime[]::new))
            .addBoolean(wanted))
        .map(rows -> all(rows, row -> new Taken(row.getUUID(OWNER), row.getOffsetDateTime(OWNER + 1),
            row.getUUID(0) == null ? null : LicenseStore.license(row))));
  }
}
