package io.keyhook.webhook;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.Caller;
import io.keyhook.bus.FilterJson;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Format;
import io.keyhook.bus.Webhooks.Ordering;
import io.keyhook.bus.Webhooks.Webhook;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.event.Subscription;
import io.keyhook.event.TemplateNames;
import io.keyhook.format.Messages;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

/** The SQL of webhooks. */
final class WebhookStore {
  static final int PARK_BATCH = 1000;

  private static final String COLUMNS = """
      webhook_id, url, events, all_license_events, is_active, description, deactivated_reason,
      (SELECT q.until FROM unnest(previous_secrets_until) WITH ORDINALITY q (until, ord)
        WHERE q.until > now() ORDER BY q.ord LIMIT 1), created_at, updated_at, CASE WHEN is_active THEN paused_at END,
      header_names, authentication, format, templates, rate_limit, filters, ordering, authentication_details, customer""";
  private static final String COUNT =
      "SELECT count(*), keyhook.uuid_v7() FROM keyhook.webhook WHERE account_id = $1 AND deleted_at IS NULL";
  private static final String COUNT_OF =
      "SELECT count(*) FROM keyhook.webhook WHERE account_id = $1 AND customer = $2 AND deleted_at IS NULL";
  private static final String HOLD_LINK =
      "SELECT FROM keyhook.portal_link WHERE account_id = $1 AND link_id = $2 AND expires_at > now() FOR SHARE";
  private static final String INSERT = """
      WITH changed AS (
        INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, description, secret, all_license_events,
          request_headers, header_names, authentication, format_version, format, format_edition, templates,
          rate_limit, filters, ordering, authentication_details, customer)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb, $16, $17::jsonb, $18, $19::jsonb, $20)
        RETURNING *
      )
      SELECT\s""" + COLUMNS + " FROM changed";
  private static final String GET = "SELECT " + COLUMNS + """

      FROM keyhook.webhook WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL AND\s""" + DeliveryRowStore.isOf("webhook", "$3");
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.webhook WHERE account_id = $1 AND webhook_id < $2 AND deleted_at IS NULL AND %s
      ORDER BY webhook_id DESC LIMIT $3""".formatted(DeliveryRowStore.isOf("webhook", "$4"));
  private static final String UPDATE = """
      WITH changed AS (
        UPDATE keyhook.webhook SET
          url = CASE WHEN $3 THEN $4 ELSE url END,
          events = CASE WHEN $5 THEN $6::smallint[] ELSE events END,
          all_license_events = CASE WHEN $5 THEN $11 ELSE all_license_events END,
          is_active = CASE WHEN $7 THEN $8 ELSE is_active END,
          paused_at = CASE WHEN $7 AND is_active IS DISTINCT FROM $8 THEN NULL ELSE paused_at END,
          deactivated_reason = CASE WHEN $7 AND is_active IS DISTINCT FROM $8 THEN NULL ELSE deactivated_reason END,
          description = CASE WHEN $9 THEN $10 ELSE description END,
          request_headers = CASE WHEN $12 THEN $13 ELSE request_headers END,
          header_names = CASE WHEN $12 THEN $14::text[] ELSE header_names END,
          authentication = CASE WHEN $12 THEN $15 ELSE authentication END,
          authentication_details = CASE WHEN $12 THEN $26::jsonb ELSE authentication_details END,
          format_version = CASE WHEN $16::int IS NOT NULL THEN $16 ELSE format_version END,
          format = CASE WHEN $16 IS NOT NULL THEN $17 ELSE format END,
          format_edition = CASE WHEN $16 IS NOT NULL THEN $18 ELSE format_edition END,
          templates = CASE WHEN $16 IS NOT NULL THEN $19::jsonb ELSE templates END,
          rate_limit = CASE WHEN $20 THEN $21::int ELSE rate_limit END,
          filters = CASE WHEN $22 THEN $23::jsonb ELSE filters END,
          ordering = CASE WHEN NOT $24 THEN ordering WHEN $25 THEN 'license' WHEN ordering IS NOT NULL THEN 'ended' END,
          version = version + 1, updated_at = now()
        WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL
          AND ($3 AND url IS DISTINCT FROM $4
            OR $5 AND NOT (events @> $6::smallint[] AND events <@ $6::smallint[] AND all_license_events = $11)
            OR $7 AND is_active IS DISTINCT FROM $8
            OR $9 AND description IS DISTINCT FROM $10
            OR $12 OR $16::int IS NOT NULL
            OR $20 AND rate_limit IS DISTINCT FROM $21
            OR $22 AND filters IS DISTINCT FROM $23::jsonb
            OR $24 AND $25 <> (ordering IS NOT NULL AND ordering = 'license'))
        RETURNING *
      )
      SELECT\s""" + COLUMNS + " FROM changed";
  private static final String LOCK_HEADERS = """
      SELECT url, request_headers FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL FOR UPDATE""";
  private static final String LOCK_FORMAT = """
      SELECT format_version, format, templates FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL FOR UPDATE""";
  private static final String LOCK_FILTERS = """
      SELECT filters FROM keyhook.webhook
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL FOR UPDATE""";
  private static final String INSERT_FORMAT = """
      INSERT INTO keyhook.webhook_format (account_id, webhook_id, version, format, edition, templates)
      VALUES ($1, $2, $3, $4, $5, $6::jsonb)""";
  /** Those that were replaced so long ago that no delivery is left that has them, and how many are left. */
  private static final String DELETE_FORMATS = """
      WITH gone AS (
        DELETE FROM keyhook.webhook_format f USING keyhook.webhook_format n
        WHERE f.account_id = $1 AND f.webhook_id = $2 AND n.account_id = $1 AND n.webhook_id = $2 AND n.version = f.version + 1
          AND n.created_at < now() - make_interval(days => $3) RETURNING f.version
      )
      SELECT (SELECT count(*) FROM keyhook.webhook_format WHERE account_id = $1 AND webhook_id = $2) - (SELECT count(*) FROM gone)""";
  /** A webhook that had a limit or an order before keeps its bucket. */
  private static final String BEGIN_PACE = """
      INSERT INTO keyhook.webhook_pace (account_id, webhook_id) VALUES ($1, $2) ON CONFLICT (account_id, webhook_id) DO NOTHING""";
  private static final String SET_PAUSED = """
      WITH changed AS (
        UPDATE keyhook.webhook SET
          paused_at = CASE WHEN $3 THEN n.at END, resumed_at = CASE WHEN $3 THEN resumed_at ELSE n.at END,
          version = version + 1, updated_at = n.at
        FROM (SELECT now() AS at) n
        WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL AND is_active AND (paused_at IS NOT NULL) <> $3
        RETURNING *
      )
      SELECT\s""" + COLUMNS + " FROM changed";
  /** Nodes of the version before know no pauses, but send nothing before it is due. */
  private static final String PARK = """
      WITH due AS MATERIALIZED (
        SELECT q.account_id, q.webhook_id, q.delivery_id FROM keyhook.delivery_queue q
        JOIN keyhook.webhook w ON w.account_id = q.account_id AND w.webhook_id = q.webhook_id
        WHERE q.account_id = $1 AND q.webhook_id = $2 AND q.due_at > '-infinity' AND NOT %1$s AND NOT q.leased AND %2$s
        ORDER BY q.due_at LIMIT $3 FOR UPDATE OF q SKIP LOCKED
      )
      UPDATE keyhook.delivery_queue q SET due_at = (q.due_at AT TIME ZONE 'UTC' + %3$s) AT TIME ZONE 'UTC' FROM due WHERE %4$s"""
      .formatted(DeliveryRowStore.isParked("q"), DeliveryRowStore.isPaused("w"), DeliveryRowStore.PARKED_BY,
          DeliveryRowStore.is("q", "due"));
  /** Previous secrets whose overlap has not ended, the oldest first, and when it ends. */
  private static final String VALID = """
      (SELECT coalesce(array_agg(q.%1$s ORDER BY q.ord), '{}')
        FROM unnest(previous_secrets, previous_secrets_until) WITH ORDINALITY q (secret, until, ord) WHERE q.until > %2$s)""";
  private static final String VALID_SECRETS = VALID.formatted("secret", "n.at");
  private static final String VALID_UNTIL = VALID.formatted("until", "n.at");
  // Nodes of the version before sign with previous_secret and interim_secret (see V11).
  private static final String ROTATE = """
      WITH changed AS (
        UPDATE keyhook.webhook SET
          previous_secrets = CASE WHEN $4::int > 0 THEN %1$s || secret ELSE '{}' END,
          previous_secrets_until = CASE WHEN $4 > 0 THEN %2$s || n.until ELSE '{}' END,
          previous_secret = CASE WHEN $4 > 0 THEN coalesce((%1$s)[1], secret) END,
          previous_secret_until = CASE WHEN $4 > 0 THEN coalesce((%2$s)[1], n.until) END,
          interim_secret = CASE WHEN $4 > 0 AND cardinality(%1$s) > 0 THEN secret END,
          interim_secret_until = CASE WHEN $4 > 0 AND cardinality(%1$s) > 0 THEN n.until END,
          secret = $3, version = version + 1, updated_at = now()
        FROM (SELECT now() AS at, now() + make_interval(hours => $4) AS until) n
        WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL
        RETURNING webhook.*
      )
      SELECT\s""".formatted(VALID_SECRETS, VALID_UNTIL) + COLUMNS + " FROM changed";
  private static final String LOCK_OVERLAPS = "SELECT " + VALID_UNTIL + """

