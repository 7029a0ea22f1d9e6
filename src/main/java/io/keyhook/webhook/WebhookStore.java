package io.keyhook.webhook;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Webhook;
import io.keyhook.event.EventType;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** The SQL of webhooks. */
final class WebhookStore {
  private static final String COLUMNS = """
      webhook_id, url, events, is_active, description, deactivated_reason,
      CASE WHEN previous_secret_until > now() THEN previous_secret_until
        WHEN interim_secret_until > now() THEN interim_secret_until END, created_at, updated_at""";
  private static final String COUNT =
      "SELECT count(*), keyhook.uuid_v7() FROM keyhook.webhook WHERE account_id = $1 AND deleted_at IS NULL";
  private static final String INSERT = """
      INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, description, secret)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      RETURNING\s""" + COLUMNS;
  private static final String GET = "SELECT " + COLUMNS + """

      FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.webhook WHERE account_id = $1 AND webhook_id < $2 AND deleted_at IS NULL
      ORDER BY webhook_id DESC LIMIT $3""";
  private static final String UPDATE = """
      UPDATE keyhook.webhook SET
        url = CASE WHEN $3 THEN $4 ELSE url END,
        events = CASE WHEN $5 THEN $6::smallint[] ELSE events END,
        is_active = CASE WHEN $7 THEN $8 ELSE is_active END,
        deactivated_reason = CASE WHEN $7 AND is_active IS DISTINCT FROM $8 THEN NULL ELSE deactivated_reason END,
        description = CASE WHEN $9 THEN $10 ELSE description END,
        version = version + 1, updated_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL
        AND ($3 AND url IS DISTINCT FROM $4
          OR $5 AND events IS DISTINCT FROM $6::smallint[]
          OR $7 AND is_active IS DISTINCT FROM $8
          OR $9 AND description IS DISTINCT FROM $10)
      RETURNING\s""" + COLUMNS;
  private static final String ROTATE = """
      UPDATE keyhook.webhook SET
        previous_secret = CASE WHEN $4::int = 0 THEN NULL WHEN previous_secret_until > now() THEN previous_secret
          WHEN interim_secret_until > now() THEN interim_secret ELSE secret END,
        previous_secret_until = CASE WHEN $4 = 0 THEN NULL WHEN previous_secret_until > now() THEN previous_secret_until
          WHEN interim_secret_until > now() THEN interim_secret_until ELSE now() + make_interval(hours => $4) END,
        interim_secret = CASE WHEN $4 > 0 AND greatest(previous_secret_until, interim_secret_until) > now() THEN secret END,
        interim_secret_until = CASE WHEN $4 > 0 AND greatest(previous_secret_until, interim_secret_until) > now()
          THEN now() + make_interval(hours => $4) END,
        secret = $3, version = version + 1, updated_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL
      RETURNING\s""" + COLUMNS;
  private static final String SEALED = """
      SELECT account_id, webhook_id, secret, previous_secret, interim_secret FROM keyhook.webhook
      WHERE (account_id, webhook_id) > ($1, $2) AND deleted_at IS NULL ORDER BY account_id, webhook_id LIMIT $3""";
  // A secret that was rotated meanwhile is not put back. The version stays: a sender need not read anew what is the same.
  private static final String RESEAL = """
      UPDATE keyhook.webhook w
      SET secret = q.secret, previous_secret = q.previous_secret, interim_secret = q.interim_secret
      FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[])
        q (account_id, webhook_id, old_secret, old_previous_secret, old_interim_secret, secret, previous_secret,
          interim_secret)
      WHERE w.account_id = q.account_id AND w.webhook_id = q.webhook_id
        AND w.secret = q.old_secret AND w.previous_secret IS NOT DISTINCT FROM q.old_previous_secret
        AND w.interim_secret IS NOT DISTINCT FROM q.old_interim_secret""";
  private static final String DELETE = """
      UPDATE keyhook.webhook SET is_active = false, secret = NULL, previous_secret = NULL, previous_secret_until = NULL,
        interim_secret = NULL, interim_secret_until = NULL,
        version = version + 1, deleted_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL""";

  private WebhookStore() {}

  /**
   * @param count how many there are
   * @param newId for one that is about to be made
   */
  record CountAndId(long count, UUID newId) {}

  /**
   * A webhook's secrets as they are kept.
   *
   * @param previousSecret null: there is none
   * @param interimSecret null: there is none
   */
  record Sealed(UUID accountId, UUID webhookId, byte[] secret, byte[] previousSecret, byte[] interimSecret) {}

  static Future<CountAndId> count(SqlClient client, UUID accountId) {
    return client.preparedQuery(COUNT).execute(Tuple.of(accountId)).map(rows -> {
      Row row = rows.iterator().next();
      return new CountAndId(row.getLong(0), row.getUUID(1));
    });
  }

