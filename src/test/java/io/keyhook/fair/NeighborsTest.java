package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.NameServer;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One tenant does its worst, and another does not notice. */
class NeighborsTest {
  /** Whether a shorter text is a key is looked up first, for which the policy below would keep PostgreSQL from the index. */
  private static final String LONGER_THAN_A_KEY = "x".repeat(Licenses.KEY_MAX + 1);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Api greedy;
  private Api modest;
  private final List<CompletableFuture<Exchange>> flood = new ArrayList<>();

  @BeforeEach
  void accounts() {
    greedy = keyhook.account("enterprise");
    modest = keyhook.account("enterprise");
  }

  @AfterEach
  void awaitFlood() {
    flood.forEach(call -> call.exceptionally(e -> null).join());
  }

  private void flood(int calls, IntFunction<CompletableFuture<Exchange>> call) {
    IntStream.range(0, calls).mapToObj(call).forEach(flood::add);
  }

  private void assertModestIsServed() {
    for (int i = 0; i < 5; i++) {
      modest.get("/health/ready").expect(200);
      modest.get("/api/licenses?search=" + LONGER_THAN_A_KEY).expect(200);
      modest.post("/api/licenses", new JsonObject().put("name", "modest")).expect(201);
    }
  }

  /**
   * What is refused says when to come back.
   *
   * @param expected other statuses than those and successes
   */
  private void assertRefusalsTellWhen(Integer... expected) {
    List<Exchange> answers = flood.stream().map(Api::join).toList();
    assertThat(answers).allSatisfy(answer -> {
      if (answer.status() == 503 || answer.status() == 429) {
        assertThat(answer.header("Retry-After")).isNotNull();
      } else if (!List.of(expected).contains(answer.status())) {
        assertThat(answer.status()).isBetween(200, 299);
      }
    });
  }

