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
import io.keyhook.db.Shares;
import io.keyhook.delivery.DeliveryMetrics;
import io.keyhook.delivery.DeliveryVerticles;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EventFeed;
import io.keyhook.event.Outbox;
import io.keyhook.fair.Admissions;
import io.keyhook.fair.FairShare;
import io.keyhook.http.ApiRouter;
import io.keyhook.http.HttpVerticle;
import io.keyhook.http.Probes;
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
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All of Keyhook as one verticle, to deploy in one's own Vert.x. It migrates the database where it is given its URI,
 * deploys what it consists of, and stops in order: requests are answered, attempts in flight end, results are written,
 * leases given back. It closes only what it opened. On a pool of the host's, undeploy it before you close the pool or
 * Vert.x: a delivery whose result can no longer be written is sent again.
 */
public final class Keyhook extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(Keyhook.class);
  static final String DEFAULT_NAME = "keyhook";
  private static final Duration PARTITIONS = Duration.ofHours(1);
  private static final int MAX_LOOPS = 8;
  private static final int LOOPS = Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors());

  private final KeyhookOptions options;
  private final Optional<Pool> hostPool;
  private final String name;
  private final Optional<MeterRegistry> hostRegistry;
  private final AtomicInteger port = new AtomicInteger();
  private final WebPages pages = new WebPages();
  private StopOrder stopOrder;
  private final List<String> deployed = new ArrayList<>();
  private volatile Bus bus;
  private Database database;
  private Metrics metrics;
  private Admissions admissions;
  private volatile boolean closed;
  private KeyhookClient client;
  private Probes probes;
  private ApiRouter.Shared shared;
  private volatile boolean stopped;
  private Optional<Accounts.Account> firstAccount = Optional.empty();

  /** On the database that the options name. An embedding application uses {@link #builder}. */
  public Keyhook(KeyhookOptions options) {
    this(options, Optional.empty(), DEFAULT_NAME);
  }

  /**
   * On a pool that stays the host's, with {@link #connectOptions}, whose database the host has {@link #migrate migrated}.
   * {@link #builder} does the same with names.
   *
   * @param name tells several in one Vert.x apart
   */
  public Keyhook(KeyhookOptions options, Optional<Pool> pool, String name) {
    this(options, pool, name, Optional.empty());
  }

  Keyhook(KeyhookOptions options, Optional<Pool> pool, String name, Optional<MeterRegistry> hostRegistry) {
    this.options = options;
    this.hostPool = pool;
    this.name = name;
    this.hostRegistry = hostRegistry;
  }

  /** Builds a Keyhook to deploy in an application's own Vert.x. */
  public static KeyhookBuilder builder() {
    return new KeyhookBuilder();
  }

  /**
   * Brings a database up to date, and creates the index for searches if the extensions that it needs exist or can be created.
   * Blocks. Needs Flyway and PostgreSQL's JDBC driver on the class path.
   *
   * @throws IllegalStateException they are missing
   */
  public static void migrate(URI database) {
    try {
      Migrations.run(database);
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException("To migrate the database, add org.flywaydb:flyway-core,"
          + " org.flywaydb:flyway-database-postgresql and org.postgresql:postgresql to the class path", e);
    }
  }

  /**
   * How to connect to a database that Keyhook works on, for a pool of the host's: its statements presuppose these settings,
   * in which they use the indexes, and in which nobody who has frozen keeps a lock. Blocks if the URI names files.
   *
   * @throws IllegalArgumentException the URI names several servers, or asks for what Keyhook cannot do
   */
  public static PgConnectOptions connectOptions(URI database) {
    return Database.connectOptions(database);
  }

  /**
   * The client, for calls from the same Vert.x.
   *
   * @throws IllegalStateException it is not deployed yet
   */
  public KeyhookClient client() {
    return deployed(client);
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
   * A router with all of the HTTP interface whose optional libraries are on the class path, for the calling event loop, to
   * mount under a path of the host's server. After Keyhook is undeployed it answers 503, also once Keyhook is deployed again:
   * mount a new one then. The host's server decides how long a client may leave a response unread
   * ({@code HttpServerOptions.setWriteIdleTimeout}).
   *
   * @throws IllegalStateException it is not deployed yet
   */
  public Router router() {
    return router(ApiRouter.availableParts());
  }

  /**
   * The same with these parts alone.
   *
   * @throws IllegalStateException it is not deployed yet, or the library that a part needs is not on the class path
   */
  public Router router(Set<RouterPart> parts) {
    Bus running = bus;
    return ApiRouter.onlyWhile(() -> !stopped && bus == running,
        ApiRouter.create(vertx, deployed(client), options, shared, Set.copyOf(parts)));
  }

  private static <T> T deployed(T part) {
    if (part == null) {
      throw new IllegalStateException("Keyhook is not deployed. Wait for the future of vertx.deployVerticle(keyhook)");
    }
    return part;
  }

  @Override
  public Future<?> start() {
    database = null; // of the deployment before
    Bus opened = new Bus(vertx, name);
    try {
      opened.open();
    } catch (IllegalStateException e) {
      return Future.failedFuture(new IllegalStateException("A Keyhook named \"" + name + "\" already runs in this Vert.x."
          + " Deploy one instance of it, or give each a name of its own (KeyhookBuilder.name)", e));
    }
    bus = opened;
    stopOrder = new StopOrder(this::stopping);
    deployed.clear();
    client = null;
    firstAccount = Optional.empty();
    closed = false;
    stopped = false;
    database = hostPool.map(pool -> Database.of(vertx, pool)).orElseGet(() -> Database.of(vertx,
        options.database().uri().orElseThrow(() -> new IllegalArgumentException("database.uri is not set")),
        options.database().pooler(), shares(options.database())));
    metrics = hostRegistry.map(host -> Metrics.of(host, name)).orElseGet(Keyhook::ownMetrics);
    admissions = Admissions.of(vertx, management(), LOOPS, metrics.registry());
    probes = new Probes(database, metrics.text());
    if (options.delivery().allowInsecureTargets()) {
      log.warn("delivery.allowInsecureTargets is on: webhooks may go to http and to private addresses."
          + " For development only");
    }
    Plans plans = new Plans(options.plans());
    Partitions partitions = new Partitions(database.pool(), plans.allRetentions(), options.database().pooler());
    database.onMissingPartition(partitions::make);
    Optional<KeyhookOptions.Database> own = hostPool.isPresent() ? Optional.empty() : Optional.of(options.database());
    return new Schema(vertx, database, own).bringUpToDate()
        .compose(migrated -> partitions.make())
        .compose(made -> {
          vertx.setPeriodic(0, PARTITIONS.toMillis(), timer -> keepUp(partitions));
          return deployAll(plans);
        })
        .recover(e -> stop().transform(stopped -> Future.failedFuture(e)));
  }

  private static void keepUp(Partitions partitions) {
    partitions.make().onFailure(e -> log.error("The log's partitions could not be made; trying again in an hour", e))
        .eventually(partitions::drop)
        .onFailure(e -> log.warn("What the log keeps no longer could not be dropped; trying again in an hour: {}",
            e.getMessage()));
  }

  private static Shares shares(KeyhookOptions.Database options) {
    return Shares.of(options.maxConnections(), options.poolSize(), Runtime.getRuntime().availableProcessors());
  }

  /** Connections for management calls: a host's pool is taken to have as many as configured. */
  private int management() {
    return hostPool.isPresent() ? options.database().poolSize() : database.shares().management();
  }

  private Future<Void> deployAll(Plans plans) {
    int workers = database.shares().loops();
    EventFeed feed = new EventFeed(vertx, bus);
    FairShare<UUID> holdings = new FairShare<>(options.delivery().maxInFlight());
    Dispatcher dispatcher = new Dispatcher(bus, workers, holdings);
    Outbox outbox = new Outbox(plans, dispatcher, feed);
    Cipher cipher = cipher(options.secrets());
    Idempotency idempotency = new Idempotency(vertx, database, cipher, admissions.management());
    MeterRegistry meters = metrics.registry();
    LastSeen lastSeen = new LastSeen(database.pool());
    Counts counts = new Counts();
    TargetPolicy policy = TargetPolicy.of(options.delivery());
    DeliveryVerticles delivery = new DeliveryVerticles(
        new DeliveryVerticles.Services(bus, database, dispatcher),
        new DeliveryVerticles.Rules(options.delivery(), plans, policy, cipher),
        new DeliveryMetrics(meters, counts, holdings));
    AtomicInteger validator = new AtomicInteger();
    shared = new ApiRouter.Shared(ApiRouter.Limits.of(options.validation().rateLimit()), admissions,
        new UntrustedProxies(meters), idempotency, probes, pages);
    KeyhookClient started = new KeyhookClient(bus, feed, admissions);
    return deploy(Stage.COUNTING, 1, () -> new StatsVerticle(bus, database, counts))
        .compose(v -> deploy(Stage.SENDING, workers, delivery::sender))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new LogVerticle(bus, database, dispatcher, plans,
            admissions.recoveries())))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new WebhookVerticle(bus, database, cipher, idempotency, plans, policy)))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new LicenseVerticle(bus, database, idempotency, outbox, plans, lastSeen, admissions.searches())))
        .compose(v -> deploy(Stage.WORKING, workers, () -> new ValidationVerticle(bus, database, outbox, feed, lastSeen,
            counts, meters, validator.getAndIncrement())))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new AccountVerticle(bus, database, idempotency, plans, options, admissions)))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new AuditVerticle(bus, database)))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new IdempotencyVerticle(idempotency)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::queue))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new ExpiryVerticle(database, outbox, feed)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::health))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new LiveVerticle(bus, database, plans.allRetentions(),
            admissions.streams(), meters)))
        .compose(v -> options.http().enabled() ? serve(started) : Future.succeededFuture())
        .compose(v -> bootstrap())
        .onSuccess(v -> {
          client = started;
          probes.started();
        });
  }

  static Cipher cipher(KeyhookOptions.Secrets secrets) {
    return new Cipher(secrets.masterKey().orElseThrow(
        () -> new IllegalArgumentException("secrets.masterKey is not set")), secrets.previousMasterKeys());
  }

  private Future<Void> serve(KeyhookClient client) {
    int freePort = -ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
    return deploy(Stage.SERVING, LOOPS, () -> new HttpVerticle(options.http(),
        vertx -> ApiRouter.create(vertx, client, options, shared, ApiRouter.availableParts()), port, freePort,
        admissions.connections()));
  }

  private Future<Void> deploy(Stage stage, int instances, Supplier<Deployable> verticle) {
    return vertx.deployVerticle(() -> stopOrder.staged(stage, verticle.get()),
        new DeploymentOptions().setInstances(instances)).onSuccess(deployed::add).mapEmpty();
  }

  /** A child that was still starting when a start failed is undeployed after the bus has closed. */
  private void stopping() {
    if (!closed) {
      bus.publish(Addresses.STOPPING, new Stopping());
    }
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

  /**
   * Vert.x undeploys the children before this, unless another instance of the same deployment failed to start. A start that
   * failed comes here itself.
   */
  @Override
  public Future<?> stop() {
    stopped = true;
    if (database == null) {
      return Future.succeededFuture(); // another Keyhook has the name
    }
    return Future.join(deployed.stream().filter(vertx.deploymentIDs()::contains).map(vertx::undeploy).toList())
        .eventually(probes::close)
        .eventually(database::close)
        .eventually(() -> {
          closed = true;
          bus.close();
          metrics.close();
          return Future.succeededFuture();
        });
  }

  private static Metrics ownMetrics() {
    try {
      return PrometheusMetrics.create();
    } catch (NoClassDefFoundError e) { // a host that wants no metrics may lack the library
      return Metrics.of(new SimpleMeterRegistry(), DEFAULT_NAME);
    }
  }
}
