package io.keyhook.testendpoint;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.TestEndpoints;
import io.keyhook.bus.TestEndpoints.Outcome;
import io.keyhook.bus.TestEndpoints.Receive;
import io.keyhook.bus.TestEndpoints.Received;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The SQL of test endpoints. */
final class TestEndpointStore {
  /** An expired endpoint is replaced by a new one. The time is that of the new row: a distributed table takes no now() in an update. */
  private static final String CREATE = """
      INSERT INTO keyhook.test_endpoint AS r (account_id, token, expires_at)
      VALUES ($1, $2, now() + interval '%d hours')
      ON CONFLICT (account_id) DO UPDATE SET expires_at = excluded.expires_at,
        token = CASE WHEN r.expires_at > excluded.created_at THEN r.token ELSE excluded.token END,
        received = CASE WHEN r.expires_at > excluded.created_at THEN r.received ELSE 0 END,
        created_at = CASE WHEN r.expires_at > excluded.created_at THEN r.created_at ELSE excluded.created_at END
      RETURNING token = $2""".formatted(TestEndpoints.HOURS);
  private static final String GET = """
      SELECT token, created_at, expires_at, received FROM keyhook.test_endpoint
      WHERE account_id = $1 AND expires_at > now()""";
  private static final String REQUESTS = """
      SELECT number, received_at, signature_valid, headers, body FROM keyhook.test_request
      WHERE account_id = $1 ORDER BY number DESC""";
  private static final String DELETE = "DELETE FROM keyhook.test_endpoint WHERE account_id = $1 AND expires_at > now()";
  private static final String DELETE_REQUESTS = "DELETE FROM keyhook.test_request WHERE account_id = $1";
  /**
   * Refuses a request if {@value TestEndpoints#PER_SECOND} others came in the second before it, on any node. Citus keeps what the
   * last part reads in results of its own, which need a column.
   */
  private static final String RECEIVE = """
      WITH next AS (
        UPDATE keyhook.test_endpoint r SET received = received + 1
        WHERE account_id = $1 AND token = $2 AND expires_at > now() AND NOT EXISTS (SELECT FROM keyhook.test_request q
          WHERE q.account_id = $1 AND q.slot = (r.received + 1 - %1$d + %2$d) %% %2$d AND q.number = r.received + 1 - %1$d
            AND q.received_at > now() - interval '1 second')
        RETURNING received),
      kept AS (
        INSERT INTO keyhook.test_request (account_id, slot, number, signature_valid, headers, body)
        SELECT $1, received %% %2$d, received, $3, $4, $5 FROM next
        ON CONFLICT (account_id, slot) DO UPDATE SET number = excluded.number, received_at = excluded.received_at,
          signature_valid = excluded.signature_valid, headers = excluded.headers, body = excluded.body
        RETURNING number)
      SELECT (SELECT count(*) FROM kept) > 0, EXISTS (SELECT 1 FROM keyhook.test_endpoint
        WHERE account_id = $1 AND token = $2 AND expires_at > now())"""
      .formatted(TestEndpoints.PER_SECOND, TestEndpoints.KEPT);
  private static final String EXPIRED = """
      SELECT account_id FROM keyhook.test_endpoint WHERE expires_at <= now() ORDER BY expires_at LIMIT $1""";
  private static final String DELETE_EXPIRED = """
      WITH gone AS (
        DELETE FROM keyhook.test_endpoint WHERE account_id = ANY ($1) AND expires_at <= now() RETURNING account_id)
      DELETE FROM keyhook.test_request q USING gone WHERE q.account_id = gone.account_id""";

  private TestEndpointStore() {}

  /** A endpoint without its requests. */
  record Kept(String token, Instant createdAt, Instant expiresAt, long received) {}

  /**
   * Creates an endpoint, or extends the one that there is. Returns whether it is new.
   *
   * @param token of a new one
   */
  static Future<Boolean> create(SqlClient tx, UUID accountId, String token) {
    return tx.preparedQuery(CREATE).execute(Tuple.of(accountId, token)).compose(rows ->
        rows.iterator().next().getBoolean(0)
            ? tx.preparedQuery(DELETE_REQUESTS).execute(Tuple.of(accountId)).map(true) : Future.succeededFuture(false));
  }

  /** Empty if there is none, or if it has expired. */
  static Future<Optional<Kept>> get(SqlClient client, UUID accountId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId)).map(rows -> first(rows, row ->
        new Kept(row.getString(0), instant(row, 1), instant(row, 2), row.getLong(3))));
  }

  /** Newest first. */
  static Future<List<Received>> requests(SqlClient client, UUID accountId) {
    return client.preparedQuery(REQUESTS).execute(Tuple.of(accountId)).map(rows -> all(rows, TestEndpointStore::request));
  }

  private static Received request(Row row) {
    Map<String, String> headers = new LinkedHashMap<>();
    row.getJsonObject(3).forEach(header -> headers.put(header.getKey(), (String) header.getValue()));
    return new Received(row.getLong(0), instant(row, 1), headers.get(TestEndpoint.ID), headers.get(TestEndpoint.EVENT),
        row.getBoolean(2), headers, row.getString(4));
  }

  /** Returns whether there was one. */
  static Future<Boolean> delete(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(accountId)).compose(deleted ->
        tx.preparedQuery(DELETE_REQUESTS).execute(Tuple.of(accountId)).map(deleted.rowCount() > 0));
  }

  static Future<Outcome> receive(SqlClient client, Receive request) {
    JsonObject headers = new JsonObject();
    request.headers().forEach(headers::put);
    return client.preparedQuery(RECEIVE)
        .execute(Tuple.of(request.accountId(), request.token(), request.signatureValid(), headers, request.body()))
        .map(rows -> {
          Row row = rows.iterator().next();
          return row.getBoolean(0) ? Outcome.KEPT : row.getBoolean(1) ? Outcome.TOO_MANY : Outcome.GONE;
        });
  }

  /** Deletes at most {@code limit} expired endpoints with their requests, and returns how many it found. */
  static Future<Integer> deleteExpired(SqlClient client, int limit) {
    return client.preparedQuery(EXPIRED).execute(Tuple.of((long) limit)).compose(rows -> {
      UUID[] expired = all(rows, row -> row.getUUID(0)).toArray(UUID[]::new);
      return expired.length == 0 ? Future.succeededFuture(0)
          : client.preparedQuery(DELETE_EXPIRED).execute(Tuple.tuple().addArrayOfUUID(expired)).map(expired.length);
    });
  }
}
