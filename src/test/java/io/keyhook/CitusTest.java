package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.config.Configuration;
import io.keyhook.db.Distribution;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.CitusCluster;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.SlackServer;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A filled database that is distributed by Citus, and what Keyhook does there that it does nowhere else. */
@EnabledIfEnvironmentVariable(named = CitusCluster.VARIABLE, matches = ".+", disabledReason = "It names no Citus cluster")
class CitusTest {
  private static final JsonObject QUICK =
      new JsonObject().put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT0.1S")));
  private static final String BEFORE = "KEPT-2345-6789-ABCD";

  @RegisterExtension
  static final Installation keyhook = Installation.onCitus();

  @BeforeAll
  static void fillAndDistribute() {
    Keyhook.migrate(keyhook.database().uri());
    Node before = keyhook.start();
    keyhook.license(new JsonObject().put("name", "Before").put("key", BEFORE).put("maxActivations", 2));
    before.api().validate(BEFORE, "old").expect(200);
    before.stop();
    keyhook.database().update("""
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT account_id, gen_random_uuid(), (now() AT TIME ZONE 'UTC')::date + 30, '{}' FROM keyhook.account""");
    assertThat(Distribution.run(keyhook.database().uri())).isGreaterThan(10);
    assertThat(Distribution.run(keyhook.database().uri())).as("the second time").isZero();
    keyhook.start(QUICK);
  }

  private static Api api() {
    return keyhook.api();
  }

  @Test
  void whatWasThereBeforeIsStillThere() {
    assertThat(api().validate("kept 2345 6789 abcd".replace(" ", ""), "old").expect(200).json().getBoolean("valid")).isTrue();
    assertThat(api().get("/api/audit").expect(200).data()).isNotEmpty();
  }

  @Test
  void allRowsAreInShards() {
    assertThat(keyhook.database().column("""
        SELECT logicalrelid::text FROM pg_dist_partition JOIN pg_class ON oid = logicalrelid
        WHERE partmethod = 'h' AND relkind = 'r' AND pg_relation_size(logicalrelid) > 0""")).isEmpty();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.event")).isPositive();
  }

  @Test
  void onlyThoseWhoMayWriteAccountsLockShards() {
    keyhook.database().administer("CREATE ROLE keyhook_app; CREATE ROLE keyhook_other");
    try {
      keyhook.database().administer("GRANT UPDATE ON keyhook.account TO keyhook_app");
      Distribution.run(keyhook.database().uri());
      for (String role : List.of("keyhook_app", "keyhook_other")) {
        String may = "SELECT has_function_privilege('%s', 'keyhook.in_shard(bigint,boolean,anyarray)', 'EXECUTE')::int"
            .formatted(role);
        assertThat(keyhook.database().number(may)).as(role).isEqualTo(role.equals("keyhook_app") ? 1 : 0);
        assertThat(keyhook.database().column("SELECT DISTINCT result FROM run_command_on_workers($$" + may + "$$)")).as(role)
            .containsExactly(role.equals("keyhook_app") ? "1" : "0");
      }
    } finally {
      keyhook.database().administer("DROP OWNED BY keyhook_app; DROP ROLE keyhook_app; DROP ROLE keyhook_other");
    }
  }

  @Test
  void oneRunAtATimeDistributes() throws SQLException {
    try (Connection running = keyhook.database().connect(); Statement statement = running.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(hashtext('keyhook.distribute'))");
      assertThatThrownBy(() -> Distribution.run(keyhook.database().uri())).isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Another run");
    }
    assertThat(Distribution.run(keyhook.database().uri())).isZero();
  }

