package io.keyhook.log;

import static io.keyhook.db.Rows.all;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlResult;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The SQL that finds and erases the personal data of a customer. */
final class CustomerStore {
  /** Before the first row. */
  static final Cursor FIRST = new Cursor(new UUID(0, 0), new UUID(0, 0));

  /** Licenses, or devices, whose rows one transaction locks. */
  static final int CHANGED_AT_ONCE = 1000;

  private static final int BATCH = 2000;
  /** The fields of events that hold personal data. */
  private static final List<String> PERSONAL = List.of("customerName", "customerEmail", "deviceName", "ipAddress");

  private static final String LICENSES = """
      SELECT license_id FROM keyhook.license WHERE account_id = $1 AND lower(customer_email) = lower($2)""";
  private static final String EVENTS = """
      WITH page AS MATERIALIZED (
        SELECT event_id, keep_until, data FROM keyhook.event WHERE account_id = $1 AND event_id > $2
        ORDER BY event_id LIMIT $3
      )\s""";
  /** Whether an event names a customer, as it is now or as it was before a change. */
  private static final String NAMES = """
      lower(%s) = ANY (ARRAY[lower(data::json ->> 'customerEmail'), lower(data::json #>> '{changes,customerEmail,old}')])""";
  private static final String NAMING_EVENTS = EVENTS + """
      SELECT event_id, CASE WHEN %s THEN data::json ->> 'licenseId' END
      FROM page ORDER BY event_id""".formatted(NAMES.formatted("$4"));
  private static final String EVENTS_OF_LICENSES = EVENTS + """
      SELECT event_id, keep_until, CASE WHEN data::json ->> 'licenseId' = ANY ($4::text[])
        AND (%s) IS NOT TRUE THEN data END
      FROM page ORDER BY event_id""".formatted(NAMES.formatted("$5"));
  private static final String REPLACE_EVENTS = """
      UPDATE keyhook.event e SET data = q.data
      FROM unnest($2::uuid[], $3::date[], $4::text[]) q (event_id, keep_until, data)
      WHERE e.account_id = $1 AND e.event_id = q.event_id AND e.keep_until = q.keep_until""";

  /** An attempt without a body had no response, so it stays, empty. What repeats the body may be in the headers, too. */
  private static final String RESPONSES = """
      WITH page AS MATERIALIZED (
        SELECT webhook_id, delivery_id, keep_until, event_id FROM keyhook.%1$s
        WHERE account_id = $1 AND (webhook_id, delivery_id) > ($2, $3)
        ORDER BY webhook_id, delivery_id LIMIT $4
      ), last AS (
        SELECT webhook_id, delivery_id FROM page ORDER BY webhook_id DESC, delivery_id DESC LIMIT 1
      ), erased AS (
        UPDATE keyhook.%1$s d SET attempts = (
          SELECT jsonb_agg(CASE WHEN a ? 'body' THEN a || '{"body": ""}' ELSE a END - 'headers' ORDER BY n)
          FROM jsonb_array_elements(d.attempts) WITH ORDINALITY attempt (a, n))
        FROM page p JOIN keyhook.event e
          ON e.account_id = $1 AND e.event_id = p.event_id AND e.keep_until = p.keep_until
        WHERE d.account_id = $1 AND d.webhook_id = p.webhook_id AND d.delivery_id = p.delivery_id AND d.keep_until = p.keep_until
          AND e.data::json ->> 'licenseId' = ANY ($5::text[])
          AND (d.attempts @? '$[*].body ? (@ <> "")' OR d.attempts @? '$[*].headers ? (@ <> "")')
        RETURNING d.delivery_id
      )
      SELECT (SELECT webhook_id FROM last), (SELECT delivery_id FROM last), (SELECT count(*) FROM page),
        (SELECT count(*) FROM erased)""";
  /** For {@link #eraseResponses}: those that are over. */
  static final String DELIVERIES = RESPONSES.formatted("delivery");
  /** For {@link #eraseResponses}: those that are pending. */
  static final String QUEUE = RESPONSES.formatted("delivery_queue");