  static Future<Webhook> insert(
      SqlClient client, UUID webhookId, Webhooks.Create request, Set<EventType> events, byte[] secret) {
    return client.preparedQuery(INSERT)
        .execute(Tuple.tuple().addUUID(request.caller().accountId()).addUUID(webhookId).addString(request.url())
            .addArrayOfShort(codes(events)).addBoolean(request.isActive()).addString(request.description())
            .addBuffer(Buffer.buffer(secret)))
        .map(rows -> webhook(rows.iterator().next()));
  }

  static Future<Webhook> get(SqlClient client, UUID accountId, UUID webhookId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId, webhookId))
        .map(rows -> first(rows, WebhookStore::webhook).orElseThrow(Id.WEBHOOK::notFound));
  }

  static Future<Page<Webhook>> list(SqlClient client, UUID accountId, Page.Request page) {
    return client.preparedQuery(LIST).execute(Tuple.of(accountId, page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, WebhookStore::webhook), page.limit(), webhook -> Id.WEBHOOK.parse(webhook.id())));
  }

  /**
   * Changes what is not so already. What differs is decided on the row as it is once it is locked.
   *
   * @param events null: left as they are
   * @return empty: nothing differs, or there is none
   */
  static Future<Optional<Webhook>> update(SqlClient client, UUID webhookId, Webhooks.Update change, Set<EventType> events) {
    return client.preparedQuery(UPDATE)
        .execute(Tuple.tuple().addUUID(change.caller().accountId()).addUUID(webhookId)
            .addBoolean(change.url().present()).addString(change.url().value())
            .addBoolean(events != null).addArrayOfShort(events == null ? null : codes(events))
            .addBoolean(change.isActive().present()).addBoolean(change.isActive().value())
            .addBoolean(change.description().present()).addString(change.description().value()))
        .map(rows -> first(rows, WebhookStore::webhook));
  }

  static Future<Webhook> rotate(SqlClient client, UUID accountId, UUID webhookId, byte[] secret, int overlapHours) {
    return client.preparedQuery(ROTATE)
        .execute(Tuple.of(accountId, webhookId, Buffer.buffer(secret), overlapHours))
        .map(rows -> first(rows, WebhookStore::webhook).orElseThrow(Id.WEBHOOK::notFound));
  }

  /** In the order of their ids, after these. */
  static Future<List<Sealed>> sealed(SqlClient client, UUID afterAccount, UUID afterWebhook, int limit) {
    return client.preparedQuery(SEALED).execute(Tuple.of(afterAccount, afterWebhook, limit))
        .map(rows -> all(rows, row ->
            new Sealed(row.getUUID(0), row.getUUID(1), bytes(row, 2), bytes(row, 3), bytes(row, 4))));
  }

  private static byte[] bytes(Row row, int column) {
    return row.getBuffer(column) == null ? null : row.getBuffer(column).getBytes();
  }

  /**
   * Replaces each of {@code from} by the one of {@code to} at the same place, where it is still the same.
   *
   * @return how many were
   */
  static Future<Integer> reseal(SqlClient tx, List<Sealed> from, List<Sealed> to) {
    return tx.preparedQuery(RESEAL)
        .execute(Tuple.tuple()
            .addArrayOfUUID(from.stream().map(Sealed::accountId).toArray(UUID[]::new))
            .addArrayOfUUID(from.stream().map(Sealed::webhookId).toArray(UUID[]::new))
            .addArrayOfBuffer(buffers(from, Sealed::secret))
            .addArrayOfBuffer(buffers(from, Sealed::previousSecret))
            .addArrayOfBuffer(buffers(from, Sealed::interimSecret))
            .addArrayOfBuffer(buffers(to, Sealed::secret))
            .addArrayOfBuffer(buffers(to, Sealed::previousSecret))
            .addArrayOfBuffer(buffers(to, Sealed::interimSecret)))
        .map(SqlResult::rowCount);
  }

  private static Buffer[] buffers(List<Sealed> sealed, Function<Sealed, byte[]> secret) {
    return sealed.stream().map(secret).map(bytes -> bytes == null ? null : Buffer.buffer(bytes)).toArray(Buffer[]::new);
  }

  /** The row stays, without its secrets, so that its log can be read. */
  static Future<Boolean> delete(SqlClient client, UUID accountId, UUID webhookId) {
    return client.preparedQuery(DELETE).execute(Tuple.of(accountId, webhookId)).map(rows -> rows.rowCount() > 0);
  }

  private static Short[] codes(Set<EventType> events) {
    return events.stream().map(EventType::code).toArray(Short[]::new);
  }

  private static Webhook webhook(Row row) {
    return new Webhook(Id.WEBHOOK.of(row.getUUID(0)), row.getString(1),
        Arrays.stream(row.getArrayOfShorts(2)).map(code -> EventType.of(code).wireName()).toList(), row.getBoolean(3),
        row.getString(4), row.getString(5), instant(row, 6), instant(row, 7), instant(row, 8));
  }
}
