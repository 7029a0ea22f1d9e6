package io.keyhook.idempotency;

import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.idempotency.IdempotencyStore.Sealed;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Re-encrypts the stored responses of idempotency keys with the current master key, batch by batch, while nodes with both
 * keys continue. Skips responses that no given key decrypts: they expire within a day.
 */
public final class KeptAnswers {
  private static final Logger log = LoggerFactory.getLogger(KeptAnswers.class);

  private static final int BATCH = 100;
  private static final int MAX_PASSES = 10;
  private static final UUID FIRST = new UUID(0, 0);

  private final Database database;
  private final Cipher cipher;

  public KeptAnswers(Database database, Cipher cipher) {
    this.database = database;
    this.cipher = cipher;
  }

  /** Repeats until nothing is left, including rows that changed in the meantime. */
  public Future<Void> reseal() {
    return passes(MAX_PASSES);
  }

  private Future<Void> passes(int left) {
    return pass(FIRST, FIRST, 0).compose(resealed -> resealed == 0 || left == 1
        ? Future.succeededFuture() : passes(left - 1));
  }

  /** How many were under another key. */
  private Future<Integer> pass(UUID afterAccount, UUID afterKey, int before) {
    return IdempotencyStore.sealed(database.pool(), afterAccount, afterKey, BATCH).compose(batch -> {
      if (batch.isEmpty()) {
        return Future.succeededFuture(before);
      }
      Sealed last = batch.get(batch.size() - 1);
      return reseal(batch).compose(resealed -> pass(last.accountId(), last.keyId(), before + resealed));
    });
  }

  private Future<Integer> reseal(List<Sealed> batch) {
    List<Sealed> from = new ArrayList<>();
    List<Sealed> to = new ArrayList<>();
    int unreadable = 0;
    for (Sealed kept : batch) {
      if (cipher.isCurrent(kept.request()) && (kept.answer() == null || cipher.isCurrent(kept.answer()))) {
        continue;
      }
      try {
        to.add(new Sealed(kept.accountId(), kept.keyId(), anew(kept, kept.request()),
            kept.answer() == null ? null : anew(kept, kept.answer())));
        from.add(kept);
      } catch (UnreadableSecretException e) {
        unreadable++;
      }
    }
    if (unreadable > 0) {
      log.warn("{} responses of idempotency keys cannot be decrypted with the given keys", unreadable);
    }
    return from.isEmpty() ? Future.succeededFuture(0)
        : IdempotencyStore.reseal(database.pool(), from, to).map(from.size());
  }

  private byte[] anew(Sealed kept, byte[] sealed) {
    return cipher.sealBytes(cipher.openBytes(sealed, kept.accountId(), kept.keyId()), kept.accountId(), kept.keyId());
  }
}