  @Test
  void licensesAreManaged() {
    License license = keyhook.license(new JsonObject().put("name", "Managed").put("maxActivations", 1)
        .put("expiresAt", "2030-01-01T00:00:00Z"));
    String path = "/api/licenses/" + license.id();
    assertThat(api().get(path).expect(200).json().getString("key")).isEqualTo(license.key());
    api().patch(path, new JsonObject().put("name", "Renamed").putNull("expiresAt")).expect(200);
    assertThat(api().get("/api/licenses?search=Renam").expect(200).data()).hasSize(1);
    assertThat(api().get("/api/licenses?sort=name&limit=1").expect(200).data()).hasSize(1);
    api().validate(license.key(), "first").expect(200);
    assertThat(api().get(path + "/activations").expect(200).data()).hasSize(1);
    api().validate(license.key(), "second").expect(403);
    api().post(path + "/disable").expect(200);
    api().validate(license.key(), "first").expect(403);
    api().post(path + "/enable").expect(200);
    api().validate(license.key(), "first").expect(200);
    api().post(path + "/check", new JsonObject().put("fingerprint", "first")).expect(200);
    String device = api().get(path + "/activations").data().get(0).getString("id");
    api().delete(path + "/activations/" + device).expect(204);
    api().validate(license.key(), "second").expect(200);
    api().delete(path).expect(204);
    api().validate(license.key(), "second").expect(404);
    api().post("/api/licenses", new JsonObject().put("name", "Again").put("key", license.key())).expect(201);
    assertThat(api().post("/api/licenses/bulk", new JsonObject().put("count", 50).put("name", "Many")).expect(201).status())
        .isEqualTo(201);
    Api.join(api().header("Content-Type", "text/csv").send("POST", "/api/licenses/import", "name\nImported\n")).expect(200);
    assertThat(api().get("/api/licenses/export").expect(200).body()).contains("Imported");
    api().get("/api/account").expect(200);
  }

  @Test
  void aKeyIsUniqueAcrossAccounts() {
    JsonObject license = new JsonObject().put("name", "Mine").put("key", "MINE-ALONE-0000-0001");
    api().post("/api/licenses", license).expect(201);
    api().post("/api/licenses", license).expect(409, "LICENSE_KEY_TAKEN");
    keyhook.account("enterprise").post("/api/licenses", license.put("key", "minealone00000001"))
        .expect(409, "LICENSE_KEY_TAKEN");
  }

  @Test
  void neverOneActivationTooMany() {
    License license = keyhook.license(7);
    List<Exchange> answers = IntStream.range(0, 60).mapToObj(i -> api().validateAsync(license.key(), "device-" + i)).toList()
        .stream().map(Api::join).toList();
    assertThat(answers.stream().filter(answer -> answer.status() == 200)).hasSize(7);
    assertThat(answers.stream().filter(answer -> answer.status() == 403)).hasSize(53);
  }

  @Test
  void eventsOfManyAccountsAreDeliveredOnce() {
    List<Receiver> receivers = new ArrayList<>();
    List<License> licenses = new ArrayList<>();
    List<Api> accounts = IntStream.range(0, 6).mapToObj(i -> keyhook.account("enterprise")).toList();
    for (Api account : accounts) {
      Receiver receiver = keyhook.receiver();
      receivers.add(receiver);
      keyhook.webhook(account, receiver, "license.validated", "license.activated");
      licenses.add(keyhook.license(account, new JsonObject().put("name", "L").put("maxActivations", 5)));
    }
    IntStream.range(0, 120).mapToObj(i -> api().validateAsync(licenses.get(i % 6).key(), "device-" + i % 5)).toList()
        .forEach(answer -> Api.join(answer).expect(200));
    for (int i = 0; i < 6; i++) {
      assertThat(receivers.get(i).take(25).stream().map(Delivery::id)).doesNotHaveDuplicates(); // 20 and 5 activations
    }
    for (Api account : accounts) {
      keyhook.awaitEmptyQueueOf(account);
      assertThat(account.get("/api/deliveries?status=delivered&limit=100").expect(200).data()).hasSize(25);
      keyhook.deleteWebhooks(account);
    }
    receivers.forEach(receiver -> assertThat(receiver.untaken()).isZero());
  }

  @Test
  void whatFailsIsRetriedRedeliveredAndRecovered() {
    Api account = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    Instant since = Instant.now().minusSeconds(60);
    receiver.answer(Answer.status(500));
    Webhook webhook = keyhook.webhook(account, receiver, "license.validated");
    License license = keyhook.license(account, new JsonObject().put("name", "L"));
    account.validate(license.key(), "device").expect(200);
    String id = receiver.take(2).get(1).id();
    Waiting.until("it failed", () -> account.get("/api/deliveries/" + id).json().getString("status").equals("failed"));
    account.post("/api/deliveries/" + id + "/redeliver").expect(202);
    receiver.take(2);
    Waiting.until("it failed again", () -> account.get("/api/deliveries/" + id).json().getString("status").equals("failed"));
    receiver.answer(Answer.status(200));
    account.post("/api/webhooks/" + webhook.id() + "/recover", new JsonObject().put("since", since.toString())).expect(202);
    receiver.take();
    Waiting.until("it arrived", () -> account.get("/api/deliveries/" + id).json().getString("status").equals("delivered"));
    account.get("/api/webhooks/" + webhook.id() + "/health").expect(200);
    account.get("/api/webhooks/" + webhook.id() + "/deliveries").expect(200);
    account.get("/api/stats?range=1h").expect(200);
    account.get("/api/stats/webhooks").expect(200);
    String secret = account.post("/api/webhooks/" + webhook.id() + "/rotate-secret", new JsonObject().put("overlapHours", 24))
        .expect(200).json().getString("secret");
    receiver.trust(secret);
    account.patch("/api/webhooks/" + webhook.id(), new JsonObject().put("description", "Changed")).expect(200);
    account.validate(license.key(), "device").expect(200);
    receiver.take();
    account.delete("/api/webhooks/" + webhook.id()).expect(204);
  }

