package io.keyhook.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** A percentile out of classes is off by a class at most. */
class ResponseTimesPropertyTest {
  private static long[] counts(List<Integer> times) {
    long[] counts = new long[ResponseTimes.CLASSES];
    times.forEach(time -> counts[ResponseTimes.classOf(time)]++);
    return counts;
  }

  @Property
  void itIsInTheClassOfTheExactOne(@ForAll @Size(min = 1, max = 200) List<@IntRange(max = 30_000) Integer> times) {
    int exact = times.stream().sorted().toList().get((int) Math.ceil(0.95 * times.size()) - 1);
    long estimated = ResponseTimes.percentile(counts(times), 0.95);
    assertThat(Math.abs(ResponseTimes.classOf(estimated) - ResponseTimes.classOf(exact))).isLessThanOrEqualTo(1);
    assertThat(estimated).isBetween(0L, 12_000L);
  }

  @Property
  void longerTimesMakeItNoShorter(@ForAll @Size(min = 1, max = 50) List<@IntRange(max = 15_000) Integer> times) {
    List<Integer> longer = times.stream().map(time -> 2 * time + 1).toList();
    assertThat(ResponseTimes.percentile(counts(longer), 0.95)).isGreaterThanOrEqualTo(
        ResponseTimes.percentile(counts(times), 0.95));
  }

  @Example
  void ofNoneThereIsNone() {
    assertThat(ResponseTimes.percentile(new long[ResponseTimes.CLASSES], 0.95)).isNull();
  }

  @Example
  void withinAClassTimesAreSpreadEvenly() {
    long[] counts = new long[ResponseTimes.CLASSES];
    counts[ResponseTimes.classOf(150)] = 100; // 100 to 200 ms
    assertThat(ResponseTimes.percentile(counts, 0.95)).isEqualTo(195);
    assertThat(ResponseTimes.percentile(counts, 1)).isEqualTo(200);
  }
}
