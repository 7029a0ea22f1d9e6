package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Secrets;
import io.keyhook.testing.TestDatabase;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A request with an Idempotency-Key is carried out once, however often and wherever it is sent again. */
class IdempotencyTest {
  private static final String REPLAYED = "Idempotent-Replayed";

  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<Operation> once() {
    return Document.operations().stream().filter(operation -> operation.parameters().stream()
        .anyMatch(parameter -> parameter.path("name").asText().equals("Idempotency-Key")));
  }

  private static String newKey() {
    return UUID.randomUUID().toString();
  }

  private static Api with(String key) {
    return keyhook.api().header("Idempotency-Key", key);
  }

  private static JsonObject named(String name) {
    return new JsonObject().put("name", name);
  }

  private static TestDatabase database() {
    return keyhook.database();
  }

  private static long licenses() {
    return database().count("license");
  }

  private static Exchange again(Exchange exchange) {
    assertThat(exchange.header(REPLAYED)).as("%s", exchange).isEqualTo("true");
    return exchange;
  }

  @Test
  void everyCallThatCreatesRotatesOrSendsTakesAKey() {
    assertThat(once().map(Operation::id)).containsExactlyInAnyOrder("createLicense", "createLicenses", "importLicenses",
        "createLicenseFile", "createWebhook", "testWebhook", "rotateSecret", "rotateSigningKey", "recoverWebhook", "createApiKey",
        "createUser", "createInvitation", "redeliver", "redeliverAll", "createAccount", "createPolicy", "createProduct", "createPortalLink");
  }

  /** What a call has begun goes on after its answer: deliveries, and recoveries. */
  private static void awaitEnd() {
    keyhook.awaitEmptyQueue();
    Waiting.until("recoveries have ended", () -> keyhook.database().value("SELECT count(*) FROM keyhook.recovery WHERE ended_at IS NULL")
        .equals("0"));
  }

  @ParameterizedTest
  @MethodSource("once")
  void aRetryGetsTheAnswerAndChangesNothing(Operation operation) {
    String type = operation.readsCsv() ? "text/csv" : "application/json";
    String body = operation.readsCsv() ? "name\nImported\n" : operation.requestExample().isMissingNode() ? ""
        : Subject.json(subject.goodFields(operation)).replaceFirst("(\"email\":\")", "$1" + operation.id() + '.');
    String[] headers = {"Content-Type: " + type, "Idempotency-Key: " + newKey()};
    Exchange first = subject.sendRaw(operation, body, headers);
    if (operation.id().equals("redeliver")) {
      first.expect(409, "TEST_DELIVERY"); // a refusal is an answer, too
    } else {
      assertThat(first.status()).as("%s", first).isBetween(200, 202);
    }
    assertThat(first.header(REPLAYED)).isNull();
    awaitEnd();
    for (int i = 0; i < 2; i++) {
      Exchange retried = again(subject.unchanged(() -> subject.sendRaw(operation, body, headers)));
      assertThat(retried.status()).isEqualTo(first.status());
      assertThat(retried.body()).isEqualTo(first.body());
      assertThat(retried.header("Content-Type")).isEqualTo(first.header("Content-Type"));
    }
  }

