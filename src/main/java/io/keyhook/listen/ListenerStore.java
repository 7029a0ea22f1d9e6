package io.keyhook.listen;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;

import io.keyhook.bus.Id;
import io.keyhook.bus.Listening;
import io.keyhook.bus.Listening.Offer;
import io.keyhook.bus.Listening.Problem;
import io.keyhook.bus.Listening.Request;
import io.keyhook.bus.Listening.Response;
import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The SQL of listeners and of the requests that they forward. */
final class ListenerStore {
  private static final String URL = """
      SELECT url FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";
  private static final String SEEN = """
      INSERT INTO keyhook.listener (account_id, webhook_id)
      SELECT account_id, webhook_id FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL
      ON CONFLICT (account_id, webhook_id) DO UPDATE SET seen_at = excluded.seen_at""";
  private static final String OFFER = """
      INSERT INTO keyhook.listener_request (account_id, webhook_id, request_id, headers, body)
      SELECT account_id, webhook_id, $3, $4, $5 FROM keyhook.listener
      WHERE account_id = $1 AND webhook_id = $2 AND seen_at > now() - interval '%d seconds'"""
      .formatted(Listening.PRESENT_SECONDS);
  /** Several calls may listen to one webhook: each request goes to one of them. */
  private static final String TAKE = """
      UPDATE keyhook.listener_request r SET taken = true
      FROM (SELECT request_id FROM keyhook.listener_request
        WHERE account_id = $1 AND webhook_id = $2 AND NOT taken
        ORDER BY request_id LIMIT %d FOR UPDATE SKIP LOCKED) n
      WHERE r.account_id = $1 AND r.webhook_id = $2 AND r.request_id = n.request_id
      RETURNING r.request_id, r.headers, r.body""".formatted(Listening.BATCH);
  private static final String RESPOND = """
      UPDATE keyhook.listener_request SET response = $4
      WHERE account_id = $1 AND webhook_id = $2 AND request_id = $3 AND taken AND response IS NULL""";
  private static final String END = """
      DELETE FROM keyhook.listener_request
      WHERE account_id = $1 AND webhook_id = $2 AND request_id = $3 AND (response IS NOT NULL OR $4)
      RETURNING response""";
  private static final String LEFT = """
      SELECT account_id FROM keyhook.listener_request WHERE offered_at < now() - interval '1 minute'
      UNION
      SELECT account_id FROM keyhook.listener WHERE seen_at < now() - interval '1 day' LIMIT $1""";
  private static final String DELETE_LEFT_REQUESTS = """
      DELETE FROM keyhook.listener_request WHERE account_id = ANY ($1) AND offered_at < now() - interval '1 minute'""";
  private static final String DELETE_LEFT = """
      DELETE FROM keyhook.listener WHERE account_id = ANY ($1) AND seen_at < now() - interval '1 day'""";

  private ListenerStore() {}

  /** Empty if there is no such webhook. */
  static Future<Optional<String>> url(SqlClient client, EndpointId webhook) {
    return client.preparedQuery(URL).execute(Tuple.of(webhook.accountId(), webhook.webhookId()))
        .map(rows -> first(rows, row -> row.getString(0)));
  }

  /** Lets attempts be offered for some seconds. Returns whether there is such a webhook. */
  static Future<Boolean> seen(SqlClient client, EndpointId webhook) {
    return client.preparedQuery(SEEN).execute(Tuple.of(webhook.accountId(), webhook.webhookId()))
        .map(rows -> rows.rowCount() > 0);
  }

  /** Returns whether there is a listener. */
  static Future<Boolean> offer(SqlClient client, Offer offer, UUID requestId) {
    JsonObject headers = new JsonObject();
    offer.headers().forEach(headers::put);
    return client.preparedQuery(OFFER)
        .execute(Tuple.of(offer.accountId(), offer.webhookId(), requestId, headers, offer.body()))
        .map(rows -> rows.rowCount() > 0);
  }

  /** Takes the oldest requests that nobody has taken. */
  static Future<List<Request>> take(SqlClient client, EndpointId webhook) {
    return client.preparedQuery(TAKE).execute(Tuple.of(webhook.accountId(), webhook.webhookId()))
        .map(rows -> all(rows, row -> new Request(Id.REQUEST.of(row.getUUID(0)), texts(row.getJsonObject(1)), row.getString(2)))
            .stream().sorted(Comparator.comparing(Request::id)).toList());
  }

  /** Returns whether the request waits for its response. */
  static Future<Boolean> respond(SqlClient client, EndpointId webhook, UUID requestId, Response response) {
    JsonObject headers = new JsonObject();
    response.headers().forEach(headers::put);
    return client.preparedQuery(RESPOND)
        .execute(Tuple.of(webhook.accountId(), webhook.webhookId(), requestId, new JsonObject()
            .put("statusCode", response.statusCode()).put("error", response.error() == null ? null : response.error().name()).put("headers", headers)
            .put("body", response.body())))
        .map(rows -> rows.rowCount() > 0);
  }

  /**
   * Deletes a request, and returns its response.
   *
   * @param over whether to delete it without a response, too
   */
  static Future<Optional<Response>> end(SqlClient client, EndpointId webhook, UUID requestId, boolean over) {
    return client.preparedQuery(END).execute(Tuple.of(webhook.accountId(), webhook.webhookId(), requestId, over))
        .map(rows -> first(rows, ListenerStore::response));
  }

  private static Response response(Row row) {
    JsonObject json = row.getJsonObject(0);
    if (json == null) {
      return Response.failed(Problem.TIMEOUT);
    }
    String error = json.getString("error");
    return new Response(json.getInteger("statusCode"), error == null ? null : Problem.valueOf(error),
        texts(json.getJsonObject("headers")), json.getString("body"));
  }

  private static Map<String, String> texts(JsonObject json) {
    Map<String, String> texts = new LinkedHashMap<>();
    json.forEach(text -> texts.put(text.getKey(), (String) text.getValue()));
    return texts;
  }

  /** Deletes what at most {@code limit} accounts have left behind, and returns how many have. */
  static Future<Integer> deleteLeft(SqlClient client, int limit) {
    return client.preparedQuery(LEFT).execute(Tuple.of((long) limit)).compose(rows -> {
      UUID[] accounts = all(rows, row -> row.getUUID(0)).toArray(UUID[]::new);
      return accounts.length == 0 ? Future.succeededFuture(0)
          : client.preparedQuery(DELETE_LEFT_REQUESTS).execute(Tuple.tuple().addArrayOfUUID(accounts))
              .compose(deleted -> client.preparedQuery(DELETE_LEFT).execute(Tuple.tuple().addArrayOfUUID(accounts)))
              .map(accounts.length);
    });
  }
}
