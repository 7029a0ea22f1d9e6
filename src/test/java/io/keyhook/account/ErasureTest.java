package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.event.DeliveryRowStore;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is exported is everything, and what is erased is gone from every table. */
class ErasureTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final String PERSON = "Jane.Doe@example.com";

  /** An account with something in every table. */
  private static final class Tenant {
    private final String email = "tenant-" + UUID.randomUUID() + "@example.com";
    private final String id = operator().post("/api/admin/accounts", new JsonObject().put("name", "A tenant")
        .put("email", email).put("password", Node.PASSWORD).put("plan", "enterprise")).expect(201).json().getString("id");
    private final UUID accountId = Id.ACCOUNT.parse(id);
    private final Api api = keyhook.node().api().anonymous().bearer(keyhook.node().api().anonymous().post("/api/auth/login",
        new JsonObject().put("email", email).put("password", Node.PASSWORD)).expect(200).json().getString("token"));
    private final Receiver receiver = keyhook.receiver();

    private String path(String more) {
      return "/api/admin/accounts/" + id + more;
    }

    private List<JsonObject> audit() {
      return operator().get(path("/audit")).expect(200).data();
    }

    private long rows(String table) {
      return keyhook.database().number("SELECT count(*) FROM keyhook." + table + " WHERE account_id = ?", accountId);
    }
  }

  private static Api operator() {
    return keyhook.node().operator();
  }

  private static License license(Tenant tenant, String email) {
    return keyhook.license(tenant.api, new JsonObject().put("name", "L").put("maxActivations", 9)
        .put("customerName", email == null ? null : "Jane Doe").put("customerEmail", email));
  }

  private static void validate(License license, String device) {
    keyhook.node().api().post("/api/validate", new JsonObject().put("licenseKey", license.key()).put("fingerprint", device)
        .put("deviceName", "Laptop of " + device)).expect(200);
  }

  private static List<String> tables() {
    return keyhook.database().column("""
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id'
        WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition""");
  }

  private static Tenant full() {
    Tenant tenant = new Tenant();
    tenant.receiver.answer(Answer.status(500));
    keyhook.webhook(tenant.api, tenant.receiver, "license.validated", "license.activated");
    validate(license(tenant, PERSON), "one");
    Delivery failed = tenant.receiver.take(2).get(0);
    assertThat(failed.id()).isNotNull();
    await("both are retried later").atMost(Waiting.LONG).until(() -> keyhook.database().number("""
        SELECT count(*) FROM keyhook.delivery_queue WHERE NOT leased AND account_id = ?""", tenant.accountId) == 2);
    tenant.receiver.answer(Answer.OK);
    tenant.api.post("/api/policies", new JsonObject().put("name", "Policy")).expect(201);
    tenant.api.post("/api/products", new JsonObject().put("name", "Product")).expect(201);
    validate(license(tenant, null), "two");
    tenant.receiver.take(2);
    tenant.api.post("/api/portal-links", new JsonObject().put("customer", "acme")
        .put("customerFilters", new JsonObject().put("customerEmails", new JsonArray().add(PERSON)))).expect(201);
    tenant.api.post("/api/api-keys", new JsonObject().put("name", "Key").put("currentPassword", Node.PASSWORD)).expect(201);
    keyhook.database().update("""
        INSERT INTO keyhook.passkey (account_id, user_id, name, origin, credential_id, credential, sign_count, backup_eligible, backed_up)
        SELECT account_id, user_id, 'Laptop', 'https://keyhook.example.com', '\\x01', '\\x01', 0, false, false FROM keyhook.member WHERE account_id = ?""",
        tenant.accountId);
    keyhook.database().update("INSERT INTO keyhook.passkey_challenge (account_id, nonce, expires_at) VALUES (?, '\\x01', now())",
        tenant.accountId);
    await("logged").atMost(Waiting.LONG).until(() -> tenant.rows("delivery") == 2);
    return tenant;
  }

  @Test
  void anErasedAccountLeavesNothingButItsAuditLogWithoutNames() {
    Tenant tenant = full();
    tenant.api.post("/api/webhooks", new JsonObject().put("url", tenant.receiver.url()).put("events", new JsonArray().add("license.created"))
        .put("isActive", false).put("format", "slack").put("rateLimit", 5)).expect(201);
    assertThat(tenant.rows("webhook_format") + tenant.rows("webhook_pace")).isEqualTo(2);
    operator().delete(tenant.path("")).expect(409, "ACCOUNT_NOT_SUSPENDED");
    operator().post(tenant.path("/suspend")).expect(200);
    operator().delete(tenant.path("")).expect(202);
    operator().get(tenant.path("")).expect(404);
    assertThat(operator().get("/api/admin/accounts?email=" + tenant.email).expect(200).data()).isEmpty();
    tenant.api.get("/api/licenses").expect(401);

    await("it is erased").atMost(Waiting.LONG).until(() -> tenant.rows("account") == 0);
    for (String table : tables()) {
      if (!table.equals("audit")) {
        assertThat(tenant.rows(table)).as(table).isZero();
      }
    }
    List<JsonObject> audit = tenant.audit();
    assertThat(audit).extracting(entry -> entry.getString("action"))
        .startsWith("account.erased", "account.erasure_started", "account.suspended")
        .contains("license.created", "login.succeeded");
    assertThat(audit.toString()).doesNotContain(tenant.email);
    assertThat(audit).filteredOn(entry -> entry.getString("action").equals("license.created"))
        .allMatch(entry -> entry.getString("actor").equals("erased") && entry.getString("ipAddress") == null);
    assertThat(audit).filteredOn(entry -> entry.getString("action").equals("account.suspended"))
        .allMatch(entry -> entry.getString("actor").equals("operator"));
    keyhook.api().get("/api/licenses").expect(200);
  }

  @Test
  void anErasureThatItsNodeDidNotFinishIsFinishedByTheNextThatStarts() {
    Tenant tenant = full();
    operator().post(tenant.path("/suspend")).expect(200);
    keyhook.database().update("UPDATE keyhook.account SET erasing_since = now() WHERE account_id = ?", tenant.accountId);
    Node next = keyhook.start();
    await("it is erased").atMost(Waiting.LONG).until(() -> tenant.rows("account") == 0);
    assertThat(tenant.rows("license")).isZero();
    next.stop();
  }

  @Test
  void theAuditLogOfAnAccountThatIsNotBeingErasedCannotBeAnonymized() {
    Tenant tenant = new Tenant();
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> keyhook.database().value(
        "SELECT keyhook.anonymize_audit(?, '00000000-0000-0000-0000-000000000000', 10)", tenant.accountId))
        .hasRootCauseMessage("ERROR: the account is not being erased\n"
            + "  Where: PL/pgSQL function keyhook.anonymize_audit(uuid,uuid,integer) line 6 at RAISE");
  }

  private static Map<String, List<JsonObject>> export(Tenant tenant) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = HttpClient.newHttpClient().send(HttpRequest.newBuilder(
            URI.create(keyhook.node().uri() + tenant.path("/export"))).header("Authorization", "Bearer " + Node.OPERATOR_KEY)
        .build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/octet-stream");
    Map<String, List<JsonObject>> files = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(response.body().readAllBytes()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        List<JsonObject> lines = new ArrayList<>();
        new String(zip.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(line -> lines.add(new JsonObject(line)));
        files.put(entry.getName(), lines);
      }
    }
    return files;
  }

  @Test
  void anExportHasEverythingThatTheApiShowsAndNoCredential() throws Exception {
    Tenant tenant = full();
    License many = license(tenant, null);
    Webhook all = keyhook.webhook(tenant.api, tenant.receiver, "license.*");
    tenant.api.post("/api/webhooks/" + all.id() + "/pause").expect(200);
    tenant.api.patch("/api/webhooks/" + all.id(), new JsonObject().put("headers", new JsonObject().put("X-Api-Key", "a-value-of-the-owner"))
        .put("authentication", new JsonObject().put("type", "bearer").put("token", "a-credential-of-the-owner"))
        .put("format", "generic").put("templates", new JsonObject().put("*", "{{event}}")).put("rateLimit", 5)).expect(200);
    tenant.api.patch("/api/licenses/" + many.id(), new JsonObject().put("name", "Waiting")).expect(200);
    keyhook.database().update("INSERT INTO keyhook.activation (account_id, license_id, fingerprint)"
        + " SELECT ?, ?, 'device-' || n FROM generate_series(1, 250) n", tenant.accountId, Id.LICENSE.parse(many.id()));
    keyhook.database().update("""
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT account_id, %s, keep_until, '{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}'
        FROM keyhook.event WHERE account_id = ? AND NOT %s""".formatted(DeliveryRowStore.traceOf("event_id"),
        DeliveryRowStore.isTrace("event_id")), tenant.accountId);
    Map<String, List<JsonObject>> files = export(tenant);
    assertThat(files.keySet()).containsExactly("account.jsonl", "team.jsonl", "invitations.jsonl", "api-keys.jsonl", "licenses.jsonl",
        "policies.jsonl", "products.jsonl", "activations.jsonl", "webhooks.jsonl", "events.jsonl", "deliveries.jsonl", "pending-deliveries.jsonl",
        "statistics.jsonl", "audit.jsonl");
    assertThat(files.get("account.jsonl")).singleElement().satisfies(account ->
        assertThat(account.getString("accountId")).isEqualTo(tenant.id));
    assertThat(files.get("team.jsonl")).singleElement().satisfies(member ->
        assertThat(member.getString("email")).isEqualTo(tenant.email));
    assertThat(files.get("licenses.jsonl")).hasSize(3).extracting(one -> one.getString("licenseId"))
        .containsAll(tenant.api.get("/api/licenses").expect(200).data().stream().map(one -> one.getString("id")).toList());
    assertThat(files.get("activations.jsonl")).hasSize(252).extracting(one -> one.getString("activationId")).doesNotHaveDuplicates();
    assertThat(files.get("events.jsonl")).hasSize(5).allMatch(event -> event.getJsonObject("data").containsKey("licenseId"));
    assertThat(files.get("deliveries.jsonl")).hasSize(2).extracting(one -> one.getString("deliveryId"))
        .containsAll(tenant.api.get("/api/deliveries?status=delivered").expect(200).data().stream()
            .map(one -> one.getString("id")).toList());
    assertThat(files.get("pending-deliveries.jsonl")).hasSize(3).allMatch(one -> one.getJsonArray("attempts").isEmpty()
        || one.getJsonArray("attempts").getJsonObject(0).getInteger("status") == 500);
    assertThat(files.get("pending-deliveries.jsonl")).allMatch(one -> // as it was due before the pause, or during an attempt
        one.getValue("dueAt") == null || one.getInstant("dueAt").isBefore(Instant.now().plus(Duration.ofDays(1))));
    assertThat(files.get("webhooks.jsonl").get(0).getJsonArray("events")).contains("license.activated");
    assertThat(files.get("webhooks.jsonl").get(1).getJsonArray("events")).containsExactly("license.*");
    assertThat(files.get("webhooks.jsonl").get(1).getInstant("pausedAt")).isBefore(Instant.now());
    assertThat(files.get("licenses.jsonl").get(0).getLong("sequence")).isEqualTo(2);
    assertThat(files.get("audit.jsonl")).extracting(one -> one.getString("action")).contains("license.created");
    assertThat(tenant.audit().get(0).getString("action")).isEqualTo("account.exported");
    assertThat(files.get("webhooks.jsonl").get(1).getJsonArray("headerNames")).containsExactly("X-Api-Key");
    assertThat(files.get("webhooks.jsonl").get(1).getString("authenticationType")).isEqualTo("bearer");
    assertThat(files.get("webhooks.jsonl").get(1).getJsonObject("templates")).isEqualTo(new JsonObject().put("*", "{{event}}"));
    assertThat(files.get("webhooks.jsonl").get(1).getInteger("rateLimit")).isEqualTo(5);
    assertThat(files.toString()).doesNotContain("password", "secret", "key_hash", "whsec_", "of-the-owner");
  }

  private static String events(Tenant tenant) {
    return String.join("\n", keyhook.database().column("SELECT data FROM keyhook.event WHERE account_id = ?", tenant.accountId));
  }

  private static Exchange erase(Api api, String path, String email) {
    return api.post(path, new JsonObject().put("email", email));
  }

  @Test
  void anErasedCustomerIsGoneFromLicensesActivationsEventsAndResponses() {
    Tenant tenant = new Tenant();
    tenant.receiver.answer(Answer.OK);
    keyhook.webhook(tenant.api, tenant.receiver, "license.validated", "license.activated");
    String endpoint = tenant.api.post("/api/test-endpoint").expect(200).json().getString("url");
    tenant.api.post("/api/webhooks", new JsonObject().put("url", endpoint)
        .put("events", new JsonArray().add("license.activated"))).expect(201);
    License hers = license(tenant, PERSON);
    License deleted = license(tenant, PERSON.toLowerCase(java.util.Locale.ROOT));
    License others = license(tenant, "john@example.com");
    for (License license : List.of(hers, deleted, others)) {
      validate(license, "d-" + license.id());
    }
    List<Delivery> sent = tenant.receiver.take(6);
    await("logged").atMost(Waiting.LONG).until(() -> tenant.rows("delivery") == 9);
    keyhook.database().update("""
        UPDATE keyhook.delivery SET attempts =
          jsonb_set(jsonb_set(attempts, '{0,body}', '"Hello Jane"'), '{0,headers}', '"x-customer: Hello"') WHERE account_id = ?""",
        tenant.accountId);
    tenant.api.delete("/api/licenses/" + deleted.id()).expect(204);

    JsonObject erased = erase(tenant.api, "/api/customers/erase", "JANE.DOE@example.com").expect(200).json();
    assertThat(erased).isEqualTo(new JsonObject().put("licenses", 1).put("events", 4).put("deliveries", 6));

    JsonObject license = tenant.api.get("/api/licenses/" + hers.id()).expect(200).json();
    assertThat(license.getString("customerName")).isNull();
    assertThat(license.getString("customerEmail")).isNull();
    assertThat(license.getInteger("currentActivations")).isEqualTo(1);
    JsonObject device = tenant.api.get("/api/licenses/" + hers.id() + "/activations").expect(200).data().get(0);
    assertThat(device.getString("fingerprint")).isEqualTo("d-" + hers.id());
    assertThat(device.getString("deviceName")).isNull();
    assertThat(device.getString("ipAddress")).isNull();
    assertThat(events(tenant)).doesNotContainIgnoringCase(PERSON).doesNotContain("Laptop of d-" + hers.id())
        .doesNotContain("Laptop of d-" + deleted.id()).contains("Laptop of d-" + others.id(), "john@example.com");
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery WHERE attempts::text LIKE '%Hello%'"
        + " AND account_id = ?", tenant.accountId)).isEqualTo(3);
    assertThat(keyhook.database().column("SELECT body FROM keyhook.test_request WHERE account_id = ?", tenant.accountId))
        .singleElement().asString().contains("john@example.com");
    assertThat(tenant.audit().get(0).getString("action")).isEqualTo("customer.erased");
    assertThat(tenant.audit().toString()).doesNotContainIgnoringCase(PERSON);
    for (Delivery delivery : sent) {
      tenant.api.get("/api/deliveries/" + delivery.id()).expect(200);
    }
  }

  @Test
  void aCustomerWhomOnlyTheChangeOfALicenseNamesIsErasedFromIt() {
    Tenant tenant = new Tenant();
    tenant.receiver.answer(Answer.OK);
    License license = license(tenant, PERSON);
    keyhook.webhook(tenant.api, tenant.receiver, "license.updated");
    tenant.api.patch("/api/licenses/" + license.id(), new JsonObject().put("name", "Sold on").put("customerName", "John")
        .put("customerEmail", "john@example.com")).expect(200);
    assertThat(tenant.receiver.take().data().getJsonObject("changes").encode()).contains(PERSON, "Jane Doe", "john@example.com");
    assertThat(erase(tenant.api, "/api/customers/erase", PERSON).expect(200).json().getInteger("events")).isEqualTo(1);
    JsonObject left = new JsonObject(events(tenant));
    assertThat(left.encode()).doesNotContain(PERSON).doesNotContain("Jane Doe").doesNotContain("john");
    assertThat(left.getJsonObject("changes").getJsonObject("name")).isEqualTo(new JsonObject().put("old", "L").put("new", "Sold on"));
    long sequence = tenant.api.get("/api/licenses/" + license.id()).expect(200).json().getLong("sequence");
    assertThat(sequence).isEqualTo(2);
    erase(tenant.api, "/api/customers/erase", "john@example.com").expect(200);
    JsonObject told = tenant.receiver.take().data();
    assertThat(told.getLong("sequence")).isEqualTo(sequence + 1);
    assertThat(told.getJsonObject("changes").fieldNames()).containsExactly("customerName", "customerEmail");
    assertThat(told.encode()).doesNotContain("John").doesNotContain("john");
  }

  @OnlyOnPostgresql
  @Test
  void manyLicensesOfACustomerAreErasedInSmallTransactionsWithAnEventEach() {
    Tenant tenant = new Tenant();
    JsonObject fields = new JsonObject().put("name", "L").put("customerName", "Jane Doe").put("customerEmail", PERSON);
    for (int count : List.of(1000, 1000, 500)) {
      tenant.api.post("/api/licenses/bulk", fields.put("count", count)).expect(201);
    }
    tenant.receiver.answer(Answer.OK);
    keyhook.webhook(tenant.api, tenant.receiver, "license.updated");
    assertThat(erase(tenant.api, "/api/customers/erase", PERSON).expect(200).json().getInteger("licenses")).isEqualTo(2500);
    assertThat(keyhook.database().column("SELECT count(*) FROM keyhook.license WHERE account_id = ? AND customer_email IS NULL"
        + " GROUP BY xmin ORDER BY min(license_id::text)", tenant.accountId)).containsExactly("1000", "1000", "500");
    assertThat(tenant.receiver.take(2500).stream().map(delivery -> delivery.data().getString("licenseId")).distinct().count())
        .isEqualTo(2500);
    assertThat(tenant.audit().stream().filter(entry -> entry.getString("action").equals("customer.erased"))).hasSize(1);
  }

  @OnlyOnPostgresql
  @Test
  void anErasureThatFailedHalfwayFindsTheSameLicensesAgain() {
    Tenant tenant = full();
    keyhook.database().update("ALTER TABLE keyhook.audit ADD CONSTRAINT no_erasure CHECK (action <> 'customer.erased') NOT VALID");
    try {
      assertThat(erase(tenant.api.unchecked(), "/api/customers/erase", PERSON).status()).isGreaterThanOrEqualTo(500);
    } finally {
      keyhook.database().update("ALTER TABLE keyhook.audit DROP CONSTRAINT no_erasure");
    }
    JsonObject again = erase(operator(), tenant.path("/erase-customer"), PERSON).expect(200).json();
    assertThat(again.getInteger("licenses")).isEqualTo(1);
    assertThat(events(tenant)).doesNotContainIgnoringCase(PERSON);
  }

  @Test
  void aCustomerOfAnotherAccountIsNotTouched() {
    Tenant tenant = new Tenant();
    License theirs = license(tenant, PERSON);
    JsonObject nobody = erase(new Tenant().api, "/api/customers/erase", PERSON).expect(200).json();
    assertThat(nobody).isEqualTo(new JsonObject().put("licenses", 0).put("events", 0).put("deliveries", 0));
    assertThat(tenant.api.get("/api/licenses/" + theirs.id()).expect(200).json().getString("customerEmail")).isEqualTo(PERSON);
    erase(tenant.api, "/api/customers/erase", "nobody").expect(400, "INVALID_REQUEST");
    erase(operator(), "/api/admin/accounts/none/erase-customer", PERSON).expect(404, "NOT_FOUND");
  }
}
