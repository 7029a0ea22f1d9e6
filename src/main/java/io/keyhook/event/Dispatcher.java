package io.keyhook.event;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

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

  private static final UUID[] NONE = {};

  private final Bus bus;
  private final int senders;
  private final Holdings holdings;
  /** Webhooks that have more waiting on this node than they take, with their accounts. */
  private final Map<UUID, UUID> saturated = new ConcurrentHashMap<>();

  /**
   * @param senders how many verticles send
   */
  public Dispatcher(Bus bus, int senders, Holdings holdings) {
    this.bus = bus;
    this.senders = senders;
    this.holdings = holdings;
  }

  /** Where the sender of this number listens. */
  public static Address<Work, Void> address(int sender) {
    return new Address<>("delivery.work." + sender);
  }

  /** Whose new deliveries are to stay in the queue: webhooks, and of these accounts those that hold all they may. */
  UUID[] saturated(Set<UUID> accountIds) {
    List<UUID> found = new ArrayList<>();
    saturated.forEach((webhookId, accountId) -> {
      if (accountIds.contains(accountId)) {
        found.add(webhookId);
      }
    });
    accountIds.stream().filter(accountId -> !holdings.hasRoom(accountId)).forEach(found::add);
    return found.isEmpty() ? NONE : found.toArray(UUID[]::new);
  }

  boolean isBusy() {
    return holdings.isBusy();
  }

  /** Says whether a webhook has more waiting on this node than it takes. */
  public void saturated(EndpointId endpoint, boolean is) {
    if (is) {
      saturated.put(endpoint.webhookId(), endpoint.accountId());
    } else {
      saturated.remove(endpoint.webhookId());
    }
  }

  /** Wakes the senders of what was committed. */
  public void dispatch(List<Outgoing> leased, Collection<EndpointId> due) {
    Work[] work = new Work[senders];
    for (Outgoing outgoing : leased) {
      holdings.add(outgoing.accountId(), 1);
      workOf(work, outgoing.webhookId()).leased.add(outgoing);
    }
    for (EndpointId endpoint : due) {
      workOf(work, endpoint.webhookId()).due.add(endpoint);
    }
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

  private int senderOf(UUID webhookId) {
    return Math.floorMod(webhookId.hashCode(), senders);
  }
}
