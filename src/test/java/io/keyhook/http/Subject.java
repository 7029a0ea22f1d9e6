package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One of each thing on a running node, to send bad requests about, and the proof that they change nothing. */
final class Subject implements BeforeAllCallback {
  private static final List<String> TABLES = List.of("account", "member", "session", "account_link", "api_key", "license", "license_expiry", "activation", "webhook",
      "webhook_format", "webhook_pace", "recovery", "delivery_queue", "delivery", "event", "audit", "idempotency", "test_endpoint", "test_request", "listener", "listener_request",
      "alert_setting", "policy", "product", "signing_key", "passkey", "passkey_challenge", "portal_link");
  /** What changes by the clock and not by a request. */
  private static final String UNSTEADY = "'{last_used_at,last_seen_at,last_login_at}'::text[]";
  /** A row a table, in one statement: a class asks thousands of times. */
  private static final String ROWS = TABLES.stream().map(table -> """
      SELECT '%2$s ' || count(*) || ' ' || md5(coalesce(string_agg((to_jsonb(t) - %1$s)::text, ',' ORDER BY to_jsonb(t)::text), ''))
      FROM keyhook.%2$s t""".formatted(UNSTEADY, table)).collect(Collectors.joining("\nUNION ALL\n", "", "\nORDER BY 1"));
  /**
   * Which transactions can be seen. Whoever writes takes a number and ends, which changes it, so where it is the same, so is each row;
   * on Citus, others than this server write, and it is never the same.
   */
  private static final String SNAPSHOT = """
      SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN gen_random_uuid()::text
        ELSE pg_current_snapshot()::text END""";

  private final Installation installation;
  private final Map<String, String> ids = new LinkedHashMap<>();
  private String licenseKey;
  /** For calls about settings of a user. */
  private String userToken;
  /** Null: none was taken. */
  private String snapshot;
  /** As of the snapshot, or later. */
  private List<String> rows;

