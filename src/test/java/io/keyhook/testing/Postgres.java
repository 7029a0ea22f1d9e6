package io.keyhook.testing;

import static org.awaitility.Awaitility.await;

import io.keyhook.Keyhook;
import io.keyhook.config.Configuration;
import io.keyhook.db.EmbeddedServer;
import io.keyhook.db.Programs;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The PostgreSQL of a process that runs tests: started by who asks first, stopped when the process ends; or one that a test has
 * for itself, to do to it what ends others. Its own database is migrated once and is the template of all others, so that a
 * class's own database costs little.
 */
public final class Postgres implements AutoCloseable {
  private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Postgres.class);

  private Path directory;
  private volatile EmbeddedServer server;
  private final AtomicInteger databases = new AtomicInteger();

  private Postgres(Path directory) {
    this.directory = directory;
    Programs.linkInto(directory);
    server = EmbeddedServer.start(directory);
  }

  static Postgres ofProcess(ExtensionContext context) {
    return context.getStore(ExtensionContext.StoreScope.LAUNCHER_SESSION, NAMESPACE)
        .getOrComputeIfAbsent(Postgres.class, key -> in(Scratch.directory()), Postgres.class);
  }

  /** One of the caller's own. */
  public static Postgres in(Path directory) {
    Postgres postgres = new Postgres(directory);
    postgres.acceptPlainPasswords();
    postgres.prepareTemplate();
    return postgres;
  }

  /**
   * Makes a standby that this server streams to, and from now on waits for at each commit.
   *
   * @param directory of the standby; made
   */
  public Postgres standby(Path directory) {
    try {
      StandbyData.copy(superuser("postgres"), this.directory, directory);
    } catch (SQLException | IOException e) {
      throw new IllegalStateException("The standby could not be made", e);
    }
    Postgres standby = new Postgres(directory);
    administer("ALTER SYSTEM SET synchronous_standby_names = '*'");
    administer("SELECT pg_reload_conf()");
    await("the primary waits for its standby").atMost(Waiting.LONG).until(() -> {
      try (Connection connection = TestDatabase.connect(superuser("postgres"));
          Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")) {
        return rows.next();
      }
    });
    return standby;
  }

  /** Promotes a standby and changes places with it: this is the new primary then, and the other one the old. */
  public void promote(Postgres standby) {
    standby.administer("SELECT pg_promote()");
    Path formerDirectory = directory;
    EmbeddedServer former = server;
    directory = standby.directory;
    server = standby.server;
    standby.directory = formerDirectory;
    standby.server = former;
  }

  /** Lets no session write any more; those that there are stay. */
  public void demote() {
    administer("ALTER SYSTEM SET default_transaction_read_only = on");
    administer("SELECT pg_reload_conf()");
  }

  /** Kills it for good. */
  public void end() {
    kill();
    server.close();
  }

  URI uri() {
    return server.uri();
  }

  /** SIGKILL to the server, and to its children, which would end what they are at. */
  public void kill() {
    List<ProcessHandle> family = Signals.family(postmaster());
    family.forEach(ProcessHandle::destroyForcibly);
    awaitEnd(family.get(0));
  }

  /** {@code pg_ctl stop -m immediate}: without a checkpoint, so that the next start recovers. */
  public void stopImmediately() {
    ProcessHandle postmaster = ProcessHandle.of(postmaster()).orElseThrow();
    List<String> command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) { // pg_ctl refuses root
      command.addAll(List.of("unshare", "-U"));
    }
    command.addAll(List.of(program("pg_ctl").toString(), "stop", "-W", "-m", "immediate", "-D",
        directory.resolve("postgres").toString()));
    if (Tool.run(command) != 0) {
      throw new AssertionError(command + " failed");
    }
    awaitEnd(postmaster);
  }

  /** Starts it again where it was, now, and not when its watchdog, with growing patience, does. */
  public void startAgain() {
    URI before = server.uri();
    server.close();
    server = EmbeddedServer.start(directory);
    if (!server.uri().equals(before)) {
      throw new AssertionError("The port of PostgreSQL was taken while it was away");
    }
  }

  /** Whether it answers; not to be asked while it is {@link #freeze frozen}. */
  public boolean answers() {
    try {
      administer("SELECT 1");
      return true;
    } catch (IllegalStateException away) {
      return false;
    }
  }

  /** SIGSTOP to all of it: connections stay, and nobody answers. */
  public void freeze() {
    Signals.stop(Signals.family(postmaster()));
  }

  public void thaw() {
    Signals.resume(Signals.family(postmaster()));
  }

  private long postmaster() {
    try {
      return Signals.postmasterOf(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitEnd(ProcessHandle postmaster) {
    await("the end of PostgreSQL").atMost(Waiting.LONG).until(() -> !postmaster.isAlive());
  }

  private Path program(String name) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.getFileName().toString().startsWith("binaries-")).findFirst().orElseThrow()
          .resolve("bin").resolve(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Lets clients send passwords as they are. With SCRAM, each connection takes 4,096 hashes, 16 ms of a processor, and a run opens
   * thousands. Processes with an embedded server, and TlsConnectionTest, connect with SCRAM.
   */
  private void acceptPlainPasswords() {
    Path rules = directory.resolve("postgres").resolve("pg_hba.conf");
    try {
      Files.writeString(rules, Files.readString(rules).replaceAll("(?m)^(host.*)scram-sha-256$", "$1password"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    administer("SELECT pg_reload_conf()");
  }

  /** A node without an account makes the schema and the partitions that every other finds. */
  private void prepareTemplate() {
    Keyhook.migrate(server.uri());
    Vertx vertx = Vertx.vertx(); // no test runs yet that one could be injected into
    try {
      JsonObject options = Node.settings(server.uri())
          .put("http", new JsonObject().put("enabled", false))
          .put("bootstrap", new JsonObject());
      Waiting.on(vertx.deployVerticle(new Keyhook(Configuration.of(options))).compose(vertx::undeploy));
    } finally {
      Waiting.on(vertx.close());
    }
  }

  /** Makes a database with the schema and without accounts. */
  TestDatabase create() {
    String name = "test_" + databases.incrementAndGet();
    create(name, "keyhook");
    return new TestDatabase(this, name);
  }

  /** Makes a database of files that are copied: the write-ahead log would have each page. */
  void create(String name, String template) {
    administer("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy OWNER keyhook");
  }

  /** Makes a database with nothing in it. */
  TestDatabase createEmpty() {
    String name = "test_" + databases.incrementAndGet();
    administer("CREATE DATABASE " + name + " OWNER keyhook");
    return new TestDatabase(this, name);
  }

  /** As the superuser. */
  public void administer(String sql) {
    administer("postgres", sql);
  }

  void administer(String database, String sql) {
    administer(superuser(database), sql);
  }

  static void administer(URI superuser, String sql) {
    try (Connection connection = TestDatabase.connect(superuser); Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The address of a database for the superuser. */
  private URI superuser(String database) {
    return URI.create(
        server.uri().toString().replace("//keyhook:", "//postgres:").replaceFirst("/keyhook$", "/" + database));
  }

  @Override
  public void close() throws IOException {
    server.close();
    Scratch.remove(directory);
  }
}
