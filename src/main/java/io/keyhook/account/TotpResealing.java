package io.keyhook.account;

import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;

/**
 * Brings the keys of two-factor authentication under the present master key, user by user, while nodes that know both master keys
 * go on. An interrupted run can be repeated.
 */
public final class TotpResealing {
  private static final int BATCH = 500;
  private static final UUID FIRST = new UUID(0, 0);

  private final Database database;
  private final Cipher cipher;

  public TotpResealing(Database database, Cipher cipher) {
    this.database = database;
    this.cipher = cipher;
  }

  /** Returns how many users have a key that no given master key opens. */
  public Future<Integer> run() {
    return pass(FIRST, FIRST, 0);
  }

  private Future<Integer> pass(UUID afterAccount, UUID afterUser, int unreadable) {
    return TotpStore.sealed(database.pool(), afterAccount, afterUser, BATCH).compose(batch -> batch.isEmpty()
        ? Future.succeededFuture(unreadable) : reseal(batch, 0, unreadable).compose(sum -> {
          TotpStore.SealedOf last = batch.get(batch.size() - 1);
          return pass(last.accountId(), last.userId(), sum);
        }));
  }

  private Future<Integer> reseal(List<TotpStore.SealedOf> batch, int at, int unreadable) {
    if (at == batch.size()) {
      return Future.succeededFuture(unreadable);
    }
    TotpStore.SealedOf user = batch.get(at);
    try {
      return TotpStore.reseal(database.pool(), user, new TotpStore.Sealed(anew(user, user.keys().secret()),
          anew(user, user.keys().pending()))).compose(resealed -> reseal(batch, at + 1, unreadable));
    } catch (UnreadableSecretException e) {
      return reseal(batch, at + 1, unreadable + 1);
    }
  }

  /** Null for null. */
  private byte[] anew(TotpStore.SealedOf user, byte[] sealed) {
    return sealed == null || cipher.isCurrent(sealed) ? sealed
        : cipher.sealBytes(cipher.openBytes(sealed, user.accountId(), user.userId()), user.accountId(), user.userId());
  }
}
