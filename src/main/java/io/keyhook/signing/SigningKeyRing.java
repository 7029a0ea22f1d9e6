package io.keyhook.signing;

import io.keyhook.account.PlanStore;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.SigningKeys;
import io.keyhook.bus.SigningKeys.SigningKey;
import io.keyhook.bus.SigningKeys.Status;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.signing.SigningKeyStore.Current;
import io.keyhook.signing.SigningKeyStore.Key;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * The keys of accounts, and what they sign. Which key signs is read from the database for each signature, so that a deleted key signs
 * nothing more on any node. Changes of an account's keys wait for each other, so that nodes that need its first key at once create one.
 * Keys are created and used on workers. Any thread.
 */
public final class SigningKeyRing {
  private final Vertx vertx;
  private final Database database;
  private final Cipher cipher;
  private final Idempotency idempotency;
  private final Admission<UUID> signatures;

  /**
   * @param signatures admits them, by account: few at once, because each keeps a processor busy
   */
  public SigningKeyRing(
      Vertx vertx, Database database, Cipher cipher, Idempotency idempotency, Admission<UUID> signatures) {
    this.vertx = vertx;
    this.database = database;
    this.cipher = cipher;
    this.idempotency = idempotency;
    this.signatures = signatures;
  }

  /**
   * Signs claims with the current key of an account, which gets its first key if it has none.
   *
   * @param client reads the key
   * @param claims takes the time by the database's clock, without fractions of a second
   * @return a compact JSON Web Signature. Fails with {@link Failure.NotFound} if there is no such account
   */
  public Future<String> sign(SqlClient client, UUID accountId, Function<Instant, Map<String, Object>> claims) {
    return signatures.run(accountId, () -> current(client, accountId).compose(key -> vertx.executeBlocking(() ->
        Jws.sign(Id.SIGNING_KEY.of(key.keyId()), cipher.openBytes(key.privateKey(), accountId, key.keyId()),
            claims.apply(Instant.ofEpochSecond(key.now().getEpochSecond()))), false)));
  }

  private Future<Current> current(SqlClient client, UUID accountId) {
    return SigningKeyStore.current(client, accountId).compose(found -> found.map(Future::succeededFuture)
        .orElseGet(() -> createFirst(accountId)
            .compose(created -> SigningKeyStore.current(client, accountId)).map(Optional::orElseThrow)));
  }

  /** Does nothing if the account has a key by then. */
  private Future<Void> createFirst(UUID accountId) {
    return generate().compose(pair -> database.transaction(tx -> PlanStore.lock(tx, accountId)
        .compose(locked -> SigningKeyStore.list(tx, accountId))
        .compose(keys -> keys.isEmpty() ? insert(tx, accountId, pair, 0).<Void>mapEmpty() : Future.succeededFuture())));
  }

  private Future<Ed25519.Generated> generate() {
    return vertx.executeBlocking(Ed25519::generate, false);
  }

  private Future<UUID> insert(SqlClient tx, UUID accountId, Ed25519.Generated pair, int hours) {
    return Database.newId(tx).compose(keyId -> SigningKeyStore.insert(tx, accountId, keyId, pair.publicKey(),
        cipher.sealBytes(pair.privateKey(), accountId, keyId), hours).map(keyId));
  }

  /** Lists the keys of an account, which gets its first key if it has none. */
  Future<Page<SigningKey>> list(UUID accountId) {
    return SigningKeyStore.list(database.pool(), accountId)
        .compose(keys -> !keys.isEmpty() ? Future.succeededFuture(keys)
            : createFirst(accountId).compose(created -> SigningKeyStore.list(database.pool(), accountId)))
        .map(keys -> new Page<>(described(keys), null));
  }

  Future<SigningKey> rotate(SigningKeys.Rotate request) {
    UUID accountId = request.caller().accountId();
    return generate().compose(pair -> database.transaction(tx -> PlanStore.lock(tx, accountId)
        .compose(locked -> SigningKeyStore.list(tx, accountId))
        .compose(keys -> rotate(tx, request, pair, keys))
        .compose(keyId -> SigningKeyStore.list(tx, accountId).map(keys -> described(keys, keyId)))
        .compose(key -> AuditStore.write(tx, request.caller(), Action.SIGNING_KEY_ROTATED, key.id(), List.of())
            .compose(written -> idempotency.keep(tx, request.caller(), key)))));
  }

  private Future<UUID> rotate(SqlClient tx, SigningKeys.Rotate request, Ed25519.Generated pair, List<Key> keys) {
    UUID accountId = request.caller().accountId();
    Optional<Key> next = keys.stream().filter(Key::future).findFirst();
    if (next.isPresent()) {
      if (request.overlapHours() > 0) {
        throw new Failure.Conflict("ROTATION_PENDING", "A next signing key is already public. Wait until it signs, set overlapHours"
            + " to 0 to let it sign now, or delete it").exception();
      }
      return SigningKeyStore.signNow(tx, accountId, next.get().keyId()).map(next.get().keyId());
    }
    if (keys.size() >= SigningKeys.MAX_KEYS) {
      throw new Failure.Conflict("TOO_MANY_SIGNING_KEYS", "The account has " + keys.size() + " signing keys. Delete the oldest ones"
          + " that no device needs any more").exception();
    }
    // without a current key there is nothing to overlap with
    return insert(tx, accountId, pair, keys.isEmpty() ? 0 : request.overlapHours());
  }

  Future<Void> delete(SigningKeys.Delete request) {
    UUID accountId = request.caller().accountId();
    UUID keyId = Id.SIGNING_KEY.parse(request.id());
    return generate().compose(pair -> database.transaction(tx -> PlanStore.lock(tx, accountId)
        .compose(locked -> SigningKeyStore.list(tx, accountId))
        .compose(keys -> {
          SigningKey deleted = described(keys, keyId);
          return SigningKeyStore.delete(tx, accountId, keyId)
              .compose(done -> deleted.status() == Status.CURRENT ? succeed(tx, accountId, pair, keys) : Future.succeededFuture());
        })
        .compose(done -> AuditStore.write(tx, request.caller(), Action.SIGNING_KEY_DELETED, request.id(), List.of()))));
  }

  /** Lets the next key take the place of the current one at once, or a new one if there is none. Earlier keys never sign again. */
  private Future<Void> succeed(SqlClient tx, UUID accountId, Ed25519.Generated pair, List<Key> keys) {
    return keys.stream().filter(Key::future).findFirst()
        .map(next -> SigningKeyStore.signNow(tx, accountId, next.keyId()))
        .orElseGet(() -> insert(tx, accountId, pair, 0).mapEmpty());
  }

  private static SigningKey described(List<Key> keys, UUID keyId) {
    String id = Id.SIGNING_KEY.of(keyId);
    return described(keys).stream().filter(key -> key.id().equals(id)).findFirst().orElseThrow(Id.SIGNING_KEY::notFound);
  }

  /**
   * @param keys in their order: the first that may sign is the current one
   */
  private static List<SigningKey> described(List<Key> keys) {
    List<SigningKey> described = new ArrayList<>(keys.size());
    boolean hasCurrent = false;
    for (Key key : keys) {
      Status status = key.future() ? Status.NEXT : hasCurrent ? Status.PREVIOUS : Status.CURRENT;
      hasCurrent |= status == Status.CURRENT;
      described.add(new SigningKey(Id.SIGNING_KEY.of(key.keyId()), status, Jws.base64(key.publicKey()), key.signsFrom(),
          key.createdAt()));
    }
    return described;
  }
}
