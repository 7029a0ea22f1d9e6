package io.keyhook.event;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The way from what is committed to the verticles that send it. An endpoint belongs to one of them, so that what is in
 * flight to it is counted in one place. Any thread.
 */
public final class Dispatcher {
  /**
   * A wake-up.
   *
   * @param leased deliveries to be sent at once
   * @param due endpoints that have due deliveries in the queue, without a lease
   */
  public record Work(List<Outgoing> leased, Set<EndpointId> due) {}

  /** Deliveries on their way that keep the senders of a node at work. */
  private static final int BUSY = 500;

  private final Bus bus;
  private final int senders;
  private final int maxHeld;
  private final AtomicInteger held = new AtomicInteger();
  private final Set<UUID> saturated = ConcurrentHashMap.newKeySet();

  /**
   * @param senders how many verticles send
   * @param maxHeld deliveries that this node holds under lease before it leaves new ones in the queue
   */
  public Dispatcher(Bus bus, int senders, int maxHeld) {
    this.bus = bus;
    this.senders = senders;
    this.maxHeld = maxHeld;
  }

  /** Where the sender of this number listens. */
  public static Address<Work, Void> address(int sender) {
    return new Address<>("delivery.work." + sender);
  }

  /** Whether new deliveries are to be leased as they are inserted. */
  boolean hasRoom() {
    return held.get() < maxHeld;
  }

  boolean isBusy() {
    return held.get() > BUSY;
  }

  /** Webhooks that have more waiting on this node than they take. */
  UUID[] saturated() {
    return saturated.isEmpty() ? NONE : saturated.toArray(UUID[]::new);
  }

  private static final UUID[] NONE = {};

  /** Makes room for deliveries that are to be claimed: as many as asked for, or as there is. */
  public int reserve(int places) {
    int room = Math.max(0, Math.min(places, maxHeld - held.get()));
    held.addAndGet(room);
    return room;
  }

  public void held(int change) {
    held.addAndGet(change);
  }

  public int held() {
    return held.get();
  }

  public void saturated(UUID webhookId, boolean is) {
    if (is) {
      saturated.add(webhookId);
    } else {
      saturated.remove(webhookId);
    }
  }

  /** Wakes the senders of what was committed. */
  public void dispatch(List<Outgoing> leased, Collection<EndpointId> due) {
    Work[] work = new Work[senders];
    for (Outgoing outgoing : leased) {
      workOf(work, outgoing.webhookId()).leased.add(outgoing);
    }
    for (EndpointId endpoint : due) {
      workOf(work, endpoint.webhookId()).due.add(endpoint);
    }
    held.addAndGet(leased.size());
    for (int i = 0; i < senders; i++) {
      if (work[i] != null) {
        bus.send(address(i), work[i]);
      }
    }
  }

  private Work workOf(Work[] work, UUID webhookId) {
    int sender = senderOf(webhookId);
    if (work[sender] == null) {
      work[sender] = new Work(new ArrayList<>(), new LinkedHashSet<>());
    }
    return work[sender];
  }

  public int senderOf(UUID webhookId) {
    return Math.floorMod(webhookId.hashCode(), senders);
  }
}
