package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.delivery.QueueStore.Due;
import io.keyhook.event.EndpointId;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A delivery is late because of Keyhook or because of its own endpoint, and polls tell which. */
class LatenessTest {
  private static final long SECOND = 1_000_000_000;
  private static final int MANY = 30;

  private final EndpointId one = new EndpointId(UUID.randomUUID(), UUID.randomUUID());
  private final EndpointId other = new EndpointId(UUID.randomUUID(), UUID.randomUUID());
  private final Lateness lateness = new Lateness();
  private long nanos;

  private double poll(Due... due) {
    nanos += SECOND;
    return lateness.polled(null, List.of(due), nanos);
  }

  private static Due due(EndpointId endpoint, double seconds) {
    return new Due(endpoint, -seconds);
  }

  /** Polls again and again, and the sender says each time what the endpoint does. */
  private double afterMany(boolean... heldBack) {
    return IntStream.range(0, MANY).mapToDouble(i -> {
      double behind = poll(due(one, 400));
      lateness.woken(one, heldBack[i % heldBack.length]);
      return behind;
    }).reduce((before, last) -> last).orElseThrow();
  }

  @Test
  void whatWaitsForItsOwnEndpointIsNotLate() {
    assertThat(afterMany(true)).isZero();
  }

  @Test
  void whatItsEndpointWouldAcceptIsLate() {
    assertThat(afterMany(false)).isEqualTo(400);
  }

  @Test
  void whatMostPollsSawCounts() {
    assertThat(afterMany(true, true, true, true, false)).isZero();
    assertThat(afterMany(false, false, false, false, true)).isEqualTo(400);
  }

  @Test
  void aSenderThatDoesNotAnswerIsLate() {
    IntStream.range(0, MANY).forEach(i -> poll(due(one, 400)));
    assertThat(poll(due(one, 400))).isEqualTo(400);
  }

  @Test
  void oneEndpointHidesNoOther() {
    for (int i = 0; i < MANY; i++) {
      poll(due(one, 5000), due(other, 100));
      lateness.woken(one, true);
    }
    assertThat(poll(due(one, 5000), due(other, 100))).isEqualTo(100);
  }

  @Test
  void aDeliveryThatIsJustBeingClaimedIsNotLate() {
    assertThat(poll(due(one, 400))).isZero();
    assertThat(poll(due(one, 400))).isZero();
  }

  @Test
  void whatHasJustBecomeDueIsOnTime() {
    IntStream.range(0, MANY).forEach(i -> poll(due(one, 9)));
    assertThat(poll(due(one, 9), due(other, -1))).isZero();
  }

  @Test
  void whatWasDueIsForgotten() {
    assertThat(afterMany(false)).isEqualTo(400);
    assertThat(poll()).isZero();
    assertThat(poll(due(one, 400))).as("begins anew").isZero();
  }

  @Test
  void anotherPlaceIsPolledByItself() {
    IntStream.range(0, MANY).forEach(i -> {
      poll(due(one, 400));
      lateness.polled("elsewhere", List.of(), nanos + 1);
    });
    assertThat(poll(due(one, 400))).isEqualTo(400);
    lateness.forget(null);
    assertThat(poll(due(one, 400))).as("begins anew").isZero();
  }

  @Test
  void anEndpointWithParkedDeliveriesIsNamedTwiceAndCountsOnce() {
    assertThat(poll(due(one, 400), due(one, 300))).isZero();
    assertThat(poll(due(one, 400), due(one, 300))).isZero();
    IntStream.range(0, MANY).forEach(i -> poll(due(one, 300), due(one, 400)));
    assertThat(poll(due(one, 300), due(one, 400))).isEqualTo(400);
  }
}
