package io.keyhook.account;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.UUID;
import java.util.concurrent.Callable;

/**
 * Argon2id with 19 MiB, two passes and one lane (OWASP, "Password Storage Cheat Sheet"), off the event loop. Few run at once,
 * so that guessing takes neither all memory nor all cores, and accounts and client addresses take turns. Any thread.
 */
final class Passwords {
  private static final Argon2Function FUNCTION = Argon2Function.getInstance(19 * 1024, 2, 1, 32, Argon2.ID);
  private static final int SALT_BYTES = 16;

  private final WorkerExecutor workers;
  private final Admission<Object> admission;
  /** Of no password: who has no account costs as much time as who has one. */
  private final Future<String> nobody;

  Passwords(Vertx vertx, Admission<Object> admission) {
    this.workers = vertx.createSharedWorkerExecutor("keyhook-passwords", admission.atOnce());
    this.admission = admission;
    this.nobody = hash("", UUID.randomUUID().toString());
  }

  /**
   * @param tenant an account's id, or a client's address
   */
  Future<String> hash(Object tenant, String password) {
    return work(tenant, () -> Password.hash(password).addRandomSalt(SALT_BYTES).with(FUNCTION).getResult());
  }

  /**
   * @param tenant an account's id, or a client's address
   * @param hash null: nobody's; answers false after as long
   */
  Future<Boolean> matches(Object tenant, String password, String hash) {
    return (hash == null ? nobody : Future.succeededFuture(hash)).compose(known -> work(tenant,
        () -> Password.check(password, known).with(Argon2Function.getInstanceFromHash(known)) && hash != null));
  }

  private <T> Future<T> work(Object tenant, Callable<T> hashing) {
    return admission.run(tenant, () -> workers.executeBlocking(hashing, false));
  }

  /** Once nobody's hash is made, which nobody may have waited for. */
  Future<Void> close() {
    return nobody.<Void>mapEmpty().otherwiseEmpty().eventually(workers::close);
  }
}
