package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.Links;
import io.keyhook.bus.Links.Invitation;
import io.keyhook.bus.Links.OpenPasswordReset;
import io.keyhook.bus.Page;
import io.keyhook.bus.Role;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of links that are good for one use: invitations, and new passwords. */
final class LinkStore {
  private static final String COLUMNS = "link_id, email, role, created_by, created_at, expires_at, user_id";
  private static final String INSERT = """
      INSERT INTO keyhook.account_link (account_id, email, role, user_id, secret_hash, created_by, creator_id, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8)) RETURNING\s""" + COLUMNS;
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.account_link WHERE account_id = $1 AND (user_id IS NULL) = $4 AND expires_at > now() AND link_id < $2
      ORDER BY link_id DESC LIMIT $3""";
  private static final String COUNT = """
      SELECT count(*) FROM keyhook.account_link WHERE account_id = $1 AND user_id IS NULL AND expires_at > now()""";
  private static final String COUNT_OWN = """
      SELECT count(*) FROM keyhook.account_link WHERE account_id = $1 AND user_id = $2 AND creator_id = $3 AND expires_at > now()""";
  private static final String REVOKE = """
      DELETE FROM keyhook.account_link WHERE account_id = $1 AND link_id = $2 AND (user_id IS NULL) = $3 AND expires_at > now()""";
  private static final String REPLACE = """
      DELETE FROM keyhook.account_link
      WHERE account_id = $1 AND (user_id = $3 OR user_id IS NULL AND $3::uuid IS NULL AND lower(email) = lower($2))""";
  private static final String DELETE_OF = "DELETE FROM keyhook.account_link WHERE account_id = $1 AND user_id = $2";
  private static final String DELETE_BY = "DELETE FROM keyhook.account_link WHERE account_id = $1 AND creator_id = ANY ($2)";
  private static final String EXPIRED = """
      SELECT account_id, link_id FROM keyhook.account_link WHERE expires_at <= now() LIMIT $1""";
  private static final String DELETE_EXPIRED = """
      DELETE FROM keyhook.account_link l USING unnest($1::uuid[], $2::uuid[]) q (account_id, link_id)
      WHERE l.account_id = q.account_id AND l.link_id = q.link_id AND l.expires_at <= now()""";
  private static final String FIND = """
      SELECT l.email, l.role, l.user_id, l.expires_at, a.name, a.suspended_at IS NOT NULL
      FROM keyhook.account_link l JOIN keyhook.account a ON a.account_id = l.account_id
      WHERE l.account_id = $1 AND l.link_id = $2 AND l.secret_hash = $3 AND (l.user_id IS NULL) = $4 AND l.expires_at > now()""";
  private static final String USE = """
      DELETE FROM keyhook.account_link WHERE account_id = $1 AND link_id = $2 AND secret_hash = $3 AND expires_at > now()""";

  private LinkStore() {}

  /**
   * A link that can still be used.
   *
   * @param role null: the link is for a new password
   * @param userId null: the link is an invitation
   * @param suspended whether the account is
   */
  record Link(String email, Role role, UUID userId, Instant expiresAt, String accountName, boolean suspended) {}

  /**
   * Creates a link, which replaces an earlier one for the same person.
   *
   * @param role null: the link is for a new password
   * @param userId null: the link is an invitation
   */
  static Future<Invitation> insert(SqlClient tx, UUID accountId, String email, Role role, UUID userId, byte[] secretHash,
      Actor createdBy, Duration lifetime) {
    return tx.preparedQuery(REPLACE).execute(Tuple.of(accountId, email, userId))
        .compose(replaced -> add(tx, accountId, email, role, userId, secretHash, createdBy, lifetime));
  }

  /** Creates a link for a new password beside those that there are. */
  static Future<Invitation> add(SqlClient tx, AccountStore.Member user, byte[] secretHash, Actor createdBy, Duration lifetime) {
    return add(tx, user.accountId(), user.email(), null, user.userId(), secretHash, createdBy, lifetime);
  }

  private static Future<Invitation> add(SqlClient tx, UUID accountId, String email, Role role, UUID userId, byte[] secretHash,
      Actor createdBy, Duration lifetime) {
    return tx.preparedQuery(INSERT).execute(Tuple.of(accountId, email, role == null ? null : role.wireName(), userId,
            Buffer.buffer(secretHash), createdBy.name(), createdBy.id(), (double) lifetime.toSeconds()))
        .map(rows -> invitation(rows.iterator().next()));
  }

  static Future<Page<Invitation>> list(SqlClient client, Links.ListInvitations query) {
    return list(client, query.caller(), query.page(), true).map(rows ->
        Page.of(all(rows, LinkStore::invitation), query.page().limit(), invitation -> Id.INVITATION.parse(invitation.id())));
  }

  static Future<Page<OpenPasswordReset>> listResets(SqlClient client, Links.ListPasswordResets query) {
    return list(client, query.caller(), query.page(), false).map(rows -> Page.of(all(rows, row ->
            new OpenPasswordReset(Id.PASSWORD_RESET.of(row.getUUID(0)), Id.USER.of(row.getUUID(6)), row.getString(1),
                row.getString(3), instant(row, 4), instant(row, 5))),
        query.page().limit(), reset -> Id.PASSWORD_RESET.parse(reset.id())));
  }

  private static Future<RowSet<Row>> list(SqlClient client, Caller caller, Page.Request page, boolean invitations) {
    return client.preparedQuery(LIST)
        .execute(Tuple.of(caller.accountId(), page.before(), (long) page.limit() + 1, invitations));
  }

  /** Returns how many invitations can be accepted. */
  static Future<Long> count(SqlClient tx, UUID accountId) {
    return tx.preparedQuery(COUNT).execute(Tuple.of(accountId)).map(rows -> rows.iterator().next().getLong(0));
  }

  /** Returns how many links for a new password can be used that a user has asked for. */
  static Future<Long> countOwn(SqlClient tx, UUID accountId, UUID userId) {
    return tx.preparedQuery(COUNT_OWN).execute(Tuple.of(accountId, userId, Id.USER.of(userId)))
        .map(rows -> rows.iterator().next().getLong(0));
  }

  /** Returns false if there is no such link. */
  static Future<Boolean> revoke(SqlClient tx, UUID accountId, UUID linkId, boolean invitation) {
    return tx.preparedQuery(REVOKE).execute(Tuple.of(accountId, linkId, invitation)).map(deleted -> deleted.rowCount() > 0);
  }

  /** Deletes the links by which the password of a user could be set. */
  static Future<Void> deleteOf(SqlClient tx, UUID accountId, UUID userId) {
    return tx.preparedQuery(DELETE_OF).execute(Tuple.of(accountId, userId)).mapEmpty();
  }

  /**
   * Deletes the links of creators who may no longer create them.
   *
   * @param creatorIds of users or API keys
   */
  static Future<Void> deleteBy(SqlClient tx, UUID accountId, List<String> creatorIds) {
    return tx.preparedQuery(DELETE_BY).execute(Tuple.of(accountId).addArrayOfString(creatorIds.toArray(String[]::new))).mapEmpty();
  }

  /** Deletes at most {@code limit} expired links and returns how many it found. */
  static Future<Integer> deleteExpired(SqlClient client, int limit) {
    return client.preparedQuery(EXPIRED).execute(Tuple.of((long) limit)).compose(rows -> rows.size() == 0
        ? Future.succeededFuture(0) : client.preparedQuery(DELETE_EXPIRED).execute(Tuple.tuple()
            .addArrayOfUUID(uuids(all(rows, row -> row.getUUID(0)), id -> id))
            .addArrayOfUUID(uuids(all(rows, row -> row.getUUID(1)), id -> id)))
            .map(rows.size()));
  }

  static Future<Optional<Link>> find(SqlClient client, Ticket ticket, boolean invitation) {
    return client.preparedQuery(FIND)
        .execute(Tuple.of(ticket.accountId(), ticket.rowId(), Buffer.buffer(ticket.hash()), invitation))
        .map(rows -> first(rows, row -> new Link(row.getString(0), role(row.getString(1)), row.getUUID(2), instant(row, 3),
            row.getString(4), row.getBoolean(5))));
  }

  /** Returns false if the link was used, revoked or replaced, or has expired, since it was found. */
  static Future<Boolean> use(SqlClient tx, Ticket ticket) {
    return tx.preparedQuery(USE).execute(Tuple.of(ticket.accountId(), ticket.rowId(), Buffer.buffer(ticket.hash())))
        .map(deleted -> deleted.rowCount() > 0);
  }

  private static Role role(String wireName) {
    return wireName == null ? null : UserStore.role(wireName);
  }

  private static Invitation invitation(Row row) {
    return new Invitation(Id.INVITATION.of(row.getUUID(0)), row.getString(1), role(row.getString(2)), row.getString(3),
        instant(row, 4), instant(row, 5));
  }
}
