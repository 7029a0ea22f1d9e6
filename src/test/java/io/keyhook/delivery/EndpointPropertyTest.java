package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.event.EndpointId;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** How many attempts an endpoint may have in flight follows how it answers. */
class EndpointPropertyTest {
  private static Endpoint endpoint(int maxPlaces) {
    return new Endpoint(new EndpointId(UUID.randomUUID(), UUID.randomUUID()), maxPlaces);
  }

  private static int places(Endpoint endpoint) {
    int before = endpoint.inFlight;
    while (endpoint.hasPlace()) {
      endpoint.inFlight++;
    }
    int places = endpoint.inFlight;
    endpoint.inFlight = before;
    return places;
  }

  @Property
  void oneThatOnlyFailsIsLeftWithAProbeAtATimeAndComesBackByDoubling(@ForAll @IntRange(min = 1, max = 5000) int max) {
    Endpoint endpoint = endpoint(max);
    IntStream.range(0, max).forEach(i -> endpoint.ended(false));
    assertThat(places(endpoint)).isEqualTo(1);
    int successes = 0;
    while (places(endpoint) < max) {
      int before = places(endpoint);
      endpoint.ended(true);
      assertThat(places(endpoint)).isBetween(before, 2 * before + 1);
      successes++;
    }
    assertThat(successes).isLessThanOrEqualTo(13);
  }

  @Property
  void itNeverHasLessThanOnePlaceNorMoreThanTheMost(@ForAll List<Boolean> ended, @ForAll @IntRange(min = 1, max = 300) int max) {
    Endpoint endpoint = endpoint(max);
    ended.forEach(endpoint::ended);
    assertThat(places(endpoint)).isBetween(1, max);
  }

  @Test
  void oneThatMostlyWorksKeepsItsPlaces() {
    Endpoint endpoint = endpoint(256);
    IntStream.range(0, 300).forEach(i -> endpoint.ended(i % 3 > 0));
    assertThat(places(endpoint)).isGreaterThanOrEqualTo(128);
  }
}
