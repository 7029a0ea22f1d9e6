package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.attempt.Sender;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.Holdings;
import io.keyhook.stats.Counts;
import io.keyhook.target.TargetPolicy;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;

/** Sends deliveries to the endpoints that are its own; one instance an event loop. */
public final class DeliveryVerticle extends VerticleBase {
  /** Results, claims, and what is read of a webhook. */
  private static final int CONNECTIONS = 4;
  /** For the longest attempt: none has started since the stop began. Ends sooner, unless the database is away. */
  private static final Duration DRAIN = Duration.ofSeconds(13);

  private final Bus bus;
  private final Database database;
  private final Dispatcher dispatcher;
  private final Holdings holdings;
  private final KeyhookOptions.Delivery options;
  private final TakeOver takeOver;
  private final Cipher cipher;
  private final Plans plans;
  private final TargetPolicy policy;
  private final Counts counts;
  private final MeterRegistry meters;
  private final int number;
  private Pool client;
  private Sender sender;
  private Deliverer deliverer;
  private TestSender tests;
  private Gauge unwritten;

  /**
   * @param number of this instance, from 0
   */
  public DeliveryVerticle(
      Bus bus, Database database, Dispatcher dispatcher, Holdings holdings, KeyhookOptions.Delivery options,
      TakeOver takeOver, Cipher cipher, Plans plans, TargetPolicy policy, Counts counts, MeterRegistry meters,
      int number) {
    this.bus = bus;
    this.database = database;
    this.dispatcher = dispatcher;
    this.holdings = holdings;
    this.options = options;
    this.takeOver = takeOver;
    this.cipher = cipher;
    this.plans = plans;
    this.policy = policy;
    this.counts = counts;
    this.meters = meters;
    this.number = number;
  }

  @Override
  public Future<?> start() {
    client = database.connections(CONNECTIONS);
    sender = new Sender(vertx, policy, options.timeout(), options.maxInFlight());
    EndpointReader settings = new EndpointReader(client, policy, cipher);
    RetrySchedule schedule = new RetrySchedule(options.retryDelays());
    Results results = new Results(vertx, database, client, takeOver, schedule);
    deliverer = new Deliverer(vertx, bus, client, dispatcher, holdings, schedule, sender, settings,
        results, takeOver, plans, counts, meters, options.timeout(), options.maxInFlightPerEndpoint());
    tests = new TestSender(client, sender, settings, plans);
    bus.listen(Dispatcher.address(number), deliverer::work);
    bus.listen(Addresses.CANCELED, deliverer::canceled);
    bus.listen(Addresses.WEBHOOK_CHANGED, deliverer::changed);
    bus.listen(Addresses.STOPPING, stopping -> deliverer.startNoMore());
    bus.answer(Addresses.SEND_TEST, tests::send);
    unwritten = Gauge.builder("keyhook.results.unwritten", results, Results::unwritten)
        .description("Results of attempts that wait for the database")
        .tag("instance", Integer.toString(number))
        .register(meters);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return Future.join(deliverer.drain(DRAIN), tests.drain(DRAIN)).eventually(() -> {
      meters.remove(unwritten);
      sender.close();
      return database.release(client);
    });
  }
}
