package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A suspended account is refused everywhere and sends nothing, on every node, and is as before when it is resumed. */
class SuspensionTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Node other;

  @BeforeAll
  static void startAnotherNode() {
    other = keyhook.start();
  }

  /** An account with everything that is refused. */
  private static final class Tenant {
    private final String email = "tenant-" + UUID.randomUUID() + "@example.com";
    private final String id = keyhook.node().operator().post("/api/admin/accounts", new JsonObject().put("name", "A tenant")
        .put("email", email).put("password", Node.PASSWORD).put("plan", "enterprise")).expect(201).json().getString("id");
    private final Api token = keyhook.node().api().anonymous().bearer(login(keyhook.node()).expect(200).json().getString("token"));
    private final String key = token.post("/api/api-keys", new JsonObject().put("name", "Key").put("currentPassword", Node.PASSWORD)).expect(201).json().getString("key");
    private final License license = keyhook.license(token, new JsonObject().put("name", "L").put("maxActivations", 5));

    private Exchange login(Node node) {
      return node.api().anonymous().post("/api/auth/login", new JsonObject().put("email", email).put("password", Node.PASSWORD));
    }

    private Api with(Node node) {
      return node.api().anonymous().bearer(key);
    }

    private JsonObject suspend() {
      return keyhook.node().operator().post("/api/admin/accounts/" + id + "/suspend").expect(200).json();
    }

    private JsonObject resume() {
      return keyhook.node().operator().post("/api/admin/accounts/" + id + "/resume").expect(200).json();
    }

    private List<String> audit() {
      return keyhook.node().operator().get("/api/admin/accounts/" + id + "/audit").expect(200).data().stream()
          .map(entry -> entry.getString("action")).toList();
    }
  }

  @Test
  void theReasonIsKeptForAdministratorsAndOnlyWithAChange() {
    Tenant tenant = new Tenant();
    Api operator = keyhook.node().operator();
    String path = "/api/admin/accounts/" + tenant.id;
    assertThat(operator.post(path + "/suspend", new JsonObject().put("reason", " Fraud ")).expect(200).json()
        .getString("suspensionReason")).isEqualTo("Fraud");
    assertThat(operator.post(path + "/suspend", new JsonObject().put("reason", "Other")).expect(200).json()
        .getString("suspensionReason")).as("it was suspended before").isEqualTo("Fraud");
    assertThat(operator.get(path).expect(200).json().getString("suspensionReason")).isEqualTo("Fraud");
    operator.post(path + "/resume", new JsonObject().put("reason", "x".repeat(501))).expect(400);
    assertThat(tenant.resume().getString("suspensionReason")).isNull();
    assertThat(operator.get(path + "/audit?action=account.suspended").expect(200).data()).singleElement()
        .satisfies(entry -> assertThat(entry.getJsonArray("changed")).containsExactly("suspensionReason"));
  }

  @Test
  void validationsLoginsAndApiCallsAreRefusedOnEveryNodeAsSoonAsTheCallReturns() {
    Tenant tenant = new Tenant();
    other.api().validate(tenant.license.key(), "known").expect(200);
    tenant.with(other).get("/api/licenses").expect(200);
    assertThat(tenant.suspend().getString("suspendedAt")).isNotNull();
    for (Node node : List.of(keyhook.node(), other)) {
      node.api().validate(tenant.license.key(), "known").expect(403, "ACCOUNT_SUSPENDED");
      node.api().validate(tenant.license.key(), "new").expect(403, "ACCOUNT_SUSPENDED");
      tenant.with(node).get("/api/licenses").expect(403, "ACCOUNT_SUSPENDED");
      tenant.login(node).expect(403, "ACCOUNT_SUSPENDED");
    }
    tenant.token.get("/api/licenses").expect(403, "ACCOUNT_SUSPENDED");
    tenant.token.post("/api/licenses", new JsonObject().put("name", "L")).expect(403, "ACCOUNT_SUSPENDED");
    keyhook.api().get("/api/licenses").expect(200);

    assertThat(tenant.resume().getString("suspendedAt")).isNull();
    other.api().validate(tenant.license.key(), "known").expect(200);
    tenant.with(other).get("/api/licenses").expect(200);
    tenant.token.get("/api/licenses").expect(200);
    tenant.login(other).expect(200);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.activation WHERE fingerprint = 'new'")).isZero();
  }

  @Test
  void aWrongPasswordIsRefusedAsOfAnyAccount() {
    Tenant tenant = new Tenant();
    tenant.suspend();
    keyhook.node().api().anonymous().post("/api/auth/login",
        new JsonObject().put("email", tenant.email).put("password", "another one")).expect(401, "UNAUTHORIZED");
  }

  @Test
  void pendingDeliveriesAreCanceledAndCanBeRedeliveredAfterward() {
    Tenant tenant = new Tenant();
    Receiver receiver = keyhook.receiver();
    receiver.answer(Answer.status(500));
    keyhook.webhook(tenant.token, receiver, "license.validated", "license.disabled");
    keyhook.node().api().validate(tenant.license.key(), "a").expect(200);
    Delivery first = receiver.take();
    await("it is retried later").atMost(Waiting.LONG).until(() -> tenant.token.get("/api/deliveries/" + first.id())
        .expect(200).json().getJsonArray("attempts").size() == 1);
    tenant.suspend();
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.delivery WHERE status = 3")).isEqualTo(1);
    assertThat(keyhook.database().count("delivery_queue")).isZero();
    tenant.resume();
    assertThat(tenant.token.get("/api/deliveries/" + first.id()).expect(200).json().getString("status")).isEqualTo("canceled");
    receiver.answer(Answer.OK);
    tenant.token.post("/api/deliveries/" + first.id() + "/redeliver").expect(202);
    assertThat(receiver.take().id()).isEqualTo(first.id());
  }

  @Test
  void whatOccursMeanwhileIsNotSent() {
    Tenant tenant = new Tenant();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(tenant.token, receiver, "license.expired", "license.validated");
    tenant.suspend();
    keyhook.database().update("UPDATE keyhook.license SET expires_at = now() WHERE key = ?", tenant.license.key());
    keyhook.database().update("INSERT INTO keyhook.license_expiry SELECT account_id, license_id, now() FROM keyhook.license"
        + " WHERE key = ?", tenant.license.key());
    await("it has expired").atMost(Waiting.LONG).until(() -> keyhook.database().count("license_expiry") == 0);
    assertThat(keyhook.database().count("delivery_queue")).isZero();
    tenant.resume();
    keyhook.license(tenant.token, new JsonObject().put("name", "Second").put("key", "SECOND-LICENSE-KEY"));
    keyhook.node().api().validate("SECOND-LICENSE-KEY", "a").expect(200);
    assertThat(receiver.take().json().getString("event")).isEqualTo("license.validated");
    assertThat(receiver.untaken()).isZero();
  }

  @Test
  void eachChangeIsInTheAuditLogOnce() {
    Tenant tenant = new Tenant();
    tenant.suspend();
    tenant.suspend();
    tenant.resume();
    tenant.resume();
    assertThat(tenant.audit()).startsWith("account.resumed", "account.suspended", "license.created");
    assertThat(tenant.audit()).filteredOn("account.suspended"::equals).hasSize(1);
  }

  @Test
  void accountsAreListedNewestFirstAndFoundByPartOfAnyMembersAddress() {
    Tenant first = new Tenant();
    Tenant second = new Tenant();
    first.token.post("/api/users", new JsonObject().put("email", "Colleague.of.First@example.com").put("password", Node.PASSWORD).put("role", "member"))
        .expect(201);
    Api operator = keyhook.node().operator();
    JsonObject page = operator.get("/api/admin/accounts?limit=1").expect(200).json();
    assertThat(page.getJsonArray("data").getJsonObject(0).getString("id")).isEqualTo(second.id);
    JsonObject next = operator.get("/api/admin/accounts?limit=1&cursor=" + page.getString("nextCursor")).expect(200).json();
    assertThat(next.getJsonArray("data").getJsonObject(0).getString("id")).isEqualTo(first.id);
    List<JsonObject> found = operator.get("/api/admin/accounts?email=colleague.of.first@").expect(200).data();
    assertThat(found).singleElement().satisfies(account -> {
      assertThat(account.getString("id")).isEqualTo(first.id);
      assertThat(account.getString("email")).isEqualTo(first.email);
    });
    assertThat(operator.get("/api/admin/accounts?email=%25").expect(200).data()).isEmpty();
    assertThat(operator.get("/api/admin/accounts/" + first.id).expect(200).json()).isEqualTo(found.get(0));
    first.token.get("/api/admin/accounts").expect(401);
    operator.get("/api/admin/accounts/acct_00000000000000000000000000").expect(404);
    assertThat(new JsonArray(found)).hasSize(1);
  }
}
