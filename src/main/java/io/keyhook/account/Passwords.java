package io.keyhook.account;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/**
 * Argon2id with 19 MiB, two passes and one lane (OWASP, "Password Storage Cheat Sheet"), off the event loop. Any thread.
 */
final class Passwords {
  private static final Argon2Function FUNCTION = Argon2Function.getInstance(19 * 1024, 2, 1, 32, Argon2.ID);
  private static final int SALT_BYTES = 16;

  private final Vertx vertx;
  /** Of no password: who has no account costs as much time as who has one. */
  private final Future<String> nobody;

  Passwords(Vertx vertx) {
    this.vertx = vertx;
    this.nobody = hash(java.util.UUID.randomUUID().toString());
  }

  Future<String> hash(String password) {
    return vertx.executeBlocking(
        () -> Password.hash(password).addRandomSalt(SALT_BYTES).with(FUNCTION).getResult(), false);
  }

  /**
   * @param hash null: nobody's; answers false after as long
   */
  Future<Boolean> matches(String password, String hash) {
    return (hash == null ? nobody : Future.succeededFuture(hash)).compose(known -> vertx.executeBlocking(
        () -> Password.check(password, known).with(Argon2Function.getInstanceFromHash(known)) && hash != null, false));
  }
}