  @Test
  void anExpiryIsAnnouncedOnce() {
    Api account = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(account, receiver, "license.expired");
    keyhook.license(account, new JsonObject().put("name", "L").put("expiresAt", Instant.now().plusSeconds(2).toString()));
    assertThat(receiver.take().event()).isEqualTo("license.expired");
    keyhook.awaitEmptyQueueOf(account);
    keyhook.deleteWebhooks(account);
  }

  @Test
  void alertsWaitForTheirHourAndTestEndpointsAreExtended() throws IOException {
    try (SlackServer slack = new SlackServer()) {
      Api account = keyhook.account("enterprise");
      account.patch("/api/alerts", new JsonObject().put("slackUrl", slack.url())
          .put("causes", new JsonArray().add("webhook.deactivated"))).expect(200);
      String waiting = "SELECT coalesce(sum(total), 0) FROM keyhook.alert_message WHERE due_at > now() + interval '30 minutes'";
      for (int i = 0; i < 2; i++) {
        Receiver receiver = keyhook.receiver();
        receiver.answer(Answer.status(410));
        keyhook.webhook(account, receiver, "license.created");
        account.post("/api/licenses", new JsonObject().put("name", "L")).expect(201);
        receiver.take();
        if (i == 0) {
          assertThat(slack.take()).startsWith("*Webhook deactivated*");
        }
      }
      Waiting.until("the second one waits", () -> keyhook.database().number(waiting) == 1);
      keyhook.deleteWebhooks(account);
      for (int i = 0; i < 2; i++) {
        account.post("/api/test-endpoint").expect(200);
      }
    }
  }

  @Test
  void theMasterKeyIsRotatedAndBack() {
    Api account = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(account, receiver, "license.disabled");
    License license = keyhook.license(account, new JsonObject().put("name", "L"));
    account.post("/api/licenses/" + license.id() + "/disable").expect(200);
    receiver.take();
    String other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    assertThat(rotate(other, Node.MASTER_KEY)).isTrue();
    assertThat(rotate(Node.MASTER_KEY, other)).isTrue();
    account.post("/api/licenses/" + license.id() + "/enable").expect(200);
    account.post("/api/licenses/" + license.id() + "/disable").expect(200);
    receiver.take();
    keyhook.awaitEmptyQueueOf(account);
    keyhook.deleteWebhooks(account);
  }

  private static boolean rotate(String to, String from) {
    return RotateMasterKey.run(Configuration.of(Node.settings(keyhook.database().uri())
        .put("secrets", new JsonObject().put("masterKey", to).put("previousMasterKeys", new JsonArray().add(from)))));
  }

  @Test
  void peopleKeysAndIdempotencyWork() {
    Api account = keyhook.account("enterprise");
    account.post("/api/users", new JsonObject().put("email", "new@example.org").put("password", Node.PASSWORD).put("role", "member")).expect(201);
    account.post("/api/users", new JsonObject().put("email", "NEW@example.org").put("password", Node.PASSWORD).put("role", "member")).expect(409);
    String key = account.post("/api/api-keys", new JsonObject().put("name", "Key").put("currentPassword", Node.PASSWORD)).expect(201).json().getString("key");
    Api byKey = account.anonymous().bearer(key).header("Idempotency-Key", "one-and-the-same");
    JsonObject license = new JsonObject().put("name", "Once");
    String id = byKey.post("/api/licenses", license).expect(201).json().getString("id");
    assertThat(byKey.post("/api/licenses", license).expect(201).json().getString("id")).isEqualTo(id);
    account.get("/api/auth/me").expect(200);
    assertThat(account.get("/api/audit").expect(200).data()).hasSizeGreaterThan(2);
  }

