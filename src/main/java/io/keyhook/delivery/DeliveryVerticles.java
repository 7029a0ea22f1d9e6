package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.alert.AlertRaiser;
import io.keyhook.attempt.Egress;
import io.keyhook.bus.Bus;
import io.keyhook.bus.StopBudget;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.Outbox;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Deployable;
import java.util.concurrent.atomic.AtomicInteger;

/** Creates the verticles that deliver, and holds what they share on a node. */
public final class DeliveryVerticles {
  private final Services services;
  private final Rules rules;
  private final DeliveryMetrics metrics;
  private final TakeOver takeOver;
  private final Lateness lateness = new Lateness();
  private final AtomicInteger senders = new AtomicInteger();

  /**
   * What delivery works with: the node's bus, database and dispatcher, and the time that a stop has.
   *
   * @param outbox commits the events of webhooks
   * @param alerts records the alerts of webhooks
   */
  public record Services(Bus bus, Database database, Dispatcher dispatcher, StopBudget budget, Outbox outbox, AlertRaiser alerts) {}

  /**
   * What decides whether and how a delivery is sent.
   *
   * @param policy the targets that are allowed
   * @param egress how connections leave the node
   * @param cipher opens the secrets of webhooks
   */
  public record Rules(KeyhookOptions.Delivery options, Plans plans, TargetPolicy policy, Egress egress,
      Cipher cipher) {}

  public DeliveryVerticles(Services services, Rules rules, DeliveryMetrics metrics) {
    this.services = services;
    this.takeOver = new TakeOver(services.database().shards());
    this.rules = rules;
    this.metrics = metrics;
  }

  /** A verticle that sends: one per event loop, as many as the dispatcher has senders. */
  public Deployable sender() {
    return new DeliveryVerticle(services, rules, takeOver, lateness, metrics, senders.getAndIncrement());
  }

  /** The verticle that looks for due deliveries: one per node. */
  public Deployable queue() {
    return new QueueVerticle(services, takeOver, lateness, rules.plans(), metrics);
  }

  /** The verticle that looks after webhooks with an order: one per node. */
  public Deployable order() {
    return new OrderVerticle(services);
  }

  /** The verticle that counts the queue: one per node. */
  public Deployable depth() {
    return new QueueDepthVerticle(services.database, metrics.registry());
  }

  /** The verticle that reports webhooks that fail or recover, and deactivates failing ones: one per node. */
  public Deployable health() {
    return new HealthVerticle(services.bus, services.database, new WebhookReports(services.outbox, services.alerts));
  }
}
