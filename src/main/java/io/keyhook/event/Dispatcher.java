package io.keyhook.event;

import io.keyhook.bus.Address;
import io.keyhook.bus.Bus;
import io.keyhook.fair.FairShare;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hands committed deliveries to the verticles that send them. Each endpoint belongs to one verticle, which alone counts the
 * attempts in flight to it. Any thread.
 */
public final class Dispatcher {
  /**
   * A wake-up for a verticle that sends.
   *
   * @param leased deliveries under a lease of this node, counted in {@link FairShare}
   * @param due endpoints with due deliveries in the queue that nobody has leased
   * @param webhooks as the last poll found them
   */
  public record Work(List<Outgoing> leased, Set<EndpointId> due, List<WebhookState> webhooks) {
    private Work() {
      this(new ArrayList<>(), new LinkedHashSet<>(), new ArrayList<>());
    }
  }

  private static final UUID[] NONE = {};
  /** So many held deliveries of one account keep all senders of a node at work. */
  private static final int BUSY = 500;

  private final Bus bus;
  private final int senders;
  private final FairShare<UUID> holdings;
  /** The accounts of webhooks whose deliveries pile up on this node, by webhook. */
  private final Map<UUID, UUID> saturated = new ConcurrentHashMap<>();
  /** Endpoints whose deliveries wait on this node under a lease. */
  private final Set<EndpointId> waiting = ConcurrentHashMap.newKeySet();

  /**
   * @param senders the number of verticles that send
   */
  public Dispatcher(Bus bus, int senders, FairShare<UUID> holdings) {
    this.bus = bus;
    this.senders = senders;
    this.holdings = holdings;
  }

  /** The address of a sender, by its number from 0. */
  public static Address<Work, Void> address(int sender) {
    return new Address<>("delivery.work." + sender);
  }

  /**
   * Returns the ids of webhooks and accounts whose new deliveries stay in the queue: saturated webhooks of these accounts,
   * and those of the accounts that hold all they may.
   */
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

  /** The deliveries that this node holds. */
  public FairShare<UUID> holdings() {
    return holdings;
  }

  boolean isBusy(UUID accountId) {
    return holdings.held(accountId) > BUSY;
  }

  /** Keeps the new deliveries of a webhook in the queue while it is saturated. */
  public void saturated(EndpointId endpoint, boolean is) {
    if (is) {
      saturated.put(endpoint.webhookId(), endpoint.accountId());
    } else {
      saturated.remove(endpoint.webhookId());
    }
  }

  /** Polls the webhook of an endpoint for changes while its deliveries wait on this node. */
  public void waiting(EndpointId endpoint, boolean is) {
    if (is) {
      waiting.add(endpoint);
    } else {
      waiting.remove(endpoint);
    }
  }

  /** The endpoints whose deliveries wait on this node; no more than it holds deliveries. */
  public List<EndpointId> waiting() {
    return List.copyOf(waiting);
  }

  /**
   * Wakes the verticles that send to these endpoints, once the deliveries are committed.
   *
   * @param leased deliveries to send at once; from now on they are held
   * @param due endpoints with due deliveries in the queue
   */
  public void dispatch(List<Outgoing> leased, Collection<EndpointId> due) {
    dispatch(leased, due, List.of());
  }

  /** Passes on what a poll of the queue has found. */
  public void polled(Collection<EndpointId> due, List<WebhookState> webhooks) {
    dispatch(List.of(), due, webhooks);
  }

  private void dispatch(List<Outgoing> leased, Collection<EndpointId> due, List<WebhookState> webhooks) {
    Work[] work = new Work[senders];
    for (Outgoing outgoing : leased) {
      holdings.acquire(outgoing.endpoint().accountId(), 1);
      workOf(work, outgoing.endpoint().webhookId()).leased.add(outgoing);
    }
    for (EndpointId endpoint : due) {
      workOf(work, endpoint.webhookId()).due.add(endpoint);
    }
    for (WebhookState webhook : webhooks) {
      workOf(work, webhook.endpoint().webhookId()).webhooks.add(webhook);
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
      work[sender] = new Work();
    }
    return work[sender];
  }

  private int senderOf(UUID webhookId) {
    return Math.floorMod(webhookId.hashCode(), senders);
  }
}
