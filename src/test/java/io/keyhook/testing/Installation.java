package io.keyhook.testing;

import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A database of a test class's own with nodes on it and receivers beside it. Use it in a static field. */
public final class Installation implements BeforeAllCallback, AfterEachCallback, AfterAllCallback, AutoCloseable {
  private final boolean withNode;
  private final boolean withSchema;
  private final JsonObject overrides;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Receiver> receivers = new ArrayList<>();
  private final List<Proxy> proxies = new ArrayList<>();
  private final List<NodeProcess> processes = new ArrayList<>();
  private boolean onCitus;
  private TestDatabase database;
  /** Null: it is not this installation's alone. */
  private CitusCluster cluster;
  /** Of receivers and proxies. It outlives each test of the class, and one {@link #on} a server has no test to inject it. */
  private Vertx vertx;

  private Installation(boolean withNode, boolean withSchema, JsonObject overrides) {
    this.withNode = withNode;
    this.withSchema = withSchema;
    this.overrides = overrides;
  }

  public static Installation withNode() {
    return new Installation(true, true, new JsonObject());
  }

  /**
   * @param overrides of each node's settings, nested as in {@code conf/keyhook.json}
   */
  public static Installation withNode(JsonObject overrides) {
    return new Installation(true, true, overrides);
  }

  /** The database alone, migrated; tests {@link #start} the nodes. */
  public static Installation withoutNode() {
    return new Installation(false, true, new JsonObject());
  }

  /** The database alone, and nothing in it. */
  public static Installation withoutSchema() {
    return new Installation(false, false, new JsonObject());
  }

  /** One that no class shares, on a server that stays the caller's; whoever asks for it closes it. */
  public static Installation on(Postgres server) {
    Installation installation = withoutNode();
    installation.open(server);
    return installation;
  }

  /** On the {@link CitusCluster}, with nothing in its database and a superuser for it. Tests migrate and distribute it. */
  public static Installation onCitus() {
    Installation installation = withoutSchema();
    installation.onCitus = true;
    return installation;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    if (onCitus || CitusCluster.isWanted(context)) {
      openOnCitus(context);
    } else {
      open(Postgres.ofProcess(context));
    }
    if (withNode) {
      start();
    }
  }

  private void openOnCitus(ExtensionContext context) {
    vertx = Vertx.vertx();
    if (withSchema) {
      database = CitusCluster.ofProcess(context).distributed();
    } else {
      cluster = CitusCluster.open();
      database = cluster.undistributed();
    }
  }

  private void open(Postgres server) {
    vertx = Vertx.vertx();
    database = withSchema ? server.create() : server.createEmpty();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    receivers.forEach(Receiver::verify);
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    close();
  }

