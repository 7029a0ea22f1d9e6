package io.keyhook.delivery;

import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.Optional;

/** The SQL that reads a webhook for sending. */
final class EndpointStore {
  private static final String SETTINGS = """
      SELECT version, url, secret, previous_secret, previous_secret_until FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";

  private EndpointStore() {}

  /**
   * A webhook as it is stored.
   *
   * @param secret sealed
   * @param previousSecret sealed; null where there is none
   * @param previousUntil null where there is none
   */
  record StoredEndpoint(
      int version, String url, byte[] secret, byte[] previousSecret, Instant previousUntil) {}

  /** Reads a webhook; empty where it has been deleted. */
  static Future<Optional<StoredEndpoint>> read(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(SETTINGS).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> first(rows, row -> new StoredEndpoint(row.getInteger(0), row.getString(1),
            row.getBuffer(2).getBytes(), row.getBuffer(3) == null ? null : row.getBuffer(3).getBytes(),
            instant(row, 4))));
  }
}
