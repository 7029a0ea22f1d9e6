package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;

import io.keyhook.bus.Licenses.Activation;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The SQL that frees activations whose devices have not validated for the heartbeat of their license. One job goes over the licenses,
 * again and again, whose row is its lease: a node that dies releases it with its connection. A second row has the time at which a node last
 * ran, and a third one the time since which some node has always run: while none does, no device can validate.
 */
final class HeartbeatStore {
  private static final UUID NONE = new UUID(0, 0);
  private static final String JOB = "license.heartbeat";
  private static final String ALIVE = "license.heartbeat.alive";
  private static final String UP = "license.heartbeat.up";
  /** A pass over many licenses has many steps. */
  private static final Duration WRITTEN_EVERY = Duration.ofSeconds(5);

  private static final String BEGIN = """
      INSERT INTO keyhook.alert_state (account_id, kind, subject_id) VALUES ($1, $2, $1), ($1, $3, $1), ($1, $4, $1)
      ON CONFLICT (account_id, kind, subject_id) DO NOTHING""";
  /** Empty where the time has just been written. */
  private static final String LAST = """
      SELECT now(), since < now() - make_interval(secs => $3) FROM keyhook.alert_state
      WHERE account_id = $1 AND kind = $2 AND subject_id = $1 AND since <= now() - make_interval(secs => $4) FOR UPDATE""";
  /** A pass that has not ended goes on at once; the next one begins after a while. */
  private static final String LOCK = """
      SELECT since, coalesce(after_ids, ARRAY[$1::uuid, $1]), now(),
        (SELECT u.since FROM keyhook.alert_state u WHERE u.account_id = $1 AND u.kind = $3 AND u.subject_id = $1)
      FROM keyhook.alert_state
      WHERE account_id = $1 AND kind = $2 AND subject_id = $1
        AND (after_ids IS NOT NULL OR since <= now() - make_interval(secs => $4))
      FOR UPDATE SKIP LOCKED""";
  private static final String DONE = """
      UPDATE keyhook.alert_state SET since = $3, after_ids = $4 WHERE account_id = $1 AND kind = $2 AND subject_id = $1""";
  private static final String NEXT = """
      SELECT l.account_id, l.license_id, l.activations, coalesce(l.heartbeat_seconds, p.heartbeat_seconds)
      FROM keyhook.license l LEFT JOIN keyhook.policy p ON p.account_id = l.account_id AND p.policy_id = l.policy_id
      WHERE (l.account_id, l.license_id) > ($1, $2) AND (l.policy_id IS NOT NULL OR l.heartbeat_seconds IS NOT NULL)
      ORDER BY l.account_id, l.license_id LIMIT $3""";
  /** In the order in which others lock devices; a device that is being seen is left out. */
  private static final String UNSEEN = """
      SELECT fingerprint FROM keyhook.activation
      WHERE account_id = $1 AND license_id = $2 AND last_seen_at < now() - make_interval(secs => $3)
      ORDER BY fingerprint LIMIT $4 FOR UPDATE SKIP LOCKED""";
  /** A device that was seen in the meantime stays. */
  private static final String FREE = """
      DELETE FROM keyhook.activation
      WHERE account_id = $1 AND license_id = $2 AND last_seen_at < now() - make_interval(secs => $3) AND fingerprint = ANY ($4::text[])
      RETURNING\s""" + ActivationStore.ACTIVATION;

  private HeartbeatStore() {}

  /**
   * The job, while this transaction has it.
   *
   * @param since when the latest pass ended, or its latest step
   * @param upSince since when some node has always run
   */
  record Job(OffsetDateTime since, UUID accountId, UUID licenseId, OffsetDateTime now, OffsetDateTime upSince) {}

  /**
   * A license whose activations may be freed.
   *
   * @param heartbeat empty: its activations are not freed
   */
  record Candidate(UUID accountId, UUID licenseId, int activations, Optional<Duration> heartbeat) {}

  static Future<Void> begin(SqlClient client) {
    return client.preparedQuery(BEGIN).execute(Tuple.of(NONE, JOB, UP, ALIVE)).mapEmpty();
  }

  /** Empty while another node has the job, and until the next pass. */
  static Future<Optional<Job>> lock(SqlClient tx, Duration interval) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(NONE, JOB, UP, (double) interval.toSeconds()))
        .map(rows -> first(rows, HeartbeatStore::job));
  }

  private static Job job(Row row) {
    UUID[] after = row.getArrayOfUUIDs(1);
    return new Job(row.getOffsetDateTime(0), after[0], after[1], row.getOffsetDateTime(2), row.getOffsetDateTime(3));
  }

  /**
   * @param last the last license of this step; null: the pass has ended
   */
  static Future<Void> done(SqlClient tx, OffsetDateTime at, Candidate last) {
    return tx.preparedQuery(DONE).execute(Tuple.of(NONE, JOB, at)
        .addArrayOfUUID(last == null ? null : new UUID[] {last.accountId, last.licenseId})).mapEmpty();
  }

  /**
   * Notes that a node runs, every {@link #WRITTEN_EVERY} at most.
   *
   * @param outage without a node for so long, none has always run
   */
  static Future<Void> alive(SqlClient tx, Duration outage) {
    Tuple arguments = Tuple.of(NONE, ALIVE, (double) outage.toSeconds(), (double) WRITTEN_EVERY.toSeconds());
    return tx.preparedQuery(LAST).execute(arguments).compose(rows -> {
      if (rows.size() == 0) {
        return Future.succeededFuture();
      }
      Row last = rows.iterator().next();
      Future<Void> up = last.getBoolean(1) ? at(tx, UP, last.getOffsetDateTime(0)) : Future.succeededFuture();
      return up.compose(done -> at(tx, ALIVE, last.getOffsetDateTime(0)));
    });
  }

  private static Future<Void> at(SqlClient tx, String kind, OffsetDateTime since) {
    return tx.preparedQuery(DONE).execute(Tuple.of(NONE, kind, since).addArrayOfUUID(null)).mapEmpty();
  }

  static Future<List<Candidate>> next(SqlClient tx, Job after, int limit) {
    return tx.preparedQuery(NEXT).execute(Tuple.of(after.accountId, after.licenseId, (long) limit))
        .map(rows -> all(rows, row -> new Candidate(row.getUUID(0), row.getUUID(1), row.getInteger(2),
            Optional.ofNullable(row.getInteger(3)).map(Duration::ofSeconds))));
  }

  /** Deletes activations that have not been seen for so long, a limited number of them. The license still counts them. */
  static Future<List<Activation>> free(SqlClient tx, Candidate license, Duration unseen, int limit) {
    double seconds = unseen.toMillis() / 1000.0;
    return tx.preparedQuery(UNSEEN).execute(Tuple.of(license.accountId, license.licenseId, seconds, (long) limit))
        .map(rows -> all(rows, row -> row.getString(0)).toArray(String[]::new))
        .compose(devices -> devices.length == 0 ? Future.succeededFuture(List.of())
            : tx.preparedQuery(FREE).execute(Tuple.of(license.accountId, license.licenseId, seconds).addArrayOfString(devices))
                .map(rows -> all(rows, ActivationStore::activation)));
  }
}
