package io.keyhook.delivery;

import io.keyhook.attempt.EndpointSettings;
import io.keyhook.delivery.HeldDelivery.State;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Moment;
import java.time.Duration;
import java.util.ArrayDeque;

/**
 * The state of one webhook that a verticle sends to: {@link Settings}, {@link Backlog}, {@link Window}, and the deliveries
 * that wait. Events change it, and {@link #advance} then takes steps until {@code next} finds none, in this order:
 *
 * <pre>
 *   a delivery waits
 *     the node is stopping                                        RELEASE_FIRST
 *     the window is open, and settings are not being read
 *       its lease is too old for an attempt                       RELEASE_FIRST
 *       the settings are known in their newest version            ATTEMPT
 *       otherwise                                                 READ
 *     more wait than the node keeps                               RELEASE_LAST
 *   deliveries wait now, or no longer                             REPORT_WAITING
 *   the endpoint has become saturated, or is no longer            REPORT_SATURATED
 *   the queue has more, and few wait here                         CLAIM
 *   otherwise                                                     REST, until the next event
 * </pre>
 *
 * <p>{@link HeldDelivery} shows what becomes of each delivery. Belongs to one event loop.
 */
final class Endpoint {
  /** These wait on the node, so that an attempt that ends is followed by the next at once; the rest waits in the queue. */
  private static final int WAITING_PER_PLACE = 4;

  /**
   * @param maxInFlight attempts to one endpoint
   * @param usable how long after it was taken a lease still covers a whole attempt and the writing of its result
   */
  record Limits(int maxInFlight, Duration usable) {}

  /** What an endpoint asks for. It has made the transition before it asks. */
  interface Actions {
    /** Makes an attempt, and calls {@link Endpoint#ended}. */
    void attempt(Endpoint endpoint, HeldDelivery delivery, EndpointSettings settings);

    /** Records that the target is refused. */
    void refuse(HeldDelivery delivery);

    /** Returns a lease to the queue. */
    void release(HeldDelivery delivery);

    /** Reads the settings, and calls {@link Endpoint#known}, {@link Endpoint#paused}, and so on. */
    void read(Endpoint endpoint);

    /** Takes up to {@code wanted} leases, and calls {@link Endpoint#claimed}, {@link Endpoint#paced} or {@link Endpoint#noRoom}. */
    void claim(Endpoint endpoint, int wanted);

    /** Polls the webhook for changes by other nodes, or no longer. */
    void waiting(EndpointId endpoint, boolean waiting);

    /** Keeps new deliveries in the queue, or no longer. */
    void saturated(EndpointId endpoint, boolean saturated);
  }

  private enum Step { ATTEMPT, READ, RELEASE_FIRST, RELEASE_LAST, REPORT_WAITING, REPORT_SATURATED, CLAIM, REST }

  private final EndpointId id;
  private final Actions actions;
  private final long usableNanos;
  private final Window window;
  private final Settings settings = new Settings();
  private final ArrayDeque<HeldDelivery> waiting = new ArrayDeque<>();
  private Backlog backlog = Backlog.EMPTY;
  /** As last reported. */
  private boolean reportedWaiting;
  /** As last reported. */
  private boolean saturated;

  Endpoint(EndpointId id, Limits limits, Actions actions) {
    this.id = id;
    this.actions = actions;
    this.usableNanos = limits.usable.toNanos();
    this.window = new Window(limits.maxInFlight);
  }

  /** Takes every step that is possible now. */
  void advance(Moment now, boolean stopping) {
    for (Step step; (step = next(now, stopping)) != Step.REST; ) {
      take(step);
    }
  }

  /** The rule that decides the next step. */
  private Step next(Moment now, boolean stopping) {
    HeldDelivery first = waiting.peekFirst();
    if (first != null) {
      if (stopping) {
        return Step.RELEASE_FIRST;
      }
      if (window.isOpen() && !settings.isBlocked()) {
        return now.nanosSince(first.outgoing().lease().taken()) > usableNanos ? Step.RELEASE_FIRST
            : settings.isCurrent() ? Step.ATTEMPT : Step.READ;
      }
      if (waiting.size() > maxWaiting()) {
        return Step.RELEASE_LAST;
      }
    }
    if (reportedWaiting == waiting.isEmpty()) {
      return Step.REPORT_WAITING;
    }
    if (saturated != isSaturated()) {
      return Step.REPORT_SATURATED;
    }
    return backlog == Backlog.DUE && !stopping && !settings.isBlocked() && hasFewWaiting() ? Step.CLAIM : Step.REST;
  }

