package io.keyhook.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.EndpointSettings;
import io.keyhook.delivery.HeldDelivery.State;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.event.Moment;
import io.keyhook.event.Outgoing;
import io.keyhook.fair.FairShare;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** An endpoint whose surroundings are played by a test: what it asks for stays open until the test lets it end. */
final class EndpointModel implements Endpoint.Actions {
  static final int MAX_IN_FLIGHT = 8;
  private static final Duration USABLE = Duration.ofSeconds(15);

  /** What can happen to an endpoint. */
  enum Event {
    ACCEPT, DUE, ATTEMPT_SUCCEEDS, ATTEMPT_FAILS, ATTEMPT_UNSENT, READ_KNOWN, READ_STOPPED, READ_REFUSED, READ_FAILS, WAIT_OVER, CHANGED,
    CHANGED_ELSEWHERE, POLLED, CANCELED, CLAIM_FULL, CLAIM_SHORT, CLAIM_FAILS, WRITTEN, TIME_PASSES, MACHINE_SLEEPS,
    CLOCK_SET_BACK, ROOM_TAKEN, ROOM_FREED, STOP
  }

  final EndpointId id = new EndpointId(UUID.randomUUID(), UUID.randomUUID());
  final FairShare<UUID> holdings = new FairShare<>(600);
  final Endpoint endpoint = new Endpoint(id, new Endpoint.Limits(MAX_IN_FLIGHT, USABLE), this);
  final List<HeldDelivery> all = new ArrayList<>();
  /** Follows the same outcomes, so that what is in flight is counted twice. */
  private final Window window = new Window(MAX_IN_FLIGHT);
  private final List<HeldDelivery> attempting = new ArrayList<>();
  private final List<HeldDelivery> writing = new ArrayList<>();
  private final Random random;
  private boolean reading;
  private int reserved;
  private int elsewhere;
  private boolean reportedWaiting;
  private boolean saturated;
  private boolean stopping;
  private boolean setBack;
  private int version = 1;
  /** The newest that the endpoint was told of. */
  private int told;
  private Moment now = Moment.now();
  /** The time that has passed in the world. A clock may have counted less. */
  private long elapsedNanos;
  private final Map<UUID, Long> takenAt = new HashMap<>();

  EndpointModel(Random random) {
    this.random = random;
  }

  void happens(Event event) {
    switch (event) {
      case ACCEPT -> accept(1 + random.nextInt(12), false);
      case DUE -> endpoint.due();
      case ATTEMPT_SUCCEEDS -> attemptEnds(true);
      case ATTEMPT_FAILS -> attemptEnds(false);
      case ATTEMPT_UNSENT -> attemptIsUnsent();
      case READ_KNOWN -> readEnds(() -> endpoint.known(new EndpointSettings(id.accountId(), version, null, null, List.of())));
      case READ_STOPPED -> readEnds(endpoint::stopped);
      case READ_REFUSED -> readEnds(() -> {
        int before = writing.size();
        endpoint.refused();
        writing.subList(before, writing.size()).forEach(refused -> window.adapt(false));
      });
      case READ_FAILS -> readEnds(endpoint::unread);
      case WAIT_OVER -> waitOver();
      case CHANGED -> {
        version++;
        endpoint.changed();
      }
      case CHANGED_ELSEWHERE -> version++;
      case POLLED -> {
        told = version;
        endpoint.heardOf(version);
      }
      case CANCELED -> endpoint.releaseAll();
      case CLAIM_FULL -> claimEnds(reserved);
      case CLAIM_SHORT -> claimEnds(reserved / 2);
      case CLAIM_FAILS -> claimEnds(0);
      case WRITTEN -> written();
      case TIME_PASSES -> pass(random.nextInt(10), true);
      case MACHINE_SLEEPS -> pass(random.nextInt(40), false);
      case CLOCK_SET_BACK -> {
        now = new Moment(now.nanos(), now.millis() - random.nextInt(3_600_000));
        setBack = true;
      }
      case ROOM_TAKEN -> elsewhere += holdings.tryAcquire(id.accountId(), 400);
      case ROOM_FREED -> {
        holdings.release(id.accountId(), elsewhere);
        elsewhere = 0;
      }
      case STOP -> stopping = true;
    }
    endpoint.advance(now, stopping);
    assertConsistent();
  }

  /** The monotonic clock stands still while a machine sleeps. */
  private void pass(int seconds, boolean awake) {
    elapsedNanos += Duration.ofSeconds(seconds).toNanos();
    now = new Moment(now.nanos() + (awake ? Duration.ofSeconds(seconds).toNanos() : 0), now.millis() + 1000L * seconds);
  }

  private void accept(int count, boolean counted) {
    for (int i = 0; i < count; i++) {
      if (!counted && holdings.tryAcquire(id.accountId(), 1) == 0) {
        return;
      }
      HeldDelivery delivery = new HeldDelivery(new Outgoing(id, UUID.randomUUID(), version,
          EventType.LICENSE_VALIDATED, "{}", null, 1, 0, new Outgoing.Lease(1, now), null, null), holdings);
      all.add(delivery);
      takenAt.put(delivery.outgoing().deliveryId(), elapsedNanos);
      told = version;
      endpoint.accept(delivery);
      endpoint.advance(now, stopping);
    }
  }

