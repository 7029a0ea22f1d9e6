package io.keyhook;

import io.keyhook.bus.Accounts;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.NodeControl;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.Migrations;
import io.keyhook.http.ApiRouter;
import io.keyhook.http.WebPages;
import io.keyhook.trace.Tracing;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.ext.web.Router;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keyhook as one verticle, to deploy in your own Vert.x. It migrates the database if it has its URI,
 * deploys its verticles, and stops in order: it responds to open requests, finishes attempts in flight, writes their results,
 * and returns its leases. It closes only what it opened. If you passed a pool, undeploy Keyhook before you close the pool or
 * Vert.x: a delivery whose result can no longer be written is sent again.
 */
public final class Keyhook extends VerticleBase {
  static final String DEFAULT_NAME = "keyhook";

  private final KeyhookOptions options;
  private final Deployment.Host host;
  private final AtomicInteger port = new AtomicInteger();
  private final WebPages pages = new WebPages();
  /** What an administrator's calls do. */
  private volatile NodeControl control = NodeControl.NONE;
  /** Null until Keyhook is deployed. */
  private volatile Deployment deployment;

  /** Uses the database of the options. An embedding application uses {@link #builder}. */
  public Keyhook(KeyhookOptions options) {
    this(options, Optional.empty(), DEFAULT_NAME);
  }

  Keyhook(KeyhookOptions options, Tracing tracing) {
    this(options, Optional.empty(), DEFAULT_NAME, Optional.empty(), tracing);
  }

  /**
   * Uses the host's pool, created with {@link #connectOptions}, whose database the host has {@link #migrate migrated}.
   * {@link #builder} does the same with names.
   *
   * @param name distinguishes several instances in one Vert.x
   */
  public Keyhook(KeyhookOptions options, Optional<Pool> pool, String name) {
    this(options, pool, name, Optional.empty(), Tracing.OFF);
  }

  Keyhook(KeyhookOptions options, Optional<Pool> pool, String name, Optional<MeterRegistry> hostRegistry, Tracing tracing) {
    this.options = options;
    this.host = new Deployment.Host(pool, name, hostRegistry, tracing, () -> control);
  }

  /** Builds a Keyhook to deploy in an application's own Vert.x. */
  public static KeyhookBuilder builder() {
    return new KeyhookBuilder();
  }

  /**
   * Brings a database up to date, and creates the index for searches if the extensions that it needs exist or can be created.
   * Blocks. Needs Flyway and PostgreSQL's JDBC driver on the class path.
   *
   * @throws IllegalStateException they are missing; or other transactions held locks that a migration needs for about 6 minutes
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
   * Returns the options of a pool of the host's for Keyhook's database. Keyhook's statements need these settings to use the
   * indexes, and so that a frozen client does not keep a lock. Blocks if the URI names files.
   *
   * @throws IllegalArgumentException the URI names several servers, or asks for what Keyhook cannot do
   */
  public static PgConnectOptions connectOptions(URI database) {
    return Database.connectOptions(database);
  }

  /**
   * Returns the client, for calls from the same Vert.x.
   *
   * @throws IllegalStateException if Keyhook is not deployed yet
   */
  public KeyhookClient client() {
    return deployed().client();
  }

  /** Returns the port of the HTTP server once Keyhook is deployed; 0 without a server. */
  public int port() {
    return port.get();
  }

  /** Returns the first account if this start created it. */
  public Optional<Accounts.Account> firstAccount() {
    return deployment == null ? Optional.empty() : deployment.firstAccount();
  }

  /**
   * A router with all of the HTTP interface whose optional libraries are on the class path, for the calling event loop, to
   * mount under a path of the host's server. After Keyhook is undeployed it answers 503, also once Keyhook is deployed again:
   * mount a new one then. The host's server decides how long a client may leave a response unread
   * ({@code HttpServerOptions.setWriteIdleTimeout}).
   *
   * @throws IllegalStateException if Keyhook is not deployed yet
   */
  public Router router() {
    return router(ApiRouter.availableParts());
  }

  /**
   * Returns a router with only these parts.
   *
   * @throws IllegalStateException if Keyhook is not deployed yet, or the library that a part needs is not on the class path
   */
  public Router router(Set<RouterPart> parts) {
    return deployed().router(Set.copyOf(parts));
  }

  private Deployment deployed() {
    Deployment latest = deployment;
    if (latest == null || latest.client() == null) {
      throw new IllegalStateException("Keyhook is not deployed. Wait for the future of vertx.deployVerticle(keyhook)");
    }
    return latest;
  }

  /** Sets what the calls of an administrator that concern the process do. */
  void control(NodeControl control) {
    this.control = control;
  }

  /** Applies what {@link KeyhookOptions#reloaded} takes over to a deployed Keyhook. Any thread. */
  void reload(KeyhookOptions changed) {
    deployed();
    deployment.reload(changed);
  }

  @Override
  public Future<?> start() {
    deployment = new Deployment(vertx, options, host, port, pages);
    return deployment.start();
  }

  @Override
  public Future<?> stop() {
    return deployment == null ? Future.succeededFuture() : deployment.stop();
  }

  static Cipher cipher(KeyhookOptions.Secrets secrets) {
    return new Cipher(secrets.masterKey().orElseThrow(
        () -> new IllegalArgumentException("secrets.masterKey is not set")), secrets.previousMasterKeys());
  }
}
