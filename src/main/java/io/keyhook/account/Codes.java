package io.keyhook.account;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.db.Cipher;
import io.keyhook.db.Hashes;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.UUID;

/** The codes of two-factor authentication, of an authenticator app or for recovery. Each code works once. */
final class Codes {
  private static final String WRONG = "WRONG_CODE";
  static final String REQUIRED = "CODE_REQUIRED";

  private final Cipher cipher;

  Codes(Cipher cipher) {
    this.cipher = cipher;
  }

  /**
   * Uses up the code of a user whose password was right. Fails with {@link Failure.Forbidden}, or after some wrong
   * codes with {@link Failure.RateLimited}. Each code is counted before it is compared, so that guesses at the same time count too.
   *
   * @param client not of a transaction, which would take the count back with the rest
   * @param code of the app, or a recovery code; null: none was given
   * @return whether it was a recovery code
   */
  Future<Boolean> use(Pool client, UUID accountId, UUID userId, String code) {
    return TotpStore.find(client, accountId, userId).compose(found -> {
      byte[] sealed = found.map(TotpStore.Found::secret).orElse(null);
      if (sealed == null) {
        return Future.succeededFuture(false);
      }
      if (code == null) {
        throw new Failure.Forbidden(REQUIRED,
            "Enter the code that your authenticator app shows, or a recovery code").exception();
      }
      OptionalLong step = Totp.match(cipher.openBytes(sealed, accountId, userId), code, found.get().now());
      return TotpStore.countTry(client, accountId, userId).compose(counted -> {
        if (!counted) {
          throw new Failure.RateLimited(found.get().retryAfter()).exception();
        }
        return step.isPresent() ? TotpStore.useStep(client, accountId, userId, step.getAsLong())
            : TotpStore.useRecoveryCode(client, accountId, userId, hash(code));
      }).map(used -> {
        if (!used) {
          throw wrong();
        }
        return step.isEmpty();
      });
    });
  }

  /** However it is typed: without hyphens and spaces, in any case. */
  static byte[] hash(String recoveryCode) {
    return Hashes.sha256(recoveryCode.replace("-", "").replace(" ", "").toLowerCase(Locale.ROOT)
        .getBytes(StandardCharsets.UTF_8));
  }

  /** Returns whether a code was wrong. */
  static boolean isWrong(Throwable e) {
    return e instanceof FailureException known && known.failure().code().equals(WRONG);
  }

  static FailureException wrong() {
    return new Failure.Forbidden(WRONG, "The code is wrong, has expired, or was used before").exception();
  }
}
