package io.keyhook.ledger;

import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.NodeProcess;
import io.keyhook.testing.Postgres;
import io.keyhook.testing.Proxy;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A PostgreSQL and some Keyhooks, each in processes of its own, with a proxy between them. */
final class Rig implements AutoCloseable {
  /** Whether leases of the dead are waited for, and not turned to their end. */
  private static final boolean REAL_LEASES = "real".equals(System.getProperty("keyhook.ledger.leases"));
  private static final Duration SETTLED = Duration.ofSeconds(90);
  /** From a commit to the sender that is told of it, on a busy machine. */
  private static final long DISPATCHED_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final JsonObject SETTINGS = new JsonObject().put("delivery", new JsonObject()
      .put("allowInsecureTargets", true)
      .put("retryDelays", new JsonArray(List.of("PT0.3S", "PT0.6S", "PT2S", "PT5S"))));

  private final Path directory;
  private final Optional<Disk> disk;
  private final Postgres postgres;
  private final Installation installation;
  private final Proxy proxy;
  private final List<NodeProcess> nodes = new CopyOnWriteArrayList<>();
  private final Set<NodeProcess> frozen = ConcurrentHashMap.newKeySet();
  private Map<String, String> environment = Map.of();
  /** A standby, and after it was promoted the primary that it followed. */
  private Optional<Postgres> other = Optional.empty();
  private int standbys;
  private int started;

  private Rig(Path directory, Optional<Disk> disk) {
    this.directory = directory;
    this.disk = disk;
    postgres = Postgres.in(directory);
    installation = Installation.on(postgres);
    proxy = installation.proxy();
  }

  /**
   * @param directory of the database; what nodes print is kept in {@code target/ledger}
   */
  static Rig in(Path directory) {
    return new Rig(directory, Optional.empty());
  }

  /** One whose database has a file system of its own; skips the test where none can be mounted. */
  static Rig onSmallDisk(Path mountPoint) throws IOException {
    Disk disk = Disk.mount(mountPoint);
    return new Rig(disk.directory().resolve("disk"), Optional.of(disk));
  }

  Path directory() {
    return directory;
  }

  Disk disk() {
    return disk.orElseThrow();
  }

  Postgres postgres() {
    return postgres;
  }

  Installation installation() {
    return installation;
  }

  Proxy proxy() {
    return proxy;
  }

  /** Makes a standby of the database. */
  void addStandby() {
    other = Optional.of(postgres.standby(directory.resolveSibling(directory.getFileName() + "-standby-" + ++standbys)));
  }

  /**
   * Promotes the standby, and leads new connections there.
   *
   * @param fate of the primary, before
   */
  void failOver(Consumer<Postgres> fate) {
    Postgres standby = other.orElseThrow();
    fate.accept(postgres);
    postgres.promote(standby);
    proxy.leadTo(installation.database().uri());
  }

