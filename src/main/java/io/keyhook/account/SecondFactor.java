package io.keyhook.account;

import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.TwoFactor.Begin;
import io.keyhook.bus.TwoFactor.Disable;
import io.keyhook.bus.TwoFactor.DisableOf;
import io.keyhook.bus.TwoFactor.Enable;
import io.keyhook.bus.TwoFactor.RecoveryCodes;
import io.keyhook.bus.TwoFactor.Setup;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
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

  private final Database database;
  private final Admission<Object> management;
  private final CurrentPassword currentPassword;
  private final Cipher cipher;
  private final SecureRandom random;

  /**
   * @param management admits work on shared connections, by account
   */
  SecondFactor(Database database, Admission<Object> management, CurrentPassword currentPassword, Cipher cipher,
      SecureRandom random) {
    this.database = database;
    this.management = management;
    this.currentPassword = currentPassword;
    this.cipher = cipher;
    this.random = random;
  }

  Future<Setup> begin(Begin request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    return currentPassword.check(caller, request.currentPassword()).compose(known -> {
      UUID userId = known.userId();
      byte[] key = Totp.newKey(random);
      return management.run(accountId, () -> TotpStore.begin(database.pool(), accountId, userId,
          cipher.sealBytes(key, accountId, userId))).map(begun -> {
        if (!begun) {
          throw new Failure.Conflict("TWO_FACTOR_ON", "Two-factor authentication is already on; turn it off first").exception();
        }
        String secret = Totp.base32(key);
        String label = URLEncoder.encode(caller.name(), StandardCharsets.UTF_8).replace("+", "%20");
        String uri = "otpauth://totp/" + ISSUER + ":" + label + "?secret=" + secret + "&issuer=" + ISSUER;
        return new Setup(secret, uri, QrCodes.of(uri).orElse(null));
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
        throw Codes.wrong();
      }
      List<String> codes = Stream.generate(this::recoveryCode).limit(RECOVERY_CODES).toList();
      return TotpStore.enable(tx, accountId, userId, pending, step.getAsLong(), codes.stream().map(Codes::hash).toList())
          .compose(enabled -> enabled ? audit(tx, caller, Action.TWO_FACTOR_ENABLED, userId) : Future.failedFuture(Codes.wrong()))
          .compose(enabled -> SessionStore.current(tx, caller, request.cookie()))
          .compose(kept -> SessionStore.deleteOf(tx, accountId, userId, kept.orElse(null)))
          .map(new RecoveryCodes(codes));
    })));
  }

  Future<Void> disable(Disable request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    return currentPassword.confirm(caller, request.currentPassword(), request.code())
        .compose(userId -> management.run(accountId, () -> database.transaction(tx -> TotpStore.disable(tx, accountId, userId)
            .compose(disabled -> disabled ? audit(tx, caller, Action.TWO_FACTOR_DISABLED, userId) : Future.succeededFuture()))));
  }

  Future<Void> disableOf(DisableOf request) {
    UUID accountId = request.caller().accountId();
    UUID userId = Id.USER.parse(request.userId());
    return currentPassword.confirmForOther(request.caller(), userId, request.currentPassword(), request.code())
        .compose(checked -> management.run(accountId, () -> database.transaction(tx ->
            Standing.lock(tx, request.caller()).compose(locked -> TotpStore.find(tx, accountId, userId)).compose(found -> {
              found.orElseThrow(Id.USER::notFound);
              return TotpStore.disable(tx, accountId, userId);
            }).compose(disabled -> disabled ? audit(tx, request.caller(), Action.TWO_FACTOR_DISABLED, userId)
                : Future.succeededFuture()))));
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
}
