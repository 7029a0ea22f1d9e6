package io.keyhook.testendpoint;

import io.keyhook.account.PlanStore;
import io.keyhook.account.Plans;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.TestEndpoints;
import io.keyhook.bus.TestEndpoints.Outcome;
import io.keyhook.bus.TestEndpoints.Receive;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.fair.Admission;
import io.keyhook.target.Target;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the test endpoints of accounts and what they receive. Runs on any number of nodes. */
public final class TestEndpointVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(TestEndpointVerticle.class);
  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final int BATCH = 1000;
  private static final int TOKEN_BYTES = 32;

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Plans plans;
  private final Admission<Object> management;
  private final SecureRandom random = new SecureRandom();
  private Chore chore;

  /**
   * @param management shares the connections fairly: a busy account's requests to its endpoint wait for those of others
   */
  public TestEndpointVerticle(Bus bus, Database database, Plans plans, Admission<Object> management) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.plans = plans;
    this.management = management;
  }

  @Override
  public Future<?> start() {
    bus.answer(Addresses.CREATE_TEST_ENDPOINT, this::create);
    bus.answer(Addresses.GET_TEST_ENDPOINT, query -> get(query.caller().accountId()));
    bus.answer(Addresses.DELETE_TEST_ENDPOINT, this::delete);
    bus.answer(Addresses.RECEIVE_TEST, this::receive);
    chore = Chore.every(vertx, log, "delete expired test endpoints", INTERVAL, this::deleteExpired);
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }

  private Future<TestEndpoints.TestEndpoint> create(TestEndpoints.Create request) {
    UUID accountId = request.caller().accountId();
    return PlanStore.get(pool, accountId).compose(plan -> {
      plans.checkHasWebhooks(plan);
      return database.transaction(tx -> TestEndpointStore.create(tx, accountId, newToken())
          .compose(created -> created ? audited(tx, request.caller(), Action.TEST_ENDPOINT_CREATED)
              : Future.succeededFuture()));
    }).compose(written -> get(accountId));
  }

  private static Future<Void> audited(SqlClient tx, Caller caller, Action action) {
    return AuditStore.write(tx, caller, action, Id.ACCOUNT.of(caller.accountId()), List.of());
  }

  private String newToken() {
    byte[] token = new byte[TOKEN_BYTES];
    random.nextBytes(token);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
  }

  private Future<TestEndpoints.TestEndpoint> get(UUID accountId) {
    return TestEndpointStore.get(pool, accountId).compose(found -> {
      TestEndpointStore.Kept kept = found.orElseThrow(TestEndpointVerticle::notFound);
      return TestEndpointStore.requests(pool, accountId).map(requests -> new TestEndpoints.TestEndpoint(
          Target.testEndpoint(kept.token()), kept.createdAt(), kept.expiresAt(), kept.received(), requests));
    });
  }

  private static RuntimeException notFound() {
    return new Failure.NotFound("There is no test endpoint. It expires " + TestEndpoints.HOURS
        + " hours after it was created or extended").exception();
  }

  private Future<Void> delete(TestEndpoints.Delete request) {
    return database.transaction(tx -> TestEndpointStore.delete(tx, request.caller().accountId()).compose(deleted -> {
      if (!deleted) {
        throw notFound();
      }
      return audited(tx, request.caller(), Action.TEST_ENDPOINT_DELETED);
    }));
  }

  private Future<Outcome> receive(Receive request) {
    return management.run(request.accountId(), () -> TestEndpointStore.receive(pool, request));
  }

  private Future<Void> deleteExpired() {
    return TestEndpointStore.deleteExpired(pool, BATCH).compose(found ->
        found == BATCH && !chore.isStopped() ? deleteExpired() : Future.succeededFuture());
  }
}
