package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.TwoFactor.Begin;
import io.keyhook.bus.TwoFactor.Disable;
import io.keyhook.bus.TwoFactor.DisableOf;
import io.keyhook.bus.TwoFactor.Enable;
import io.keyhook.bus.TwoFactor.RecoveryCodes;
import io.keyhook.bus.TwoFactor.Setup;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.Hashes;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Two-factor authentication: beside the password, a login needs a code of an authenticator app, or one of ten recovery codes. Each
 * code works once.
 */
final class SecondFactor {
  private static final String ISSUER = "Keyhook";
  private static final int RECOVERY_CODES = 10;
  /** 80 bits, so that a hash without a salt is enough. */
  private static final int RECOVERY_BYTES = 10;
  private static final int GROUP = 4;
  static final String WRONG_CODE = "WRONG_CODE";
  static final String CODE_REQUIRED = "CODE_REQUIRED";

  private final Database database;
  private final Admission<Object> management;
  private final CurrentPassword currentPassword;
  private final Cipher cipher;
  private final SecureRandom random;

  /**
   * @param management admits work on shared connections, by account
   */
  SecondFactor(Database database, Admission<Object> management, CurrentPassword currentPassword, Cipher cipher, SecureRandom random) {
    this.database = database;
    this.management = management;
    this.currentPassword = currentPassword;
    this.cipher = cipher;
    this.random = random;
  }

  Future<Setup> begin(Begin request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    return currentPassword.check(caller, request.currentPassword()).compose(userId -> {
      byte[] key = Totp.newKey(random);
      return management.run(accountId, () -> TotpStore.begin(database.pool(), accountId, userId,
          cipher.sealBytes(key, accountId, userId))).map(begun -> {
        if (!begun) {
          throw new Failure.Conflict("TWO_FACTOR_ON", "Two-factor authentication is on already; turn it off first").exception();
        }
        String secret = Totp.base32(key);
        String label = URLEncoder.encode(caller.name(), StandardCharsets.UTF_8).replace("+", "%20");
        return new Setup(secret, "otpauth://totp/" + ISSUER + ":" + label + "?secret=" + secret + "&issuer=" + ISSUER);
      });
    });
  }

  Future<RecoveryCodes> enable(Enable request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    return CurrentPassword.user(caller).compose(userId -> database.transaction(tx -> TotpStore.find(tx, accountId, userId).compose(found -> {
      byte[] pending = found.map(TotpStore.Found::pending).orElseThrow(() -> new Failure.Conflict("TWO_FACTOR_NOT_BEGUN",
          "Create a key first").exception());
      OptionalLong step = Totp.match(cipher.openBytes(pending, accountId, userId), request.code(), found.get().now());
      if (step.isEmpty()) {
        throw wrongCode();
      }
      List<String> codes = Stream.generate(this::recoveryCode).limit(RECOVERY_CODES).toList();
      return TotpStore.enable(tx, accountId, userId, pending, step.getAsLong(), codes.stream().map(SecondFactor::hash).toList())
          .compose(enabled -> enabled ? audit(tx, caller, Action.TWO_FACTOR_ENABLED, userId) : Future.failedFuture(wrongCode()))
          .compose(enabled -> SessionStore.find(tx, request.cookie()))
          .compose(kept -> SessionStore.deleteOf(tx, accountId, userId, kept.orElse(null)))
          .map(new RecoveryCodes(codes));
    })));
  }

  Future<Void> disable(Disable request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    return currentPassword.check(caller, request.currentPassword())
        .compose(userId -> management.run(accountId, () -> check(database.pool(), accountId, userId, request.code())
            .compose(recovered -> database.transaction(tx -> (recovered ? audit(tx, caller, Action.RECOVERY_CODE_USED, userId)
                : Future.<Void>succeededFuture())
            .compose(noted -> TotpStore.disable(tx, accountId, userId))
            .compose(disabled -> disabled ? audit(tx, caller, Action.TWO_FACTOR_DISABLED, userId) : Future.succeededFuture())))));
  }

  Future<Void> disableOf(DisableOf request) {
    UUID accountId = request.caller().accountId();
    UUID userId = Id.USER.parse(request.userId());
    return currentPassword.checkForOther(request.caller(), userId, request.currentPassword())
        .compose(checked -> management.run(accountId, () -> database.transaction(tx ->
            TotpStore.find(tx, accountId, userId).compose(found -> {
              found.orElseThrow(Id.USER::notFound);
              return TotpStore.disable(tx, accountId, userId);
            }).compose(disabled -> disabled ? audit(tx, request.caller(), Action.TWO_FACTOR_DISABLED, userId)
                : Future.succeededFuture()))));
  }

  /**
   * Checks and uses up the code of a login whose password was right. Fails with {@link Failure.Forbidden}, or after some wrong
   * codes with {@link Failure.RateLimited}. Each code is counted before it is compared, so that guesses at the same time count too.
   *
   * @param client not of a transaction, which would take the count back with the rest
   * @param code of the app, or a recovery code; null: none was given
   * @return whether it was a recovery code
   */
  Future<Boolean> check(Pool client, UUID accountId, UUID userId, String code) {
    return TotpStore.find(client, accountId, userId).compose(found -> {
      byte[] sealed = found.map(TotpStore.Found::secret).orElse(null);
      if (sealed == null) {
        return Future.succeededFuture(false);
      }
      if (code == null) {
        throw new Failure.Forbidden(CODE_REQUIRED,
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
          throw wrongCode();
        }
        return step.isEmpty();
      });
    });
  }

  private static Future<Void> audit(SqlClient tx, Caller caller, Action action, UUID userId) {
    return AuditStore.write(tx, caller, action, Id.USER.of(userId), List.of());
  }

  /** In groups of four, to be read and typed. */
  private String recoveryCode() {
    byte[] bytes = new byte[RECOVERY_BYTES];
    random.nextBytes(bytes);
    String text = Totp.base32(bytes).toLowerCase(Locale.ROOT);
    StringBuilder code = new StringBuilder();
    for (int i = 0; i < text.length(); i += GROUP) {
      code.append(i == 0 ? "" : "-").append(text, i, i + GROUP);
    }
    return code.toString();
  }

  /** However it is typed: without hyphens and spaces, in any case. */
  private static byte[] hash(String recoveryCode) {
    return Hashes.sha256(recoveryCode.replace("-", "").replace(" ", "").toLowerCase(Locale.ROOT)
        .getBytes(StandardCharsets.UTF_8));
  }

  private static FailureException wrongCode() {
    return new Failure.Forbidden(WRONG_CODE, "The code is wrong, has expired, or was used before").exception();
  }
}
