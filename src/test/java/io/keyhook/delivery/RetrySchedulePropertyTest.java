package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.config.Configuration;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class RetrySchedulePropertyTest {
  @Property
  void eachFailureHasItsDelayAndTheLastHasNone(@ForAll @Size(max = 20) List<@IntRange(min = 1, max = 100_000) Integer> seconds) {
    List<Duration> delays = seconds.stream().map(Duration::ofSeconds).toList();
    RetrySchedule schedule = new RetrySchedule(delays);
    assertThat(IntStream.rangeClosed(1, delays.size()).mapToObj(failed -> schedule.next(failed, Duration.ZERO)
        .orElseThrow()))
        .containsExactlyElementsOf(delays);
    assertThat(schedule.next(delays.size() + 1, Duration.ZERO)).isEmpty();
  }

  @Property
  void aReceiverLengthensADelayToTwiceAsLongAtMostAndNeverShortensIt(
      @ForAll @IntRange(max = 100_000) int seconds, @ForAll @LongRange(min = 0, max = 300_000) long asked) {
    RetrySchedule schedule = new RetrySchedule(List.of(Duration.ofSeconds(seconds)));
    Duration delay = schedule.next(1, Duration.ofSeconds(asked)).orElseThrow();
    assertThat(delay.toSeconds()).isEqualTo(Math.min(2L * seconds, Math.max(seconds, asked)));
  }

  @Example
  void byDefaultItIsAfterOneFiveAndThirtyMinutes() {
    assertThat(Configuration.of(new JsonObject()).delivery().retryDelays())
        .containsExactly(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(30));
  }
}
