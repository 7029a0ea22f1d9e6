package io.keyhook;

import io.keyhook.StopOrder.Stage;
import io.keyhook.account.AccountVerticle;
import io.keyhook.account.ApiKeys;
import io.keyhook.account.Plans;
import io.keyhook.alert.AlertRaiser;
import io.keyhook.alert.AlertVerticle;
import io.keyhook.alert.PlanUsageVerticle;
import io.keyhook.attempt.Egress;
import io.keyhook.audit.AuditVerticle;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Deliveries.Stopping;
import io.keyhook.bus.StopBudget;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.NodeControl;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.LogArchive;
import io.keyhook.db.Partitions;
import io.keyhook.db.Shares;
import io.keyhook.delivery.DeliveryMetrics;
import io.keyhook.delivery.DeliveryVerticles;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EventFeed;
import io.keyhook.event.Outbox;
import io.keyhook.fair.Admissions;
import io.keyhook.fair.FairShare;
import io.keyhook.http.AccessLog;
import io.keyhook.http.ApiRouter;
import io.keyhook.http.ApiRouter.Side;
import io.keyhook.http.HttpMetrics;
import io.keyhook.http.HttpVerticle;
import io.keyhook.http.Listener;
import io.keyhook.http.Probes;
import io.keyhook.http.UntrustedProxies;
import io.keyhook.http.WebPages;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.idempotency.IdempotencyVerticle;
import io.keyhook.license.ExpiringVerticle;
import io.keyhook.license.ExpiryVerticle;
import io.keyhook.license.HeartbeatVerticle;
import io.keyhook.license.LastSeen;
import io.keyhook.license.LicenseVerticle;
import io.keyhook.license.PolicyVerticle;
import io.keyhook.license.ValidationVerticle;
import io.keyhook.listen.ListenVerticle;
import io.keyhook.log.LiveVerticle;
import io.keyhook.log.LogVerticle;
import io.keyhook.log.RecoveryVerticle;
import io.keyhook.signing.SigningKeyRing;
import io.keyhook.signing.SigningVerticle;
import io.keyhook.stats.Counts;
import io.keyhook.stats.StatsVerticle;
import io.keyhook.target.TargetPolicy;
import io.keyhook.testendpoint.TestEndpointVerticle;
import io.keyhook.trace.Tracing;
import io.keyhook.webhook.WebhookVerticle;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.sqlclient.Pool;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One deployment of a {@link Keyhook}: what it consists of, from the first connection to the last. Belongs to the verticle's
 * context; {@link #router} may be called on any thread.
 */
final class Deployment {
  private static final Logger log = LoggerFactory.getLogger(Deployment.class);
  private static final Duration PARTITIONS = Duration.ofHours(1);
  private static final int MAX_LOOPS = 8;
  private static final int MANAGEMENT_CONNECTIONS = 1000;
  private static final int LOOPS = Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors());

  /**
   * What a host brings.
   *
   * @param pool empty: the options name a database
   * @param name tells several in one Vert.x apart
   * @param registry empty: metrics go to a registry of Keyhook's own
   * @param tracing records spans
   * @param control of the process; it may change
   */
  record Host(Optional<Pool> pool, String name, Optional<MeterRegistry> registry, Tracing tracing,
      Supplier<NodeControl> control) {}

  private final Vertx vertx;
  private final KeyhookOptions options;
  private final Host host;
  private final AtomicInteger port;
  private final WebPages pages;
  private final StopOrder stopOrder = new StopOrder(this::stopping);
  private final StopBudget budget = new StopBudget();
  private final List<String> deployed = new ArrayList<>();
  private final Bus bus;
  private final Database database;
  private final Metrics metrics;
  private final Admissions admissions;
  private final Probes probes;
  private final TargetPolicy policy;
  private ApiRouter.Shared shared;
  /** Null until all of it runs. */
  private volatile KeyhookClient client;
  private Optional<Accounts.Account> firstAccount = Optional.empty();
  private volatile boolean stopped;
  private volatile boolean closed;

  /**
   * @param port set to the port that is listened on
   * @throws IllegalStateException another Keyhook of the name runs in this Vert.x
   * @throws IllegalArgumentException the options lack what a deployment needs
   */
  Deployment(Vertx vertx, KeyhookOptions options, Host host, AtomicInteger port, WebPages pages) {
    this.vertx = vertx;
    this.options = options;
    this.host = host;
    this.port = port;
    this.pages = pages;
    bus = open(vertx, host.name, host.tracing);
    try {
      database = host.pool.map(pool -> Database.of(vertx, pool)).orElseGet(() -> Database.of(vertx,
          options.database().uri().orElseThrow(() -> new IllegalArgumentException("database.uri is not set")),
          options.database().pooler(), shares(options.database())));
      metrics = host.registry.map(registry -> Metrics.of(registry, host.name)).orElseGet(Deployment::ownMetrics);
      admissions = Admissions.of(vertx, management(), LOOPS, metrics.registry());
      database.publish(metrics.registry(), options.log().slowStatement());
      probes = new Probes(database, metrics.text());
      policy = TargetPolicy.of(options.delivery());
    } catch (RuntimeException e) {
      bus.close();
      throw e;
    }
  }

  private static Bus open(Vertx vertx, String name, Tracing tracing) {
    Bus bus = new Bus(vertx, name, tracing);
    try {
      bus.open();
      return bus;
    } catch (IllegalStateException e) {
      throw new IllegalStateException("A Keyhook named \"" + name + "\" already runs in this Vert.x."
          + " Deploy one instance of it, or give each a name of its own (KeyhookBuilder.name)", e);
    }
  }

  /** Null until all of it runs. */
  KeyhookClient client() {
    return client;
  }

  /** Empty where there was an account, or none was asked for. */
  Optional<Accounts.Account> firstAccount() {
    return firstAccount;
  }

  Router router(Set<RouterPart> parts) {
    return ApiRouter.ofHost(() -> !stopped, host.tracing, ApiRouter.create(vertx, client, options, shared, parts));
  }

  /** Applies what {@link KeyhookOptions#reloaded} takes over. Any thread. */
  void reload(KeyhookOptions changed) {
    policy.change(changed.delivery()); // the only one that may fail comes first
    database.slowFrom(changed.log().slowStatement());
    shared.limits().validations().change(changed.validation().rateLimit());
  }

  /** Stops again if it fails. */
  Future<Void> start() {
    if (options.delivery().allowInsecureTargets()) {
      log.warn("delivery.allowInsecureTargets is on: webhooks may go to http and to private addresses."
          + " For development only");
    }
    Plans plans = new Plans(options.plans());
    Partitions partitions = new Partitions(database.pool(), plans.allRetentions(), options.database().pooler(),
        database.shards(),
        options.delivery().logArchive().map(directory -> new LogArchive(vertx, directory, metrics.registry())));
    database.onMissingPartition(partitions::make);
    NodeMetrics.register(metrics.registry(), probes::isReady, probes::clockAhead, partitions);
    NodeMetrics.registerDisk(metrics.registry(), options.database());
    Optional<KeyhookOptions.Database> own = host.pool.isPresent() ? Optional.empty() : Optional.of(options.database());
    return checkArchive()
        .compose(checked -> excludeProxy())
        .compose(excluded -> new Schema(vertx, database, own).bringUpToDate())
        .compose(migrated -> database.readShards())
        .compose(read -> partitions.make())
        .compose(made -> {
          vertx.setPeriodic(0, PARTITIONS.toMillis(), timer -> keepUp(partitions));
          return deployAll(plans);
        })
        .recover(e -> stop().transform(stopped -> Future.failedFuture(e)));
  }

  private Future<Void> checkArchive() {
    return vertx.executeBlocking(() -> {
      if (options.delivery().logArchive().isPresent()) {
        LogArchive.check(options.delivery().logArchive().get());
      }
      return null;
    });
  }

  /** Webhooks to the proxy itself would reach what it offers to its own network. */
  private Future<Void> excludeProxy() {
    return vertx.executeBlocking(() -> {
      if (options.delivery().proxy().isPresent()) {
        String proxy = options.delivery().proxy().get().host();
        try {
          policy.exclude(List.of(InetAddress.getAllByName(proxy)));
        } catch (UnknownHostException e) {
          log.warn("The proxy {} does not resolve: {}. Name its addresses in delivery.deniedTargets", proxy, e.getMessage());
        }
      }
      return null;
    });
  }

  private static void keepUp(Partitions partitions) {
    partitions.make().onFailure(e -> log.error("Could not create the log's partitions; retrying in an hour", e))
        .eventually(partitions::drop)
        .onFailure(e -> log.warn("Could not drop old partitions of the log; retrying in an hour: {}",
            e.getMessage()));
  }

  private static Shares shares(KeyhookOptions.Database options) {
    return Shares.of(options.maxConnections(), options.poolSize(), Runtime.getRuntime().availableProcessors());
  }

  /** Connections for management calls: a host's pool is taken to have as many as configured. */
  private int management() {
    return host.pool.isPresent() ? options.database().poolSize() : database.shares().management();
  }

  private Future<Void> deployAll(Plans plans) {
    int workers = database.shares().loops();
    EventFeed feed = new EventFeed(vertx, bus);
    FairShare<UUID> holdings = new FairShare<>(options.delivery().maxInFlight());
    Dispatcher dispatcher = new Dispatcher(bus, workers, holdings);
    Outbox outbox = new Outbox(plans, database.shards(), dispatcher, feed, metrics.registry());
    Cipher cipher = Keyhook.cipher(options.secrets());
    Idempotency idempotency = new Idempotency(vertx, database, cipher, admissions.management());
    SigningKeyRing signingKeys = new SigningKeyRing(vertx, database, cipher, idempotency, admissions.signatures());
    MeterRegistry meters = metrics.registry();
    Egress egress = Egress.of(options.delivery());
    egress.publish(meters);
    Timer loopLag = NodeMetrics.loopLag(meters);
    LastSeen lastSeen = new LastSeen(database.pool(), database.shards());
    Counts counts = new Counts();
    AlertRaiser alerts = new AlertRaiser(options.mail().host().isPresent());
    DeliveryVerticles delivery = new DeliveryVerticles(
        new DeliveryVerticles.Services(bus, database, dispatcher, budget, outbox, alerts),
        new DeliveryVerticles.Rules(options.delivery(), plans, policy, egress, cipher),
        new DeliveryMetrics(meters, counts, holdings));
    AtomicInteger validator = new AtomicInteger();
    UntrustedProxies untrusted = new UntrustedProxies(meters);
    shared = new ApiRouter.Shared(ApiRouter.Limits.of(options.validation().rateLimit(), meters), admissions,
        untrusted, host.control, idempotency, probes, pages, meters, new HttpMetrics(meters, options.http().accessLog()
            ? Optional.of(new AccessLog(options.http().trustedProxies(), untrusted)) : Optional.empty()));
    KeyhookClient started = new KeyhookClient(bus, feed, admissions);
    return deploy(Stage.COUNTING, 1, () -> new StatsVerticle(bus, database, counts, budget))
        .compose(v -> deploy(Stage.COUNTING, 1, () -> // outlives the senders, which send to it
            new TestEndpointVerticle(bus, database, plans, admissions.management())))
        .compose(v -> deploy(Stage.COUNTING, 1, () -> new ListenVerticle(bus, database, policy, admissions))) // likewise
        .compose(v -> deploy(Stage.SENDING, workers, delivery::sender))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new LogVerticle(bus, database, dispatcher, outbox, plans)))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new WebhookVerticle(bus, database, cipher, idempotency, plans, policy, admissions)))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new LicenseVerticle(bus, database, idempotency, outbox, plans, lastSeen, admissions)))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new PolicyVerticle(bus, database, idempotency, outbox)))
        .compose(v -> deploy(Stage.WORKING, workers, () -> new ValidationVerticle(bus, database, outbox, feed, lastSeen,
            counts, meters, signingKeys, options.license().lease(), admissions.pacer(), validator.getAndIncrement())))
        .compose(v -> deploy(Stage.WORKING, 1, () ->
            new AccountVerticle(bus, database, cipher, idempotency, plans, options, admissions, budget)))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new SigningVerticle(bus, signingKeys)))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new AuditVerticle(bus, database)))
        .compose(v -> deploy(Stage.WORKING, 1, () -> new AlertVerticle(bus, database, options, policy, egress, cipher, meters)))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new IdempotencyVerticle(idempotency)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::queue))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::order))
        .compose(v -> deploy(Stage.SERVING, 1, () ->
            new RecoveryVerticle(bus, database, dispatcher, plans, admissions.recoveries())))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new ExpiryVerticle(database, outbox, feed, meters)))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new ExpiringVerticle(database, outbox, alerts, options.license().expiringDays())))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new HeartbeatVerticle(database, outbox)))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new PlanUsageVerticle(database, alerts, plans)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::depth))
        .compose(v -> deploy(Stage.SERVING, LOOPS, () -> new LoopLagVerticle(loopLag)))
        .compose(v -> deploy(Stage.SERVING, 1, delivery::health))
        .compose(v -> deploy(Stage.SERVING, 1, () -> new LiveVerticle(bus, database, plans.allRetentions(),
            admissions.streams(), meters)))
        .compose(v -> options.http().enabled() ? serve(started) : Future.succeededFuture())
        .compose(v -> isManagedApart() ? manage(started) : Future.succeededFuture())
        .compose(v -> bootstrap())
        .onSuccess(v -> {
          client = started;
          probes.started();
        });
  }

  private Future<Void> serve(KeyhookClient client) {
    Listener listener = new Listener(options.http(), "http", port, host.tracing);
    boolean apart = isManagedApart();
    return deploy(Stage.SERVING, LOOPS, () -> new HttpVerticle(listener,
        vertx -> ApiRouter.create(vertx, client, options, shared, apart ? Side.PUBLIC : Side.BOTH), admissions.connections(),
        budget));
  }

  private boolean isManagedApart() {
    return options.management().port().isPresent();
  }

  /**
   * It is open as long as the public server is, and without a public server as long as the node runs. Its calls have no spans:
   * they come from the operator's own tools, again and again.
   */
  private Future<Void> manage(KeyhookClient client) {
    KeyhookOptions.Http http = options.http();
    Listener listener = new Listener(http.plainAt(options.management().host().orElse(http.host()),
        options.management().port().orElseThrow()), "management", new AtomicInteger(), Tracing.OFF);
    FairShare<String> share = new FairShare<>(MANAGEMENT_CONNECTIONS);
    return deploy(Stage.SERVING, 1, () -> new HttpVerticle(listener,
        vertx -> ApiRouter.create(vertx, client, options, shared, Side.MANAGEMENT), share, budget));
  }

  private Future<Void> deploy(Stage stage, int instances, Supplier<Deployable> verticle) {
    return vertx.deployVerticle(() -> stopOrder.staged(stage, verticle.get()),
        new DeploymentOptions().setInstances(instances)).onSuccess(deployed::add).mapEmpty();
  }

  /**
   * Everything goes on for {@code http.drainDelay} while the node is not ready, so that load balancers send their calls
   * elsewhere. A start that failed has nothing to drain.
   */
  private Future<Void> stopping() {
    probes.stopping();
    Duration delay = client == null ? Duration.ZERO : options.http().drainDelay();
    Future<Void> drained = delay.isZero() ? Future.succeededFuture() : vertx.timer(delay.toMillis(), TimeUnit.MILLISECONDS);
    return drained.onComplete(done -> {
      budget.begin();
      publishStopping();
    });
  }

  /** A child that was still starting when a start failed is undeployed after the bus has closed. */
  private void publishStopping() {
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
  Future<Void> stop() {
    stopped = true;
    return Future.join(deployed.stream().filter(vertx.deploymentIDs()::contains).map(vertx::undeploy).toList())
        .eventually(probes::close)
        .eventually(database::close)
        .eventually(() -> {
          closed = true;
          bus.close();
          metrics.close();
          return Future.succeededFuture();
        })
        .mapEmpty();
  }

  private static Metrics ownMetrics() {
    try {
      return PrometheusMetrics.create();
    } catch (NoClassDefFoundError e) { // a host that wants no metrics may lack the library
      return Metrics.of(new SimpleMeterRegistry(), Keyhook.DEFAULT_NAME);
    }
  }
}
