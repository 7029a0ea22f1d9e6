package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.attempt.Attempt;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
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
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data) SELECT $1, event_id, until, $6 FROM kept
      ), logged AS (
        INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, test, attempts)
        SELECT $1, $2, $3, event_id, until, $4, CASE WHEN $5::boolean THEN 1 ELSE 2 END, true, jsonb_build_array($9::jsonb) FROM kept
      )
      SELECT 1""";

  private TestStore() {}

  /** Logs a test delivery and its only attempt. */
  static Future<Void> log(
      SqlClient client, EndpointId endpoint, UUID deliveryId, EventType type, String data, Attempt attempt, Plans plans) {
    return client.preparedQuery(LOG)
        .execute(Tuple.tuple().addUUID(endpoint.accountId()).addUUID(deliveryId).addUUID(endpoint.webhookId())
            .addShort(type.code()).addBoolean(attempt.succeeded()).addString(data)
            .addArrayOfString(plans.withWebhooks()).addArrayOfInteger(plans.retentions())
            .addValue(new JsonObject(attempt.toJson(true))))
        .mapEmpty();
  }
}
