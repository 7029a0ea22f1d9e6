package io.keyhook.account;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;
import static io.keyhook.db.Rows.utc;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Accounts.Account;
import io.keyhook.bus.Accounts.ApiKey;
import io.keyhook.bus.Accounts.Me;
import io.keyhook.bus.Accounts.NamedKey;
import io.keyhook.bus.Accounts.Person;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Role;
import io.keyhook.bus.Scope;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The SQL of accounts, their people and API keys. */
final class AccountStore {
  // A lock of a table holds across all servers of a distributed database, other than an advisory lock.
  private static final String LOCK_BOOTSTRAP = "LOCK TABLE keyhook.member IN SHARE ROW EXCLUSIVE MODE";
  private static final String ANY = "SELECT FROM keyhook.account LIMIT 1";
  private static final String INSERT = """
      WITH account AS (
        INSERT INTO keyhook.account (name, plan) VALUES ($1, $2) RETURNING account_id, name, plan, created_at, suspended_at,
          suspension_reason
      ), member AS (
        INSERT INTO keyhook.member (account_id, email, password_hash) SELECT account_id, $3, $4 FROM account
      )
      SELECT account_id, name, $3::text, plan, created_at, suspended_at, suspension_reason FROM account""";
  // To the operator, an account is that of its first owner.
  private static final String OWNER = """
      (SELECT user_id FROM keyhook.member WHERE account_id = $1 ORDER BY (role = 'owner') DESC, user_id LIMIT 1)""";
  private static final String UPDATE_ACCOUNT = """
      UPDATE keyhook.account SET name = coalesce($2, name), plan = coalesce($3, plan), updated_at = now()
      WHERE account_id = $1 AND erasing_since IS NULL AND ($2 <> name OR $3 <> plan)""";
  private static final String UPDATE_OWNER = """
      UPDATE keyhook.member SET email = coalesce($2, email), password_hash = coalesce($3, password_hash)
      WHERE account_id = $1 AND ($2 <> email OR $3 <> password_hash) AND user_id =\s""" + OWNER + " RETURNING user_id";
  private static final String ACCOUNTS = """
      SELECT a.account_id, a.name, m.email, a.plan, a.created_at, a.suspended_at, a.suspension_reason
      FROM keyhook.account a LEFT JOIN LATERAL (
        SELECT m.email FROM keyhook.member m WHERE m.account_id = a.account_id
        ORDER BY (m.role = 'owner') DESC, m.user_id LIMIT 1) m ON true
      WHERE a.erasing_since IS NULL\s""";
  private static final String GET = ACCOUNTS + "AND a.account_id = $1";
  private static final String LIST = ACCOUNTS + """
      AND a.account_id < $1 AND ($3::text IS NULL OR EXISTS (
        SELECT FROM keyhook.member m WHERE m.account_id = a.account_id AND strpos(lower(m.email), lower($3)) > 0))
      ORDER BY a.account_id DESC LIMIT $2""";
  private static final String SET_SUSPENDED = """
      UPDATE keyhook.account SET suspended_at = CASE WHEN $2 THEN n.at END, suspension_reason = $3, updated_at = n.at
      FROM (SELECT now() AS at) n
      WHERE account_id = $1 AND erasing_since IS NULL AND (suspended_at IS NOT NULL) <> $2""";
  private static final String USAGE = """
      SELECT a.account_id, a.name, a.plan,
        (SELECT count(*) FROM keyhook.license l WHERE l.account_id = $1),
        (SELECT count(*) FROM keyhook.webhook w WHERE w.account_id = $1 AND w.deleted_at IS NULL)
      FROM keyhook.account a WHERE a.account_id = $1""";
  private static final String LOGIN = """
      SELECT m.account_id, m.user_id, m.email, m.password_hash, a.suspended_at IS NOT NULL, m.role
      FROM keyhook.member m JOIN keyhook.account a ON a.account_id = m.account_id WHERE lower(m.email) = lower($1)""";
  private static final String ME = """
      SELECT a.name, m.user_id, m.email, m.created_at, k.key_id, k.name, m.totp_secret IS NOT NULL
      FROM keyhook.account a
      LEFT JOIN keyhook.member m ON m.account_id = $1 AND m.user_id = $2
      LEFT JOIN keyhook.api_key k ON k.account_id = $1 AND k.key_id = $3
      WHERE a.account_id = $1""";
  private static final String MEMBER = """
      SELECT m.account_id, m.user_id, m.email, m.password_hash, a.suspended_at IS NOT NULL, m.role
      FROM keyhook.member m JOIN keyhook.account a ON a.account_id = m.account_id
      WHERE m.account_id = $1 AND m.user_id = $2""";
  // Tokens without a session are of nodes that know no sessions of programs; with two-factor authentication, they may be older than it.
  private static final String CALLING_MEMBER = MEMBER + """

      AND ($3::uuid IS NULL AND m.totp_secret IS NULL OR EXISTS (SELECT FROM keyhook.session s
        WHERE s.account_id = $1 AND s.user_id = $2 AND s.session_id = $3 AND s.expires_at > now()))""";
  private static final String SUSPENDED = "SELECT suspended_at IS NOT NULL FROM keyhook.account WHERE account_id = $1";

