package io.keyhook.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Actor;
import io.keyhook.bus.Audit;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Id;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Page;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who did what, from where: written with the change, and never without it. */
class AuditTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  private static List<JsonObject> entries(Api api, String query) {
    return api.get("/api/audit" + query).expect(200).data();
  }

  private static JsonObject latest(Api api) {
    return entries(api, "?limit=1").get(0);
  }

  private static List<Object> changed(JsonObject entry) {
    return entry.getJsonArray("changed").stream().toList();
  }

  private static List<String> actions(List<JsonObject> entries) {
    return entries.stream().map(entry -> entry.getString("action")).toList();
  }

  @Test
  void everyKindOfChangeIsWrittenDown() {
    Api api = keyhook.account("enterprise");
    String account = api.get("/api/account").json().getString("id");
    Receiver receiver = keyhook.receiver();
    String webhook = keyhook.webhook(api, receiver, "license.activated").id();
    JsonObject license = api.post("/api/licenses", new JsonObject().put("name", "L")).expect(201).json();
    String path = "/api/licenses/" + license.getString("id");
    api.patch(path, new JsonObject().put("name", "M").put("customerName", "Ada").putNull("expiresAt")).expect(200);
    api.validate(license.getString("key"), "device").expect(200);
    api.delete(path + "/activations/" + api.get(path + "/activations").data().get(0).getString("id")).expect(204);
    api.post(path + "/files", new JsonObject().put("fingerprint", "offline")).expect(201);
    api.post(path + "/disable").expect(200);
    api.post(path + "/enable").expect(200);
    api.delete(path).expect(204);
    for (String kind : List.of("/api/policies", "/api/products")) {
      String one = kind + "/" + api.post(kind, new JsonObject().put("name", "One")).expect(201).json().getString("id");
      api.patch(one, new JsonObject().put("name", "Two")).expect(200);
      api.delete(one).expect(204);
    }
    String delivery = receiver.take().id();
    keyhook.awaitEmptyQueue();
    api.post("/api/deliveries/" + delivery + "/redeliver").expect(202);
    api.post("/api/webhooks/" + webhook + "/pause").expect(200);
    String recovery = api.post("/api/webhooks/" + webhook + "/recover",
        new JsonObject().put("since", Instant.now().toString())).expect(202).json().getString("recoveryId");
    api.post("/api/recoveries/" + recovery + "/stop").expect(200);
    api.post("/api/webhooks/" + webhook + "/resume").expect(200);
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200);
    receiver.take(2);
    api.patch("/api/webhooks/" + webhook, new JsonObject().put("isActive", false)).expect(200);
    api.post("/api/webhooks/" + webhook + "/rotate-secret").expect(200);
    api.delete("/api/webhooks/" + webhook).expect(204);
    api.post("/api/test-endpoint").expect(200);
    api.delete("/api/test-endpoint").expect(204);
    String key = api.post("/api/api-keys", new JsonObject().put("name", "ci").put("currentPassword", Node.PASSWORD)).expect(201).json().getString("id");
    api.delete("/api/api-keys/" + key).expect(204);
    String email = api.get("/api/auth/me").json().getJsonObject("user").getString("email");
    logInAndOut(email);
    logIn(email, "wrong").expect(401);
    await().atMost(Waiting.LONG).until(() -> !entries(api, "?action=login.failed").isEmpty());
    String colleague = api.post("/api/users", new JsonObject().put("email", "colleague-" + account + "@example.com")
        .put("password", Node.PASSWORD).put("role", "member")).expect(201).json().getString("id");
    api.patch("/api/users/" + colleague, new JsonObject().put("role", "support")).expect(200);
    api.post("/api/users/" + colleague + "/password-reset", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(201);
    api.delete("/api/password-resets/" + api.get("/api/password-resets").data().get(0).getString("id")).expect(204);
    api.delete("/api/users/" + colleague).expect(204);
    String invitation = api.post("/api/invitations", new JsonObject().put("email", "invited-" + account + "@example.com")
        .put("role", "member")).expect(201).json().getString("id");
    api.delete("/api/invitations/" + invitation).expect(204);
    String signing = api.post("/api/signing-keys/rotate", new JsonObject().put("overlapHours", 0)).expect(200).json().getString("id");
    api.delete("/api/signing-keys/" + signing).expect(204);
    api.patch("/api/alerts", new JsonObject().put("mail", true)).expect(200);
    api.post("/api/alerts/test").expect(200);
    api.post("/api/auth/two-factor", new JsonObject().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    api.post("/api/auth/password", new JsonObject().put("currentPassword", Node.PASSWORD)
        .put("newPassword", "yet another password")).expect(204);
    keyhook.node().operator().patch("/api/admin/accounts/" + account, new JsonObject().put("password", "another password")
        .put("plan", "professional")).expect(200);
    Api operator = keyhook.node().operator();
    String administrated = "/api/admin/accounts/" + account;
    operator.post(administrated + "/suspend").expect(200);
    operator.post(administrated + "/resume").expect(200);
    operator.get(administrated + "/export").expect(200);
    operator.post(administrated + "/erase-customer", new JsonObject().put("email", "ada@example.com")).expect(200);

    Api again = keyhook.api().anonymous()
        .bearer(logIn(email, "another password").expect(200).json().getString("token"));
    List<JsonObject> all = entries(again, "?limit=100");
    assertThat(actions(all)).containsExactlyInAnyOrderElementsOf(Stream.concat(
        EnumSet.complementOf(EnumSet.of(Action.WEBHOOK_DEACTIVATED, // nobody's
            Action.ACCOUNT_ERASURE_STARTED, Action.ACCOUNT_ERASED, // ErasureTest has these
            Action.USER_PASSWORD_RESET_REQUESTED, // PasswordMailsTest has it
            Action.PORTAL_LINK_CREATED, Action.PORTAL_LINK_OPENED, Action.PORTAL_LINK_REVOKED, // PortalTest has these
            Action.INVITATION_ACCEPTED, // LinksTest has it, and TwoFactorTest the others
            Action.TWO_FACTOR_ENABLED, Action.TWO_FACTOR_DISABLED, Action.RECOVERY_CODE_USED, Action.LOGIN_CODE_FAILED,
            Action.LOGIN_CODE_MISSING, Action.CONFIRMATION_CODE_FAILED,
            Action.PASSKEY_CREATED, Action.PASSKEY_RENAMED, Action.PASSKEY_DELETED, Action.LOGIN_PASSKEY_FAILED)).stream(), // PasskeyTest has these
        Stream.of(Action.SESSION_STARTED, Action.LOGIN_SUCCEEDED)).map(Action::wireName).toList());
    assertThat(changed(entries(again, "?action=account.updated").get(0))).containsExactly("password", "plan");
    assertThat(changed(entries(again, "?action=license.updated").get(0))).containsExactly("customerName", "expiresAt", "name");
    assertThat(actions(entries(again, "?subjectId=" + license.getString("id")))).containsExactlyInAnyOrder("license.deleted",
        "license.enabled", "license.disabled", "license.file_created", "activation.deleted", "license.updated", "license.created");
    assertThat(actions(entries(again, "?subjectId=" + webhook))).containsExactlyInAnyOrder("webhook.deleted",
        "webhook.tested", "webhook.recovered", "webhook.recovery_stopped", "webhook.paused", "webhook.resumed", "webhook.secret_rotated", "webhook.updated", "webhook.created");
    assertThat(actions(entries(again, "?subjectId=" + delivery))).containsExactly("delivery.redelivered");
    assertThat(actions(entries(again, "?action=api_key.created&subjectId=" + key))).containsExactly("api_key.created");
    assertThat(entries(again, "?action=api_key.created&subjectId=" + webhook)).isEmpty();
  }

  private static Exchange logIn(String email, String password) {
    return keyhook.api().anonymous().header("X-Forwarded-For", "203.0.113.9").post("/api/auth/login",
        new JsonObject().put("email", email).put("password", password));
  }

  @Test
  void loginsAreWrittenDownForUsersThatThereAre() {
    long before = keyhook.database().count("audit");
    logIn("nobody-" + UUID.randomUUID() + "@example.com", Node.PASSWORD).expect(401);
    logIn(Node.EMAIL, "wrong").expect(401);
    logIn(Node.EMAIL.toUpperCase(Locale.ROOT), Node.PASSWORD).expect(200);
    await().atMost(Waiting.LONG).until(() -> keyhook.database().count("audit") == before + 2);
    for (String action : List.of("login.failed", "login.succeeded")) {
      JsonObject entry = entries(keyhook.api(), "?action=" + action).get(0);
      assertThat(entry.getString("actor")).isEqualTo(Node.EMAIL);
      assertThat(entry.getString("actorId")).startsWith("user_").isEqualTo(entry.getString("subjectId"));
      assertThat(entry.getString("ipAddress")).isEqualTo("203.0.113.9");
      assertThat(entry.getJsonArray("changed")).isEmpty();
    }
  }

  /** Twice, once in order and once with a cookie that was replaced long ago. */
  private static void logInAndOut(String email) {
    Api page = keyhook.api().anonymous().header("X-Keyhook-Session", "1");
    for (String end : List.of("logout", "refresh")) {
      String first = cookie(page.post("/api/auth/session", new JsonObject().put("email", email)
          .put("password", Node.PASSWORD)).expect(200));
      String second = cookie(page.header("Cookie", first).post("/api/auth/refresh").expect(200));
      String third = cookie(page.header("Cookie", second).post("/api/auth/refresh").expect(200));
      page.header("Cookie", end.equals("logout") ? third : first).post("/api/auth/" + end)
          .expect(end.equals("logout") ? 204 : 401);
    }
  }

  private static String cookie(Exchange exchange) {
    return exchange.setCookie("keyhook_session").replaceFirst(";.*", "");
  }

  @Test
  void anEntryTellsWhoAndFromWhere() {
    Api api = keyhook.account("enterprise");
    JsonObject made = api.post("/api/api-keys", new JsonObject().put("name", "owner@example.com").put("currentPassword", Node.PASSWORD)).expect(201).json();
    JsonObject byUser = latest(api);
    assertThat(byUser.getString("actor")).startsWith("owner-").endsWith("@example.com");
    assertThat(byUser.getString("actorId")).startsWith("user_");
    assertThat(byUser.getString("ipAddress")).isEqualTo("127.0.0.1");
    api.anonymous().bearer(made.getString("key")).header("X-Forwarded-For", "203.0.113.7").post("/api/licenses",
        new JsonObject().put("name", "L")).expect(201);
    JsonObject byKey = latest(api);
    assertThat(byKey.getString("actor")).isEqualTo("owner@example.com");
    assertThat(byKey.getString("actorId")).as("a name alone could be anybody's").isEqualTo(made.getString("id"));
    assertThat(byKey.getString("ipAddress")).isEqualTo("203.0.113.7");
    JsonObject byOperator = entries(api, "?action=account.created").get(0);
    assertThat(byOperator.getString("actor")).isEqualTo("operator");
    assertThat(byOperator.getValue("actorId")).isNull();
  }

  @Test
  void anEmbeddingApplicationIsNamedToo() {
    Caller caller = new Caller(Id.ACCOUNT.parse(keyhook.api().get("/api/account").json().getString("id")),
        Actor.named("shop"));
    Licenses.License license = Waiting.on(keyhook.node().keyhook().client()
        .createLicense(new Licenses.Create(caller, "L", null, null, null, null, null, null)));
    Audit.Entry entry = Waiting.on(keyhook.node().keyhook().client()
        .listAudit(new Audit.ListEntries(caller, null, license.id(), Page.Request.FIRST))).data().get(0);
    assertThat(entry.actor()).isEqualTo("shop");
    assertThat(entry.actorId()).isNull();
    assertThat(entry.ipAddress()).isNull();
  }

  @Test
  void whatChangesNothingIsNotWrittenDown() {
    Api api = keyhook.api();
    License license = keyhook.license(1);
    api.post("/api/licenses/" + license.id() + "/disable").expect(200);
    long before = keyhook.database().count("audit");
    api.post("/api/licenses/" + license.id() + "/disable").expect(200);
    api.validate(license.key(), "device").expect(403);
    api.validate(keyhook.license(1).key(), "device").expect(200);
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", "webhook_" + "0".repeat(26))).expect(404);
    api.post("/api/deliveries/delivery_" + "0".repeat(26) + "/redeliver").expect(404);
    api.delete("/api/licenses/lic_" + "0".repeat(26)).expect(404);
    api.patch("/api/licenses/" + license.id(), new JsonObject().put("expiresAt", "2001-01-01T00:00:00Z")).expect(400);
    api.post("/api/licenses", new JsonObject().put("name", "Copy").put("key", license.key())).expect(409);
    api.get("/api/licenses").expect(200);
    assertThat(keyhook.database().count("audit")).as("but for the one license that was made").isEqualTo(before + 1);
  }

  @OnlyOnPostgresql
  @Test
  void aChangeThatCannotBeWrittenDownIsNotMade() {
    License license = keyhook.license(1);
    long licenses = keyhook.database().count("license");
    keyhook.database().update("ALTER TABLE keyhook.audit ADD CONSTRAINT nothing_more CHECK (false) NOT VALID");
    try {
      Stream.of("POST /api/licenses {\"name\":\"L\"}", "DELETE /api/licenses/" + license.id(),
          "POST /api/licenses/" + license.id() + "/disable", "POST /api/api-keys {\"name\":\"k\"}").forEach(call -> {
            String[] parts = call.split(" ", 3);
            Api.join(keyhook.api().header("Content-Type", "application/json")
                .send(parts[0], parts[1], parts.length < 3 ? null : parts[2])).expect(500);
          });
    } finally {
      keyhook.database().update("ALTER TABLE keyhook.audit DROP CONSTRAINT nothing_more");
    }
    assertThat(keyhook.database().count("license")).isEqualTo(licenses);
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).expect(200).json().getString("status"))
        .isEqualTo("active");
  }

  @Test
  void everybodySeesTheirOwnAccountsEntriesOnly() {
    Api stranger = keyhook.account("enterprise");
    License license = keyhook.license(1);
    assertThat(entries(keyhook.api(), "?subjectId=" + license.id())).hasSize(1);
    assertThat(entries(stranger, "?subjectId=" + license.id())).isEmpty();
    assertThat(actions(entries(stranger, ""))).containsExactly("login.succeeded", "account.created");
    keyhook.api().anonymous().get("/api/audit").expect(401);
    keyhook.node().operator().get("/api/audit").expect(401);
  }

  @Test
  void thePagesHoldAllEntriesOnceAndNewestFirst() {
    Api api = keyhook.account("enterprise");
    for (int i = 0; i < 7; i++) {
      api.post("/api/licenses", new JsonObject().put("name", "L" + i)).expect(201);
    }
    List<String> ids = new ArrayList<>();
    String cursor = "";
    do {
      JsonObject page = api.get("/api/audit?action=license.created&limit=3" + cursor).expect(200).json();
      page.getJsonArray("data").forEach(entry -> ids.add(((JsonObject) entry).getString("id")));
      cursor = page.getString("nextCursor") == null ? null : "&cursor=" + page.getString("nextCursor");
    } while (cursor != null);
    assertThat(ids).hasSize(7).doesNotHaveDuplicates().isSortedAccordingTo(java.util.Comparator.reverseOrder());
  }

  /** The test speaks to the database as Keyhook does. */
  @ParameterizedTest
  @ValueSource(strings = {"UPDATE keyhook.audit SET actor = 'nobody'", "DELETE FROM keyhook.audit", "TRUNCATE keyhook.audit"})
  void whatIsWrittenStays(String sql) throws Exception {
    keyhook.license(1);
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute(sql)).hasMessageContaining("permission denied");
    }
    for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
      Api.join(keyhook.api().send(method, "/api/audit", null)).expect(405);
      assertThat(Api.join(keyhook.api().send(method, "/api/audit/" + latest(keyhook.api()).getString("id"), null)).status())
          .isEqualTo(404);
    }
  }

  @Test
  void noSecretIsEverInIt() {
    Api api = keyhook.account("enterprise");
    List<String> secrets = new ArrayList<>(List.of("a password to look for", "kh_", "whsec_", Node.PASSWORD));
    License license = keyhook.license(api, new JsonObject().put("name", "L").put("customerEmail", "ada@example.com"));
    secrets.addAll(List.of(license.key(), "ada@example.com"));
    api.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD)).expect(201);
    String webhook = api.post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/token-in-a-url")
        .put("events", new JsonArray().add("license.expired"))).expect(201).json().getString("id");
    api.post("/api/webhooks/" + webhook + "/rotate-secret").expect(200);
    api.patch("/api/webhooks/" + webhook, new JsonObject().put("url", "http://127.0.0.1:9/token-in-a-url")).expect(200);
    keyhook.node().operator().patch("/api/admin/accounts/" + api.get("/api/account").json().getString("id"),
        new JsonObject().put("password", "a password to look for")).expect(200);
    secrets.add("token-in-a-url");
    String log = String.join("\n", keyhook.database().column("SELECT to_jsonb(a)::text FROM keyhook.audit a"));
    secrets.forEach(secret -> assertThat(log).doesNotContain(secret));
  }
}
