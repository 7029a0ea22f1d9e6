package io.keyhook.delivery;

import io.keyhook.account.Plans;
import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.bus.Deliveries.SendTest;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Webhooks.TestResult;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.event.EndpointId;
import io.keyhook.event.EventType;
import io.keyhook.format.MessageFormat;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.trace.Tracing;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Sends test events: at once, without retries, to inactive webhooks too. They are logged like other deliveries. */
final class TestSender {
  private final SqlClient client;
  private final Transport transport;
  private final EndpointReader settings;
  private final Plans plans;
  private final Tracing tracing;
  private final Promise<Void> drained = Promise.promise();
  private int underWay;
  private boolean stopping;

  TestSender(SqlClient client, Transport transport, EndpointReader settings, Plans plans, Tracing tracing) {
    this.client = client;
    this.transport = transport;
    this.settings = settings;
    this.plans = plans;
    this.tracing = tracing;
  }

  Future<TestResult> send(SendTest test) {
    if (stopping) {
      return Future.failedFuture(new Failure.Unavailable("This node is stopping; retry").exception());
    }
    underWay++;
    return run(test, tracing.current()).onComplete(done -> {
      underWay--;
      if (stopping && underWay == 0) {
        drained.tryComplete();
      }
    });
  }

  /** Waits until the tests under way are logged, where a caller that lost its connection finds the result. */
  Future<Void> drain(Duration deadline) {
    stopping = true;
    return underWay == 0 ? Future.succeededFuture()
        : drained.future().timeout(deadline.toMillis(), TimeUnit.MILLISECONDS).otherwiseEmpty();
  }

  private Future<TestResult> run(SendTest test, String trace) {
    EndpointId endpoint = new EndpointId(test.accountId(), test.webhookId());
    EventType type = EventType.of(test.eventType());
    return Database.newId(client).compose(id -> TestStore.current(client, endpoint, type)
        .compose(format -> attempt(endpoint, type, id, test.data(), format.format(), trace)
            .compose(attempt -> TestStore.log(client, endpoint, id, type, test.data(), format.version(), attempt, plans).map(attempt)))
            .map(attempt -> new TestResult(attempt.succeeded(), Id.TEST_DELIVERY.of(id), attempt.statusCode(),
                attempt.duration().toMillis(), attempt.responseBody(),
                attempt.error() == null ? null : attempt.error().wireName(), attempt.detail())));
  }

  private Future<Attempt> attempt(EndpointId endpoint, EventType type, UUID id, String data, MessageFormat format,
      String trace) {
    return settings.load(endpoint).compose(found -> {
      EndpointSettings target = found.orElseThrow(Id.WEBHOOK::notFound);
      Message message = Message.of(target, type, id, true, data, format, 1, Instant.now());
      return transport.send(endpoint, target, message, trace);
    }).recover(e -> e instanceof RefusedTargetException ? Future.succeededFuture(Attempt.refused())
        : Future.failedFuture(e instanceof UnreadableSecretException ? new Failure.Conflict("SECRET_UNREADABLE",
            "The webhook's secret or its headers are encrypted with a master key that this server does not have. Rotate the secret,"
                + " and remove headers and authentication and set them again")
            .exception() : e));
  }
}
