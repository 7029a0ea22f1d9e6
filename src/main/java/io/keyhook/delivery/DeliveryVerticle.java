package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.Holdings;
import io.keyhook.stats.Counts;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;

/** Sends deliveries to the endpoints that are its own; one instance an event loop. */
public final class DeliveryVerticle extends VerticleBase {
  /** Results, claims, and what is read of a webhook. */
  private static final int CONNECTIONS = 4;
  /** Leaves time to write the last results within the 20 s of a stop. */
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
  private SqlClient client;
  private Sender sender;
  private Deliverer deliverer;

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
    TestSender tests = new TestSender(client, sender, settings, plans);
    bus.listen(Dispatcher.address(number), deliverer::work);
    bus.listen(Addresses.CANCELED, deliverer::canceled);
    bus.answer(Addresses.SEND_TEST, tests::send);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return deliverer.drain(DRAIN).eventually(() -> {
      sender.close();
      return database.release(client);
    });
  }
}
