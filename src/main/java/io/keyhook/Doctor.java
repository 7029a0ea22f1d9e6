package io.keyhook;

import io.keyhook.attempt.Trust;
import io.keyhook.bus.Version;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.ConnectionUri;
import io.keyhook.db.Database;
import io.keyhook.db.Diagnosis;
import io.keyhook.db.Diagnosis.Server;
import io.keyhook.db.LogArchive;
import io.keyhook.db.Pooler;
import io.keyhook.db.SchemaVersion;
import io.keyhook.db.WriteProbe;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * The command {@code doctor}: prints a line for each thing that a node needs, and whether it is as it should be. Connects to
 * the hosts of a few webhooks, and sends them nothing.
 */
final class Doctor implements DatabaseCommand {
  private static final int WEBHOOKS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  /** Idempotency keys, sessions and tokens compare times of node and database. */
  private static final Duration LARGEST_DIFFERENCE = Duration.ofSeconds(2);
  private static final long LEAST_FREE = 1L << 30;

  private boolean healthy = true;

  /** Blocks until all is checked. Returns whether nothing is wrong. */
  static boolean run(KeyhookOptions options) {
    Doctor doctor = new Doctor();
    doctor.report(true, "configuration", "valid; Keyhook " + Version.VERSION + ", Java " + Runtime.version());
    doctor.check("disk", () -> disk(options));
    options.delivery().logArchive().ifPresent(directory -> doctor.check("log archive", () -> {
      LogArchive.check(directory);
      return directory + " can be written to";
    }));
    return DatabaseCommand.run(options, doctor) && doctor.healthy;
  }

  @Override
  public Future<Void> run(Vertx vertx, Database database, KeyhookOptions options) {
    String where = options.database().embedded() ? "embedded"
        : ConnectionUri.parse(options.database().uri().orElseThrow()).where();
    return Diagnosis.server(database.pool())
        .onSuccess(server -> inspect(where, server, options.database()))
        .onFailure(e -> report(false, "database", where + ": " + e.getMessage()))
        .compose(server -> server.migrated() ? inspect(vertx, database, options)
            .onFailure(e -> report(false, "webhooks", e.getMessage())) : Future.<Void>succeededFuture())
        .otherwiseEmpty(); // which is reported
  }

  private void inspect(String where, Server server, KeyhookOptions.Database options) {
    report(true, "database", where + ", PostgreSQL " + server.version());
    report(server.migrated(), "schema", server.migrated() ? "version " + SchemaVersion.NEWEST
        : "not version " + SchemaVersion.NEWEST + "; run the command migrate, or start a node");
    Duration difference = server.clockDifference().abs();
    report(difference.compareTo(LARGEST_DIFFERENCE) <= 0, "clock",
        difference.toMillis() + " ms between this machine and the database");
    if (!options.embedded() && options.pooler() == Pooler.NONE) {
      report(server.connections() >= options.maxConnections(), "connections", "the database accepts " + server.connections()
          + ", and each node opens up to " + options.maxConnections() + ": enough for "
          + server.connections() / options.maxConnections() + " nodes");
    }
  }

  private Future<Void> inspect(Vertx vertx, Database database, KeyhookOptions options) {
    return WriteProbe.run(database.pool())
        .onSuccess(written -> report(true, "writes", "accepted"))
        .onFailure(e -> report(false, "writes", e.getMessage()))
        .otherwiseEmpty()
        .compose(probed -> Diagnosis.targets(database.pool(), WEBHOOKS))
        .compose(urls -> vertx.<Void>executeBlocking(() -> {
          connect(TargetPolicy.of(options.delivery()), Tunnel.of(options.delivery()),
              Trust.sockets(options.delivery().trustStore()), urls);
          return null;
        }));
  }

  private void connect(TargetPolicy policy, Tunnel tunnel, SSLSocketFactory tls, List<String> urls) {
    if (urls.isEmpty()) {
      report(true, "HTTPS", "not checked, as there is no active webhook");
    }
    urls.forEach(url -> check("HTTPS", () -> connect(policy, tunnel, tls, policy.check(url))));
  }

  /** Under the rules of a delivery: no URL of an account leads to an address that is not public. */
  private static String connect(TargetPolicy policy, Tunnel tunnel, SSLSocketFactory tls, Target target) throws IOException {
    if (target.isBuiltIn()) {
      return target.host() + " needs no connection";
    }
    List<InetAddress> addresses = policy.pick(target, List.of(InetAddress.getAllByName(target.host())));
    String where = target.host() + ":" + target.port();
    long begun = System.nanoTime();
    try (Socket plain = tunnel.open(new InetSocketAddress(addresses.get(0), target.port()), PATIENCE)) {
      if (!target.ssl()) {
        return where + " accepts connections";
      }
      try (SSLSocket socket = (SSLSocket) tls.createSocket(plain, target.host(), target.port(), true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return where + " by " + socket.getSession().getProtocol() + " in "
            + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun) + " ms";
      }
    } catch (IOException e) {
      throw new IOException(where + ": " + e.getMessage(), e);
    }
  }

  private static String disk(KeyhookOptions options) throws IOException {
    Path directory = options.database().uri().isPresent() ? Path.of(System.getProperty("java.io.tmpdir"))
        : options.database().directory();
    while (!Files.exists(directory)) {
      directory = directory.getParent();
    }
    long free = Files.getFileStore(directory).getUsableSpace();
    if (free < LEAST_FREE) {
      throw new IOException("only " + (free >> 20) + " MB free at " + directory);
    }
    return (free >> 20) + " MB free at " + directory;
  }

  private void check(String what, Callable<String> work) {
    try {
      report(true, what, work.call());
    } catch (Exception e) {
      report(false, what, e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  private void report(boolean ok, String what, String result) {
    healthy &= ok;
    System.out.printf("%-6s %-14s %s%n", ok ? "ok" : "WRONG", what, result);
  }
}