  /** A message in another format than Keyhook's own may name anyone, and may be no JSON. */
  private static final String DELETE_TEST_REQUESTS = """
      DELETE FROM keyhook.test_request WHERE account_id = $1
        AND (body !~ '^\\{"event":"[a-z.]*","timestamp":"' OR EXISTS (
          SELECT FROM unnest($2::text[]) l (id) WHERE position(l.id IN body) > 0))""";
  /** No address is left in a filter that had this one only, so that no license passes. */
  private static final String ERASE_FILTERS = """
      UPDATE keyhook.webhook
      SET filters = jsonb_set(filters, '%1$s', (filters #> '%1$s') - lower($2)), version = version + 1
      WHERE account_id = $1 AND filters #> '%1$s' ? lower($2)""";
  private static final String ERASE_COMPARED_FILTERS = ERASE_FILTERS.formatted("{customerEmails}");
  /** A webhook of a customer has two more beside what is compared. */
  private static final String ERASE_FILTERS_OF_CUSTOMER = ERASE_FILTERS.formatted("{within,customerEmails}");
  private static final String ERASE_OWN_FILTERS = ERASE_FILTERS.formatted("{own,customerEmails}");
  private static final String DELETE_PORTAL_LINKS = """
      DELETE FROM keyhook.portal_link
      WHERE account_id = $1 AND (lower(customer) = lower($2) OR customer_filters -> 'customerEmails' ? lower($2))""";

  // Both lock rows in the order of their keys, as validations do.
  private static final String ERASE_DEVICES = """
      WITH page AS MATERIALIZED (
        SELECT license_id, fingerprint FROM keyhook.activation
        WHERE account_id = $1 AND license_id = ANY ($2::uuid[]) AND (device_name IS NOT NULL OR ip_address IS NOT NULL)
        ORDER BY license_id, fingerprint LIMIT $3 FOR NO KEY UPDATE
      )
      UPDATE keyhook.activation a SET device_name = NULL, ip_address = NULL FROM page p
      WHERE a.account_id = $1 AND a.license_id = p.license_id AND a.fingerprint = p.fingerprint""";
  private static final String ERASE_LICENSES = """
      WITH page AS MATERIALIZED (
        SELECT license_id FROM keyhook.license WHERE account_id = $1 AND lower(customer_email) = lower($2)
        ORDER BY license_id LIMIT $3 FOR NO KEY UPDATE
      )
      UPDATE keyhook.license l
      SET customer_name = NULL, customer_email = NULL, sequence = sequence + 1, updated_at = now() FROM page p
      WHERE l.account_id = $1 AND l.license_id = p.license_id
      RETURNING l.license_id""";

  private CustomerStore() {}

  /** Erases a customer's e-mail address from the filters of webhooks, also of deleted ones, and deletes the portal links that name it. */
  static Future<Void> eraseFilters(SqlClient client, UUID accountId, String email) {
    Tuple parameters = Tuple.of(accountId, email);
    return client.preparedQuery(ERASE_COMPARED_FILTERS).execute(parameters)
        .compose(erased -> client.preparedQuery(ERASE_FILTERS_OF_CUSTOMER).execute(parameters))
        .compose(erased -> client.preparedQuery(ERASE_OWN_FILTERS).execute(parameters))
        .compose(erased -> client.preparedQuery(DELETE_PORTAL_LINKS).execute(parameters)).mapEmpty();
  }

  /** The key of a row: of an event, its ID and nothing else; of a delivery, its webhook and its ID. */
  record Cursor(UUID first, UUID second) {
    private static Cursor event(UUID eventId) {
      return new Cursor(eventId, null);
    }
  }

  /**
   * What one statement found.
   *
   * @param last the row to go on after; null: there are no more
   * @param count how many rows were changed
   * @param licenses that were found
   */
  record Page(Cursor last, long count, List<UUID> licenses) {}

  /** A changed event. */
  private record Changed(UUID eventId, LocalDate keepUntil, String data) {}

  /** Licenses that name the customer. */
  static Future<List<UUID>> licenses(SqlClient client, UUID accountId, String email) {
    return client.preparedQuery(LICENSES).execute(Tuple.of(accountId, email)).map(rows -> all(rows, row -> row.getUUID(0)));
  }

