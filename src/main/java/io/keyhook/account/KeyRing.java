package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Accounts.CreatedApiKey;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** The API keys of an account: creates and revokes them, in transactions that wait for each other. */
final class KeyRing {
  private final Database database;
  private final Idempotency idempotency;
  private final SecureRandom random;

  KeyRing(Database database, Idempotency idempotency, SecureRandom random) {
    this.database = database;
    this.idempotency = idempotency;
    this.random = random;
  }

  Future<CreatedApiKey> create(Accounts.CreateApiKey request) {
    String key = ApiKeys.generate(random);
    return database.transaction(tx -> Standing.lock(tx, request.caller())
        .compose(locked -> AccountStore.insertKey(tx, request.caller(), request.name(), key, request.scopes(), request.expiresAt()))
        .compose(made -> AuditStore.write(tx, request.caller(), Action.API_KEY_CREATED, made.id(), List.of())
            .compose(written -> idempotency.keep(tx, request.caller(),
                new CreatedApiKey(made.id(), made.name(), key, made.hint(), made.scopes(), made.createdAt(),
                    made.expiresAt())))));
  }

  Future<Void> delete(Accounts.DeleteApiKey request) {
    UUID accountId = request.caller().accountId();
    UUID keyId = Id.API_KEY.parse(request.id());
    return database.transaction(tx -> Standing.lock(tx, request.caller())
        .compose(locked -> request.created() ? withCreated(tx, accountId, keyId) : Future.succeededFuture(List.of(keyId)))
        .compose(keyIds -> AccountStore.deleteKeys(tx, accountId, keyIds))
        .compose(deleted -> {
          if (deleted.isEmpty()) {
            throw Id.API_KEY.notFound();
          }
          List<String> ids = deleted.stream().map(AccountStore.DeletedKey::id).toList();
          return (request.created() ? Future.<Void>succeededFuture() : handOn(tx, accountId, deleted.get(0)))
              .compose(handedOn -> LinkStore.deleteBy(tx, accountId, ids))
              .compose(ended -> PortalStore.deleteBy(tx, accountId, ids))
              .compose(ended -> AuditStore.writeAll(tx, request.caller(), Action.API_KEY_DELETED, ids));
        }));
  }

  /** Returns a key, the keys that it has created, those that they have created, and so on. The key itself may be gone. */
  private static Future<List<UUID>> withCreated(SqlClient tx, UUID accountId, UUID keyId) {
    return AccountStore.createdByKeys(tx, accountId).map(keys -> {
      Map<UUID, List<UUID>> byCreator = keys.stream().collect(Collectors.groupingBy(AccountStore.CreatedKey::creatorId,
          Collectors.mapping(AccountStore.CreatedKey::keyId, Collectors.toList())));
      Set<UUID> found = new LinkedHashSet<>(List.of(keyId));
      List<UUID> open = new ArrayList<>(found);
      while (!open.isEmpty()) {
        byCreator.getOrDefault(open.remove(open.size() - 1), List.of()).stream().filter(found::add).forEach(open::add);
      }
      return List.copyOf(found);
    });
  }

  /**
   * Makes the key that has created a deleted key the creator of those that the deleted key has created, so that whoever revokes it
   * still finds them. A key that a user has created stays their creator: there is nobody above it to be revoked.
   */
  private static Future<Void> handOn(SqlClient tx, UUID accountId, AccountStore.DeletedKey deleted) {
    String creatorId = deleted.creatorId();
    return creatorId == null || !creatorId.startsWith(Id.API_KEY.prefix()) ? Future.succeededFuture()
        : AccountStore.handOnKeys(tx, accountId, deleted.id(), creatorId);
  }
}
