package io.keyhook;

import io.keyhook.StopOrder.Stage;
import io.keyhook.account.AccountVerticle;
import io.keyhook.account.ApiKeys;
import io.keyhook.account.Plans;
import io.keyhook.audit.AuditVerticle;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.Stopping;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.Migrations;
import io.keyhook.db.Partitions;
import io.keyhook.db.SearchIndex;
import io.keyhook.delivery.DeliveryMetrics;
import io.keyhook.delivery.DeliveryVerticles;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EventFeed;
import io.keyhook.event.Outbox;
import io.keyhook.fair.Admission;
import io.keyhook.fair.FairShare;
import io.keyhook.http.ApiRouter;
import io.keyhook.http.HttpVerticle;
import io.keyhook.http.Probes;
import io.keyhook.http.RateLimiter;
import io.keyhook.http.UntrustedProxies;
import io.keyhook.http.WebPages;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.idempotency.IdempotencyVerticle;
import io.keyhook.license.ExpiryVerticle;
import io.keyhook.license.LastSeen;
import io.keyhook.license.LicenseVerticle;
import io.keyhook.license.ValidationVerticle;
import io.keyhook.log.LiveVerticle;
import io.keyhook.log.LogVerticle;
import io.keyhook.stats.Counts;
import io.keyhook.stats.StatsVerticle;
import io.keyhook.target.TargetPolicy;
import io.keyhook.webhook.WebhookVerticle;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All of Keyhook as one verticle, to deploy in one's own Vert.x. It migrates the database where it is given its URI,
 * deploys what it consists of, and stops in order: requests are answered, attempts in flight end, results are written,
 * leases given back. It closes only what it opened.
 */
