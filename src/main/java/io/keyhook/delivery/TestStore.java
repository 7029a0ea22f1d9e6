package io.keyhook.delivery;

import static io.keyhook.db.Rows.first;

import io.keyhook.account.Plans;
import io.keyhook.attempt.Attempt;
import io.keyhook.bus.Id;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.format.MessageFormat;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.UUID;

/** The SQL that logs test deliveries. */
final class TestStore {
  private static final String LOG = """
      WITH kept AS (
        SELECT (now() AT TIME ZONE 'UTC')::date + p.days AS until, keyhook.uuid_v7() AS event_id
        FROM keyhook.account a JOIN unnest($7::text[], $8::int[]) p (plan, days) ON p.plan = a.plan
        WHERE a.account_id = $1
      ), stored AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT $1::uuid, event_id, until, $6::text FROM kept
        UNION ALL
        SELECT $1, %s, until, %s FROM kept WHERE $10::int IS NOT NULL
      ), logged AS (
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, test, attempts)
        SELECT $1, $2, $3, event_id, until, $4, CASE WHEN $5::boolean THEN 1 ELSE 2 END, true, jsonb_build_array($9::jsonb) FROM kept
      )
      SELECT 1""".formatted(DeliveryRowStore.traceOf("$2::uuid"), DeliveryRowStore.pinned("$10::int"));
  private static final String FORMAT = """
      SELECT w.format, w.format_edition, %s, w.format_version FROM keyhook.webhook w
      WHERE w.account_id = $1 AND w.webhook_id = $2""".formatted(DeliveryRowStore.templateOf("w.templates", "$3::text"));

  private TestStore() {}

  /**
   * What a webhook sends now.
   *
   * @param format null: Keyhook's own
   * @param version of its format; null: it never had one
   */
  record Current(MessageFormat format, Integer version) {}

  static Future<Current> current(SqlClient client, EndpointId endpoint, EventType type) {
    return client.preparedQuery(FORMAT)
        .execute(Tuple.of(endpoint.accountId(), endpoint.webhookId(), Short.toString(type.code())))
        .map(rows -> first(rows, row -> new Current(MessageFormat.of(row.getString(0), row.getShort(1), row.getString(2)),
            row.getInteger(3))).orElseThrow(Id.WEBHOOK::notFound));
  }

  /**
   * Logs a test delivery and its only attempt.
   *
   * @param version of the format; null: none
   */
  static Future<Void> log(
      SqlClient client, EndpointId endpoint, UUID deliveryId, EventType type, String data, Integer version,
      Attempt attempt, Plans plans) {
    return client.preparedQuery(LOG)
        .execute(Tuple.tuple().addUUID(endpoint.accountId()).addUUID(deliveryId).addUUID(endpoint.webhookId())
            .addShort(type.code()).addBoolean(attempt.succeeded()).addString(data)
            .addArrayOfString(plans.withWebhooks()).addArrayOfInteger(plans.retentions())
            .addValue(new JsonObject(attempt.toJson(true))).addInteger(version))
        .mapEmpty();
  }
}
