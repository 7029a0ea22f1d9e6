package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.account.Passwords.Asker;
import io.keyhook.fair.Admissions;
import io.keyhook.testing.Waiting;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PasswordsTest {
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    Waiting.on(vertx.close());
  }

  @Test
  void memoryIsReleasedTenSecondsAfterTheLastHash() {
    List<Duration> delays = new CopyOnWriteArrayList<>();
    List<Runnable> timers = new CopyOnWriteArrayList<>();
    Argon2 argon2 = new Argon2();
    Passwords passwords = new Passwords(vertx, Admissions.of(vertx, 4, 1, new SimpleMeterRegistry()), argon2, (delay, action) -> {
      delays.add(delay);
      timers.add(action);
    });
    String hash = Waiting.on(passwords.hash(Asker.known("acct"), "swordfish"));
    Waiting.until("its memory is to be released", () -> timers.size() == 1);
    assertThat(Waiting.on(passwords.matches(Asker.known("acct"), "swordfish", hash))).isTrue();
    Waiting.until("again", () -> timers.size() == 2);
    assertThat(delays).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(10));
    assertThat(argon2.kept()).isEqualTo(1);
    timers.get(0).run();
    assertThat(argon2.kept()).as("there was another hash").isEqualTo(1);
    timers.get(1).run();
    assertThat(argon2.kept()).isZero();
    Waiting.on(passwords.close());
  }

  @Test
  void thePasswordOfAnUnknownUserIsHashedAsAnyOther() {
    AtomicInteger hashed = new AtomicInteger();
    Passwords passwords = new Passwords(vertx, Admissions.of(vertx, 4, 1, new SimpleMeterRegistry()), new Argon2(),
        (delay, action) -> hashed.incrementAndGet());
    assertThat(Waiting.on(passwords.matches(Asker.known("acct"), "swordfish", null))).isFalse();
    Waiting.until("it was hashed", () -> hashed.get() == 1);
    Waiting.on(passwords.close());
  }
}