  private static final String KEY =
      "key_id, name, hint, created_at, last_used_at, scopes, expires_at, created_by, creator_id";
  private static final String INSERT_KEY = """
      INSERT INTO keyhook.api_key (account_id, name, hint, key_hash, scopes, expires_at, created_by, creator_id)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING\s""" + KEY;
  private static final String GET_KEY = "SELECT " + KEY + " FROM keyhook.api_key WHERE account_id = $1 AND key_id = $2";
  private static final String LIST_KEYS = "SELECT " + KEY + """
       FROM keyhook.api_key
      WHERE account_id = $1 AND key_id < $2 ORDER BY key_id DESC LIMIT $3""";
  private static final String HAS_KEY = """
      SELECT FROM keyhook.api_key WHERE account_id = $1 AND key_id = $2 AND (expires_at IS NULL OR expires_at > now())""";
  private static final String CREATED_BY_KEYS = """
      SELECT key_id, creator_id FROM keyhook.api_key WHERE account_id = $1 AND creator_id LIKE 'key\\_%'""";
  private static final String DELETE_KEYS = """
      DELETE FROM keyhook.api_key WHERE account_id = $1 AND key_id = ANY ($2) RETURNING key_id, creator_id""";
  private static final String HAND_ON_KEYS = """
      UPDATE keyhook.api_key SET creator_id = $3 WHERE account_id = $1 AND creator_id = $2""";
  private static final String FIND_KEY = """
      SELECT k.account_id, k.key_id, k.name, a.suspended_at IS NOT NULL, k.scopes, k.expires_at
      FROM keyhook.api_key k JOIN keyhook.account a ON a.account_id = k.account_id
      WHERE k.key_hash = ANY ($1) AND (k.expires_at IS NULL OR k.expires_at > now())""";
  private static final String KEYS_USED = """
      UPDATE keyhook.api_key k SET last_used_at = now() FROM unnest($1::uuid[], $2::uuid[]) q (account_id, key_id)
      WHERE k.account_id = q.account_id AND k.key_id = q.key_id""";

  private AccountStore() {}

  /**
   * A team member.
   *
   * @param suspended whether the account is
   */
  record Member(UUID accountId, UUID userId, String email, String passwordHash, boolean suspended, Role role) {}

  record KeyId(UUID accountId, UUID keyId) {}

  /**
   * An API key.
   *
   * @param suspended whether the account is
   * @param scopes null: full access
   * @param expiresAt null: never
   */
  record FoundKey(KeyId id, String name, boolean suspended, List<Scope> scopes, Instant expiresAt) {}

  /** A key that another key has created. */
  record CreatedKey(UUID keyId, UUID creatorId) {}

  /**
   * @param creatorId of a user or an API key; null: unknown, or neither
   */
  record DeletedKey(String id, String creatorId) {}

  record Usage(UUID accountId, String name, String plan, long licenses, long webhooks) {}

  static Future<Boolean> any(SqlClient client) {
    return client.query(ANY).execute().map(rows -> rows.size() > 0);
  }

  /** Returns whether there is no account yet. Prevents others from creating one before this transaction ends. */
  static Future<Boolean> lockEmpty(SqlClient tx) {
    return tx.query(LOCK_BOOTSTRAP).execute()
        .compose(locked -> any(tx)).map(any -> !any);
  }

  static Future<Account> insert(SqlClient client, String name, String plan, String email, String passwordHash) {
    return client.preparedQuery(INSERT).execute(Tuple.of(name, plan, email, passwordHash))
        .map(rows -> account(rows.iterator().next()));
  }

  /**
   * What is null stays as it is. A new password ends all sessions of the old one.
   *
   * @return whether something is different now
   */
  static Future<Boolean> update(
      SqlClient tx, UUID accountId, String name, String plan, String email, String passwordHash) {
    return tx.preparedQuery(UPDATE_ACCOUNT).execute(Tuple.of(accountId, name, plan))
        .compose(account -> tx.preparedQuery(UPDATE_OWNER).execute(Tuple.of(accountId, email, passwordHash))
            .compose(owner -> (owner.size() == 0 ? Future.<Void>succeededFuture()
                : endLogins(tx, accountId, owner.iterator().next().getUUID(0), passwordHash != null))
                .map(account.rowCount() + owner.rowCount() > 0)));
  }

