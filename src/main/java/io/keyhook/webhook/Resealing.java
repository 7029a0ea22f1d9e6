package io.keyhook.webhook;

import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.webhook.WebhookStore.Sealed;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Brings the secrets of all webhooks under the present master key, batch by batch, while nodes that know both keys go on.
 * Skips secrets that are already under it, so an interrupted run can be repeated.
 */
public final class Resealing {
  private static final int BATCH = 500;
  private static final int MAX_PASSES = 10;
  private static final UUID FIRST = new UUID(0, 0);

  private final Database database;
  private final Cipher cipher;

  public Resealing(Database database, Cipher cipher) {
    this.database = database;
    this.cipher = cipher;
  }

  /**
   * Of webhooks.
   *
   * @param changed the number of rows that others changed in between, to be repeated
   * @param unreadable no key that is given opens their secrets
   */
  public record Result(long resealed, long alreadyCurrent, long changed, long unreadable) {
    private static final Result NONE = new Result(0, 0, 0, 0);

    private Result plus(Result more) {
      return new Result(resealed + more.resealed, alreadyCurrent + more.alreadyCurrent, changed + more.changed,
          unreadable + more.unreadable);
    }

    /** The result of the later of two runs over all webhooks is the current state. */
    private Result then(Result again) {
      return new Result(resealed + again.resealed, again.alreadyCurrent - resealed, again.changed, again.unreadable);
    }
  }

  /** Until nothing is left to do. */
  public Future<Result> run() {
    return passes(MAX_PASSES);
  }

  private Future<Result> passes(int left) {
    return pass(FIRST, FIRST, Result.NONE).compose(result -> result.changed() == 0 || left == 1
        ? Future.succeededFuture(result) : passes(left - 1).map(result::then));
  }

  private Future<Result> pass(UUID afterAccount, UUID afterWebhook, Result before) {
    return WebhookStore.sealed(database.pool(), afterAccount, afterWebhook, BATCH).compose(batch -> {
      if (batch.isEmpty()) {
        return Future.succeededFuture(before);
      }
      Sealed last = batch.get(batch.size() - 1);
      return reseal(batch).compose(result -> pass(last.accountId(), last.webhookId(), before.plus(result)));
    });
  }

  private Future<Result> reseal(List<Sealed> batch) {
    List<Sealed> from = new ArrayList<>();
    List<Sealed> to = new ArrayList<>();
    long unreadable = 0;
    for (Sealed webhook : batch) {
      if (isCurrent(webhook)) {
        continue;
      }
      try {
        to.add(new Sealed(webhook.accountId(), webhook.webhookId(),
            webhook.secrets().stream().map(secret -> anew(webhook, secret)).toList()));
        from.add(webhook);
      } catch (UnreadableSecretException e) {
        unreadable++;
      }
    }
    long current = batch.size() - from.size() - unreadable;
    Result unchanged = new Result(0, current, 0, unreadable);
    return from.isEmpty() ? Future.succeededFuture(unchanged)
        : database.transaction(tx -> WebhookStore.reseal(tx, from, to))
            .map(resealed -> unchanged.plus(new Result(resealed, 0, from.size() - resealed, 0)));
  }

  private boolean isCurrent(Sealed webhook) {
    return webhook.secrets().stream().filter(Objects::nonNull).allMatch(cipher::isCurrent);
  }

  /** Null for null. */
  private byte[] anew(Sealed webhook, byte[] sealed) {
    return sealed == null ? null : cipher.seal(cipher.open(sealed, webhook.accountId(), webhook.webhookId()), webhook.accountId(),
        webhook.webhookId());
  }
}
