package io.keyhook.alert;

import io.keyhook.alert.AlertSettingStore.Sealed;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;

/**
 * Brings Slack URLs under the present master key, one by one, while nodes that know both master keys go on. An interrupted run
 * can be repeated.
 */
public final class AlertResealing {
  private static final int BATCH = 500;
  private static final UUID FIRST = new UUID(0, 0);

  private final Database database;
  private final Cipher cipher;

  public AlertResealing(Database database, Cipher cipher) {
    this.database = database;
    this.cipher = cipher;
  }

  /** Returns how many URLs no given master key opens. */
  public Future<Integer> run() {
    return pass(FIRST, FIRST, 0);
  }

  private Future<Integer> pass(UUID afterAccount, UUID afterUser, int unreadable) {
    return AlertSettingStore.sealed(database.pool(), afterAccount, afterUser, BATCH).compose(batch -> batch.isEmpty()
        ? Future.succeededFuture(unreadable) : reseal(batch, 0, unreadable).compose(sum -> {
          Sealed last = batch.get(batch.size() - 1);
          return pass(last.accountId(), last.userId(), sum);
        }));
  }

  private Future<Integer> reseal(List<Sealed> batch, int at, int unreadable) {
    if (at == batch.size()) {
      return Future.succeededFuture(unreadable);
    }
    Sealed one = batch.get(at);
    if (cipher.isCurrent(one.url())) {
      return reseal(batch, at + 1, unreadable);
    }
    try {
      return AlertSettingStore.reseal(database.pool(), one, cipher.sealBytes(cipher.openBytes(one.url(), one.accountId(), one.userId()),
          one.accountId(), one.userId())).compose(resealed -> reseal(batch, at + 1, unreadable));
    } catch (UnreadableSecretException e) {
      return reseal(batch, at + 1, unreadable + 1);
    }
  }
}
