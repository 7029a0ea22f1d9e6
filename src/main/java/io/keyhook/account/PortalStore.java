package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.utc;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.FilterJson;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Portals;
import io.keyhook.bus.Portals.Grant;
import io.keyhook.bus.Portals.Link;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of portal links, each of which becomes a session when it is opened. */
final class PortalStore {
  private static final String COLUMNS = """
      link_id, customer, customer_filters, events, can_manage, max_webhooks, created_by, created_at, opened_at, expires_at""";
  private static final String INSERT = """
      INSERT INTO keyhook.portal_link (account_id, customer, customer_filters, events, can_manage, max_webhooks, secret_hash, created_by,
        creator_id, expires_at)
      VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, least(now() + make_interval(secs => $10), $11)) RETURNING\s""" + COLUMNS;
  private static final String COUNT = "SELECT count(*) FROM keyhook.portal_link WHERE account_id = $1 AND expires_at > now()";
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.portal_link WHERE account_id = $1 AND expires_at > now() AND link_id < $2 ORDER BY link_id DESC LIMIT $3""";
  private static final String REVOKE = "DELETE FROM keyhook.portal_link WHERE account_id = $1 AND link_id = $2 AND expires_at > now()";
  private static final String DELETE_BY = "DELETE FROM keyhook.portal_link WHERE account_id = $1 AND creator_id = ANY ($2)";
  private static final String FIND = """
      SELECT l.customer, l.customer_filters, l.events, l.can_manage, l.max_webhooks, l.expires_at, a.name, a.suspended_at IS NOT NULL
      FROM keyhook.portal_link l JOIN keyhook.account a ON a.account_id = l.account_id
      WHERE l.account_id = $1 AND l.link_id = $2 AND l.secret_hash = $3 AND (l.opened_at IS NOT NULL) = $4 AND l.expires_at > now()""";
  private static final String OPEN = """
      UPDATE keyhook.portal_link SET secret_hash = $4, opened_at = now()
      WHERE account_id = $1 AND link_id = $2 AND secret_hash = $3 AND opened_at IS NULL AND expires_at > now()""";
  private static final String EXPIRED = """
      SELECT account_id, link_id FROM keyhook.portal_link WHERE expires_at <= now() ORDER BY expires_at LIMIT $1""";
  private static final String DELETE_EXPIRED = """
      DELETE FROM keyhook.portal_link l USING unnest($1::uuid[], $2::uuid[]) q (account_id, link_id)
      WHERE l.account_id = q.account_id AND l.link_id = q.link_id AND l.expires_at <= now()""";

  private PortalStore() {}

  /**
   * A link that can be opened, or a session.
   *
   * @param suspended whether the account is
   */
  record Found(Ticket ticket, Grant grant, Instant expiresAt, String accountName, boolean suspended) {
    String id() {
      return Id.PORTAL_LINK.of(ticket.rowId());
    }
  }

  /**
   * @param latest when the link expires at the latest; null: when it is asked to
   */
  static Future<Link> insert(SqlClient tx, Portals.Create request, byte[] secretHash, Instant latest) {
    UUID accountId = request.caller().accountId();
    return tx.preparedQuery(INSERT)
        .execute(Tuple.tuple().addUUID(accountId).addString(request.owner().customer())
            .addValue(FilterJson.of(request.owner().customerFilters()))
            .addArrayOfString(request.events() == null ? null : request.events().toArray(String[]::new))
            .addBoolean(request.canManage()).addInteger(request.maxWebhooks()).addBuffer(Buffer.buffer(secretHash))
            .addString(request.caller().name()).addString(request.caller().actor().id())
            .addDouble((double) request.expiresInSeconds()).addOffsetDateTime(utc(latest)))
        .map(rows -> link(rows.iterator().next()));
  }

  /** Returns how many links of an account have not expired. */
  static Future<Long> count(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(COUNT).execute(Tuple.of(accountId)).map(rows -> rows.iterator().next().getLong(0));
  }

  static Future<Page<Link>> list(SqlClient client, Portals.ListAll query) {
    Page.Request page = query.page();
    return client.preparedQuery(LIST).execute(Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, PortalStore::link), page.limit(), link -> Id.PORTAL_LINK.parse(link.id())));
  }

  /** Returns false if there is no such link. */
  static Future<Boolean> revoke(SqlClient tx, UUID accountId, UUID linkId) {
    return tx.preparedQuery(REVOKE).execute(Tuple.of(accountId, linkId)).map(deleted -> deleted.rowCount() > 0);
  }

  /**
   * Deletes the links of creators who may no longer create them.
   *
   * @param creatorIds of users or API keys
   */
  static Future<Void> deleteBy(SqlClient tx, UUID accountId, List<String> creatorIds) {
    return tx.preparedQuery(DELETE_BY).execute(Tuple.of(accountId).addArrayOfString(creatorIds.toArray(String[]::new))).mapEmpty();
  }

  /**
   * @param opened true: a session; false: a link that nobody has opened
   */
  static Future<Optional<Found>> find(SqlClient client, Ticket ticket, boolean opened) {
    return client.preparedQuery(FIND)
        .execute(Tuple.of(ticket.accountId(), ticket.rowId(), Buffer.buffer(ticket.hash()), opened))
        .map(rows -> first(rows, row -> new Found(ticket, new Grant(row.getString(0), FilterJson.read((JsonObject) row.getValue(1)),
            events(row, 2), row.getBoolean(3), row.getInteger(4)), instant(row, 5), row.getString(6), row.getBoolean(7))));
  }

  /** Makes a link a session. Returns false if it was opened, was revoked or has expired. */
  static Future<Boolean> open(SqlClient tx, Ticket link, Ticket session) {
    return tx.preparedQuery(OPEN)
        .execute(Tuple.of(link.accountId(), link.rowId(), Buffer.buffer(link.hash()), Buffer.buffer(session.hash())))
        .map(opened -> opened.rowCount() > 0);
  }

  /** Deletes at most {@code limit} expired links and returns how many it found. */
  static Future<Integer> deleteExpired(SqlClient client, int limit) {
    return client.preparedQuery(EXPIRED).execute(Tuple.of((long) limit)).compose(rows -> rows.size() == 0
        ? Future.succeededFuture(0) : client.preparedQuery(DELETE_EXPIRED).execute(Tuple.tuple()
            .addArrayOfUUID(uuids(all(rows, row -> row.getUUID(0)), id -> id))
            .addArrayOfUUID(uuids(all(rows, row -> row.getUUID(1)), id -> id)))
            .map(rows.size()));
  }

  private static List<String> events(Row row, int column) {
    String[] events = row.getArrayOfStrings(column);
    return events == null ? null : List.of(events);
  }

  private static Link link(Row row) {
    return new Link(Id.PORTAL_LINK.of(row.getUUID(0)), row.getString(1), FilterJson.read((JsonObject) row.getValue(2)), events(row, 3),
        row.getBoolean(4), row.getInteger(5), row.getString(6), instant(row, 7), instant(row, 8), instant(row, 9));
  }
}
