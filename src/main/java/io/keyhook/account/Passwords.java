package io.keyhook.account;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import io.keyhook.bus.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Argon2id with 19 MiB, two passes and one lane (OWASP, "Password Storage Cheat Sheet"), off the event loop: two at once, so
 * that who guesses takes neither all memory nor all cores. Any thread.
 */
final class Passwords {
  private static final Argon2Function FUNCTION = Argon2Function.getInstance(19 * 1024, 2, 1, 32, Argon2.ID);
  private static final int SALT_BYTES = 16;
  private static final int AT_ONCE = 2;
  /** Done within a few seconds. */
  private static final int MAX_WAITING = 100;

  private final WorkerExecutor workers;
  private final AtomicInteger waiting = new AtomicInteger();
  /** Of no password: who has no account costs as much time as who has one. */
  private final Future<String> nobody;

  Passwords(Vertx vertx) {
    this.workers = vertx.createSharedWorkerExecutor("keyhook-passwords", AT_ONCE);
    this.nobody = hash(java.util.UUID.randomUUID().toString());
  }

  Future<String> hash(String password) {
    return work(() -> Password.hash(password).addRandomSalt(SALT_BYTES).with(FUNCTION).getResult());
  }

  /**
   * @param hash null: nobody's; answers false after as long
   */
  Future<Boolean> matches(String password, String hash) {
    return (hash == null ? nobody : Future.succeededFuture(hash)).compose(known -> work(
        () -> Password.check(password, known).with(Argon2Function.getInstanceFromHash(known)) && hash != null));
  }

  private <T> Future<T> work(Callable<T> hashing) {
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(new Failure.Unavailable("Too many are logging in; try again").exception());
    }
    return workers.executeBlocking(hashing, false).onComplete(done -> waiting.decrementAndGet());
  }

  int waiting() {
    return waiting.get();
  }

  /** Once nobody's hash is made, which nobody may have waited for. */
  Future<Void> close() {
    return nobody.<Void>mapEmpty().otherwiseEmpty().eventually(workers::close);
  }
}
