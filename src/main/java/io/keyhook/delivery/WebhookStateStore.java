package io.keyhook.delivery;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.db.Partitions;
import io.keyhook.event.EndpointId;
import io.keyhook.event.WebhookEvents.Attempts;
import io.keyhook.event.WebhookEvents.Subject;
import io.keyhook.stats.AttemptCountStore;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The SQL that finds webhooks that started to fail, or recovered. A webhook fails as long as it has failed since its last success
 * ({@link AttemptCountStore#CONSECUTIVE_FAILURES}), which is so exactly if the latest minute with attempts ended with a failure. The
 * statements that write results do nothing for it: what they count is looked at afterwards, and only what has changed is written.
 */
final class WebhookStateStore {
  private static final UUID NONE = new UUID(0, 0);
  private static final String JOB = "webhook.states";
  private static final String KIND = "webhook.failing";
  /** Webhooks that are reported at a time. */
  private static final int MAX_FOUND = 100;

  /** The job's row, under an account ID of zeros, says when a node looked last. It is the lease: a node that dies releases it. */
  private static final String BEGIN_JOB = """
      INSERT INTO keyhook.alert_state (account_id, kind, subject_id, since) VALUES ($1, '%s', $1, '-infinity')
      ON CONFLICT (account_id, kind, subject_id) DO NOTHING""".formatted(JOB);
  private static final String LOCK = """
      SELECT FROM keyhook.alert_state
      WHERE account_id = $1 AND kind = '%s' AND subject_id = $1 AND since <= now() - make_interval(secs => $2)
      FOR UPDATE SKIP LOCKED""".formatted(JOB);
  private static final String LOOKED = """
      UPDATE keyhook.alert_state SET since = now() WHERE account_id = $1 AND kind = '%s' AND subject_id = $1""".formatted(JOB);
  /** Minutes are looked at again and again while they are recent. */
  private static final String RECENT = """
      c.minute > now() - interval '10 minutes' AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %d"""
      .formatted(Partitions.COUNT_DAYS - 1);
  private static final String STARTED = """
      SELECT w.account_id, w.webhook_id FROM keyhook.webhook w
      JOIN keyhook.attempt_count c ON c.account_id = w.account_id AND c.webhook_id = w.webhook_id AND %s
      WHERE w.is_active AND w.paused_at IS NULL AND NOT EXISTS (
        SELECT FROM keyhook.alert_state s
        WHERE s.account_id = w.account_id AND s.kind = '%s' AND s.subject_id = w.webhook_id)
      GROUP BY w.account_id, w.webhook_id
      HAVING max(c.minute) FILTER (WHERE c.failed_since > 0) = max(c.minute)
      ORDER BY w.account_id, w.webhook_id LIMIT %d""".formatted(RECENT, KIND, MAX_FOUND);
  private static final String ENDED = """
      SELECT s.account_id, s.subject_id, w.is_active FROM keyhook.alert_state s
      JOIN keyhook.webhook w ON w.account_id = s.account_id AND w.webhook_id = s.subject_id
      LEFT JOIN keyhook.attempt_count c ON c.account_id = s.account_id AND c.webhook_id = s.subject_id AND %s
      WHERE s.kind = '%s'
      GROUP BY s.account_id, s.subject_id, w.is_active
      HAVING NOT w.is_active OR max(c.minute) FILTER (WHERE c.failed_since = 0) = max(c.minute)
      ORDER BY s.account_id, s.subject_id LIMIT %d""".formatted(RECENT, KIND, MAX_FOUND);
  private static final String BEGIN = """
      INSERT INTO keyhook.alert_state (account_id, kind, subject_id)
      SELECT account_id, '%s', webhook_id FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND is_active AND paused_at IS NULL
      ON CONFLICT (account_id, kind, subject_id) DO NOTHING""".formatted(KIND);
  private static final String END = """
      DELETE FROM keyhook.alert_state WHERE account_id = $1 AND kind = '%s' AND subject_id = $2 RETURNING since""".formatted(KIND);
  /** The latest failures come first in the queue from its end: they are due last. */
  private static final String DETAILS = """
      SELECT w.url, w.description, h.failures, h.last_success_at, h.last_failure_at, f.attempt ->> 'status', f.attempt ->> 'error', now()
      FROM keyhook.webhook w
      CROSS JOIN LATERAL (
        SELECT %1$s AS failures, max(last_success_at) AS last_success_at, max(last_failure_at) AS last_failure_at
        FROM (%2$s
          WHERE c.account_id = $1 AND c.webhook_id = $2 AND c.minute > now() - interval '1 day'
            AND c.keep_until >= (now() AT TIME ZONE 'UTC')::date + %3$d) m) h
      LEFT JOIN LATERAL (
        SELECT attempt FROM (
          (SELECT attempts -> -1 AS attempt FROM keyhook.delivery_queue q
            WHERE q.account_id = $1 AND q.webhook_id = $2 AND q.due_at > '-infinity' AND q.attempts IS NOT NULL
            ORDER BY q.due_at DESC LIMIT 1)
          UNION ALL
          (SELECT attempts -> -1 FROM keyhook.delivery d
            WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.status <> 1 AND d.status = 2 AND NOT d.test
            ORDER BY d.delivery_id DESC LIMIT 1)) latest
        ORDER BY (attempt ->> 'at')::bigint DESC LIMIT 1) f ON true
      WHERE w.account_id = $1 AND w.webhook_id = $2""".formatted(AttemptCountStore.CONSECUTIVE_FAILURES, AttemptCountStore.OF_WEBHOOK,
      Partitions.COUNT_DAYS - 1);

  private WebhookStateStore() {}

  /** A webhook that does not fail any more, because it succeeded, or because it is not active. */
  record Ended(EndpointId endpoint, boolean active) {}

  /** What is reported of a webhook, and the time of the transaction. */
  record Details(Subject webhook, Attempts attempts, Instant now) {}

  /** Lets nodes look, if none has looked yet. */
  static Future<Void> beginJob(SqlClient client) {
    return client.preparedQuery(BEGIN_JOB).execute(Tuple.of(NONE)).mapEmpty();
  }

  /**
   * Returns false while another node looks, and if one has looked a moment ago.
   *
   * @param interval from the beginning of a look to that of the next one
   */
  static Future<Boolean> lock(SqlClient tx, Duration interval) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(NONE, (double) interval.toSeconds())).compose(found -> found.size() == 0
        ? Future.succeededFuture(false) : tx.preparedQuery(LOOKED).execute(Tuple.of(NONE)).map(true));
  }

  static Future<List<EndpointId>> started(SqlClient client) {
    return client.query(STARTED).execute().map(rows -> all(rows, WebhookStateStore::endpoint));
  }

  static Future<List<Ended>> ended(SqlClient client) {
    return client.query(ENDED).execute().map(rows -> all(rows, row -> new Ended(endpoint(row), row.getBoolean(2))));
  }

  private static EndpointId endpoint(Row row) {
    return new EndpointId(row.getUUID(0), row.getUUID(1));
  }

  /** Remembers that a webhook fails, and returns whether that is new. A webhook that is not active any more does not fail. */
  static Future<Boolean> begin(SqlClient tx, EndpointId endpoint) {
    return tx.preparedQuery(BEGIN).execute(of(endpoint)).map(begun -> begun.rowCount() > 0);
  }

  /** Forgets that a webhook fails, and returns since when it did; empty: it did not, or something else has ended it. */
  static Future<Optional<Instant>> end(SqlClient tx, EndpointId endpoint) {
    return tx.preparedQuery(END).execute(of(endpoint)).map(rows -> first(rows, row -> instant(row, 0)));
  }

  /** Reads a webhook, also a deleted one; empty if its account is gone. */
  static Future<Optional<Details>> details(SqlClient tx, EndpointId endpoint) {
    return tx.preparedQuery(DETAILS).execute(of(endpoint)).map(rows -> first(rows, row -> {
      String status = row.getString(5);
      return new Details(new Subject(endpoint, row.getString(0), row.getString(1)),
          new Attempts(row.getLong(2), status == null ? null : Integer.valueOf(status), row.getString(6), instant(row, 3),
              instant(row, 4)), instant(row, 7));
    }));
  }

  private static Tuple of(EndpointId endpoint) {
    return Tuple.of(endpoint.accountId(), endpoint.webhookId());
  }
}