  /** Finds licenses whose events name the customer. */
  static Future<Page> namingEvents(SqlClient client, UUID accountId, String email, Cursor after) {
    return client.preparedQuery(NAMING_EVENTS).execute(Tuple.of(accountId, after.first, (long) BATCH, email)).map(rows -> {
      List<UUID> licenses = new ArrayList<>();
      UUID last = null;
      for (Row row : rows) {
        last = row.getUUID(0);
        if (row.getString(1) != null) {
          licenses.add(Id.LICENSE.parse(row.getString(1)));
        }
      }
      return new Page(rows.size() == BATCH ? Cursor.event(last) : null, 0, licenses);
    });
  }

  /**
   * Erases the personal data from events about licenses.
   *
   * @param except events that name this customer are left for later; null: none
   */
  static Future<Page> eraseEvents(SqlClient tx, UUID accountId, String[] licenses, String except, Cursor after) {
    return tx.preparedQuery(EVENTS_OF_LICENSES)
        .execute(Tuple.of(accountId, after.first, (long) BATCH).addArrayOfString(licenses).addString(except))
        .compose(rows -> {
          List<Changed> changed = new ArrayList<>();
          UUID last = null;
          for (Row row : rows) {
            last = row.getUUID(0);
            String data = row.getString(2);
            String erased = data == null ? null : withoutPersonalData(data);
            if (erased != null && !erased.equals(data)) {
              changed.add(new Changed(last, row.getLocalDate(1), erased));
            }
          }
          Page page = new Page(rows.size() == BATCH ? Cursor.event(last) : null, changed.size(), List.of());
          return changed.isEmpty() ? Future.succeededFuture(page) : tx.preparedQuery(REPLACE_EVENTS)
              .execute(Tuple.of(accountId)
                  .addArrayOfUUID(changed.stream().map(Changed::eventId).toArray(UUID[]::new))
                  .addArrayOfLocalDate(changed.stream().map(Changed::keepUntil).toArray(LocalDate[]::new))
                  .addArrayOfString(changed.stream().map(Changed::data).toArray(String[]::new)))
              .map(page);
        });
  }

  private static String withoutPersonalData(String data) {
    ObjectNode fields = (ObjectNode) JsonText.read(data);
    PERSONAL.stream().filter(fields::hasNonNull).forEach(fields::putNull);
    PERSONAL.stream().map(fields.path("changes")::path).filter(JsonNode::isObject).map(ObjectNode.class::cast)
        .forEach(change -> change.fieldNames().forEachRemaining(value -> change.set(value, NullNode.instance)));
    return JsonText.of(fields);
  }

  /**
   * Erases what endpoints returned for deliveries about licenses.
   *
   * @param sql {@link #DELIVERIES} or {@link #QUEUE}
   */
  static Future<Page> eraseResponses(SqlClient client, String sql, UUID accountId, String[] licenses, Cursor after) {
    return client.preparedQuery(sql)
        .execute(Tuple.of(accountId, after.first, after.second, (long) BATCH).addArrayOfString(licenses))
        .map(rows -> {
          Row row = rows.iterator().next();
          return new Page(row.getLong(2) == BATCH ? new Cursor(row.getUUID(0), row.getUUID(1)) : null, row.getLong(3), List.of());
        });
  }

  /** Deletes what the built-in test endpoint received about licenses. */
  static Future<Void> deleteTestRequests(SqlClient client, UUID accountId, String[] licenses) {
    return client.preparedQuery(DELETE_TEST_REQUESTS).execute(Tuple.of(accountId).addArrayOfString(licenses)).mapEmpty();
  }

  /** Erases the personal data from up to {@value #CHANGED_AT_ONCE} activations of licenses. Returns how many there were. */
  static Future<Integer> eraseDevices(SqlClient client, UUID accountId, UUID[] licenses) {
    return client.preparedQuery(ERASE_DEVICES)
        .execute(Tuple.of(accountId).addArrayOfUUID(licenses).addLong((long) CHANGED_AT_ONCE)).map(SqlResult::rowCount);
  }

  /** Erases the customer from up to {@value #CHANGED_AT_ONCE} licenses. Returns these; fewer: there are no more. */
  static Future<List<UUID>> eraseLicenses(SqlClient tx, UUID accountId, String email) {
    return tx.preparedQuery(ERASE_LICENSES).execute(Tuple.of(accountId, email, (long) CHANGED_AT_ONCE))
        .map(erased -> all(erased, row -> row.getUUID(0)));
  }
}
