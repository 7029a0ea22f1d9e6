package io.keyhook.delivery;

import static io.keyhook.db.Rows.first;

import io.keyhook.db.ShardClient;
import io.keyhook.db.ShardStatement;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EndpointId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The SQL that reads a webhook for sending. */
final class EndpointStore {
  private static final String SETTINGS = """
      SELECT w.version, w.url, w.secret, w.previous_secrets, w.previous_secrets_until, w.request_headers,
        %s, %s
      FROM keyhook.webhook w JOIN keyhook.account a ON a.account_id = w.account_id
      WHERE w.account_id = $1 AND w.webhook_id = $2 AND w.deleted_at IS NULL"""
      .formatted(DeliveryRowStore.isSentTo("w", "a", "$3"), DeliveryRowStore.isPaused("w"));

  private static final ShardStatement SETTINGS_ON_SHARD = new ShardStatement(SETTINGS, List.of("uuid", "uuid", "text[]"), """
      version int, url text, secret bytea, previous_secrets bytea[], previous_secrets_until timestamptz[],
      request_headers bytea, active boolean, paused boolean""");

  private EndpointStore() {}

  /**
   * A webhook as it is stored.
   *
   * @param secret sealed
   * @param retired the oldest first
   * @param headers sealed; null: none
   * @param active whether deliveries may be sent to it: it is active, and its account is not suspended and has a plan with webhooks
   * @param paused whether its deliveries wait
   */
  record StoredEndpoint(
      int version, String url, byte[] secret, List<SealedSecret> retired, byte[] headers, boolean active,
      boolean paused) {}

  /** A secret that was rotated, and until when it signs. */
  record SealedSecret(byte[] sealed, Instant until) {}

  /**
   * Reads a webhook; empty where it has been deleted.
   *
   * @param plans the plans that have webhooks
   */
  static Future<Optional<StoredEndpoint>> read(ShardClient client, EndpointId endpoint, String[] plans) {
    return client.run(SETTINGS_ON_SHARD,
            Tuple.of(endpoint.accountId(), endpoint.webhookId()).addArrayOfString(plans))
        .map(rows -> first(rows, row -> new StoredEndpoint(row.getInteger(0), row.getString(1),
            row.getBuffer(2).getBytes(), retired(row.getArrayOfBuffers(3), row.getArrayOfOffsetDateTimes(4)),
            row.getBuffer(5) == null ? null : row.getBuffer(5).getBytes(), row.getBoolean(6), row.getBoolean(7))));
  }

  private static List<SealedSecret> retired(Buffer[] sealed, OffsetDateTime[] until) {
    return IntStream.range(0, sealed.length)
        .mapToObj(i -> new SealedSecret(sealed[i].getBytes(), until[i].toInstant())).toList();
  }
}
