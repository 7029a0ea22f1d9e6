package io.keyhook;

import io.keyhook.bus.Accounts;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.Migrations;
import io.keyhook.http.ApiRouter;
import io.keyhook.http.WebPages;
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
 * All of Keyhook as one verticle, to deploy in one's own Vert.x. It migrates the database where it is given its URI,
 * deploys what it consists of, and stops in order: requests are answered, attempts in flight end, results are written,
 * leases given back. It closes only what it opened. On a pool of the host's, undeploy it before you close the pool or
 * Vert.x: a delivery whose result can no longer be written is sent again.
 */
public final class Keyhook extends VerticleBase {
  static final String DEFAULT_NAME = "keyhook";

  private final KeyhookOptions options;
  private final Deployment.Host host;
  private final AtomicInteger port = new AtomicInteger();
  private final WebPages pages = new WebPages();
  /** Null until it is deployed. */
  private volatile Deployment deployment;

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
    this.host = new Deployment.Host(pool, name, hostRegistry);
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
    return deployed().client();
  }

  /** The port that is listened on, once it is deployed; 0 where there is no server. */
  public int port() {
    return port.get();
  }

  /** The account that was made because there was none; empty where there was one, or none was asked for. */
  public Optional<Accounts.Account> firstAccount() {
    return deployment == null ? Optional.empty() : deployment.firstAccount();
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
    return deployed().router(Set.copyOf(parts));
  }

  private Deployment deployed() {
    Deployment latest = deployment;
    if (latest == null || latest.client() == null) {
      throw new IllegalStateException("Keyhook is not deployed. Wait for the future of vertx.deployVerticle(keyhook)");
    }
    return latest;
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