  private void attemptEnds(boolean succeeded) {
    if (!attempting.isEmpty()) {
      HeldDelivery delivery = attempting.remove(random.nextInt(attempting.size()));
      window.ended(succeeded);
      endpoint.ended(delivery, succeeded);
      writing.add(delivery);
    }
  }

  private void attemptIsUnsent() {
    if (!attempting.isEmpty()) {
      boolean known = endpoint.settings() == Settings.State.KNOWN;
      HeldDelivery delivery = attempting.remove(random.nextInt(attempting.size()));
      window.ended();
      assertThat(endpoint.unsent(delivery)).as("a wait begins").isEqualTo(known);
      assertThat(delivery.state()).isEqualTo(State.RELEASING);
    }
  }

  private void readEnds(Runnable outcome) {
    if (reading) {
      reading = false;
      if (endpoint.settings() == Settings.State.OUTDATED) {
        endpoint.forget();
      } else {
        outcome.run();
      }
    }
  }

  private void waitOver() {
    if (endpoint.settings() == Settings.State.FAILED) {
      endpoint.forget();
    }
  }

  private void claimEnds(int taken) {
    if (reserved > 0) {
      int asked = reserved;
      reserved = 0;
      holdings.release(id.accountId(), asked - taken);
      endpoint.claimed(taken == asked);
      accept(taken, true);
    }
  }

  private void written() {
    if (!writing.isEmpty()) {
      HeldDelivery delivery = writing.remove(random.nextInt(writing.size()));
      boolean released = delivery.state() == State.RELEASING;
      delivery.move(State.OVER);
      if (released) {
        endpoint.due();
      }
    }
  }

  /** Lets everything end well, until nothing is open. */
  void settle() {
    happens(Event.ROOM_FREED);
    for (int rounds = 0; reading || reserved > 0 || !attempting.isEmpty() || !writing.isEmpty()
        || endpoint.settings() == Settings.State.FAILED; rounds++) {
      assertThat(rounds).as("it comes to rest").isLessThan(50_000);
      happens(Event.READ_KNOWN);
      happens(Event.WAIT_OVER);
      happens(Event.CLAIM_FAILS);
      happens(Event.ATTEMPT_SUCCEEDS);
      happens(Event.WRITTEN);
    }
  }

  private void assertConsistent() {
    long held = all.stream().filter(delivery -> delivery.state() != State.OVER).count();
    assertThat(holdings.held()).as("held").isEqualTo((int) held + reserved + elsewhere);
    assertThat(attempting).as("in flight").allMatch(delivery -> delivery.state() == State.ATTEMPTING)
        .hasSize(window.inFlight()).hasSizeLessThanOrEqualTo(MAX_IN_FLIGHT);
    assertThat(writing).allMatch(
        delivery -> delivery.state() == State.RECORDING || delivery.state() == State.RELEASING);
    long waiting = held - attempting.size() - writing.size();
    assertThat(reportedWaiting).as("whether polls follow a webhook of which %d wait", waiting).isEqualTo(waiting > 0);
    assertThat(saturated).as("what is reported of " + waiting + " that wait").isEqualTo(waiting > 2L * window.size());
    assertThat(endpoint.holdsItselfBack()).isEqualTo(!window.isOpen() || window.isReduced());
    if (stopping) {
      assertThat(waiting).as("waiting at a stop").isZero();
    }
  }

  @Override
  public void attempt(Endpoint asking, HeldDelivery delivery, EndpointSettings known) {
    assertThat(window.isOpen()).as("a place for the attempt").isTrue();
    assertThat(known.version()).isGreaterThanOrEqualTo(told);
    assertThat(now.nanosSince(delivery.outgoing().lease().taken())).isLessThanOrEqualTo(USABLE.toNanos());
    if (!setBack) {
      assertThat(elapsedNanos - takenAt.get(delivery.outgoing().deliveryId())).as("age of the lease, asleep or awake")
          .isLessThanOrEqualTo(USABLE.toNanos());
    }
    assertThat(reading).as("attempts while settings are read").isFalse();
    assertThat(endpoint.settings()).as("attempts while the endpoint waits").isEqualTo(Settings.State.KNOWN);
    assertThat(stopping).isFalse();
    window.started();
    attempting.add(delivery);
  }

  @Override
  public void refuse(HeldDelivery delivery) {
    writing.add(delivery);
  }

  @Override
  public void release(HeldDelivery delivery) {
    writing.add(delivery);
  }

  @Override
  public void read(Endpoint asking) {
    assertThat(reading).as("another read").isFalse();
    reading = true;
  }

  @Override
  public void claim(Endpoint asking, int wanted) {
    assertThat(reserved).as("another claim").isZero();
    assertThat(stopping).isFalse();
    reserved = holdings.tryAcquire(id.accountId(), wanted);
    if (reserved == 0) {
      endpoint.noRoom();
    }
  }

  @Override
  public void waiting(EndpointId endpointId, boolean is) {
    reportedWaiting = is;
  }

  @Override
  public void saturated(EndpointId endpointId, boolean is) {
    saturated = is;
  }
}
