package io.keyhook.delivery;

import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The SQL that reads a webhook for sending. */
final class EndpointStore {
  private static final String SETTINGS = """
      SELECT version, url, secret, previous_secret, previous_secret_until, interim_secret, interim_secret_until
      FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";

  private EndpointStore() {}

  /**
   * A webhook as it is stored.
   *
   * @param secret sealed
   * @param retired the oldest first
   */
  record StoredEndpoint(int version, String url, byte[] secret, List<SealedSecret> retired) {}

  /** A secret that was rotated, and until when it signs. */
  record SealedSecret(byte[] sealed, Instant until) {}

  /** Reads a webhook; empty where it has been deleted. */
  static Future<Optional<StoredEndpoint>> read(SqlClient client, EndpointId endpoint) {
    return client.preparedQuery(SETTINGS).execute(Tuple.of(endpoint.accountId(), endpoint.webhookId()))
        .map(rows -> first(rows, row -> new StoredEndpoint(row.getInteger(0), row.getString(1),
            row.getBuffer(2).getBytes(), Stream.of(3, 5).filter(column -> row.getValue(column) != null)
                .map(column -> new SealedSecret(row.getBuffer(column).getBytes(), instant(row, column + 1))).toList())));
  }
}