  /** A locked table stands for slow statements: those of the tenant alone wait for it. */
  @Test
  void slowCallsOfOneTenantKeepNobodyElseFromTheDatabase() throws SQLException {
    JsonObject license = greedy.post("/api/licenses", new JsonObject().put("name", "locked")).expect(201).json();
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SELECT FROM keyhook.license WHERE key = '" + license.getString("key") + "' FOR UPDATE");
      flood(60, i -> greedy.postAsync("/api/licenses/" + license.getString("id") + "/disable", new JsonObject()));
      assertModestIsServed();
      modest.validate("ABCD-1234-EFGH-5678", "device").expect(404);
      connection.rollback();
    }
    assertRefusalsTellWhen();
  }

  /** Claims of one key wait for each other. They come before the call that they are for, and are the tenant's all the same. */
  @Test
  void slowClaimsOfOneTenantKeepNobodyElseFromTheDatabase() throws SQLException {
    String key = "claimed-elsewhere";
    String account = greedy.get("/api/account").json().getString("id");
    try (Connection connection = keyhook.database().connect();
        PreparedStatement claim = connection.prepareStatement("""
            INSERT INTO keyhook.idempotency (account_id, key_id, request, token, leased_until, expires_at)
            VALUES (?, substr(encode(sha256(convert_to(?, 'UTF8')), 'hex'), 1, 32)::uuid, '', gen_random_uuid(), now(),
              now() + interval '1 hour')""")) {
      connection.setAutoCommit(false);
      claim.setObject(1, Id.ACCOUNT.parse(account));
      claim.setString(2, key);
      claim.executeUpdate();
      flood(60, i -> greedy.header("Idempotency-Key", key).postAsync("/api/licenses", new JsonObject().put("name", "once")));
      assertModestIsServed();
      modest.header("Idempotency-Key", key).post("/api/licenses", new JsonObject().put("name", "modest")).expect(201);
      connection.rollback();
    }
    assertRefusalsTellWhen(409);
  }

  /** A policy that sleeps stands for an account with very many licenses. */
  @Test
  void slowSearchesOfOneTenantKeepNobodyFromSearching() {
    greedy.post("/api/licenses/bulk", new JsonObject().put("count", 100).put("name", "Many")).expect(201);
    String account = Id.ACCOUNT.parse(greedy.get("/api/account").json().getString("id")).toString();
    keyhook.database().update("ALTER TABLE keyhook.license ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    keyhook.database().update("""
        CREATE POLICY slow ON keyhook.license
        USING (CASE WHEN account_id = '%s' THEN pg_sleep(0.1) IS NOT NULL ELSE true END) WITH CHECK (true)"""
        .formatted(account));
    try {
      flood(40, i -> greedy.send("GET", "/api/licenses?search=absent", null));
      assertModestIsServed();
      assertThat(flood).as("searches of the other that are under way or wait").anyMatch(call -> !call.isDone());
      assertRefusalsTellWhen(400); // those that took too long
    } finally {
      keyhook.database().update("DROP POLICY slow ON keyhook.license");
      keyhook.database().update("ALTER TABLE keyhook.license DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY");
    }
  }

  @Test
  void exportsThatNobodyReadsKeepNobodyFromExporting() throws IOException {
    for (int i = 0; i < 3; i++) {
      greedy.post("/api/licenses/bulk", new JsonObject().put("count", 1000).put("name", "x".repeat(200))
          .put("customerName", "y".repeat(200))).expect(201);
    }
    List<Socket> unread = new ArrayList<>();
    try {
      for (int i = 0; i < 60; i++) {
        unread.add(requestWithoutReading(greedy, "/api/licenses/export"));
      }
      assertThat(modest.get("/api/licenses/export").expect(200).body()).startsWith("name,");
      assertModestIsServed();
    } finally {
      for (Socket socket : unread) {
        socket.close();
      }
    }
    Waiting.until("exports whose clients are gone hold nothing", () -> metric("running", "exports") == 0
        && metric("waiting", "exports") == 0);
  }

  private Socket requestWithoutReading(Api api, String path) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(1024);
    socket.connect(new InetSocketAddress(api.base().getHost(), api.base().getPort()));
    socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: k\r\nAuthorization: " + api.authorization()
        + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  private static double metric(String name, String what) {
    return metric(keyhook.api(), name, what);
  }

  private static double metric(Api api, String name, String what) {
    String start = "keyhook_admission_" + name + "{what=\"" + what + "\"} ";
    return api.anonymous().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length()))).sum();
  }

  /** Hashing holds no connection, and what follows it takes turns like other calls. An e-mail is waited for. */
  @Test
  void slowCallsAfterAPasswordKeepNobodyElseFromTheDatabase() throws SQLException {
    String email = "taken" + System.nanoTime() + "@example.com";
    String account = greedy.get("/api/account").json().getString("id");
    try (Connection connection = keyhook.database().connect();
        PreparedStatement taken = connection.prepareStatement(
            "INSERT INTO keyhook.member (account_id, email, password_hash) VALUES (?, ?, '')")) {
      connection.setAutoCommit(false);
      taken.setObject(1, Id.ACCOUNT.parse(account));
      taken.setString(2, email);
      taken.executeUpdate();
      flood(20, i -> greedy.postAsync("/api/users",
          new JsonObject().put("email", email).put("password", "a good password").put("role", "member")));
      Waiting.until("more have hashed than there are connections",
          () -> metric("running", "management calls") + metric("waiting", "management calls") > 10);
      assertModestIsServed();
      connection.rollback();
    }
    assertRefusalsTellWhen(409);
  }

  @Test
  void passwordsThatOneTenantHashesKeepNobodyFromLoggingIn() {
    String email = "modest" + System.nanoTime() + "@example.com";
    modest.post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD).put("role", "member")).expect(201);
    flood(110, i -> greedy.postAsync("/api/users", new JsonObject()
        .put("email", "greedy" + i + "." + System.nanoTime() + "@example.com").put("password", "a good password").put("role", "member")));
    keyhook.api().anonymous().post("/api/auth/login", new JsonObject().put("email", email).put("password", Node.PASSWORD))
        .expect(200);
    assertModestIsServed();
    assertRefusalsTellWhen();
  }

  /** Whoever sets a URL chooses its name server, too. */
  @Test
  void namesThatHangKeepNobodyElseFromTheDatabase() {
    try (NameServer silent = new NameServer()) {
      Node node = keyhook.startAsking(silent);
      record Tenant(Api api, Webhook moving) {}
      List<Tenant> tenants = new ArrayList<>(); // all of them first: a name is given up after seconds
      for (int i = 0; i < 4; i++) {
        Api api = Api.of(node.uri()).header("Authorization", keyhook.account("enterprise").authorization());
        tenants.add(new Tenant(api, keyhook.webhook(api, keyhook.receiver(), "license.expired")));
      }
      for (Tenant tenant : tenants) {
        String name = "http://hooks" + tenants.indexOf(tenant) + "-";
        flood(6, i -> tenant.api.header("Content-Type", "application/json").send("PATCH", "/api/webhooks/" + tenant.moving.id(),
            new JsonObject().put("url", name + i + ".example.com/").encode()));
        flood(6, i -> tenant.api.postAsync("/api/webhooks", new JsonObject().put("url", name + "new" + i + ".example.com/")
            .put("events", new JsonArray().add("license.expired"))));
      }
      Waiting.until("names of all are being resolved", () -> metric(node.api(), "running", "host names") == 48);
      assertThat(metric(node.api(), "running", "management calls")).isZero();
      modest = Api.of(node.uri()).header("Authorization", modest.authorization());
      assertModestIsServed();
      assertThat(flood).as("calls that wait for a name").anyMatch(call -> !call.isDone());
      assertRefusalsTellWhen();
      node.stop();
    }
  }

  @Test
  void testsThatHangKeepNobodyFromTesting() {
    Receiver hanging = keyhook.receiver();
    Answer.Held held = Answer.held(Answer.OK);
    hanging.answer(held);
    Webhook slow = keyhook.webhook(greedy, hanging, "license.expired");
    Webhook quick = keyhook.webhook(modest, keyhook.receiver(), "license.expired");
    flood(140, i -> greedy.postAsync("/api/webhooks/test", new JsonObject().put("webhookId", slow.id())));
    hanging.take();
    assertThat(modest.post("/api/webhooks/test", new JsonObject().put("webhookId", quick.id())).expect(200).json()
        .getBoolean("success")).isTrue();
    assertModestIsServed();
    greedy.get("/api/webhooks/" + slow.id()).expect(200);
    held.release();
    assertRefusalsTellWhen();
  }

  @Test
  void streamsOfTenAccountsLeaveSomeToTheNext() throws IOException {
    List<InputStream> open = new ArrayList<>();
    try {
      for (int account = 0; account < 10; account++) {
        Api watcher = keyhook.account("free");
        int status = 200;
        for (int i = 0; i < 200 && status == 200; i++) {
          status = open(watcher, open);
        }
        assertThat(status).as("of one that never stops").isEqualTo(429);
      }
      assertThat(open(modest, open)).isEqualTo(200);
    } finally {
      for (InputStream stream : open) {
        stream.close();
      }
    }
  }

  @Test
  void streamsOfAccountsThatHoldThemAllLeaveOneToEveryOther() throws IOException {
    List<InputStream> open = new ArrayList<>();
    List<Integer> newest = new ArrayList<>();
    List<Api> greedy = IntStream.range(0, 24).mapToObj(i -> keyhook.account("free")).toList();
    try {
      for (Api watcher : greedy) {
        int status;
        do {
          status = open(watcher, open);
        } while (status == 200);
        newest.add(open.size() - 2); // the last was refused
      }
      assertThat(metric("running", "event streams")).as("all").isEqualTo(200);
      for (int i = 0; i < 3; i++) {
        Api next = i == 0 ? modest : keyhook.account("free");
        assertThat(open(next, open)).as("the first of another").isEqualTo(200);
        assertThat(open(next, open)).as("its second").isEqualTo(429);
      }
      assertThat(metric("running", "event streams")).isEqualTo(200);
      assertThat(new String(open.get(newest.get(0)).readAllBytes(), StandardCharsets.UTF_8))
          .as("the newest of who has the most, ended in order").startsWith(":");
    } finally {
      for (InputStream stream : open) {
        stream.close();
      }
    }
    Waiting.until("streams that are closed hold nothing", () -> metric("running", "event streams") == 0);
  }

  @Test
  void streamsThatAreRefusedHoldNothing() throws IOException {
    for (int i = 0; i < 50; i++) {
      greedy.get("/api/deliveries/stream?webhookId=webhook_" + "0".repeat(26)).expect(404);
    }
    try (InputStream stream = greedy.stream("/api/deliveries/stream").body()) {
      assertThat(stream.read()).isEqualTo(':');
    }
  }

  private static int open(Api api, List<InputStream> open) {
    HttpResponse<InputStream> stream = api.stream("/api/deliveries/stream");
    open.add(stream.body());
    return stream.statusCode();
  }

  @Test
  void metricsShowWhatIsSharedAndNotWithWhom() {
    Set<String> shared = keyhook.api().anonymous().get("/metrics").expect(200).body().lines()
        .filter(line -> line.startsWith("keyhook_admission_"))
        .map(line -> line.replaceFirst("\\{what=\"(.*)\"} [0-9.E]+", " $1").replaceFirst("keyhook_admission_", ""))
        .collect(Collectors.toSet());
    Set<String> expected = new HashSet<>();
    for (String waiting : List.of("authentications", "exports", "imports", "management calls", "passwords", "searches",
        "signatures", "webhook tests", "anonymous logins", "host names")) {
      expected.addAll(List.of("running " + waiting, "waiting " + waiting, "refused_total " + waiting));
    }
    for (String held : List.of("connections", "event streams", "recoveries")) {
      expected.addAll(List.of("running " + held, "refused_total " + held));
    }
    assertThat(shared).isEqualTo(expected);
  }

  @Test
  void longImportsOfManyTenantsKeepNobodyFromImportingAFew() {
    String file = "name\n" + "License\n".repeat(9_000);
    String few = "name\n" + "License\n".repeat(1_000);
    List<Api> busy = IntStream.range(0, 8).mapToObj(i -> keyhook.account("enterprise")).toList();
    flood(16, i -> busy.get(i % 8).header("Content-Type", "text/csv").send("POST", "/api/licenses/import", file));
    Waiting.until("imports wait", () -> metric("waiting", "imports") > 5);
    Api.join(modest.header("Content-Type", "text/csv").send("POST", "/api/licenses/import", few)).expect(200);
    assertThat(metric("waiting", "imports")).as("of those that were there before").isPositive();
    assertModestIsServed();
    assertRefusalsTellWhen();
  }

  @Test
  void importsOfOneTenantKeepNobodyFromImporting() {
    String file = "name\n" + "License\n".repeat(10_000);
    flood(10, i -> greedy.header("Content-Type", "text/csv").send("POST", "/api/licenses/import", file));
    Api.join(modest.header("Content-Type", "text/csv").send("POST", "/api/licenses/import", "name\nA\n")).expect(200);
    assertModestIsServed();
    assertRefusalsTellWhen();
  }

  @Test
  void importsRestWhileValidationsAreSlow() throws SQLException {
    String file = "name\n" + "License\n".repeat(500);
    Api importer = greedy.header("Content-Type", "text/csv");
    assertRests(() -> Api.join(importer.send("POST", "/api/licenses/import", file)).expect(200));
  }

  @Test
  void creationsOfManyLicensesRestWhileValidationsAreSlow() throws SQLException {
    JsonObject many = new JsonObject().put("count", 500).put("name", "Many");
    assertRests(() -> assertThat(greedy.post("/api/licenses/bulk", many).expect(201).json().getJsonArray("data")).hasSize(500));
  }

  @Test
  void searchesRestWhileValidationsAreSlow() throws SQLException {
    assertRests(() -> greedy.get("/api/licenses?search=absent").expect(200));
  }

  @Test
  void passwordHashesRestWhileValidationsAreSlow() throws SQLException {
    assertRests(() -> greedy.post("/api/users", new JsonObject().put("email", "rest" + System.nanoTime() + "@example.com")
        .put("password", "a good password").put("role", "member")).expect(201));
  }

  /** A locked table stands for a busy database. */
  private void assertRests(Runnable bulkWork) throws SQLException {
    String key = modest.post("/api/licenses", new JsonObject().put("name", "modest")).expect(201).json().getString("key");
    modest.validate(key, "device").expect(200);
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      Waiting.until("bulk work rests", () -> {
        for (int i = 0; i < 100; i++) {
          modest.validate(key, "device").expect(200);
        }
        statement.execute("LOCK TABLE keyhook.license IN ACCESS EXCLUSIVE MODE");
        List<CompletableFuture<Exchange>> slow =
            IntStream.range(0, 40).mapToObj(i -> modest.validateAsync(key, "device")).toList();
        statement.execute("SELECT pg_sleep(0.5)");
        connection.rollback();
        slow.forEach(validation -> Api.join(validation).expect(200));
        double before = rested();
        bulkWork.run();
        return rested() > before;
      });
    }
  }

  private static double rested() {
    String start = "keyhook_bulk_rested_seconds_total ";
    return keyhook.api().anonymous().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length()))).sum();
  }
}
