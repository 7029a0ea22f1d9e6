package io.keyhook.delivery;

import io.keyhook.attempt.Sender;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.StopBudget;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.delivery.DeliveryVerticles.Rules;
import io.keyhook.delivery.DeliveryVerticles.Services;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.Outbox;
import io.keyhook.listen.ListenerEndpoint;
import io.keyhook.testendpoint.TestEndpoint;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;

/** Sends deliveries to the endpoints that belong to it; one instance per event loop. */
final class DeliveryVerticle extends VerticleBase {
  /** What is left of a lease after an attempt: time to write its result. */
  private static final Duration WRITING = Duration.ofSeconds(5);
  /** So many webhooks of an account with the same URL can have all their attempts in flight. */
  private static final int WEBHOOKS_OF_URL = 4;

  private final Services services;
  private final Rules rules;
  private final TakeOver takeOver;
  private final Lateness lateness;
  private final DeliveryMetrics metrics;
  private final int number;
  private Pool client;
  private Transport transport;
  private Results results;
  private Deliverer deliverer;
  private Drain drain;
  private TestSender tests;
  private Runnable hideUnwritten;

  /**
   * @param number of this instance, from 0
   */
  DeliveryVerticle(Services services, Rules rules, TakeOver takeOver, Lateness lateness, DeliveryMetrics metrics, int number) {
    this.services = services;
    this.rules = rules;
    this.takeOver = takeOver;
    this.lateness = lateness;
    this.metrics = metrics;
    this.number = number;
  }

  @Override
  public Future<?> start() {
    Bus bus = services.bus();
    KeyhookOptions.Delivery options = rules.options();
    client = services.database().connections(services.database().shares().sender(), "senders");
    transport = new Transport(
        new Sender(vertx, rules.policy(), rules.egress(), options.timeout(), maxConnections(options), metrics::unasked),
        rules.egress(), new TestEndpoint(bus, options.timeout()), new ListenerEndpoint(bus, options.timeout()), bus.tracing());
    drain = new Drain(vertx);
    EndpointReader reader = new EndpointReader(
        client, services.database().shards(), rules.policy(), rules.cipher(), rules.plans());
    RetrySchedule schedule = new RetrySchedule(options.retryDelays());
    results = new Results(vertx, services.database(), client, takeOver, schedule, rules.plans(),
        new WebhookReports(services.outbox(), services.alerts()));
    deliverer = new Deliverer(
        new Endpoint.Limits(options.maxInFlightPerEndpoint(),
            Duration.ofSeconds(Outbox.LEASE_SECONDS).minus(options.timeout()).minus(WRITING)),
        services.dispatcher(),
        new Claims(vertx, client, services.database().shards(), services.dispatcher().holdings(), takeOver, rules.plans(),
            bus.tracing().isOn()),
        new SettingsLoader(vertx, reader), transport, new Outcomes(bus, results, schedule, metrics), drain, lateness);
    tests = new TestSender(client, transport, reader, rules.plans(), bus.tracing());
    bus.listen(Dispatcher.address(number), deliverer::work);
    bus.listen(Addresses.CANCELED, deliverer::canceled);
    bus.listen(Addresses.WEBHOOK_CHANGED, deliverer::changed);
    bus.listen(Addresses.STOPPING, stopping -> deliverer.startNoMore());
    bus.answer(Addresses.SEND_TEST, tests::send);
    hideUnwritten = metrics.showUnwritten(number, results);
    return Future.succeededFuture();
  }

  private static int maxConnections(KeyhookOptions.Delivery options) {
    return (int) Math.min(options.maxInFlight(), (long) WEBHOOKS_OF_URL * options.maxInFlightPerEndpoint());
  }

  @Override
  public Future<?> stop() {
    deliverer.startNoMore();
    Duration left = services.budget().left(StopBudget.Work.ATTEMPTS);
    return Future.join(drain.await(left), tests.drain(left)).eventually(() -> {
      results.giveUp();
      hideUnwritten.run();
      transport.close();
      return services.database().release(client);
    });
  }
}