      FROM keyhook.webhook, (SELECT now() AS at) n
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL AND %s FOR UPDATE OF webhook"""
      .formatted(DeliveryRowStore.isOf("webhook", "$3"));
  /** All secrets of a webhook, in one array: the first four have columns of their own, and may be null but for the first. */
  private static final String SECRETS = "ARRAY[secret, previous_secret, interim_secret, request_headers] || previous_secrets";
  /** A node of the version before deletes a webhook without its headers. */
  private static final String HAS_SECRETS = "(deleted_at IS NULL OR request_headers IS NOT NULL)";
  private static final String SEALED = "SELECT account_id, webhook_id, " + SECRETS + """

      FROM keyhook.webhook
      WHERE (account_id, webhook_id) > ($1, $2) AND %s ORDER BY account_id, webhook_id LIMIT $3""".formatted(HAS_SECRETS);
  // A secret that was rotated in between is not overwritten. The version stays: senders need not reload an equal secret.
  private static final String RESEAL = """
      UPDATE keyhook.webhook SET secret = $4, previous_secret = $5, interim_secret = $6, request_headers = $7,
        previous_secrets = $8
      WHERE account_id = $1 AND webhook_id = $2 AND %s AND $3::bytea[] =\s""".formatted(HAS_SECRETS) + SECRETS;
  private static final String DELETE = """
      UPDATE keyhook.webhook SET is_active = false, secret = NULL, previous_secret = NULL, previous_secret_until = NULL,
        interim_secret = NULL, interim_secret_until = NULL, previous_secrets = '{}', previous_secrets_until = '{}',
        request_headers = NULL, header_names = '{}', authentication = NULL, authentication_details = NULL, filters = NULL,
        version = version + 1, deleted_at = now()
      WHERE account_id = $1 AND webhook_id = $2 AND deleted_at IS NULL AND\s""" + DeliveryRowStore.isOf("webhook", "$3");

  /** Secrets that have columns of their own. */
  private static final int OWN_COLUMNS = 4;
  private static final String ORDERED = "license";

  private WebhookStore() {}

  /**
   * @param count how many there are
   * @param newId for a webhook that is about to be created
   */
  record CountAndId(long count, UUID newId) {}

  /**
   * A webhook's secrets as they are kept.
   *
   * @param secrets in the order of their columns; null where a column is
   */
  record Sealed(UUID accountId, UUID webhookId, List<byte[]> secrets) {}

  /**
   * A webhook's URL and headers as they are kept, locked.
   *
   * @param headers sealed; null: none
   */
  record Locked(String url, byte[] headers) {}

  /**
   * A webhook's headers as they are to be kept.
   *
   * @param sealed null: none
   * @param authentication its type; null: none
   * @param details what is shown of the authentication beside its type; null: nothing
   */
  record SealedHeaders(byte[] sealed, String[] names, String authentication, JsonObject details) {
    static final SealedHeaders NONE = new SealedHeaders(null, new String[0], null, null);
  }

  /**
   * What a webhook sends, as it is kept.
   *
   * @param version counts the changes; null: Keyhook's own format, always
   * @param templates by code of the type of event, with 0 for all others; empty: the default texts
   */
  record StoredFormat(Integer version, Format format, Map<String, String> templates) {
    private String name() {
      return format == Format.KEYHOOK ? null : format.wireName();
    }

    private JsonObject json() {
      return templates.isEmpty() ? null : new JsonObject(new LinkedHashMap<>(templates));
    }
  }

  static Future<CountAndId> count(SqlClient client, UUID accountId) {
    return client.preparedQuery(COUNT).execute(Tuple.of(accountId)).map(rows -> {
      Row row = rows.iterator().next();
      return new CountAndId(row.getLong(0), row.getUUID(1));
    });
  }

  /**
   * A webhook's filters as they are kept.
   *
   * @param json null: none
   */
  record StoredFilters(JsonObject json) {}

  /** Returns how many webhooks a customer has. */
  static Future<Long> count(SqlClient client, UUID accountId, String customer) {
    return client.preparedQuery(COUNT_OF).execute(Tuple.of(accountId, customer)).map(rows -> rows.iterator().next().getLong(0));
  }

  /** Keeps the link of a portal from being revoked until the transaction ends, and returns whether it was not before. */
  static Future<Boolean> holdLink(SqlClient tx, UUID accountId, UUID linkId) {
    return tx.preparedQuery(HOLD_LINK).execute(Tuple.of(accountId, linkId)).map(rows -> rows.size() > 0);
  }

  static Future<Webhook> insert(
      SqlClient client, UUID webhookId, Webhooks.Create request, Subscription events, byte[] secret,
      SealedHeaders headers, StoredFormat format, Webhooks.Owner owner) {
    return client.preparedQuery(INSERT)
        .execute(Tuple.tuple().addUUID(request.caller().accountId()).addUUID(webhookId).addString(request.url())
            .addArrayOfShort(events.codes()).addBoolean(request.isActive()).addString(request.description())
            .addBuffer(Buffer.buffer(secret)).addBoolean(events.allLicenseEvents())
            .addBuffer(buffer(headers.sealed())).addArrayOfString(headers.names()).addString(headers.authentication())
            .addInteger(format.version()).addString(format.name()).addShort(Messages.EDITION).addValue(format.json())
            .addInteger(request.options().rateLimit())
            .addValue(FilterJson.of(owner.customerFilters(), request.options().filters()))
            .addString(request.options().ordering() == Ordering.LICENSE ? ORDERED : null).addValue(headers.details())
            .addString(owner.customer()))
        .map(rows -> webhook(rows.iterator().next()));
  }

  /** Returns a webhook that a caller sees. Who is confined to those of a customer finds no others; a webhook's customer never changes. */
  static Future<Webhook> get(SqlClient client, Caller caller, UUID webhookId) {
    return client.preparedQuery(GET).execute(Tuple.of(caller.accountId(), webhookId, caller.customer()))
        .map(rows -> first(rows, WebhookStore::webhook).orElseThrow(Id.WEBHOOK::notFound));
  }

  /** Lists the webhooks that a caller sees, those of a customer if the caller asks for them. */
  static Future<Page<Webhook>> list(SqlClient client, Webhooks.ListAll query) {
    Page.Request page = query.page();
    String customer = query.caller().customer() == null ? query.customer() : query.caller().customer();
    return client.preparedQuery(LIST).execute(Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1, customer))
        .map(rows -> Page.of(all(rows, WebhookStore::webhook), page.limit(), webhook -> Id.WEBHOOK.parse(webhook.id())));
  }

  /**
   * Changes the fields that differ, as compared with the locked row.
   *
   * @param events in any order; null: left as they are
   * @param headers other ones; null: left as they are
   * @param format another one; null: left as it is
   * @param filters other ones; null: left as they are
   * @return empty if nothing differs, or if there is no such webhook
   */
  static Future<Optional<Webhook>> update(
      SqlClient client, UUID webhookId, Webhooks.Update change, Subscription events, SealedHeaders headers,
      StoredFormat format, StoredFilters filters) {
    if (events == null && headers == null && format == null && !change.url().present() && !change.isActive().present()
        && !change.description().present() && !change.options().rateLimit().present() && filters == null
        && !change.options().ordering().present()) {
      return Future.succeededFuture(Optional.empty()); // Citus 13.2 fails on a statement of which it sees that it changes nothing
    }
    return client.preparedQuery(UPDATE)
        .execute(Tuple.tuple().addUUID(change.caller().accountId()).addUUID(webhookId)
            .addBoolean(change.url().present()).addString(change.url().value())
            .addBoolean(events != null).addArrayOfShort(events == null ? null : events.codes())
            .addBoolean(change.isActive().present()).addBoolean(change.isActive().value())
            .addBoolean(change.description().present()).addString(change.description().value())
            .addBoolean(events != null && events.allLicenseEvents())
            .addBoolean(headers != null).addBuffer(headers == null ? null : buffer(headers.sealed()))
            .addArrayOfString(headers == null ? null : headers.names()).addString(headers == null ? null : headers.authentication())
            .addInteger(format == null ? null : format.version()).addString(format == null ? null : format.name())
            .addShort(Messages.EDITION).addValue(format == null ? null : format.json())
            .addBoolean(change.options().rateLimit().present()).addInteger(change.options().rateLimit().value())
            .addBoolean(filters != null).addValue(filters == null ? null : filters.json())
            .addBoolean(change.options().ordering().present()).addBoolean(change.options().ordering().value() == Ordering.LICENSE)
            .addValue(headers == null ? null : headers.details()))
        .map(rows -> first(rows, WebhookStore::webhook));
  }

  /**
   * Lets claims count what they take for a webhook, or take turns.
   *
   * @param rateLimit null: there is nothing to count
   * @param ordering null: there are no turns
   */
  static Future<Void> beginPace(SqlClient tx, UUID accountId, UUID webhookId, Integer rateLimit, Ordering ordering) {
    return rateLimit == null && ordering != Ordering.LICENSE ? Future.succeededFuture()
        : tx.preparedQuery(BEGIN_PACE).execute(Tuple.of(accountId, webhookId)).mapEmpty();
  }

  /**
   * The filters of a webhook after a change, which locks it.
   *
   * @return null: the change leaves them as they are
   */
  static Future<StoredFilters> changedFilters(SqlClient tx, UUID webhookId, Webhooks.Update change) {
    return !change.options().filters().present() && !change.customerFilters().present() ? Future.succeededFuture()
        : tx.preparedQuery(LOCK_FILTERS).execute(Tuple.of(change.caller().accountId(), webhookId))
            .map(rows -> first(rows, row -> new StoredFilters(FilterJson.changed((JsonObject) row.getValue(0), change.customerFilters(),
                change.options().filters()))).orElseThrow(Id.WEBHOOK::notFound));
  }

  /** Locks a webhook for a change of its format. */
  static Future<StoredFormat> lockFormat(SqlClient tx, UUID accountId, UUID webhookId) {
    return tx.preparedQuery(LOCK_FORMAT).execute(Tuple.of(accountId, webhookId))
        .map(rows -> first(rows, row -> new StoredFormat(row.getInteger(0), format(row.getString(1)), texts(row.getValue(2))))
            .orElseThrow(Id.WEBHOOK::notFound));
  }

  /**
   * Keeps a format for the deliveries that are rendered with it.
   *
   * @param days for which a delivery is kept at the longest
   * @return how many formats of the webhook are kept
   */
  static Future<Long> keepFormat(SqlClient tx, UUID accountId, UUID webhookId, StoredFormat format, int days) {
    return tx.preparedQuery(INSERT_FORMAT)
        .execute(Tuple.tuple().addUUID(accountId).addUUID(webhookId).addInteger(format.version()).addString(format.name())
            .addShort(Messages.EDITION).addValue(format.json()))
        .compose(kept -> tx.preparedQuery(DELETE_FORMATS).execute(Tuple.of(accountId, webhookId, days)))
        .map(rows -> rows.iterator().next().getLong(0));
  }

  private static Format format(String stored) {
    return stored == null ? Format.KEYHOOK : Format.named(stored);
  }

  private static Map<String, String> texts(Object stored) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (stored instanceof JsonObject json) {
      json.forEach(text -> texts.put(text.getKey(), (String) text.getValue()));
    }
    return texts;
  }

  /** Locks a webhook for a change of its headers or its URL. */
  static Future<Locked> lockHeaders(SqlClient tx, UUID accountId, UUID webhookId) {
    return tx.preparedQuery(LOCK_HEADERS).execute(Tuple.of(accountId, webhookId))
        .map(rows -> first(rows, row -> new Locked(row.getString(0), row.getBuffer(1) == null ? null : row.getBuffer(1).getBytes()))
            .orElseThrow(Id.WEBHOOK::notFound));
  }

  /**
   * Pauses an active webhook, or resumes it.
   *
   * @return empty if it is so already, or if there is no such active webhook
   */
  static Future<Optional<Webhook>> setPaused(SqlClient client, UUID accountId, UUID webhookId, boolean paused) {
    return client.preparedQuery(SET_PAUSED).execute(Tuple.of(accountId, webhookId, paused))
        .map(rows -> first(rows, WebhookStore::webhook));
  }

  /** Parks up to {@value #PARK_BATCH} deliveries of a webhook while it is paused, and returns how many. */
  static Future<Integer> park(SqlClient client, UUID accountId, UUID webhookId) {
    return client.preparedQuery(PARK).execute(Tuple.of(accountId, webhookId, (long) PARK_BATCH)).map(SqlResult::rowCount);
  }

  /** Locks a webhook for a rotation: when the previous secrets that still sign stop, the oldest first. */
  static Future<List<Instant>> lockOverlaps(SqlClient tx, Caller caller, UUID webhookId) {
    return tx.preparedQuery(LOCK_OVERLAPS).execute(Tuple.of(caller.accountId(), webhookId, caller.customer()))
        .map(rows -> first(rows, row -> Arrays.stream(row.getArrayOfOffsetDateTimes(0)).map(OffsetDateTime::toInstant).toList())
            .orElseThrow(Id.WEBHOOK::notFound));
  }

  /** Replaces the secret. The previous one signs for {@code overlapHours} more; with 0, all previous ones end at once. */
  static Future<Webhook> rotate(SqlClient client, UUID accountId, UUID webhookId, byte[] secret, int overlapHours) {
    return client.preparedQuery(ROTATE)
        .execute(Tuple.of(accountId, webhookId, Buffer.buffer(secret), overlapHours))
        .map(rows -> first(rows, WebhookStore::webhook).orElseThrow(Id.WEBHOOK::notFound));
  }

  /** In the order of their ids, after these. */
  static Future<List<Sealed>> sealed(SqlClient client, UUID afterAccount, UUID afterWebhook, int limit) {
    return client.preparedQuery(SEALED).execute(Tuple.of(afterAccount, afterWebhook, limit))
        .map(rows -> all(rows, row -> new Sealed(row.getUUID(0), row.getUUID(1), Arrays.stream(row.getArrayOfBuffers(2))
            .map(secret -> secret == null ? null : secret.getBytes()).toList())));
  }

  /**
   * Replaces each of {@code from} by the one of {@code to} at the same place, where it is still the same.
   *
   * @param from not empty
   * @return how many were
   */
  static Future<Integer> reseal(SqlClient tx, List<Sealed> from, List<Sealed> to) {
    List<Tuple> batch = IntStream.range(0, from.size()).mapToObj(i -> Tuple.tuple()
        .addUUID(from.get(i).accountId()).addUUID(from.get(i).webhookId())
        .addArrayOfBuffer(buffers(from.get(i).secrets()))
        .addBuffer(buffer(to.get(i).secrets().get(0))).addBuffer(buffer(to.get(i).secrets().get(1)))
        .addBuffer(buffer(to.get(i).secrets().get(2))).addBuffer(buffer(to.get(i).secrets().get(3)))
        .addArrayOfBuffer(buffers(to.get(i).secrets().subList(OWN_COLUMNS, to.get(i).secrets().size())))).toList();
    return tx.preparedQuery(RESEAL).executeBatch(batch).map(rows -> {
      int resealed = 0;
      for (RowSet<Row> one = rows; one != null; one = one.next()) {
        resealed += one.rowCount();
      }
      return resealed;
    });
  }

  private static Buffer[] buffers(List<byte[]> secrets) {
    return secrets.stream().map(WebhookStore::buffer).toArray(Buffer[]::new);
  }

  private static Buffer buffer(byte[] secret) {
    return secret == null ? null : Buffer.buffer(secret);
  }

  /** The row stays, without its secrets, so that its log can be read. */
  static Future<Boolean> delete(SqlClient client, Caller caller, UUID webhookId) {
    return client.preparedQuery(DELETE).execute(Tuple.of(caller.accountId(), webhookId, caller.customer())).map(rows -> rows.rowCount() > 0);
  }

  private static Map<String, String> masked(String[] names) {
    Map<String, String> headers = new LinkedHashMap<>();
    Arrays.stream(names).forEach(name -> headers.put(name, Webhooks.MASK));
    return headers;
  }

  private static Webhook webhook(Row row) {
    return new Webhook(Id.WEBHOOK.of(row.getUUID(0)), row.getString(1),
        Subscription.of(row.getArrayOfShorts(2), row.getBoolean(3)).names(), row.getBoolean(4), row.getString(5),
        masked(row.getArrayOfStrings(11)),
        AuthenticationDetails.shown(row.getString(12), (JsonObject) row.getValue("authentication_details")),
        format(row.getString(13)), TemplateNames.shown(texts(row.getValue(14))), row.getInteger(15),
        FilterJson.own((JsonObject) row.getValue(16)), instant(row, 10), row.getString(6), instant(row, 7), instant(row, 8), instant(row, 9),
        ORDERED.equals(row.getString("ordering")) ? Ordering.LICENSE : Ordering.NONE,
        row.getString("customer"), FilterJson.ofCustomer((JsonObject) row.getValue(16)));
  }
}
