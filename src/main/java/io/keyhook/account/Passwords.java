package io.keyhook.account;

import io.keyhook.fair.Admission;
import io.keyhook.fair.Admissions;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/**
 * Hashes passwords with {@link Argon2}, off the event loop. Few run at once, so that guessing takes neither all memory nor
 * all cores. Accounts take turns, and so do client addresses of anonymous callers; both together take turns, too. Any thread.
 */
final class Passwords {
  /** From the last hash until its memory is released: logins come in groups. */
  private static final Duration IDLE = Duration.ofSeconds(10);

  private final Argon2 argon2;
  private final AtomicLong hashed = new AtomicLong();
  private final BiConsumer<Duration, Runnable> timers;
  private final WorkerExecutor workers;
  private final Admission<Admission<?>> hashes;
  private final Admission<Object> known;
  private final Admission<String> anonymous;
  /** What the password of an unknown user is checked against, which takes as much time as for a known one. */
  private final String nobody;

  Passwords(Vertx vertx, Admissions admissions) {
    this(vertx, admissions, new Argon2(), (delay, action) -> vertx.setTimer(delay.toMillis(), id -> action.run()));
  }

  /**
   * @param timers runs an action after a time
   */
  Passwords(Vertx vertx, Admissions admissions, Argon2 argon2, BiConsumer<Duration, Runnable> timers) {
    this.argon2 = argon2;
    this.timers = timers;
    this.workers = vertx.createSharedWorkerExecutor("keyhook-passwords", admissions.hashes().atOnce());
    this.hashes = admissions.hashes();
    this.known = admissions.passwords();
    this.anonymous = admissions.anonymousLogins();
    this.nobody = argon2.ofNoPassword();
  }

  /**
   * Whose turn a password takes.
   *
   * @param tenant an account's id, or a client's address
   */
  record Asker(Object tenant, boolean known) {
    /** The tenant is a logged-in account, an account with a known device, or an administrator. */
    static Asker known(Object tenant) {
      return new Asker(tenant, true);
    }

    /**
     * Anybody else.
     *
     * @param address null: not known
     */
    static Asker anonymous(String address) {
      return new Asker(ClientTenant.of(address), false);
    }
  }

  Future<String> hash(Asker asker, String password) {
    return work(asker, () -> argon2.hash(password));
  }

  /**
   * @param hash null: unknown user; the result is false after the same time
   */
  Future<Boolean> matches(Asker asker, String password, String hash) {
    String checked = hash == null ? nobody : hash;
    return work(asker, () -> argon2.matches(password, checked) && hash != null);
  }

  private <T> Future<T> work(Asker asker, Callable<T> hashing) {
    return asker.known ? work(known, asker.tenant, hashing) : work(anonymous, (String) asker.tenant, hashing);
  }

  private <K, T> Future<T> work(Admission<K> room, K tenant, Callable<T> hashing) {
    return room.run(tenant, () -> hashes.run(room, () -> workers.executeBlocking(hashing, false)
        .onComplete(result -> releaseWhenIdle())));
  }

  private void releaseWhenIdle() {
    long last = hashed.incrementAndGet();
    timers.accept(IDLE, () -> {
      if (hashed.get() == last) {
        argon2.release();
      }
    });
  }

  Future<Void> close() {
    return workers.close();
  }
}