  Subject(Installation installation) {
    this.installation = installation;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    Api api = installation.api();
    Installation.License license = installation.license(3);
    licenseKey = license.key();
    api.validate(license.key(), "a-device").expect(200);
    ids.put("/api/licenses/{id}", license.id());
    ids.put("{activationId}", api.get("/api/licenses/" + license.id() + "/activations").data().get(0).getString("id"));
    ids.put("/api/policies/{id}", api.post("/api/policies", new JsonObject().put("name", "Standard")).expect(201).json().getString("id"));
    ids.put("/api/products/{id}", api.post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json().getString("id"));
    ids.put("/api/webhooks/{id}", api.post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/")
        .put("events", new JsonArray().add("license.expired"))).expect(201).json().getString("id"));
    String recovery = api.post("/api/webhooks/" + webhookId() + "/recover",
        new JsonObject().put("since", Instant.now().toString())).expect(202).json().getString("recoveryId");
    Waiting.until("nothing had to be recovered", () ->
        api.get("/api/recoveries/" + recovery).expect(200).json().getString("status").equals("completed"));
    ids.put("/api/recoveries/{id}", recovery);
    ids.put("/api/api-keys/{id}", api.get("/api/api-keys").data().get(0).getString("id"));
    ids.put("/api/users/{id}", api.post("/api/users", new JsonObject().put("email", "colleague-of-all@example.com")
        .put("password", Node.PASSWORD).put("role", "member")).expect(201).json().getString("id"));
    ids.put("/api/invitations/{id}", api.post("/api/invitations", new JsonObject().put("email", "invited@example.com")
        .put("role", "member")).expect(201).json().getString("id"));
    JsonObject login = new JsonObject().put("email", Node.EMAIL).put("password", Node.PASSWORD);
    JsonObject alerted = new JsonObject().put("email", "alerted@example.com").put("password", Node.PASSWORD);
    api.post("/api/users", alerted.copy().put("role", "member")).expect(201);
    userToken = api.anonymous().post("/api/auth/login", alerted).expect(200).json().getString("token");
    Api user = api.anonymous().bearer(api.anonymous().post("/api/auth/session", login).expect(200).json().getString("token"));
    ids.put("/api/password-resets/{id}", user.post("/api/users/" + ids.get("/api/users/{id}") + "/password-reset",
        new JsonObject().put("currentPassword", Node.PASSWORD)).expect(201).json().getString("id"));
    ids.put("/api/auth/sessions/{id}", user.get("/api/auth/sessions").expect(200).data().get(0).getString("id"));
    ids.put("/api/admin/accounts/{id}", api.get("/api/account").json().getString("id"));
    ids.put("{accountId}", ids.get("/api/admin/accounts/{id}"));
    ids.put("/api/signing-keys/{id}", api.get("/api/signing-keys").expect(200).data().get(0).getString("id"));
    ids.put("/api/auth/passkeys/{id}", Id.PASSKEY.of(UUID.fromString(installation.database().value("""
        INSERT INTO keyhook.passkey (account_id, user_id, name, origin, credential_id, credential, sign_count, backup_eligible, backed_up)
        SELECT account_id, user_id, 'Laptop', 'https://keyhook.example.com', '\\x01', '\\x01', 0, false, false FROM keyhook.member WHERE email = ?
        RETURNING passkey_id::text""", Node.EMAIL))));
    ids.put("/api/portal-links/{id}", api.post("/api/portal-links", new JsonObject().put("customer", "customer-1042")
        .put("customerFilters", new JsonObject().put("customerEmails", new JsonArray().add("jane@example.com")))
        .put("expiresInSeconds", 604_800)).expect(201).json().getString("id"));
    api.post("/api/test-endpoint").expect(200);
    ids.put("/api/deliveries/{id}", api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhookId()))
        .expect(200).json().getString("deliveryId"));
  }

  String webhookId() {
    return ids.get("/api/webhooks/{id}");
  }

  String licenseId() {
    return ids.get("/api/licenses/{id}");
  }

  /** Of all that there is. */
  Collection<String> ids() {
    return ids.values().stream().map(id -> id.substring(id.lastIndexOf('/') + 1)).toList();
  }

  Api api() {
    return installation.api();
  }

  /** The path of an operation with the ids of what there is. */
  String path(Operation operation) {
    String path = operation.path();
    for (Map.Entry<String, String> id : ids.entrySet()) {
      String filled = id.getKey().replaceFirst("\\{.*", "") + id.getValue();
      path = path.replace(id.getKey(), filled);
    }
    return path;
  }

  String credential(Operation operation) {
    return operation.isOperators() ? Node.OPERATOR_KEY : operation.path().startsWith("/api/alerts") ? userToken : Node.API_KEY;
  }

  /** The fields of the document's first example, with what there is here put in, as JSON each. */
  Map<String, String> goodFields(Operation operation) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : operation.requestExample().properties()) {
      fields.put(field.getKey(), switch (field.getKey()) {
        case "webhookId" -> '"' + webhookId() + '"';
        case "since" -> '"' + Instant.now().minus(Duration.ofHours(1)).toString() + '"';
        case "policyId" -> '"' + ids.get("/api/policies/{id}") + '"';
        case "productId" -> '"' + ids.get("/api/products/{id}") + '"';
        case "licenseKey" -> '"' + licenseKey + '"';
        case "url", "slackUrl" -> "\"http://127.0.0.1:9/\"";
        default -> field.getValue().toString();
      });
    }
    return fields;
  }

  static String json(Map<String, String> fields) {
    StringBuilder json = new StringBuilder("{");
    fields.forEach((name, value) -> json.append(json.length() == 1 ? "" : ",").append('"').append(name).append("\":")
        .append(value));
    return json.append('}').toString();
  }

  Exchange send(Operation operation, String body) {
    Api api = installation.api().anonymous().bearer(credential(operation)).header("Content-Type", "application/json");
    return Api.join((operation.isForPages() ? api.header("X-Keyhook-Session", "1") : api)
        .send(operation.method(), path(operation), body));
  }

  /** Bytes and headers as they are; a credential is added, and what a page would say. */
  Exchange sendRaw(Operation operation, byte[] body, String... headers) {
    String[] all = Arrays.copyOf(headers, headers.length + (operation.isForPages() ? 2 : 1));
    all[headers.length] = "Authorization: Bearer " + credential(operation);
    if (operation.isForPages()) {
      all[headers.length + 1] = "X-Keyhook-Session: 1";
    }
    return wire().send(operation.method(), path(operation), body, all);
  }

  Exchange sendRaw(Operation operation, String body, String... headers) {
    return sendRaw(operation, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  Wire wire() {
    return new Wire(installation.node().uri());
  }

  /** Makes a request that must change no row. */
  Exchange unchanged(Supplier<Exchange> request) {
    List<String> before = rows();
    Exchange exchange = request.get();
    assertThat(rows()).as("the rows after %s", exchange).isEqualTo(before);
    return exchange;
  }

  private List<String> rows() {
    String now = installation.database().value(SNAPSHOT);
    if (!now.equals(snapshot)) {
      rows = installation.database().column(ROWS);
      snapshot = now;
    }
    return rows;
  }

  /** Whether licensed software makes the call, whose responses have a form of their own. */
  static boolean isOfDevices(String path) {
    return path.startsWith("/api/validate") || path.startsWith("/api/deactivate");
  }

  /** That a refusal of input is one, and says which field is wrong. */
  static void assertRefused(Exchange exchange, String field) {
    exchange.expect(400, "INVALID_REQUEST");
    if (isOfDevices(exchange.path())) {
      assertThat(exchange.json().getBoolean(exchange.path().startsWith("/api/validate") ? "valid" : "deactivated")).isFalse();
      assertThat(exchange.json().getString("error")).contains(field);
    } else {
      assertThat(exchange.badFields()).as("%s", exchange).anyMatch(bad -> bad.equals(field) || bad.startsWith(field + "."));
      assertThat(exchange.json().getString("detail")).contains(field);
    }
  }
}