public final class Keyhook extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(Keyhook.class);
  private static final String DEFAULT_NAME = "keyhook";
  private static final Duration PARTITIONS = Duration.ofHours(1);
  /** To an e-mail from an address, on a known device, and to change a password. */
  private static final int LOGINS_A_MINUTE = 10;
  private static final int LOGINS_OF_AN_ADDRESS = 60;
  /** From wherever: guessing from many addresses is slow, too. */
  private static final int LOGINS_TO_AN_EMAIL = 30;
  private static final int SIGN_UPS_OF_AN_ADDRESS = 10;
  /** Each has connections of its own. */
  private static final int MAX_LOOPS = 8;
  /** Shared connections that management calls leave to the node's own work. */
  private static final int BACKGROUND = 2;
  /** Wait for a receiver, and use next to nothing meanwhile. */
  private static final int TESTS = 128;
  /** One account alone has 26. */
  private static final double TESTS_FACTOR = 0.25;
  private static final int UPLOADS = 2;
  private static final int MAX_WAITING = 1000;
  /** Less than a client waits. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final KeyhookOptions options;
  private final Optional<Pool> hostPool;
  private final String name;
  private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final AtomicInteger port = new AtomicInteger();
  private final WebPages pages = new WebPages();
  private final UntrustedProxies untrusted = new UntrustedProxies(meters);
  private final StopOrder stopOrder = new StopOrder(this::stopping);
  private final List<String> deployed = new ArrayList<>();
  private Bus bus;
  private Database database;
  private KeyhookClient client;
  private Probes probes;
  private ApiRouter.Limits limits;
  private Idempotency idempotency;
  private Optional<Accounts.Account> firstAccount = Optional.empty();

  /** On the database that the options name. */
  public Keyhook(KeyhookOptions options) {
    this(options, Optional.empty(), DEFAULT_NAME);
  }

  /**
   * On a pool that stays the host's, with {@link #connectOptions}, whose database the host has {@link #migrate migrated}.
   *
   * @param name tells several in one Vert.x apart
   */
  public Keyhook(KeyhookOptions options, Optional<Pool> pool, String name) {
    this.options = options;
    this.hostPool = pool;
    this.name = name;
  }

  /**
   * Brings a database up to date, and creates the index for searches if the extensions that it needs exist or can be created.
   * Blocks.
   */
  public static void migrate(URI database) {
    Migrations.run(database);
  }

  /**
   * How to connect to a database that Keyhook works on, for a pool of the host's: its statements presuppose these settings,
   * in which they use the indexes, and in which nobody who has frozen keeps a lock.
   */
  public static PgConnectOptions connectOptions(URI database) {
    return Database.connectOptions(database);
  }

  /** To talk to it, once it is deployed. */
  public KeyhookClient client() {
    return client;
  }

  /** The port that is listened on, once it is deployed; 0 where there is no server. */
  public int port() {
    return port.get();
  }

  /** The account that was made because there was none; empty where there was one, or none was asked for. */
  public Optional<Accounts.Account> firstAccount() {
    return firstAccount;
  }

  /**
   * A router to mount under a path of a host's server, once it is deployed; on the calling event loop. The host's server
   * decides how long a client may leave a response unread ({@code HttpServerOptions.setWriteIdleTimeout}).
   */
  public Router router() {
    return router(vertx);
  }

  private Router router(Vertx vertx) {
    return ApiRouter.create(vertx, client, options,
        new ApiRouter.Shared(limits, untrusted, idempotency, probes, pages));
  }

  @Override
  public Future<?> start() {
    database = hostPool.map(pool -> Database.of(vertx, pool)).orElseGet(() -> Database.of(vertx,
        options.database().uri().orElseThrow(() -> new IllegalArgumentException("database.uri is not set")),
        options.database().poolSize()));
    bus = new Bus(vertx, name);
    bus.open();
    limits = new ApiRouter.Limits(new RateLimiter(options.validation().rateLimit(), Duration.ofSeconds(1)),
        new RateLimiter(LOGINS_A_MINUTE, Duration.ofMinutes(1)),
        new RateLimiter(LOGINS_OF_AN_ADDRESS, Duration.ofMinutes(1)),
        new RateLimiter(LOGINS_TO_AN_EMAIL, Duration.ofMinutes(1)),
        new RateLimiter(LOGINS_A_MINUTE, Duration.ofMinutes(1)),
        new RateLimiter(LOGINS_TO_AN_EMAIL, Duration.ofMinutes(1)),
        new RateLimiter(LOGINS_A_MINUTE, Duration.ofMinutes(1)),
        new RateLimiter(SIGN_UPS_OF_AN_ADDRESS, Duration.ofHours(1)),
        new Admission<UUID>(vertx, "uploads", UPLOADS, MAX_WAITING, PATIENCE).meteredBy(meters));
    probes = new Probes(database, meters);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    if (options.delivery().allowInsecureTargets()) {
      log.warn("delivery.allowInsecureTargets is on: webhooks may go to http and to private addresses."
          + " For development only");
    }
    Plans plans = new Plans(options.plans());
    Partitions partitions = new Partitions(database.pool(), plans.allRetentions());
    return migrated()
        .compose(migrated -> partitions.make())
        .compose(made -> {
          vertx.setPeriodic(0, PARTITIONS.toMillis(), timer -> keepUp(partitions));
          return deployAll(plans);
        })
        .recover(e -> undeployAll().eventually(this::close).transform(closed -> Future.failedFuture(e)));
  }

  private static void keepUp(Partitions partitions) {
    partitions.make().onFailure(e -> log.error("The log's partitions could not be made; trying again in an hour", e))
        .eventually(partitions::drop)
        .onFailure(e -> log.warn("What the log keeps no longer could not be dropped; trying again in an hour: {}",
            e.getMessage()));
  }

  private Future<Void> migrated() {
    return Migrations.areDone(database.pool()).recover(this::unusable).compose(done -> {
      if (done) {
        return searchable();
      }
      if (hostPool.isPresent()) {
        return Future.failedFuture(new IllegalStateException(
            "The pool's database is not migrated: call Keyhook.migrate(uri) before deploying"));
      }
      return Migrations.run(vertx, options.database().uri().orElseThrow());
    });
  }

  /** Creates the index for searches if the extensions were missing at the migration, or its build failed. */
  private Future<Void> searchable() {
    return hostPool.isPresent() ? Future.succeededFuture() : SearchIndex.exists(database.pool()).compose(exists ->
        exists ? Future.succeededFuture() : vertx.executeBlocking(() -> {
          SearchIndex.create(options.database().uri().orElseThrow());
          return null;
        }, false));
  }

  private <T> Future<T> unusable(Throwable e) {
    String where = options.database().uri().filter(uri -> hostPool.isEmpty())
        .map(uri -> "at " + uri.getHost() + ":" + (uri.getPort() < 0 ? 5432 : uri.getPort()) + " (database.uri)")
        .orElse("of the host's pool");
    return Future.failedFuture(new IOException("the database " + where + " cannot be used: " + e.getMessage(), e));
  }

  private Future<Void> deployAll(Plans plans) {
    int loops = Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors());
    EventFeed feed = new EventFeed(bus);
    FairShare<UUID> holdings = new FairShare<>(options.delivery().maxInFlight());
    Dispatcher dispatcher = new Dispatcher(bus, loops, holdings);
    Outbox outbox = new Outbox(plans, dispatcher, feed);
    Cipher cipher = cipher(options.secrets());
    idempotency = new Idempotency(vertx, database, cipher);
    LastSeen lastSeen = new LastSeen(database.pool());
    Counts counts = new Counts();
    TargetPolicy policy = TargetPolicy.of(options.delivery());
    DeliveryVerticles delivery = new DeliveryVerticles(
        new DeliveryVerticles.Services(bus, database, dispatcher),
        new DeliveryVerticles.Rules(options.delivery(), plans, policy, cipher),
        new DeliveryMetrics(meters, counts, holdings));
    AtomicInteger validator = new AtomicInteger();
    Admission<Object> management = new Admission<>(vertx, "management calls",
        Math.max(1, options.database().poolSize() - BACKGROUND), MAX_WAITING, PATIENCE).meteredBy(meters);
    Admission<UUID> tests = new Admission<UUID>(vertx, "webhook tests", new FairShare<>(TESTS, TESTS_FACTOR), TESTS,
        PATIENCE).meteredBy(meters);
    client = new KeyhookClient(bus, feed, management, tests);
    return deploy(Stage.COUNTING, 1, () -> new StatsVerticle(bus, database, counts))
        .compose(v -> deploy(Stage.SENDING, loops, delivery::sender))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new LogVerticle(bus, database, dispatcher, plans)))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new WebhookVerticle(bus, database, cipher, idempotency, plans, policy)))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new LicenseVerticle(bus, database, idempotency, outbox, plans, lastSeen)))
        .compose(v -> deploy(Stage.WORKING, loops, () -> new ValidationVerticle(bus, database, outbox, feed, lastSeen,
            counts, meters, validator.getAndIncrement())))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new AccountVerticle(bus, database, idempotency, plans, options, meters)))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new AuditVerticle(bus, database)))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new IdempotencyVerticle(idempotency)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::queue))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new ExpiryVerticle(database, outbox)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::health))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new LiveVerticle(bus, database, plans.allRetentions(), meters)))
        .compose(v -> options.http().enabled() ? serve(loops) : Future.succeededFuture())
        .compose(v -> bootstrap())
        .onSuccess(v -> probes.started());
  }

  static Cipher cipher(KeyhookOptions.Secrets secrets) {
    return new Cipher(secrets.masterKey().orElseThrow(
        () -> new IllegalArgumentException("secrets.masterKey is not set")), secrets.previousMasterKeys());
  }

  private Future<Void> serve(int loops) {
    int freePort = -ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
    return deploy(Stage.SERVING, loops, () -> new HttpVerticle(options.http(), this::router, port, freePort));
  }

  private Future<Void> deploy(Stage stage, int instances, Supplier<Deployable> verticle) {
    return vertx.deployVerticle(() -> stopOrder.staged(stage, verticle.get()),
        new DeploymentOptions().setInstances(instances)).onSuccess(deployed::add).mapEmpty();
  }

  private void stopping() {
    bus.publish(Addresses.STOPPING, new Stopping());
  }

  /** Vert.x does it too, but after a failed start has closed the database that they still work with. */
  private Future<?> undeployAll() {
    return Future.join(deployed.stream().map(vertx::undeploy).toList());
  }

  /** Last, because what is generated for it is shown once: a start that fails must not have made it. */
  private Future<Void> bootstrap() {
    KeyhookOptions.Bootstrap first = options.bootstrap();
    if (first.email().isEmpty() || first.password().isEmpty()) {
      return Future.succeededFuture();
    }
    return bus.request(Addresses.BOOTSTRAP, new Accounts.Bootstrap(
        new Accounts.Create(
            Actor.named("bootstrap"), "First account", first.email().get(), first.password().get(), first.plan()),
        first.apiKey().orElseGet(() -> ApiKeys.generate(new SecureRandom())))).map(account -> {
          firstAccount = account;
          return null;
        });
  }

  @Override
  public Future<?> stop() {
    return close();
  }

  private Future<Void> close() {
    return probes.close().eventually(database::close).eventually(() -> {
      bus.close();
      meters.close();
      return Future.succeededFuture();
    });
  }
}
