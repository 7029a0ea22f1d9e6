package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The SQL that finds licenses which expire in so many days. For each number of days, a row says up to when this is done: a license
 * is found when that moment, which many days before its expiry, lies between then and now. So nothing is written for a
 * license, each is found once, and after an outage those of the outage are found unless they have expired. A license whose
 * expiry is set to so many days ahead or fewer, at its creation, its first activation or a renewal, is never found.
 */
final class ExpiringStore {
  private static final UUID NONE = new UUID(0, 0);
  private static final String JOB = "license.expiring.";

  private static final String BEGIN = """
      INSERT INTO keyhook.alert_state (account_id, kind, subject_id) VALUES ($1, $2, $1)
      ON CONFLICT (account_id, kind, subject_id) DO NOTHING""";
  /**
   * The row is the lease: a node that dies releases it with its connection. A job begins an hour after its row, and then goes on from
   * there, so that an upgrade is over by then: nodes of the version before do not know the event.
   */
  private static final String LOCK = """
      SELECT since, coalesce(after_ids, ARRAY[$1::uuid, $1]), now() FROM keyhook.alert_state
      WHERE account_id = $1 AND kind = $2 AND subject_id = $1 AND (after_ids IS NOT NULL OR since <= now() - interval '1 hour')
      FOR UPDATE SKIP LOCKED""";
  /**
   * After a position, in order: many licenses may expire in one instant. Hours are equally long in all time zones. The minute is for
   * callers that count the days by their own clock.
   */
  static final String DUE = """
      SELECT account_id, license_id, due_at - make_interval(hours => 24 * $1) FROM keyhook.license_expiry
      WHERE (due_at, account_id, license_id) > ($2::timestamptz + make_interval(hours => 24 * $1), $3, $4)
        AND due_at <= $5::timestamptz + make_interval(hours => 24 * $1)
        AND (set_at IS NULL OR due_at > set_at + make_interval(hours => 24 * $1, mins => 1))
      ORDER BY due_at, account_id, license_id LIMIT $6""";
  private static final String DONE = """
      UPDATE keyhook.alert_state SET since = $3, after_ids = $4 WHERE account_id = $1 AND kind = $2 AND subject_id = $1""";

  private ExpiringStore() {}

  /**
   * How far the job has come.
   *
   * @param at up to this moment it is done, but for licenses of this instant after these ids
   */
  record Position(OffsetDateTime at, UUID accountId, UUID licenseId) {
    /** All of this moment is done. */
    static Position after(OffsetDateTime at) {
      return new Position(at, new UUID(-1, -1), new UUID(-1, -1));
    }
  }

  /** Where the job has to go on, and until when. */
  record Task(Position from, OffsetDateTime until) {
    /** The same without licenses that have expired by now, as after a long time in which nobody did the job. */
    Task notBefore(int days) {
      OffsetDateTime oldest = until.minusDays(days);
      return from.at.isBefore(oldest) ? new Task(Position.after(oldest), until) : this;
    }
  }

  /** A license that was found, with the moment that lies so many days before its expiry. */
  record Due(UUID accountId, UUID licenseId, OffsetDateTime at) {
    Position position() {
      return new Position(at, accountId, licenseId);
    }
  }

  /** Begins the job for a number of days now, if it has not begun. */
  static Future<Void> begin(SqlClient client, int days) {
    return client.preparedQuery(BEGIN).execute(Tuple.of(NONE, JOB + days)).mapEmpty();
  }

  /** Returns empty while another node has the job, and before it begins. */
  static Future<Optional<Task>> lock(SqlClient tx, int days) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(NONE, JOB + days)).map(rows -> first(rows, ExpiringStore::task));
  }

  private static Task task(Row row) {
    UUID[] after = row.getArrayOfUUIDs(1);
    return new Task(new Position(row.getOffsetDateTime(0), after[0], after[1]), row.getOffsetDateTime(2));
  }

  static Future<List<Due>> due(SqlClient tx, int days, Task task, int limit) {
    Position from = task.from;
    return tx.preparedQuery(DUE)
        .execute(Tuple.of(days, from.at, from.accountId, from.licenseId, task.until, (long) limit))
        .map(rows -> all(rows, row -> new Due(row.getUUID(0), row.getUUID(1), row.getOffsetDateTime(2))));
  }

  static Future<Void> done(SqlClient tx, int days, Position position) {
    return tx.preparedQuery(DONE).execute(Tuple.of(NONE, JOB + days, position.at)
        .addArrayOfUUID(new UUID[] {position.accountId, position.licenseId})).mapEmpty();
  }
}