  @Test
  void anEventIsSentOnceForARetriedTestAndARetriedRedelivery() {
    Api api = keyhook.account("enterprise"); // the first one's webhooks may have deliveries that wait for a retry
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(api, receiver, "license.activated").id();
    Api testing = api.header("Idempotency-Key", newKey());
    String test = testing.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200).body();
    assertThat(again(testing.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook))).body()).isEqualTo(test);
    receiver.take();
    api.validate(keyhook.license(api, named("L")).key(), "a").expect(200);
    String delivery = receiver.take().id();
    keyhook.awaitEmptyQueueOf(api);
    Api redelivering = api.header("Idempotency-Key", newKey());
    redelivering.post("/api/deliveries/" + delivery + "/redeliver").expect(202);
    again(redelivering.post("/api/deliveries/" + delivery + "/redeliver").expect(202));
    assertThat(receiver.take().id()).isEqualTo(delivery);
    keyhook.awaitEmptyQueueOf(api);
    assertThat(api.get("/api/deliveries/" + delivery).json().getJsonArray("attempts")).hasSize(2);
    assertThat(api.get("/api/audit?subjectId=" + delivery).data()).hasSize(1);
  }

  @Test
  void ofEqualRequestsAtOnceOneIsCarriedOutOnAnyNode() {
    Api other = keyhook.start().api();
    for (int round = 0; round < 5; round++) {
      String key = newKey();
      long before = licenses();
      List<CompletableFuture<Exchange>> answers = IntStream.range(0, 20).mapToObj(i ->
          (i % 2 == 0 ? keyhook.api() : other).header("Idempotency-Key", key).postAsync("/api/licenses", named("Once")))
          .toList();
      List<Exchange> all = answers.stream().map(Api::join).toList();
      assertThat(licenses()).isEqualTo(before + 1);
      List<Exchange> made = all.stream().filter(answer -> answer.status() == 201).toList();
      assertThat(made).isNotEmpty();
      assertThat(made.stream().map(Exchange::body).distinct()).hasSize(1);
      assertThat(made.stream().filter(answer -> answer.header(REPLAYED) == null)).hasSize(1);
      all.stream().filter(answer -> answer.status() != 201).forEach(answer -> answer.expect(409, "IDEMPOTENCY_KEY_IN_USE"));
      assertThat(again(other.header("Idempotency-Key", key).post("/api/licenses", named("Once"))).body())
          .isEqualTo(made.get(0).body());
    }
  }

  @Test
  void aKeyBelongsToOneRequestOfOneCaller() {
    String key = newKey();
    with(key).post("/api/licenses", named("One")).expect(201);
    long before = licenses();
    with(key).post("/api/licenses", named("Two")).expect(422, "IDEMPOTENCY_KEY_REUSED");
    with(key).post("/api/licenses", "{\"name\":\"One\"} ").expect(422, "IDEMPOTENCY_KEY_REUSED");
    with(key).post("/api/api-keys", named("One")).expect(422, "IDEMPOTENCY_KEY_REUSED");
    String colleague = keyhook.api().post("/api/api-keys", named("colleague")).expect(201).json().getString("key");
    keyhook.api().anonymous().bearer(colleague).header("Idempotency-Key", key).post("/api/licenses", named("One"))
        .expect(422, "IDEMPOTENCY_KEY_REUSED");
    assertThat(licenses()).isEqualTo(before);
    keyhook.account("enterprise").header("Idempotency-Key", key).post("/api/licenses", named("One")).expect(201);
    assertThat(licenses()).isEqualTo(before + 1);
  }

  @Test
  void aKeyIsTheSameInQuotesAndWithout() {
    String first = with("\"a-\\\"quoted\\\\one\"").post("/api/licenses", named("Q")).expect(201).body();
    assertThat(again(with("a-\"quoted\\one").post("/api/licenses", named("Q"))).body()).isEqualTo(first);
    with("k".repeat(255)).post("/api/licenses", named("Q")).expect(201);
    with("\"" + "l".repeat(255) + "\"").post("/api/licenses", named("Q")).expect(201);
  }

  @Test
  void theDocumentSaysWhatAKeyIs() {
    JsonNode schema = Document.root().at("/components/parameters/IdempotencyKey/schema");
    for (String key : List.of("k", "k".repeat(255), "\"k\"", "\"" + "k".repeat(255) + "\"", "\"" + "\\\"".repeat(255) + "\"")) {
      assertThat(Document.faults(schema, TextNode.valueOf(key))).as(key).isEmpty();
      with(key).post("/api/licenses", named("Q")).expect(201);
    }
    for (String key : List.of("", "\"\"", "a b", "k".repeat(256), "k".repeat(257), "\"" + "k".repeat(256) + "\"")) {
      assertThat(Document.faults(schema, TextNode.valueOf(key))).as(key).isNotEmpty();
      with(key).post("/api/licenses", named("Q")).expect(400);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"\"", "a b", "\"a b\"", "\u00e9", "a\tb"})
  void whatIsNoKeyIsRefused(String key) {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    Exchange refused = subject.unchanged(() -> subject.sendRaw(create, "{\"name\":\"A\"}", "Content-Type: application/json",
        "Idempotency-Key: " + key));
    Subject.assertRefused(refused, "Idempotency-Key");
  }

  @Test
  void aKeyThatIsTooLongOrGivenTwiceIsRefused() {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(create, "{\"name\":\"A\"}", "Content-Type: application/json",
        "Idempotency-Key: " + "k".repeat(256))), "Idempotency-Key");
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(create, "{\"name\":\"A\"}", "Content-Type: application/json",
        "Idempotency-Key: a", "Idempotency-Key: a")), "Idempotency-Key");
  }

  @Test
  void refusalsByTheOperationAreKeptAndOthersAreNot() {
    Api free = keyhook.account("free");
    for (int i = 0; i < 5; i++) {
      free.post("/api/licenses", named("L")).expect(201);
    }
    String key = newKey();
    Exchange refused = free.header("Idempotency-Key", key).post("/api/licenses", named("L")).expect(403, "PLAN_LIMIT_REACHED");
    keyhook.node().operator().patch("/api/admin/accounts/" + free.get("/api/account").json().getString("id"),
        new JsonObject().put("plan", "professional")).expect(200);
    assertThat(again(free.header("Idempotency-Key", key).post("/api/licenses", named("L"))).body()).isEqualTo(refused.body());
    free.header("Idempotency-Key", newKey()).post("/api/licenses", named("L")).expect(201);

    String corrected = newKey();
    with(corrected).post("/api/licenses", named("")).expect(400);
    Api.join(with(corrected).header("Content-Type", "text/plain").send("POST", "/api/licenses", "x")).expect(415);
    with(corrected).post("/api/licenses", named("Corrected")).expect(201);
  }

  @Test
  void nobodyWithoutACredentialHasAKey() {
    String key = newKey();
    long before = database().count("idempotency");
    with(key).anonymous().header("Idempotency-Key", key).post("/api/licenses", named("L")).expect(401);
    keyhook.api().anonymous().header("Idempotency-Key", key).post("/api/auth/login",
        new JsonObject().put("email", Node.EMAIL).put("password", Node.PASSWORD)).expect(200);
    assertThat(database().count("idempotency")).isEqualTo(before);
  }

  @OnlyOnPostgresql
  @Test
  void anAnswerIsCommittedWithItsChange() {
    assertCommittedTogether("license", "license_id", Id.LICENSE, with("tx-license").post("/api/licenses", named("L")));
    assertCommittedTogether("api_key", "key_id", Id.API_KEY, with("tx-key").post("/api/api-keys", named("K")));
    assertCommittedTogether("member", "user_id", Id.USER, with("tx-user").post("/api/users", new JsonObject()
        .put("email", "tx@example.com").put("password", Node.PASSWORD).put("role", "member")));
    assertCommittedTogether("policy", "policy_id", Id.POLICY, with("tx-policy").post("/api/policies", named("P")));
    assertCommittedTogether("product", "product_id", Id.PRODUCT, with("tx-product").post("/api/products", named("P")));
    Exchange webhook = with("tx-webhook").post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/")
        .put("events", new JsonArray().add("license.expired")));
    assertCommittedTogether("webhook", "webhook_id", Id.WEBHOOK, webhook);
    assertCommittedTogether("webhook", "webhook_id", Id.WEBHOOK, with("tx-rotate")
        .post("/api/webhooks/" + webhook.json().getString("id") + "/rotate-secret"));
    Exchange bulk = with("tx-bulk").post("/api/licenses/bulk", named("B").put("count", 3)).expect(201);
    bulk.data().forEach(license -> assertWrittenWith("license", "license_id", Id.LICENSE.parse(license.getString("id"))));
    Api.join(with("tx-import").header("Content-Type", "text/csv").send("POST", "/api/licenses/import", "name\nI1\nI2\n"))
        .expect(200);
    assertThat(database().column("SELECT license_id FROM keyhook.license WHERE name IN ('I1', 'I2')")).hasSize(2)
        .allSatisfy(id -> assertWrittenWith("license", "license_id", UUID.fromString(id)));
  }

  private static void assertCommittedTogether(String table, String idColumn, Id kind, Exchange exchange) {
    assertThat(exchange.status()).as("%s", exchange).isIn(200, 201);
    assertWrittenWith(table, idColumn, kind.parse(exchange.json().getString("id")));
  }

  /** PostgreSQL gives each row the number of the transaction that wrote it. */
  private static void assertWrittenWith(String table, String idColumn, UUID id) {
    assertThat(database().number("""
        SELECT count(*) FROM keyhook.idempotency i JOIN keyhook.%s t ON i.xmin = t.xmin
        WHERE t.%s = ? AND i.status IS NOT NULL""".formatted(table, idColumn), id)).as("answers written with %s %s", table, id)
        .isEqualTo(1);
  }

  @Test
  void secretsAreKeptSealed() {
    String key = newKey();
    JsonObject user = new JsonObject().put("email", "sealed@example.com").put("password", "a password to be guessed").put("role", "member");
    with(key).post("/api/users", user).expect(201);
    String apiKey = with(newKey()).post("/api/api-keys", named("K")).expect(201).json().getString("key");
    String secret = with(newKey()).post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/")
        .put("events", new JsonArray().add("license.expired"))).expect(201).json().getString("secret");
    List<String> rows = database().column("SELECT to_jsonb(i)::text FROM keyhook.idempotency i");
    List<String> bytes = Stream.concat(rows.stream(), Stream.concat(
        database().column("SELECT encode(request, 'hex') FROM keyhook.idempotency").stream(),
        database().column("SELECT encode(answer, 'hex') FROM keyhook.idempotency WHERE answer IS NOT NULL").stream())).toList();
    for (String hidden : List.of(key, apiKey, secret, "a password to be guessed", "sealed@example.com")) {
      String hex = HexFormat.of().formatHex(hidden.getBytes(StandardCharsets.UTF_8));
      assertThat(bytes).noneMatch(row -> row.contains(hidden) || row.contains(hex));
    }
    assertThat(rows).allSatisfy(row -> assertThat(Secrets.in(row)).isEmpty());
    // of equal requests nothing that is kept is equal: nothing is a plain hash, by which a password could be guessed
    with(newKey()).post("/api/api-keys", named("E")).expect(201);
    with(newKey()).post("/api/api-keys", named("E")).expect(201);
    assertThat(database().number("SELECT count(*) - count(DISTINCT request) FROM keyhook.idempotency")).isZero();
  }

  @Test
  void aLargeAnswerIsKeptWhole() {
    String key = newKey();
    JsonObject request = named("Bulk").put("count", 1000).put("metadata", new JsonObject().put("text", "x".repeat(8000)));
    Exchange first = with(key).post("/api/licenses/bulk", request).expect(201);
    assertThat(first.body().length()).isGreaterThan(8_000_000);
    assertThat(again(with(key).post("/api/licenses/bulk", request)).body()).isEqualTo(first.body());
    assertThat(database().number("SELECT max(octet_length(answer)) FROM keyhook.idempotency")).isLessThan(300_000);
  }

  /** What a node leaves that dies before its change: a claim without an answer. */
  private static void leaveUnanswered(String lease) {
    assertThat(database().update("""
        UPDATE keyhook.idempotency SET status = NULL, answer = NULL, leased_until = now() + ?::interval
        WHERE expires_at = (SELECT max(expires_at) FROM keyhook.idempotency)""", lease)).isEqualTo(1);
  }

  @Test
  void theRequestOfANodeThatDiedIsCarriedOutOnceItsLeaseIsOver() {
    String key = newKey();
    with(key).post("/api/licenses", named("Crash")).expect(201);
    leaveUnanswered("1 hour");
    with(key).post("/api/licenses", named("Crash")).expect(409, "IDEMPOTENCY_KEY_IN_USE");
    with(key).post("/api/licenses", named("Another")).expect(422);
    leaveUnanswered("-1 second");
    with(key).post("/api/licenses", named("Another")).expect(422);
    long before = licenses();
    List<CompletableFuture<Exchange>> answers = IntStream.range(0, 10)
        .mapToObj(i -> with(key).postAsync("/api/licenses", named("Crash"))).toList();
    answers.forEach(answer -> assertThat(Api.join(answer).status()).isIn(201, 409));
    assertThat(licenses()).isEqualTo(before + 1);
    again(with(key).post("/api/licenses", named("Crash")).expect(201));
  }

  @OnlyOnPostgresql
  @Test
  void aChangeWhoseClaimWasTakenOverIsRolledBack() throws SQLException {
    String key = newKey();
    long before = licenses();
    CompletableFuture<Exchange> slow;
    try (Held held = new Held()) {
      slow = with(key).postAsync("/api/licenses", named("Slow"));
      held.awaitWaiting();
      with(key).post("/api/licenses", named("Slow")).expect(409, "IDEMPOTENCY_KEY_IN_USE");
      assertThat(database().update("UPDATE keyhook.idempotency SET token = gen_random_uuid() WHERE status IS NULL")).isEqualTo(1);
    }
    Api.join(slow).expect(409, "IDEMPOTENCY_KEY_IN_USE");
    assertThat(licenses()).isEqualTo(before);
  }

  @OnlyOnPostgresql
  @Test
  void afterAFailureOfTheServerARetryIsCarriedOut() throws SQLException {
    String key = newKey();
    long before = licenses();
    CompletableFuture<Exchange> failing;
    try (Held held = new Held()) {
      failing = with(key).postAsync("/api/licenses", named("Retried"));
      held.awaitWaiting();
      held.cancelWaiting();
      Api.join(failing).expect(503);
    }
    assertThat(licenses()).isEqualTo(before);
    assertThat(with(key).post("/api/licenses", named("Retried")).expect(201).header(REPLAYED)).isNull();
    again(with(key).post("/api/licenses", named("Retried")).expect(201));
    assertThat(licenses()).isEqualTo(before + 1);
  }

  /** Lets no audit entry be written, so that changes wait just before their end. */
  private static final class Held implements AutoCloseable {
    private static final String WAITING = """
        FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%keyhook.audit%'""";

    private final Connection connection = database().connect();

    private Held() throws SQLException {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute("LOCK TABLE keyhook.audit IN EXCLUSIVE MODE");
      }
    }

    void awaitWaiting() {
      await().atMost(Waiting.LONG).until(() -> database().number("SELECT count(*) " + WAITING) > 0);
    }

    void cancelWaiting() {
      assertThat(database().number("SELECT count(pg_cancel_backend(pid)) " + WAITING)).isPositive();
    }

    @Override
    public void close() throws SQLException {
      connection.rollback();
      connection.close();
    }
  }

  @Test
  void anAnswerIsKeptForADay() {
    String key = newKey();
    with(key).post("/api/licenses", named("Day")).expect(201);
    assertThat(database().number("""
        SELECT count(*) FROM keyhook.idempotency WHERE expires_at > now() + interval '24 hours 1 second'""")).isZero();
    assertThat(database().number("""
        SELECT extract(epoch FROM max(expires_at) - now())::bigint FROM keyhook.idempotency""")).isBetween(86_000L, 86_400L);
    database().update("UPDATE keyhook.idempotency SET expires_at = now()");
    String second = with(key).post("/api/licenses", named("Next day")).expect(201).body();
    assertThat(again(with(key).post("/api/licenses", named("Next day"))).body()).isEqualTo(second);
    assertThat(database().count("idempotency")).isGreaterThan(1);
    keyhook.start(); // which begins by deleting what is over
    await().atMost(Waiting.LONG).until(() -> database().count("idempotency") == 1);
  }

  @Test
  void whatNoMasterKeyOpensAnyMoreIsNotDoneAgain() {
    String key = newKey();
    with(key).post("/api/licenses", named("Old key")).expect(201);
    long before = licenses();
    String other = Base64.getEncoder().encodeToString(new byte[32]);
    Node rotated = keyhook.start(new JsonObject().put("secrets", new JsonObject().put("masterKey", other)));
    rotated.api().header("Idempotency-Key", key).post("/api/licenses", named("Old key"))
        .expect(409, "IDEMPOTENCY_KEY_UNREADABLE");
    Node both = keyhook.start(new JsonObject().put("secrets", new JsonObject().put("masterKey", other)
        .put("previousMasterKeys", new JsonArray().add(Node.MASTER_KEY))));
    again(both.api().header("Idempotency-Key", key).post("/api/licenses", named("Old key")).expect(201));
    assertThat(licenses()).isEqualTo(before);
  }
}
