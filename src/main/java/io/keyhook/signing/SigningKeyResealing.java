package io.keyhook.signing;

import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.signing.SigningKeyStore.Sealed;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;

/**
 * Brings private keys under the present master key, one by one, while nodes that know both master keys go on. An interrupted run
 * can be repeated.
 */
public final class SigningKeyResealing {
  private static final int BATCH = 500;
  private static final UUID FIRST = new UUID(0, 0);

  private final Database database;
  private final Cipher cipher;

  public SigningKeyResealing(Database database, Cipher cipher) {
    this.database = database;
    this.cipher = cipher;
  }

  /** Returns how many private keys no given master key opens. */
  public Future<Integer> run() {
    return pass(FIRST, FIRST, 0);
  }

  private Future<Integer> pass(UUID afterAccount, UUID afterKey, int unreadable) {
    return SigningKeyStore.sealed(database.pool(), afterAccount, afterKey, BATCH).compose(batch -> batch.isEmpty()
        ? Future.succeededFuture(unreadable) : reseal(batch, 0, unreadable).compose(sum -> {
          Sealed last = batch.get(batch.size() - 1);
          return pass(last.accountId(), last.keyId(), sum);
        }));
  }

  private Future<Integer> reseal(List<Sealed> batch, int at, int unreadable) {
    if (at == batch.size()) {
      return Future.succeededFuture(unreadable);
    }
    Sealed one = batch.get(at);
    if (cipher.isCurrent(one.privateKey())) {
      return reseal(batch, at + 1, unreadable);
    }
    try {
      return SigningKeyStore.reseal(database.pool(), one, cipher.sealBytes(cipher.openBytes(one.privateKey(), one.accountId(), one.keyId()),
          one.accountId(), one.keyId())).compose(resealed -> reseal(batch, at + 1, unreadable));
    } catch (UnreadableSecretException e) {
      return reseal(batch, at + 1, unreadable + 1);
    }
  }
}
