package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.db.Batcher;
import io.keyhook.db.Shards;
import io.keyhook.delivery.QueueStore.Claim;
import io.keyhook.delivery.QueueStore.Claimed;
import io.keyhook.delivery.QueueStore.Leases;
import io.keyhook.delivery.QueueStore.Pace;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Outgoing;
import io.keyhook.fair.FairShare;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes leases of due deliveries, in batches, for as many as their account has room on this node. Belongs to one event
 * loop.
 */
final class Claims {
  private static final Logger log = LoggerFactory.getLogger(Claims.class);
  private static final int MAX_CLAIM = 256;
  private static final int MAX_CLAIMS_PER_BATCH = 32;
  private static final int STATEMENTS_IN_FLIGHT = 2;

  private final Pool client;
  private final Shards shards;
  private final FairShare<UUID> holdings;
  private final TakeOver takeOver;
  private final Plans plans;
  private final boolean traced;
  private final Vertx vertx;
  private final Batcher<Claim, Leases> batches;

  /**
   * What a claim took.
   *
   * @param leased deliveries to send, already counted in {@link FairShare}
   * @param all as many as were asked for, or parked because the webhook is paused, or others have their turn first: the queue may have
   *     more
   * @param inactive deliveries that are not to be sent, because the webhook, its account or its account's plan takes none any more
   * @param pause until the webhook's rate limit lets more be taken; null: there are no more, or it has none
   */
  record Taken(List<Outgoing> leased, boolean all, List<Outgoing> inactive, Duration pause) {}

  /**
   * Creates the claims of one event loop.
   *
   * @param traced whether to read which spans raised the events
   */
  Claims(Vertx vertx, Pool client, Shards shards, FairShare<UUID> holdings, TakeOver takeOver, Plans plans,
      boolean traced) {
    this.vertx = vertx;
    this.client = client;
    this.shards = shards;
    this.holdings = holdings;
    this.takeOver = takeOver;
    this.plans = plans;
    this.traced = traced;
    this.batches = new Batcher<>(vertx, STATEMENTS_IN_FLIGHT, MAX_CLAIMS_PER_BATCH, Batcher.UNLIMITED,
        claim -> claim.endpoint().accountId(), shards, this::claim);
  }

  /**
   * Takes leases for one endpoint.
   *
   * @param wanted 1 or more; at most {@value #MAX_CLAIM} are taken
   * @return empty where the account has no room
   */
  Optional<Future<Taken>> claim(EndpointId endpoint, int wanted) {
    UUID accountId = endpoint.accountId();
    int reserved = holdings.tryAcquire(accountId, Math.min(MAX_CLAIM, wanted));
    if (reserved == 0) {
      return Optional.empty();
    }
    return Optional.of(batches.add(new Claim(endpoint, reserved)).map(leases -> {
      List<Claimed> claimed = leases.claimed();
      List<Outgoing> leased = claimed.stream().filter(Claimed::isToBeSent).map(Claimed::outgoing).toList();
      holdings.release(accountId, reserved - leased.size());
      boolean all = claimed.size() >= reserved || leases.more().contains(endpoint.webhookId());
      List<Outgoing> inactive = claimed.stream().filter(one -> !one.active()).map(Claimed::outgoing).toList();
      return new Taken(leased, all, inactive, pause(leases.paces().get(endpoint.webhookId()), claimed.size()));
    }).onFailure(e -> holdings.release(accountId, reserved)));
  }

  /**
   * @param pace null: the webhook has no rate limit, or is paused
   */
  private static Duration pause(Pace pace, int claimed) {
    return pace == null || claimed < pace.tokens() ? null : pace.pause();
  }

  /** Runs an action after a pause. */
  void after(Duration pause, Runnable action) {
    vertx.setTimer(pause.toMillis(), timer -> action.run());
  }

  private Future<List<Leases>> claim(List<Claim> batch) {
    Map<UUID, List<Claim>> byAccount = new LinkedHashMap<>();
    batch.forEach(claim ->
        byAccount.computeIfAbsent(claim.endpoint().accountId(), id -> new ArrayList<>()).add(claim));
    List<Future<Leases>> statements = new ArrayList<>();
    byAccount.forEach((accountId, claims) -> statements.add(claim(accountId, claims)));
    return Future.join(statements).map(all -> {
      Map<UUID, List<Claimed>> byWebhook = new HashMap<>();
      Map<UUID, Pace> paces = new HashMap<>();
      Set<UUID> more = new HashSet<>();
      statements.forEach(statement -> {
        statement.result().claimed().forEach(claimed -> byWebhook
            .computeIfAbsent(claimed.outgoing().endpoint().webhookId(), id -> new ArrayList<>()).add(claimed));
        paces.putAll(statement.result().paces());
        more.addAll(statement.result().more());
      });
      return batch.stream().map(claim ->
          new Leases(byWebhook.getOrDefault(claim.endpoint().webhookId(), List.of()), paces, more)).toList();
    });
  }

  /** Fails alone: the leases that the batch took for other accounts are used. */
  private Future<Leases> claim(UUID accountId, List<Claim> claims) {
    return shards.each(client, List.of(accountId), id -> id, (shard, id) ->
            QueueStore.claim(shard, accountId, claims, takeOver.isAllowed(accountId), plans.withWebhooks(), traced))
        .compose(claimed -> withOrdered(accountId, claims, claimed.get(0)))
        .otherwise(e -> failed(e, Leases.NONE));
  }

  private static Leases failed(Throwable e, Leases taken) {
    log.warn("Could not claim due deliveries; retrying with the next poll of the queue: {}", e.getMessage());
    return taken;
  }

  /** Adds what webhooks with an order give, which the first statement has named. */
  private Future<Leases> withOrdered(UUID accountId, List<Claim> claims, Leases others) {
    List<Claim> ordered = claims.stream().filter(claim -> others.more().contains(claim.endpoint().webhookId())).toList();
    return ordered.isEmpty() ? Future.succeededFuture(others)
        : ordered(accountId, ordered).map(others::and)
            .otherwise(e -> failed(e, new Leases(others.claimed(), others.paces(), Set.of())));
  }

  private Future<Leases> ordered(UUID accountId, List<Claim> claims) {
    AtomicReference<Leases> taken = new AtomicReference<>(Leases.NONE);
    return shards.eachInTransaction(client, List.of(accountId), id -> id, (tx, id) ->
        OrderStore.lock(tx, claims, Claim::endpoint).compose(locked ->
            OrderStore.claim(tx, accountId, claims, takeOver.isAllowed(accountId), plans.withWebhooks(), traced)), taken::set)
        .map(done -> taken.get());
  }
}