  private void closeOther() {
    try {
      if (other.isPresent()) {
        other.get().close();
      }
      other = Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sees to it that so many nodes run, in this environment. */
  void use(int count, Map<String, String> environment) {
    closeOther();
    proxy.open();
    if (!environment.equals(this.environment)) {
      nodes.forEach(NodeProcess::close);
      this.environment = environment;
    }
    nodes.removeIf(node -> !node.isAlive());
    while (nodes.size() > count) {
      nodes.remove(nodes.size() - 1).stop();
    }
    while (nodes.size() < count) {
      nodes.add(startNode());
    }
  }

  private NodeProcess startNode() {
    return installation.fork(proxy, SETTINGS, environment,
        Path.of("target", "ledger", directory.getFileName() + "-node-" + ++started + ".log"));
  }

  List<NodeProcess> nodes() {
    return List.copyOf(nodes);
  }

  /** Starts one in the place of one that has ended. */
  void replace(NodeProcess ended) {
    nodes.set(nodes.indexOf(ended), startNode());
  }

  /** Takes one that has ended, and is not replaced, out of the turns. */
  void forget(NodeProcess ended) {
    nodes.remove(ended);
  }

  void freeze(NodeProcess node) {
    frozen.add(node);
    node.freeze();
  }

  void thaw(NodeProcess node) {
    node.thaw();
    frozen.remove(node);
  }

  /** To whom calls go; also one that has just been killed, as nobody would know yet. */
  List<Api> apis() {
    return nodes.stream().filter(node -> !frozen.contains(node)).map(NodeProcess::api).toList();
  }

  /** Waits until the database answers, and all nodes do. */
  void awaitReady() {
    await("PostgreSQL answers").atMost(SETTLED).until(postgres::answers);
    await("all nodes are ready").atMost(SETTLED).ignoreExceptions()
        .until(() -> apis().stream().allMatch(api -> api.anonymous().get("/health/ready").status() == 200));
  }

  /** Waits until no node takes itself for ready. */
  void awaitNotReady() {
    await("no node is ready").atMost(SETTLED)
        .until(() -> apis().stream().allMatch(api -> api.anonymous().get("/health/ready").status() == 503));
  }

  /** Deliveries under lease, with their fences: what is being sent now, or was as its node died. */
  Map<String, Long> leases() {
    Map<String, Long> leases = new HashMap<>();
    installation.database().column("SELECT delivery_id || ' ' || fence FROM keyhook.delivery_queue WHERE leased")
        .forEach(row -> leases.put(id(row), Long.parseLong(row.split(" ")[1])));
    return leases;
  }

  /** Of the delivery that a row begins with. */
  private static String id(String row) {
    return Id.DELIVERY.of(UUID.fromString(row.split(" ")[0]));
  }

  /** These, as they are in the queue. */
  List<String> rows(Set<String> deliveries) {
    return installation.database().column("""
        SELECT q.delivery_id || ' ' || fence || ' ' || tries || ' ' || leased || ' ' || due_at
          || coalesce(attempts::text, '')
        FROM keyhook.delivery_queue q JOIN unnest(?::uuid[]) d ON d = q.delivery_id ORDER BY q.delivery_id""",
        (Object) deliveries.stream().map(Id.DELIVERY::parse).toArray(UUID[]::new));
  }

  Map<String, Ledger.Logged> log(String webhookId) {
    Map<String, Ledger.Logged> log = new HashMap<>();
    installation.database().column("""
        SELECT delivery_id || ' ' || status || ' ' || jsonb_array_length(attempts) FROM keyhook.delivery
        WHERE webhook_id = ?""", Id.WEBHOOK.parse(webhookId)).forEach(row -> {
          String[] columns = row.split(" ");
          log.put(id(row), new Ledger.Logged(columns[1], Integer.parseInt(columns[2])));
        });
    return log;
  }

  /** Attempts by node: those that it has made and that are over. */
  Map<NodeProcess, Integer> attempts() {
    return nodes.stream().collect(Collectors.toMap(node -> node, NodeProcess::attempts));
  }

  /** Waits until nothing is to be announced and nothing to be sent any more. */
  void settle() {
    Map<Map.Entry<String, Long>, Long> left = new HashMap<>();
    await("nothing is stuck").atMost(SETTLED).pollInterval(Duration.ofMillis(200)).until(() -> {
      if (!REAL_LEASES) {
        endLeasesOfNobody(left);
      }
      return installation.database().count("license_expiry") == 0
          && installation.database().count("delivery_queue") == 0;
    });
  }

  /**
   * What a dead node had leased, and what was committed as a connection broke, waits for the end of its lease. Where no
   * living node holds anything, that is turned to now.
   */
  private void endLeasesOfNobody(Map<Map.Entry<String, Long>, Long> left) {
    Set<Map.Entry<String, Long>> leases = leases().entrySet();
    left.keySet().retainAll(leases);
    if (nodes.stream().anyMatch(node -> node.held() > 0)) {
      left.clear();
      return;
    }
    long now = System.nanoTime();
    leases.forEach(lease -> left.putIfAbsent(lease, now));
    left.forEach((lease, since) -> {
      if (now - since > DISPATCHED_NANOS) {
        installation.database().update("""
            UPDATE keyhook.delivery_queue SET due_at = least(due_at, now())
            WHERE delivery_id = ? AND fence = ? AND leased""", Id.DELIVERY.parse(lease.getKey()), lease.getValue());
      }
    });
  }

  /** Lets go of what a failed round has left. */
  void recover() {
    disk.ifPresent(Disk::empty);
    proxy.open();
    frozen.forEach(NodeProcess::thaw);
    frozen.clear();
    postgres.thaw();
  }

  @Override
  public void close() throws IOException, SQLException {
    installation.close();
    closeOther();
    postgres.close();
    if (disk.isPresent()) {
      disk.get().close();
    }
  }
}