  @Override
  public void close() throws SQLException {
    processes.forEach(NodeProcess::close);
    receivers.forEach(Receiver::release);
    proxies.forEach(Proxy::open);
    nodes.forEach(Node::stop);
    receivers.forEach(Receiver::close);
    proxies.forEach(Proxy::close);
    if (vertx != null) {
      Waiting.on(vertx.close());
    }
    if (database != null) {
      database.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  public TestDatabase database() {
    return database;
  }

  public Clock clock() {
    return new Clock(database);
  }

  /** The first node that runs. */
  public Node node() {
    return nodes.stream().filter(Node::isRunning).findFirst().orElseThrow();
  }

  /** The first account on that node. */
  public Api api() {
    return node().api();
  }

  /** One more node on the same database. */
  public Node start() {
    return start(new JsonObject());
  }

  /**
   * @param more overrides for this node
   */
  public Node start(JsonObject more) {
    Node node = Node.start(database.uri(), overrides.copy().mergeIn(more, true));
    nodes.add(node);
    return node;
  }

  /** One more node, which resolves names with a server of the test. */
  public Node startAsking(NameServer names) {
    Node node = Node.start(database.uri(), overrides, BlockedThreads.options()
        .setAddressResolverOptions(new AddressResolverOptions().addServer(names.address())));
    nodes.add(node);
    return node;
  }

  /** One more node that reaches the database through a proxy. */
  public Node startBehind(Proxy proxy, JsonObject more) {
    Node node = Node.start(proxy.before(database.uri()), overrides.copy().mergeIn(more, true));
    nodes.add(node);
    return node;
  }

  /**
   * One more node in a process of its own, that reaches the database through a proxy.
   *
   * @param environment of the process
   * @param output what it prints
   */
  public NodeProcess fork(Proxy proxy, JsonObject more, Map<String, String> environment, Path output) {
    NodeProcess node =
        NodeProcess.start(Node.settings(proxy.before(database.uri())).mergeIn(more, true), environment, output);
    processes.add(node);
    return node;
  }

  /** A proxy before the database. */
  public Proxy proxy() {
    return proxy(database.uri());
  }

  /** A proxy before a server. */
  public Proxy proxy(URI server) {
    Proxy proxy = new Proxy(vertx, server);
    proxies.add(proxy);
    return proxy;
  }

  /** A receiver that answers 200 until told otherwise. */
  public Receiver receiver() {
    Receiver receiver = new Receiver(vertx);
    receivers.add(receiver);
    return receiver;
  }

  /** Closes one before the others. */
  public void retire(Receiver receiver) {
    receivers.remove(receiver);
    receiver.close();
  }

  /** Registers a webhook of the first account, whose deliveries the receiver verifies. */
  public Webhook webhook(Receiver receiver, String... events) {
    return webhook(api(), receiver, events);
  }

  /** The same for the account that the client acts for. */
  public Webhook webhook(Api api, Receiver receiver, String... events) {
    JsonObject made = api.post("/api/webhooks",
        new JsonObject().put("url", receiver.url()).put("events", new JsonArray(List.of(events)))).expect(201).json();
    receiver.trust(made.getString("secret"));
    return new Webhook(made.getString("id"), made.getString("secret"));
  }

  public License license(int maxActivations) {
    return license(new JsonObject().put("name", "A license").put("maxActivations", maxActivations));
  }

  public License license(JsonObject fields) {
    return license(api(), fields);
  }

  public License license(Api api, JsonObject fields) {
    JsonObject made = api.post("/api/licenses", fields).expect(201).json();
    return new License(made.getString("id"), made.getString("key"));
  }

  /**
   * A new account and a client for it.
   *
   * @param plan one of the default plans
   */
  public Api account(String plan) {
    String email = "owner-" + java.util.UUID.randomUUID() + "@example.com";
    node().operator().post("/api/admin/accounts", new JsonObject().put("name", "An account").put("email", email)
        .put("password", Node.PASSWORD).put("plan", plan)).expect(201);
    String token = node().api().anonymous().post("/api/auth/login",
        new JsonObject().put("email", email).put("password", Node.PASSWORD)).expect(200).json().getString("token");
    return node().api().anonymous().bearer(token);
  }

  /** Deletes those of the first account, so that they hear nothing of the next test; what was pending is canceled. */
  public void deleteWebhooks() {
    deleteWebhooks(api());
  }

  /** The same for the account that the client acts for. */
  public void deleteWebhooks(Api api) {
    api.get("/api/webhooks?limit=100").expect(200).data()
        .forEach(webhook -> api.delete("/api/webhooks/" + webhook.getString("id")).expect(204));
  }

  /** Waits until nothing is to be sent any more. */
  public void awaitEmptyQueue() {
    await("the queue is empty").atMost(Waiting.LONG).until(() -> database.count("delivery_queue") == 0);
  }

  /** Waits until an account has nothing pending any more. */
  public void awaitEmptyQueueOf(Api api) {
    await("nothing is pending").atMost(Waiting.LONG)
        .until(() -> api.get("/api/deliveries?status=pending").expect(200).data().isEmpty());
  }

  /** The log's view of a delivery. */
  public JsonObject logged(String deliveryId) {
    return api().get("/api/deliveries/" + deliveryId).expect(200).json();
  }

  /** Waits until a delivery has this status, and gives it. */
  public JsonObject awaitStatus(String deliveryId, String status) {
    await("%s is %s".formatted(deliveryId, status)).atMost(Waiting.LONG)
        .until(() -> status.equals(logged(deliveryId).getString("status")));
    return logged(deliveryId);
  }

  /** Waits until a delivery's log has so many attempts, and gives it. */
  public JsonObject awaitAttempts(String deliveryId, int attempts) {
    await("%s has %d attempts".formatted(deliveryId, attempts)).atMost(Waiting.LONG)
        .until(() -> logged(deliveryId).getJsonArray("attempts").size() == attempts);
    return logged(deliveryId);
  }

  /** A license that was made. */
  public record License(String id, String key) {}

  /** A webhook that was made. */
  public record Webhook(String id, String secret) {}
}