  @Test
  void statementsOfTheHotPathGoToTheServerOfTheShard() {
    License license = keyhook.license(1);
    api().validate(license.key(), "device").expect(200); // looked up, activated
    api().validate(license.key(), "device").expect(200);
    assertThat(keyhook.database().number("""
        SELECT sum(result::int) FROM run_command_on_workers(
          $$SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%keyhook.in_shard(%'
              AND application_name = 'keyhook'$$)"""))
        .isPositive();
    assertThat(keyhook.database().number(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%keyhook.run_on_shard(%'"
            + " AND query LIKE '%device_name%' AND pid <> pg_backend_pid()")).as("through Citus").isZero();
  }

  /** An account with a license for 5 devices, one of which is known, and a webhook. */
  private record Customer(Api api, License license, Receiver receiver) {
    static Customer create() {
      Api api = keyhook.account("enterprise");
      License license = keyhook.license(api, new JsonObject().put("name", "L").put("maxActivations", 5));
      api.validate(license.key(), "device").expect(200);
      Receiver receiver = keyhook.receiver();
      keyhook.webhook(api, receiver, "license.validated");
      return new Customer(api, license, receiver);
    }

    private String ofShard(String what) {
      return keyhook.database().value("""
          SELECT %s FROM keyhook.license_key k JOIN pg_dist_shard s
            ON s.shardid = get_shard_id_for_distribution_column('keyhook.account', k.account_id)
          JOIN pg_dist_placement p ON p.shardid = s.shardid JOIN pg_dist_node n ON n.groupid = p.groupid
          WHERE k.key = ?""".formatted(what), license.key().replace("-", ""));
    }

    String shard() {
      return ofShard("s.shardid");
    }

    String worker() {
      return ofShard("n.nodeid");
    }

    int hash() {
      return Integer.parseInt(ofShard("uuid_hash(k.account_id)"));
    }

    CompletableFuture<Integer> validateUntil(AtomicBoolean end) {
      return CompletableFuture.supplyAsync(() -> {
        int valid = 0;
        do {
          int status = api.validate(license.key(), "device").status(); // it may have waited too long for a lock
          assertThat(status).isIn(200, 503);
          valid += status == 200 ? 1 : 0;
        } while (!end.get());
        return valid;
      });
    }

    void end() {
      keyhook.awaitEmptyQueueOf(api);
      keyhook.deleteWebhooks(api);
    }
  }

  @Test
  void nothingIsLostWhenTheAccountsOfABatchGetShardsOfTheirOwn() {
    Map<String, List<Customer>> byShard = new HashMap<>();
    List<Customer> pair = List.of();
    while (pair.size() < 2) {
      Customer next = Customer.create();
      pair = byShard.computeIfAbsent(next.shard(), shard -> new ArrayList<>());
      pair.add(next);
    }
    AtomicBoolean split = new AtomicBoolean();
    List<CompletableFuture<Integer>> callers = IntStream.range(0, 8).mapToObj(i -> i % 2).map(pair::get)
        .map(customer -> customer.validateUntil(split)).toList();
    keyhook.database().column("""
        SELECT citus_split_shard_by_split_points(?::bigint, ARRAY[?::text],
          ARRAY(SELECT nodeid FROM pg_dist_node WHERE shouldhaveshards ORDER BY nodeid LIMIT 2), 'block_writes')""",
        pair.get(0).shard(), Integer.toString(Math.min(pair.get(0).hash(), pair.get(1).hash())));
    split.set(true);
    for (int i = 0; i < 2; i++) {
      int valid = 0;
      for (int caller = i; caller < callers.size(); caller += 2) {
        valid += callers.get(caller).join();
      }
      assertThat(pair.get(i).receiver.take(valid).stream().map(Delivery::id)).doesNotHaveDuplicates();
    }
    assertThat(pair.get(0).shard()).isNotEqualTo(pair.get(1).shard());
    byShard.values().forEach(customers -> customers.forEach(Customer::end));
  }

  @Test
  void aServerThatIsAwayCostsOnlyTheAccountsOnIt() {
    List<Customer> all = new ArrayList<>(List.of(Customer.create()));
    while (all.stream().map(Customer::worker).distinct().count() < 2) {
      all.add(Customer.create());
    }
    Customer here = all.get(0);
    Customer away = all.get(all.size() - 1);
    String node = away.worker();
    String[] server = keyhook.database().value(
        "SELECT nodename || ':' || nodeport FROM pg_dist_node WHERE nodeid = ?::int", node).split(":");
    URI direct = URI.create("postgresql://" + server[0] + ":" + server[1] + "/");
    Proxy proxy = keyhook.proxy(direct);
    move(node, "127.0.0.1", proxy.before(direct).getPort());
    Node through = Node.start(keyhook.database().uri(), QUICK);
    try {
      Api.join(here.api.at(through.uri()).validateAsync(here.license.key(), "device")).expect(200);
      Api.join(away.api.at(through.uri()).validateAsync(away.license.key(), "device")).expect(200);
      here.receiver.take();
      away.receiver.take();
      proxy.stall();
      List<CompletableFuture<Exchange>> lost = IntStream.range(0, 20)
          .mapToObj(i -> away.api.at(through.uri()).validateAsync(away.license.key(), "device")).toList();
      for (int i = 0; i < 3; i++) {
        here.api.at(through.uri()).validate(here.license.key(), "device-" + i).expect(200);
        here.receiver.take();
      }
      here.receiver.answer(Answer.status(500));
      here.api.at(through.uri()).validate(here.license.key(), "device").expect(200);
      here.receiver.take(2); // the retry, too
      here.receiver.answer(Answer.status(200));
      assertThat(lost).as("none of these has ended yet").noneMatch(CompletableFuture::isDone);
      lost.forEach(answer -> Api.join(answer).expect(503));
      proxy.open();
      Waiting.until("it serves again",
          () -> away.api.at(through.uri()).validate(away.license.key(), "device").status() == 200);
      away.receiver.take();
    } finally {
      through.stop();
      proxy.open();
      move(node, server[0], Integer.parseInt(server[1]));
    }
    all.forEach(Customer::end);
  }

  private static void move(String node, String host, int port) {
    keyhook.database().column("SELECT citus_update_node(?::int, ?, ?)", node, host, port);
  }

  @Test
  void nothingIsLostWhileAShardMoves() {
    Api account = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(account, receiver, "license.validated");
    License license = keyhook.license(account, new JsonObject().put("name", "L").put("maxActivations", 5));
    account.validate(license.key(), "device").expect(200);
    receiver.take();
    String shard = keyhook.database().value("""
        SELECT get_shard_id_for_distribution_column('keyhook.account', account_id) FROM keyhook.license_key WHERE key = ?""",
        license.key().replace("-", ""));
    AtomicBoolean moved = new AtomicBoolean();
    List<CompletableFuture<Integer>> callers = IntStream.range(0, 4).mapToObj(caller -> CompletableFuture.supplyAsync(() -> {
      int valid = 0;
      do {
        int status = account.validate(license.key(), "device").status(); // it may have waited too long for the move
        assertThat(status).isIn(200, 503);
        valid += status == 200 ? 1 : 0;
      } while (!moved.get());
      return valid;
    })).toList();
    for (int move = 0; move < 2; move++) {
      Waiting.until("what the move before has left is gone", () -> {
        keyhook.database().update("CALL citus_cleanup_orphaned_resources()");
        return keyhook.database().number("SELECT count(*) FROM pg_dist_cleanup") == 0;
      });
      keyhook.database().column("""
          SELECT citus_move_shard_placement(p.shardid, p.nodename, p.nodeport::int, n.nodename, n.nodeport::int, 'block_writes')
          FROM pg_dist_shard_placement p
          JOIN pg_dist_node n ON n.shouldhaveshards AND (n.nodename, n.nodeport::int) <> (p.nodename, p.nodeport::int)
          WHERE p.shardid = ?::bigint LIMIT 1""", shard);
    }
    moved.set(true);
    int valid = callers.stream().mapToInt(CompletableFuture::join).sum();
    assertThat(receiver.take(valid).stream().map(Delivery::id)).doesNotHaveDuplicates();
    keyhook.awaitEmptyQueueOf(account);
    keyhook.deleteWebhooks(account);
  }

  @Test
  void aNodeOnAWorkerServes() {
    String worker = keyhook.database().value(
        "SELECT nodename || ':' || nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid LIMIT 1");
    URI there = URI.create(keyhook.database().uri().toString().replaceFirst("(@|//)[^@/]+/", "$1" + worker + "/"));
    Node node = Node.start(there, QUICK);
    try {
      License license = keyhook.license(3);
      assertThat(node.api().validate(license.key(), "device").expect(200).json().getBoolean("valid")).isTrue();
      Receiver receiver = keyhook.receiver();
      keyhook.webhook(node.api(), receiver, "license.disabled");
      node.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
      assertThat(receiver.take().event()).isEqualTo("license.disabled");
      keyhook.awaitEmptyQueueOf(node.api());
      keyhook.deleteWebhooks(node.api());
    } finally {
      node.stop();
    }
  }
}