  /** Links to set a password end also with the e-mail address to which they were sent. */
  private static Future<Void> endLogins(SqlClient tx, UUID accountId, UUID userId, boolean sessions) {
    return (sessions ? SessionStore.deleteOf(tx, accountId, userId, null) : Future.succeededFuture(0))
        .compose(ended -> LinkStore.deleteOf(tx, accountId, userId));
  }

  /** An account as the operator sees it. */
  static Future<Account> get(SqlClient client, UUID accountId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId))
        .map(rows -> first(rows, AccountStore::account).orElseThrow(Id.ACCOUNT::notFound));
  }

  static Future<Page<Account>> list(SqlClient client, Accounts.ListAll query) {
    Page.Request page = query.page();
    return client.preparedQuery(LIST).execute(Tuple.of(page.before(), (long) page.limit() + 1, query.email()))
        .map(rows -> Page.of(all(rows, AccountStore::account), page.limit(), account -> Id.ACCOUNT.parse(account.id())));
  }

  static Future<Usage> usage(SqlClient client, UUID accountId) {
    return client.preparedQuery(USAGE).execute(Tuple.of(accountId))
        .map(rows -> first(rows, row -> new Usage(row.getUUID(0), row.getString(1), row.getString(2), row.getLong(3),
            row.getLong(4))).orElseThrow(Id.ACCOUNT::notFound));
  }

  static Future<Optional<Member>> findMember(SqlClient client, String email) {
    return client.preparedQuery(LOGIN).execute(Tuple.of(email)).map(rows -> first(rows, AccountStore::member));
  }

  /** Reads a row that starts with these columns. */
  static Member member(Row row) {
    return new Member(row.getUUID(0), row.getUUID(1), row.getString(2), row.getString(3), row.getBoolean(4),
        UserStore.role(row.getString(5)));
  }

  static Future<Me> me(SqlClient client, Caller caller) {
    Actor actor = caller.actor();
    return client.preparedQuery(ME)
        .execute(Tuple.of(caller.accountId(), actor.id(Id.USER), actor.id(Id.API_KEY)))
        .map(rows -> first(rows, row -> new Me(Id.ACCOUNT.of(caller.accountId()), row.getString(0),
            row.getUUID(1) == null ? null : new Person(Id.USER.of(row.getUUID(1)), row.getString(2), instant(row, 3),
                row.getBoolean(6)),
            row.getUUID(4) == null ? null : new NamedKey(Id.API_KEY.of(row.getUUID(4)), row.getString(5)),
            caller.role()))
            .orElseThrow(Id.ACCOUNT::notFound));
  }

  static Future<Optional<Member>> member(SqlClient client, UUID accountId, UUID userId) {
    return client.preparedQuery(MEMBER).execute(Tuple.of(accountId, userId)).map(rows -> first(rows, AccountStore::member));
  }

  /**
   * Returns a team member whose session has not ended.
   *
   * @param sessionId null: of a token without one, which is no longer accepted where logins need a code
   */
  static Future<Optional<Member>> member(SqlClient client, UUID accountId, UUID userId, UUID sessionId) {
    return client.preparedQuery(CALLING_MEMBER).execute(Tuple.of(accountId, userId, sessionId))
        .map(rows -> first(rows, AccountStore::member));
  }

  /** Returns whether an account is suspended; empty: there is no such account. */
  static Future<Optional<Boolean>> isSuspended(SqlClient client, UUID accountId) {
    return client.preparedQuery(SUSPENDED).execute(Tuple.of(accountId)).map(rows -> first(rows, row -> row.getBoolean(0)));
  }

  /** Returns whether something is different now. */
  static Future<Boolean> setSuspended(SqlClient tx, UUID accountId, boolean suspended, String reason) {
    return tx.preparedQuery(SET_SUSPENDED).execute(Tuple.of(accountId, suspended, reason)).map(changed -> changed.rowCount() > 0);
  }

  /** Inserts a key with full access that never expires. */
  static Future<ApiKey> insertKey(SqlClient client, Caller caller, String name, String key) {
    return insertKey(client, caller, name, key, null, null);
  }

  /**
   * @param scopes null: full access
   * @param expiresAt null: never
   */
  static Future<ApiKey> insertKey(SqlClient client, Caller caller, String name, String key, List<String> scopes,
      Instant expiresAt) {
    byte[] hash = ApiKeys.hash(key, scopes != null || expiresAt != null);
    return client.preparedQuery(INSERT_KEY)
        .execute(Tuple.of(caller.accountId(), name, ApiKeys.hint(key), Buffer.buffer(hash),
            scopes == null ? null : scopes.toArray(String[]::new), utc(expiresAt), caller.name(), caller.actor().id()))
        .map(rows -> apiKey(rows.iterator().next()));
  }

  static Future<ApiKey> getKey(SqlClient client, UUID accountId, UUID keyId) {
    return client.preparedQuery(GET_KEY).execute(Tuple.of(accountId, keyId))
        .map(rows -> first(rows, AccountStore::apiKey).orElseThrow(Id.API_KEY::notFound));
  }

  static Future<Page<ApiKey>> listKeys(SqlClient client, Accounts.ListApiKeys query) {
    Page.Request page = query.page();
    return client.preparedQuery(LIST_KEYS)
        .execute(Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, AccountStore::apiKey), page.limit(), key -> Id.API_KEY.parse(key.id())));
  }

  /** Returns whether there is such a key, and it has not expired. */
  static Future<Boolean> hasKey(SqlClient client, UUID accountId, UUID keyId) {
    return client.preparedQuery(HAS_KEY).execute(Tuple.of(accountId, keyId)).map(rows -> rows.size() > 0);
  }

  /** Returns all keys of an account that other keys have created. */
  static Future<List<CreatedKey>> createdByKeys(SqlClient client, UUID accountId) {
    return client.preparedQuery(CREATED_BY_KEYS).execute(Tuple.of(accountId))
        .map(rows -> all(rows, row -> new CreatedKey(row.getUUID(0), Id.API_KEY.parse(row.getString(1)))));
  }

  /** Deletes keys, and returns those that there were. */
  static Future<List<DeletedKey>> deleteKeys(SqlClient tx, UUID accountId, List<UUID> keyIds) {
    return tx.preparedQuery(DELETE_KEYS).execute(Tuple.of(accountId).addArrayOfUUID(keyIds.toArray(UUID[]::new)))
        .map(rows -> all(rows, row -> new DeletedKey(Id.API_KEY.of(row.getUUID(0)), row.getString(1))));
  }

  /** Changes the creator of all keys of one creator. Their {@code createdBy} stays as it is. */
  static Future<Void> handOnKeys(SqlClient tx, UUID accountId, String fromId, String toId) {
    return tx.preparedQuery(HAND_ON_KEYS).execute(Tuple.of(accountId, fromId, toId)).mapEmpty();
  }

  static Future<Optional<FoundKey>> findKey(SqlClient client, String key) {
    return client.preparedQuery(FIND_KEY)
        .execute(Tuple.tuple().addArrayOfBuffer(
            new Buffer[] {Buffer.buffer(ApiKeys.hash(key, false)), Buffer.buffer(ApiKeys.hash(key, true))}))
        .map(rows -> first(rows, row -> new FoundKey(new KeyId(row.getUUID(0), row.getUUID(1)), row.getString(2),
            row.getBoolean(3), scopes(row, 4), instant(row, 5))));
  }

  static Future<Void> keysUsed(SqlClient client, List<KeyId> keys) {
    return client.preparedQuery(KEYS_USED)
        .execute(Tuple.tuple()
            .addArrayOfUUID(uuids(keys, KeyId::accountId))
            .addArrayOfUUID(uuids(keys, KeyId::keyId)))
        .mapEmpty();
  }

  static Caller caller(FoundKey key) {
    return new Caller(key.id.accountId, new Actor(key.name, Id.API_KEY.of(key.id.keyId), null), key.expiresAt)
        .within(key.scopes);
  }

  private static Account account(Row row) {
    return new Account(Id.ACCOUNT.of(row.getUUID(0)), row.getString(1), row.getString(2), row.getString(3),
        instant(row, 4), instant(row, 5), row.getString(6));
  }

  private static ApiKey apiKey(Row row) {
    Instant used = instant(row, 4);
    String[] scopes = row.getArrayOfStrings(5);
    return new ApiKey(Id.API_KEY.of(row.getUUID(0)), row.getString(1), row.getString(2), scopes == null ? null : List.of(scopes),
        instant(row, 3), used, instant(row, 6), row.getString(7), row.getString(8));
  }

  private static List<Scope> scopes(Row row, int column) {
    String[] names = row.getArrayOfStrings(column);
    return names == null ? null : Arrays.stream(names).map(name -> Scope.named(name).orElseThrow(() ->
        new IllegalStateException("Unknown scope " + name))).toList();
  }
}
