package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.FailureException;
import io.keyhook.http.ApiRouter.Limits;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Test messages of alerts are limited for each caller and for an account, whoever asks. */
class AlertTestLimitTest {
  private final Limits limits = Limits.of(0, new SimpleMeterRegistry());

  private static Caller caller(UUID account, String name) {
    return new Caller(account, Actor.named(name));
  }

  @Test
  void aCallerHasFiveAMinute() {
    Caller caller = caller(UUID.randomUUID(), "jane");
    for (int i = 0; i < 5; i++) {
      limits.checkAlertTest(caller);
    }
    assertThatThrownBy(() -> limits.checkAlertTest(caller)).isInstanceOf(FailureException.class);
  }

  @Test
  void anAccountHasTwentyAnHour() {
    UUID account = UUID.randomUUID();
    for (int i = 0; i < 20; i++) {
      limits.checkAlertTest(caller(account, "user " + i));
    }
    assertThatThrownBy(() -> limits.checkAlertTest(caller(account, "another"))).isInstanceOf(FailureException.class);
    assertThatCode(() -> limits.checkAlertTest(caller(UUID.randomUUID(), "yet another"))).doesNotThrowAnyException();
  }
}
