package io.keyhook.license;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Licenses.SignedValidation;
import io.keyhook.bus.Licenses.Validate;
import io.keyhook.bus.Licenses.ValidateSigned;
import io.keyhook.bus.Licenses.Validation;
import io.keyhook.bus.Licenses.Validation.Refused;
import io.keyhook.db.Database;
import io.keyhook.db.Shards;
import io.keyhook.event.EventFeed;
import io.keyhook.event.Outbox;
import io.keyhook.fair.Pacer;
import io.keyhook.signing.SigningKeyRing;
import io.keyhook.stats.Counts;
import io.keyhook.trace.Span;
import io.keyhook.trace.Tracing;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Answers validations; one instance an event loop. */
public final class ValidationVerticle extends VerticleBase {
  private final Bus bus;
  private final Database database;
  private final Outbox outbox;
  private final EventFeed feed;
  private final LastSeen lastSeen;
  private final Counts counts;
  private final MeterRegistry meters;
  private final SigningKeyRing keys;
  private final Duration lease;
  private final Pacer pacer;
  private final int number;
  private Pool client;
  private Gauge waiting;
  private final Map<Refused, Counter> refusals = new EnumMap<>(Refused.class);
  private Counter valid;

  /**
   * @param lease of licenses that say nothing else; zero: none
   * @param pacer learns how long each takes
   * @param number of this instance, from 0
   */
  public ValidationVerticle(
      Bus bus, Database database, Outbox outbox, EventFeed feed, LastSeen lastSeen, Counts counts, MeterRegistry meters,
      SigningKeyRing keys, Duration lease, Pacer pacer, int number) {
    this.bus = bus;
    this.database = database;
    this.outbox = outbox;
    this.feed = feed;
    this.lastSeen = lastSeen;
    this.counts = counts;
    this.meters = meters;
    this.keys = keys;
    this.lease = lease;
    this.pacer = pacer;
    this.number = number;
  }

  @Override
  public Future<?> start() {
    client = database.connections(database.shares().validator(), "validations");
    Shards shards = database.shards();
    Validator validator = new Validator(vertx, client, shards, new Activator(client, shards, outbox),
        new Deactivator(database, outbox), new Statements(client, keys, lease), outbox, feed, lastSeen, counts, meters, bus.tracing());
    valid = counter("valid");
    for (Refused refused : Refused.values()) {
      refusals.put(refused, counter(refused.name().toLowerCase(Locale.ROOT)));
    }
    waiting = Gauge.builder("keyhook.validations.waiting", validator, Validator::waiting)
        .description("Validations that wait for the database")
        .tag("loop", Integer.toString(number))
        .register(meters);
    bus.answer(Addresses.VALIDATE, request ->
        pacer.measured(() -> validate(validator, request)).onSuccess(this::count));
    bus.answer(Addresses.VALIDATE_SIGNED, request ->
        validateSigned(validator, request).onSuccess(signed -> count(signed.validation())));
    bus.answer(Addresses.DEACTIVATE, validator::deactivate);
    return Future.succeededFuture();
  }

  private Future<Validation> validate(Validator validator, Validate request) {
    return bus.tracing().isOn() ? traced(trace -> validator.validate(request, trace), validation -> validation)
        : validator.validate(request, null);
  }

  private Future<SignedValidation> validateSigned(Validator validator, ValidateSigned request) {
    return bus.tracing().isOn() ? traced(trace -> validator.validateSigned(request, trace), SignedValidation::validation)
        : validator.validateSigned(request, null);
  }

  private <T> Future<T> traced(Function<String, Future<T>> work, Function<T, Validation> validation) {
    Tracing tracing = bus.tracing();
    Span span = tracing.start(Tracing.Kind.INTERNAL, "validate", tracing.current(), List.of());
    return work.apply(span.context()).onComplete(done -> {
      span.with("keyhook.validation.result", result(validation.apply(done)));
      span.end();
    }, e -> {
      span.fail(e.getClass().getName());
      span.end();
    });
  }

  private static String result(Validation validation) {
    return validation instanceof Refused refused ? refused.name().toLowerCase(Locale.ROOT) : "valid";
  }

  private Counter counter(String result) {
    return Counter.builder("keyhook.validations").description("Validations answered").tag("result", result).register(meters);
  }

  private void count(Validation validation) {
    (validation instanceof Refused refused ? refusals.get(refused) : valid).increment();
  }

  @Override
  public Future<?> stop() {
    meters.remove(waiting);
    return database.release(client);
  }
}
