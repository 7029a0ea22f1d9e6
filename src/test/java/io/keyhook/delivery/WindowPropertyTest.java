package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** How many attempts an endpoint may have in flight follows how they end. */
class WindowPropertyTest {
  private static int fill(Window window) {
    int started = 0;
    while (window.isOpen()) {
      window.started();
      started++;
    }
    return started;
  }

  private static void attempt(Window window, boolean succeeded) {
    window.started();
    window.ended(succeeded);
  }

  @Property
  void anEndpointThatOnlyFailsIsLeftWithAProbeAtATimeAndComesBackByDoubling(@ForAll @IntRange(min = 1, max = 5000) int max) {
    Window window = new Window(max);
    IntStream.range(0, max).forEach(i -> attempt(window, false));
    assertThat(window.size()).isEqualTo(1);
    int successes = 0;
    while (window.size() < max) {
      int before = window.size();
      attempt(window, true);
      assertThat(window.size()).isBetween(before, 2 * before + 1);
      successes++;
    }
    assertThat(successes).isLessThanOrEqualTo(13);
  }

  @Property
  void itNeverHasLessThanOnePlaceNorMoreThanTheMost(@ForAll List<Boolean> ended, @ForAll @IntRange(min = 1, max = 300) int max) {
    Window window = new Window(max);
    ended.forEach(succeeded -> attempt(window, succeeded));
    assertThat(window.inFlight()).isZero();
    assertThat(fill(window)).isBetween(1, max).isEqualTo(window.size());
  }

  @Test
  void anAttemptThatSaysNothingOfTheEndpointLeavesItsPlaces() {
    Window window = new Window(256);
    int before = fill(window);
    for (int i = 0; i < before; i++) {
      window.ended();
    }
    assertThat(fill(window)).isEqualTo(before);
  }

  @Test
  void failuresReduceItUntilEnoughAttemptsSucceed() {
    Window window = new Window(256);
    assertThat(window.isReduced()).isFalse();
    attempt(window, false);
    assertThat(window.isReduced()).isTrue();
    attempt(window, true);
    assertThat(window.isReduced()).isFalse();
  }

  @Test
  void anEndpointThatMostlyWorksKeepsItsPlaces() {
    Window window = new Window(256);
    IntStream.range(0, 300).forEach(i -> attempt(window, i % 3 > 0));
    assertThat(fill(window)).isGreaterThanOrEqualTo(128);
  }
}
