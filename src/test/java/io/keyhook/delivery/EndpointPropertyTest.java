package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.delivery.EndpointModel.Event;
import io.keyhook.delivery.HeldDelivery.State;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Moment;
import io.keyhook.event.Outgoing;
import io.keyhook.fair.FairShare;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Whatever happens in whatever order, an endpoint stays in a legal state and no delivery is lost or counted twice. */
class EndpointPropertyTest {
  @Property
  void noOrderOfEventsReachesAnIllegalStateOrMiscountsAHeldDelivery(
      @ForAll @Size(max = 400) List<Event> events, @ForAll Random random) {
    EndpointModel model = new EndpointModel(random);
    events.forEach(model::happens);
  }

  @Property
  void everythingThatIsAcceptedIsSentReleasedOrDropped(
      @ForAll @Size(max = 200) List<Event> events, @ForAll Random random) {
    EndpointModel model = new EndpointModel(random);
    events.forEach(model::happens);
    model.settle();
    assertThat(model.all).allMatch(delivery -> delivery.state() == State.OVER);
    assertThat(model.holdings.held()).isZero();
  }

  @Property
  void aStopLeavesNothingWaitingAndStartsNothing(@ForAll @Size(max = 100) List<Event> before,
      @ForAll @Size(max = 100) List<Event> after, @ForAll Random random) {
    EndpointModel model = new EndpointModel(random);
    before.forEach(model::happens);
    model.happens(Event.STOP);
    after.forEach(model::happens);
    model.settle();
    assertThat(model.holdings.held()).isZero();
  }

  @Property
  void aBacklogIsNeverForgotten(@ForAll @Size(max = 200) List<Event> events, @ForAll Random random) {
    EndpointModel model = new EndpointModel(random);
    events.stream().filter(event -> event != Event.STOP).forEach(model::happens);
    model.settle();
    model.happens(Event.DUE);
    int before = model.all.size();
    model.happens(Event.CLAIM_FULL);
    assertThat(model.all.size()).as("it claims what is due").isGreaterThan(before);
  }

  @Test
  void aDeliveryThatIsOverStaysOver() {
    FairShare<UUID> holdings = new FairShare<>(10);
    UUID account = UUID.randomUUID();
    holdings.tryAcquire(account, 2);
    HeldDelivery delivery = new HeldDelivery(new Outgoing(new EndpointId(account, UUID.randomUUID()), UUID.randomUUID(), 1,
        EventType.LICENSE_VALIDATED, "{}", null, 1, 0, new Outgoing.Lease(1, Moment.now()), null, null), holdings);
    delivery.move(State.RELEASING);
    delivery.move(State.OVER);
    assertThatThrownBy(() -> delivery.move(State.OVER)).isInstanceOf(IllegalStateException.class);
    assertThat(holdings.held()).as("the other one is still held").isEqualTo(1);
  }
}
