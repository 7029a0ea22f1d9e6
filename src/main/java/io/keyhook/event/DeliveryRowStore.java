package io.keyhook.event;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The SQL of deliveries, in the queue and in the log, that several stores share.
 *
 * <p><b>Attempts.</b> A row keeps a JSON array of the last {@value #MAX_ATTEMPTS}, first to last. A delivery that is
 * redelivered again and again has had more. Its first kept attempt then carries its {@code number}; in all other arrays,
 * attempts count from 1. Only the last {@value #WITH_HEADERS} have headers.
 *
 * <p><b>Plans.</b> A batch names rows of the queue in arrays. The queue is nearly always empty when PostgreSQL analyzes it, so
 * its statistics promise a single row, and then a plan that reads the whole queue and looks each row up in the batch seems
 * cheap. {@link #batch} and {@link #is} leave the primary key as the cheapest way, in generic and in custom plans. {@code =
 * ANY (ARRAY[…])} on its first column can be looked up in it but not merged by it, so that PostgreSQL does not consider
 * reading all of it in order; before PostgreSQL 17, the same on a further column would not be looked up. The size of an array
 * that comes from a subquery is unknown when the statement is planned.
 *
 * <p><b>Pauses.</b> The queue keeps the deliveries of a paused webhook parked: {@link #PARKED_BY} later than they are due. No
 * node finds them due, a thousand of them are skipped as fast as one, and they keep their order and their schedule. When
 * the webhook resumes, nothing is written: those that would be due are claimed as they are.
 *
 * <p><b>Order.</b> A delivery of a webhook with {@code ordering: license} is in the lane of its license. Its turn comes when no other one
 * of the lane is leased and none is before it, by the event's sequence number and then by its ID. A claim that finds it due earlier holds
 * it: {@link #HELD_BY} later than it is due, where neither claims nor polls look. Whoever removes the one before it wakes it. Claims and
 * results of such a webhook lock its row of {@code webhook_pace} first, so that each sees what the one before did.
 *
 * <p><b>Traces.</b> The context of the span that raised an event is a row of its own beside the event's data, with the same
 * account and day, and an ID that no event has: the event's, as a UUID of version 8. It exists only where the span was
 * recorded, so that others pay nothing for it, and any node that attempts the delivery finds it, also years later.
 *
 * <p><b>Formats.</b> The version of its webhook's format that a delivery is rendered with is such a row, too, with the delivery's ID as a
 * UUID of version 8, so that deliveries in Keyhook's own format pay nothing for it, wherever they move.
 */
public final class DeliveryRowStore {
  /** A row is rewritten for each attempt, and an attempt holds up to 4 KB of a response's body. */
  public static final int MAX_ATTEMPTS = 50;
  /** Attempts, counted from the last, that have up to 4 KB of headers, too: lists read whole rows. */
  public static final int WITH_HEADERS = 8;
  /** About 1,000 years. Hours are equally long in all time zones. */
  public static final String PARKED_BY = "interval '8760000 hours'";
  /** Twice as long, so that what is held is no more due when its webhook resumes. */
  public static final String HELD_BY = "interval '17520000 hours'";

  /** Moves the rows of {@code gone}, which have left the queue, to the log as canceled. */
  public static final String LOG_CANCELED = """
      INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
        SELECT account_id, delivery_id, webhook_id, event_id, keep_until, type, 3, coalesce(attempts, '[]') FROM gone""";

  /** The field of a trace's row. */
  public static final String TRACE = "traceparent";

  private DeliveryRowStore() {}

  /**
   * The ID of the row that has the trace of an event.
   *
   * @param eventId an SQL expression of a UUID of version 7
   */
  public static String traceOf(String eventId) {
    return "overlay((%s)::text PLACING '8' FROM 15 FOR 1)::uuid".formatted(eventId);
  }

  /**
   * The text of the row that has the version of a delivery's format. Its ID is {@link #traceOf} the delivery's.
   *
   * @param version an SQL expression
   */
  public static String pinned(String version) {
    return "'{\"format\":' || %s || '}'".formatted(version);
  }

  /**
   * A join with the columns {@code format}, {@code edition} and {@code template} of {@code f}: what a delivery is rendered with; null where
   * that is Keyhook's own. The account is the statement's first parameter.
   *
   * @param delivery an alias with the columns {@code webhook_id}, {@code keep_until} and {@code type}
   * @param id an SQL expression of its ID
   * @param webhook an alias with the column {@code format_version}: a webhook without one was never looked for
   */
  public static String withFormat(String delivery, String id, String webhook) {
    return """
        LEFT JOIN LATERAL (
          SELECT v.format, v.edition, %s AS template
          FROM keyhook.event p JOIN keyhook.webhook_format v
            ON v.account_id = $1 AND v.webhook_id = %s.webhook_id AND v.version = (p.data::json ->> 'format')::int
          WHERE %s.format_version IS NOT NULL AND p.account_id = $1 AND p.event_id = %s AND p.keep_until = %s.keep_until) f ON true"""
        .formatted(templateOf("v.templates", delivery + ".type::text"), delivery, webhook, traceOf(id), delivery);
  }

  /**
   * The template for a type of events.
   *
   * @param templates an SQL expression of those of a webhook
   * @param code an SQL expression of the type's code as text
   */
  public static String templateOf(String templates, String code) {
    return "coalesce(%1$s ->> %2$s, %1$s ->> '%3$s')".formatted(templates, code, TemplateNames.OTHERS);
  }

  /**
   * The condition that a row has the trace of an event or the format of a delivery, and no event.
   *
   * @param eventId an SQL expression of the row's ID
   */
  public static String isTrace(String eventId) {
    return "substr((%s)::text, 15, 1) = '8'".formatted(eventId);
  }

  /**
   * How many attempts a delivery has had.
   *
   * @param attempts an SQL expression of an array of attempts, or of null
   */
  public static String attemptCount(String attempts) {
    return "(coalesce((%1$s -> 0 ->> 'number')::int - 1, 0) + coalesce(jsonb_array_length(%1$s), 0))".formatted(attempts);
  }

  /**
   * The attempts with one more, without those that are too many, and without the headers of one that is no longer among the last.
   *
   * @param attempts an SQL expression of an array of attempts, or of null
   * @param next an SQL expression of an array of one attempt
   */
  public static String withAttempt(String attempts, String next) {
    return """
        CASE WHEN jsonb_array_length(%1$s) >= %3$d
          THEN jsonb_set(jsonb_path_query_array(%6$s, '$[last - %4$d to last]') || %2$s, '{0,number}',
            to_jsonb(%5$s - %4$d))
          ELSE coalesce(%6$s || %2$s, %2$s) END"""
        .formatted(attempts, next, MAX_ATTEMPTS, MAX_ATTEMPTS - 2, attemptCount(attempts),
            "(%s #- '{-%d,headers}')".formatted(attempts, WITH_HEADERS));
  }

  /**
   * The first parameters of a statement, arrays of the same length, as rows.
   *
   * @param types of the arrays' elements, in order
   */
  public static String batch(String... types) {
    return IntStream.range(0, types.length)
        .mapToObj(i -> "(SELECT $%d::%s[])".formatted(i + 1, types[i]))
        .collect(Collectors.joining(", ", "unnest(", ")"));
  }

  /**
   * The condition that a row of the queue or the log is the delivery that a row of a batch names.
   *
   * @param row an alias of the table
   * @param named an alias of the batch, with the columns {@code account_id}, {@code webhook_id} and {@code delivery_id}
   */
  public static String is(String row, String named) {
    return """
        %1$s.account_id = ANY (ARRAY[%2$s.account_id])
          AND %1$s.webhook_id = %2$s.webhook_id AND %1$s.delivery_id = %2$s.delivery_id""".formatted(row, named);
  }

  /** The same, under the lease with that {@code fence}. */
  public static String isLeased(String row, String named) {
    return is(row, named) + " AND %1$s.fence = %2$s.fence".formatted(row, named);
  }

  /**
   * The condition that a row of the queue is parked, as the index {@code delivery_queue_parked} has it.
   *
   * @param row an alias of the table
   */
  public static String isParked(String row) {
    return row + ".due_at >= timestamptz '3000-01-01 00:00:00+00'";
  }

  /**
   * The condition that a row of the queue waits for its turn. Such a row {@linkplain #isParked looks parked}.
   *
   * @param row an alias of the table
   */
  public static String isHeld(String row) {
    return row + ".due_at >= timestamptz '4000-01-01 00:00:00+00'";
  }

  /**
   * The condition that a webhook receives the events of a license in order.
   *
   * @param webhook an alias of the table
   */
  public static String isOrdered(String webhook) {
    return "(%1$s.ordering IS NOT NULL AND %1$s.ordering = 'license')".formatted(webhook);
  }

  /**
   * The lane of a delivery to an ordered webhook: the license that its event is about, which is the first field of the data. Null for
   * events about webhooks.
   *
   * @param data an SQL expression
   */
  static String laneOf(String data) {
    return "CASE WHEN starts_with(%1$s, '{\"licenseId\":\"lic_') THEN substr(%1$s, 15, 30) END".formatted(data);
  }

  /**
   * The sequence number of an event whose data has it, which is then the last field; null: it has none.
   *
   * @param data an SQL expression
   */
  static String sequenceOf(String data) {
    return "substring(right(%s, 40) FROM '\"sequence\":([0-9]+)}$')::bigint".formatted(data);
  }

  /**
   * The condition that a webhook is paused.
   *
   * @param webhook an alias of the table
   */
  public static String isPaused(String webhook) {
    return "(%1$s.paused_at IS NOT NULL AND %1$s.is_active)".formatted(webhook);
  }

  /**
   * The condition that deliveries are sent to a webhook: it is active, and its account is not suspended and has a plan with webhooks.
   *
   * @param webhook an alias of the table
   * @param account an alias of the table
   * @param plans a parameter, an array of those with webhooks
   */
  public static String isSentTo(String webhook, String account, String plans) {
    return "(%1$s.is_active AND %2$s.plan = ANY (%3$s::text[]) AND %2$s.suspended_at IS NULL)".formatted(webhook, account, plans);
  }

  /**
   * The condition that a webhook subscribes to all events about licenses. Nodes of the version before change only
   * {@code events}, so the mark holds while these are the ones that stand for all, with or without events about webhooks.
   *
   * @param webhook an alias of the table
   */
  public static String wantsAllLicenseEvents(String webhook) {
    return "(%1$s.all_license_events AND %1$s.events @> %2$s AND %1$s.events <@ %3$s)"
        .formatted(webhook, EventType.codes(EventType.BEFORE_SEQUENCES), EventType.codes(EventType.WITHOUT_SEQUENCES));
  }

  /**
   * The condition that the events of a webhook have a sequence number, as {@link Subscription#isSequenced} has it.
   *
   * @param webhook an alias of the table
   */
  static String isSequenced(String webhook) {
    return "(%s OR NOT %s.events <@ %s)"
        .formatted(wantsAllLicenseEvents(webhook), webhook, EventType.codes(EventType.WITHOUT_SEQUENCES));
  }

  /**
   * The condition that a webhook subscribes to a type of events.
   *
   * @param webhook an alias of the table
   * @param type an SQL expression of a code
   */
  static String wants(String webhook, String type) {
    return "(%2$s = ANY (%1$s.events) OR %3$s AND %2$s = ANY (%4$s))".formatted(webhook, type, wantsAllLicenseEvents(webhook),
        EventType.codes(EventType.licenseEvents()));
  }

  /**
   * The condition that a webhook is one of a customer. All that a caller in a portal reads or changes has it, in the first statement at
   * the latest; the customer of a webhook never changes.
   *
   * @param webhook an alias of the table
   * @param customer a parameter; null: of anyone
   */
  public static String isOf(String webhook, String customer) {
    return "(%2$s::text IS NULL OR %1$s.customer = %2$s)".formatted(webhook, customer);
  }

  /**
   * The condition that an event passes the filters of a webhook: each field that they have fits the license, as it is when the event is
   * written. Events about webhooks pass. A webhook without filters reads nothing for it.
   *
   * <p>A change of a license's customer or metadata is not for webhooks of customers: it names the values before, of another customer maybe.
   *
   * @param webhook an alias of the table
   * @param event an alias with the columns {@code license_id}, {@code gone}, {@code type} and {@code data}
   */
  static String passes(String webhook, String event) {
    return """
        CASE WHEN %1$s.filters IS NULL OR %2$s.license_id IS NULL THEN true
          WHEN %1$s.customer IS NOT NULL AND %2$s.type = %3$d
            AND %2$s.data::jsonb -> 'changes' ?| '{customerName,customerEmail,metadata}'::text[] THEN false
          ELSE (NOT %1$s.filters ? 'licenseIds' OR %1$s.filters -> 'licenseIds' ? %2$s.license_id::text)
            AND (NOT %1$s.filters ?| '{productIds,policyIds,customerEmails,metadata}'::text[] OR EXISTS (
              SELECT FROM (
                SELECT l.product_id::text AS product, l.policy_id AS policy, l.customer_email AS email, l.metadata::jsonb AS metadata
                FROM keyhook.license l
                WHERE %2$s.gone IS NULL AND l.account_id = %1$s.account_id AND l.license_id = %2$s.license_id
                UNION ALL
                SELECT %2$s.gone::jsonb ->> 'productId', (%2$s.gone::jsonb ->> 'policyId')::uuid, %2$s.gone::jsonb ->> 'customerEmail',
                  %2$s.gone::jsonb -> 'metadata'
                WHERE %2$s.gone IS NOT NULL) f
              WHERE (NOT %1$s.filters ? 'policyIds' OR %1$s.filters -> 'policyIds' ? f.policy::text)
                AND (NOT %1$s.filters ? 'productIds' OR %1$s.filters -> 'productIds' ? coalesce(f.product, (
                  SELECT p.product_id::text FROM keyhook.policy p WHERE p.account_id = %1$s.account_id AND p.policy_id = f.policy)))
                AND (NOT %1$s.filters ? 'customerEmails' OR %1$s.filters -> 'customerEmails' ? lower(f.email))
                AND (NOT %1$s.filters ? 'metadata' OR f.metadata @> (%1$s.filters -> 'metadata')))) END"""
        .formatted(webhook, event, EventType.LICENSE_UPDATED.code());
  }

  /**
   * The condition that a row of the queue has a type that this version knows.
   *
   * @param row an alias of the table
   */
  public static String isKnown(String row) {
    return "%s.type = ANY (%s)".formatted(row, EventType.codes(List.of(EventType.values())));
  }

  /**
   * When the next attempt of a row of the queue is due, unless its webhook is paused; null during an attempt, and while it waits for its
   * turn.
   *
   * @param row an alias of the table
   */
  public static String nextAttemptAt(String row) {
    return "CASE WHEN NOT %1$s.leased AND NOT %4$s THEN CASE WHEN %2$s THEN %1$s.due_at - %3$s ELSE %1$s.due_at END END"
        .formatted(row, isParked(row), PARKED_BY, isHeld(row));
  }

  /**
   * Whether a row of the queue waits for its webhook to resume. The account is the statement's first parameter: Citus takes no
   * account of the row in its place.
   *
   * @param row an alias of the table
   */
  public static String waitsForWebhook(String row) {
    return """
        (NOT %1$s.leased AND (SELECT %2$s FROM keyhook.webhook p
          WHERE p.account_id = $1 AND p.webhook_id = %1$s.webhook_id))""".formatted(row, isPaused("p"));
  }
}
