package io.keyhook.alert;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;

import io.keyhook.bus.Alerts.Cause;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The SQL of alerts that wait to be sent: a row for each person, channel and cause. The first alert is due at once. What comes
 * within an hour of a message waits in the row for the next one. A node leases a row while it sends it, and the row changes
 * afterwards only under that node's fencing token.
 */
final class AlertStore {
  /** Alerts that a message names; of others it tells the number. */
  static final int MAX_LINES = 50;

  /**
   * For those who want it. Accounts in which nobody does cost one look-up. An hour is added to a time of UTC: what a distributed
   * table updates here has to depend on nothing but the row, not on the zone of the session. A slice of an array is a part of
   * what is assigned, here and below, because a server with Citus 13.2 crashes if it is all of it.
   */
  private static final String RAISE = """
      INSERT INTO keyhook.alert_message AS m (account_id, user_id, channel, cause, lines, total, due_at)
      SELECT s.account_id, s.user_id, c.channel, $2, $3, $4, now()
      FROM keyhook.alert_setting s
      CROSS JOIN LATERAL (VALUES ('mail', s.mail AND $5), ('slack', s.slack_url IS NOT NULL)) c (channel, wanted)
      WHERE s.account_id = $1 AND $2 = ANY (s.causes) AND c.wanted
      ORDER BY s.user_id, c.channel
      ON CONFLICT (account_id, user_id, channel, cause) DO UPDATE SET
        lines = coalesce((m.lines || excluded.lines)[1:%d], '{}'), total = m.total + excluded.total,
        due_at = coalesce(m.due_at,
          greatest(excluded.due_at, (m.sent_at AT TIME ZONE 'UTC' + interval '1 hour') AT TIME ZONE 'UTC'))""".formatted(MAX_LINES);
  private static final String DUE = """
      SELECT account_id, user_id, channel, cause FROM keyhook.alert_message
      WHERE channel = $1 AND due_at <= now() AND account_id <> ALL ($2) ORDER BY due_at LIMIT $3""";
  private static final String OF_KEY = "account_id = $1 AND user_id = $2 AND channel = $3 AND cause = $4";
  private static final String CLAIM = """
      UPDATE keyhook.alert_message SET due_at = now() + make_interval(secs => $5), fence = fence + 1
      WHERE %s AND due_at <= now()
      RETURNING fence, lines, total, tries""".formatted(OF_KEY);
  private static final String SENT = """
      UPDATE keyhook.alert_message SET lines = coalesce(lines[$6::int + 1:], '{}'), total = total - $7, tries = 0,
        sent_at = now(), due_at = now() + CASE WHEN total > $7 THEN interval '1 hour' END
      WHERE %s AND fence = $5""".formatted(OF_KEY);
  private static final String RETRY = """
      UPDATE keyhook.alert_message SET tries = tries + 1, due_at = now() + make_interval(secs => $6)
      WHERE %s AND fence = $5""".formatted(OF_KEY);
  private static final String DISCARD = "DELETE FROM keyhook.alert_message WHERE %s AND fence = $5".formatted(OF_KEY);

  private AlertStore() {}

  /** A row: what waits for one person, on one channel, about one cause. */
  record Key(UUID accountId, UUID userId, String channel, String cause) {}

  /**
   * A row under a lease of this node.
   *
   * @param lines the first ones
   * @param total of all, one or more
   * @param tries failed attempts before
   */
  record Claimed(Key key, long fence, List<String> lines, long total, int tries) {}

  /**
   * Adds alerts within the transaction of their cause.
   *
   * @param lines at most {@value #MAX_LINES}, each for one alert
   * @param total of all alerts
   * @param mail whether mail can be sent
   */
  static Future<Void> raise(SqlClient tx, UUID accountId, Cause cause, List<String> lines, long total, boolean mail) {
    return tx.preparedQuery(RAISE).execute(Tuple.tuple().addUUID(accountId).addString(cause.wireName())
        .addArrayOfString(lines.toArray(String[]::new)).addLong(total).addBoolean(mail)).mapEmpty();
  }

  /**
   * Finds messages of a channel that are due, the oldest first.
   *
   * @param except accounts whose messages have to wait
   */
  static Future<List<Key>> due(SqlClient client, String channel, UUID[] except, int limit) {
    return client.preparedQuery(DUE).execute(Tuple.tuple().addString(channel).addArrayOfUUID(except).addLong((long) limit))
        .map(rows -> all(rows, row -> new Key(row.getUUID(0), row.getUUID(1), row.getString(2), row.getString(3))));
  }

  /** Returns empty if another node has claimed the row, or nothing is due any more. */
  static Future<Optional<Claimed>> claim(SqlClient client, Key key, Duration lease) {
    return client.preparedQuery(CLAIM).execute(of(key).addDouble((double) lease.toSeconds()))
        .map(rows -> first(rows, row -> claimed(key, row)));
  }

  private static Claimed claimed(Key key, Row row) {
    return new Claimed(key, row.getLong(0), List.of(row.getArrayOfStrings(1)), row.getLong(2), row.getShort(3));
  }

  /** Removes what was sent. What came meanwhile is due in an hour. */
  static Future<Void> sent(SqlClient client, Claimed sent) {
    return client.preparedQuery(SENT)
        .execute(of(sent.key).addLong(sent.fence).addInteger(sent.lines.size()).addLong(sent.total)).mapEmpty();
  }

  static Future<Void> retry(SqlClient client, Claimed failed, Duration delay) {
    return client.preparedQuery(RETRY).execute(of(failed.key).addLong(failed.fence).addDouble((double) delay.toSeconds())).mapEmpty();
  }

  /** Deletes a row whose owner does not want it any more. */
  static Future<Void> discard(SqlClient client, Claimed unwanted) {
    return client.preparedQuery(DISCARD).execute(of(unwanted.key).addLong(unwanted.fence)).mapEmpty();
  }

  private static Tuple of(Key key) {
    return Tuple.tuple().addUUID(key.accountId).addUUID(key.userId).addString(key.channel).addString(key.cause);
  }

  static Buffer buffer(byte[] sealed) {
    return sealed == null ? null : Buffer.buffer(sealed);
  }
}