  private void take(Step step) {
    switch (step) {
      case ATTEMPT -> {
        window.started();
        actions.attempt(this, moved(waiting.pollFirst(), State.ATTEMPTING), settings.value());
      }
      case READ -> {
        settings.read();
        actions.read(this);
      }
      case RELEASE_FIRST -> actions.release(moved(waiting.pollFirst(), State.RELEASING));
      case RELEASE_LAST -> actions.release(moved(waiting.pollLast(), State.RELEASING));
      case REPORT_WAITING -> {
        reportedWaiting = !reportedWaiting;
        actions.waiting(id, reportedWaiting);
      }
      case REPORT_SATURATED -> {
        saturated = !saturated;
        actions.saturated(id, saturated);
      }
      case CLAIM -> {
        backlog = backlog.claim();
        actions.claim(this, 2 * window.size());
      }
      case REST -> { }
    }
  }

  private static HeldDelivery moved(HeldDelivery delivery, State next) {
    delivery.move(next);
    return delivery;
  }

  private int maxWaiting() {
    return WAITING_PER_PLACE * window.size();
  }

  private boolean isSaturated() {
    return waiting.size() > maxWaiting() / 2;
  }

  /** So few that those claimed now arrive when these have started. */
  private boolean hasFewWaiting() {
    return waiting.size() < (window.size() + 1) / 2;
  }

  /** Takes over a delivery under lease. */
  void accept(HeldDelivery delivery) {
    settings.heardOf(delivery.outgoing().webhookVersion());
    waiting.addLast(delivery);
  }

  /** The queue has due deliveries. */
  void due() {
    backlog = backlog.due();
  }

  /** The account has no room for the claim. */
  void noRoom() {
    backlog = backlog.noRoom();
  }

  /**
   * A claim has ended, and its deliveries are going to be {@link #accept accepted}.
   *
   * @param all as many as were asked for
   */
  void claimed(boolean all) {
    backlog = backlog.claimed(all);
  }

  /** A claim took all that the rate limit allows, and {@link #paceOver} will follow. */
  void paced() {
    backlog = backlog.paced();
  }

  /** The rate limit allows more. */
  void paceOver() {
    backlog = backlog.paceOver();
  }

  /** An attempt has ended, and its delivery is going to be recorded. */
  void ended(HeldDelivery delivery, boolean succeeded) {
    window.ended(succeeded);
    delivery.move(State.RECORDING);
    backlog = backlog.roomFreed();
  }

  /**
   * An attempt has ended because this node cannot send. Its delivery and those that wait return to the queue, where other nodes
   * find them.
   *
   * @return whether nothing is sent from now until {@link #forget}, which the caller is to call; false where that was so before, or
   *     the settings are to be read
   */
  boolean unsent(HeldDelivery delivery) {
    window.ended();
    backlog = backlog.roomFreed();
    actions.release(moved(delivery, State.RELEASING));
    releaseAll();
    boolean holds = settings.state() == Settings.State.KNOWN;
    if (holds) {
      settings.failed();
    }
    return holds;
  }

  /** What waits returns to the queue. */
  void releaseAll() {
    for (HeldDelivery delivery; (delivery = waiting.pollFirst()) != null; ) {
      actions.release(moved(delivery, State.RELEASING));
    }
  }

  /** The database has the webhook in this version. */
  void heardOf(int version) {
    settings.heardOf(version);
  }

  /** The webhook has changed. */
  void changed() {
    settings.changed();
  }

  /** The settings have been read. */
  void known(EndpointSettings read) {
    settings.known(read);
  }

  /** What has been read may be stale, or the wait after a failed read is over. */
  void forget() {
    settings.forget();
  }

  /** The settings could not be read. */
  void unread() {
    settings.failed();
  }

  /** The webhook is paused, inactive or deleted: what waits returns to the queue. */
  void stopped() {
    settings.forget();
    releaseAll();
  }

  /** The webhook's URL is refused by now: what waits fails. */
  void refused() {
    settings.forget();
    for (HeldDelivery delivery; (delivery = waiting.pollFirst()) != null; ) {
      window.adapt(false);
      actions.refuse(moved(delivery, State.RECORDING));
    }
  }

  EndpointId id() {
    return id;
  }

  Settings.State settings() {
    return settings.state();
  }

  /** Whether its due deliveries wait for the endpoint itself: it is slow, it fails, or its rate limit is reached. */
  boolean holdsItselfBack() {
    return !window.isOpen() || window.isReduced() || backlog == Backlog.PACED;
  }

  /** Whether nothing would be lost with it but the size of its window. */
  boolean isIdle() {
    return waiting.isEmpty() && window.inFlight() == 0 && backlog == Backlog.EMPTY && !settings.isBlocked()
        && !reportedWaiting && !saturated;
  }
}
