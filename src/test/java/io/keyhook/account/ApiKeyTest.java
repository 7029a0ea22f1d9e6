package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.JsonText;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** API keys: shown once, hashed at rest, revoked at once; and the operator's calls. */
class ApiKeyTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static JsonObject create(String name) {
    return keyhook.api().post("/api/api-keys", new JsonObject().put("name", name)).expect(201).json();
  }

  @Test
  void aKeyIsShownOnceAndWorks() {
    JsonObject made = create("ci");
    String key = made.getString("key");
    assertThat(key).matches("kh_[A-Za-z0-9_]{20,}");
    keyhook.api().anonymous().bearer(key).get("/api/account").expect(200);
    assertThat(keyhook.api().get("/api/api-keys/" + made.getString("id")).expect(200).body())
        .contains("\"name\":\"ci\"").doesNotContain(key);
    assertThat(keyhook.api().get("/api/api-keys").expect(200).body()).contains(made.getString("id")).doesNotContain(key);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.api_key WHERE position(?::bytea IN key_hash) > 0",
        key.getBytes(StandardCharsets.UTF_8))).as("in the clear at rest").isZero();
  }

  @Test
  void aKeyNamesItsCreator() {
    Api user = keyhook.node().user();
    JsonObject me = user.get("/api/auth/me").json().getJsonObject("user");
    JsonObject byUser = user.post("/api/api-keys", new JsonObject().put("name", "by a user").put("currentPassword", Node.PASSWORD))
        .expect(201).json();
    JsonObject byKey = user.anonymous().bearer(byUser.getString("key")).post("/api/api-keys", new JsonObject().put("name", "by a key"))
        .expect(201).json();
    assertThat(user.get("/api/api-keys/" + byUser.getString("id")).expect(200).json().getMap())
        .containsEntry("createdBy", me.getString("email")).containsEntry("creatorId", me.getString("id"));
    assertThat(user.get("/api/api-keys").expect(200).data().get(0).getMap())
        .containsEntry("id", byKey.getString("id")).containsEntry("createdBy", "by a user")
        .containsEntry("creatorId", byUser.getString("id"));
  }

  @Test
  void aKeyOfAnotherIssuersTokenExpiresNoLaterThanTheToken() {
    Instant end = Instant.now().plusSeconds(600).truncatedTo(ChronoUnit.SECONDS);
    String token = Jwts.hs256(new JsonObject().put("iss", "keyhook").put("aud", "keyhook").put("sub", "someone")
        .put("account", keyhook.api().get("/api/account").json().getString("id")).put("exp", end.getEpochSecond()), Node.JWT_SECRET);
    Api foreign = keyhook.api().anonymous().bearer(token);
    JsonObject key = new JsonObject().put("name", "of a token");
    long before = keyhook.database().count("api_key");
    assertThat(foreign.post("/api/api-keys", key).expect(403, "TOKEN_EXPIRES").json().getString("detail"))
        .contains("expiresAt", JsonText.time(end));
    foreign.post("/api/api-keys", key.copy().put("currentPassword", Node.PASSWORD)).expect(403, "TOKEN_EXPIRES");
    foreign.post("/api/api-keys", key.copy().put("expiresAt", end.plusMillis(1).toString())).expect(403, "TOKEN_EXPIRES");
    assertThat(keyhook.database().count("api_key")).isEqualTo(before);
    assertThat(foreign.post("/api/api-keys", key.copy().put("expiresAt", end.toString())).expect(201).json().getString("expiresAt"))
        .isEqualTo(JsonText.time(end));
  }

  /** Creates keys of which each but the first is created with the one before. */
  private static List<JsonObject> chain(Api first, int length) {
    List<JsonObject> keys = new ArrayList<>();
    for (Api api = first; keys.size() < length; api = as(keys.get(keys.size() - 1))) {
      JsonObject key = new JsonObject().put("name", "link " + keys.size()).put("currentPassword", keys.isEmpty() ? Node.PASSWORD : null);
      keys.add(api.post("/api/api-keys", key).expect(201).json());
    }
    return keys;
  }

  private static Api as(JsonObject key) {
    return keyhook.api().anonymous().bearer(key.getString("key"));
  }

  private static String path(JsonObject key) {
    return "/api/api-keys/" + key.getString("id");
  }

  private static String invitation(Api api) {
    return api.post("/api/invitations", new JsonObject().put("email", UUID.randomUUID() + "@example.com").put("role", "member"))
        .expect(201).json().getString("id");
  }

  @Test
  void aStolenKeyIsRevokedWithAllThatItHasCreatedAndNothingElse() {
    Api owner = keyhook.account("enterprise");
    List<JsonObject> keys = chain(owner, 4);
    JsonObject branch = as(keys.get(1)).post("/api/api-keys", new JsonObject().put("name", "branch")).expect(201).json();
    JsonObject other = chain(owner, 1).get(0);
    invitation(as(keys.get(3)));
    String kept = invitation(as(keys.get(0)));
    owner.delete(path(keys.get(1)) + "?created=true").expect(204);
    Stream.of(keys.get(1), keys.get(2), keys.get(3), branch).forEach(key -> as(key).get("/api/account").expect(401, "UNAUTHORIZED"));
    Stream.of(keys.get(0), other).forEach(key -> as(key).get("/api/account").expect(200));
    assertThat(owner.get("/api/invitations").data()).extracting(invitation -> invitation.getString("id")).containsExactly(kept);
    assertThat(owner.get("/api/audit?action=api_key.deleted").data()).extracting(entry -> entry.getString("subjectId"))
        .containsExactlyInAnyOrder(keys.get(1).getString("id"), keys.get(2).getString("id"), keys.get(3).getString("id"),
            branch.getString("id"));
    owner.delete(path(keys.get(1)) + "?created=true").expect(404);
    assertThat(owner.delete(path(keys.get(0)) + "?created=yes").expect(400).badFields()).containsExactly("created");
  }

  @Test
  void aThiefSavesNoKeyByRevokingTheOneThatHasCreatedIt() {
    Api owner = keyhook.account("enterprise");
    List<JsonObject> keys = chain(owner, 3);
    as(keys.get(2)).delete(path(keys.get(1))).expect(204);
    assertThat(owner.get(path(keys.get(2))).json().getMap()).containsEntry("createdBy", "link 1")
        .containsEntry("creatorId", keys.get(0).getString("id"));
    owner.delete(path(keys.get(0)) + "?created=true").expect(204);
    as(keys.get(2)).get("/api/account").expect(401, "UNAUTHORIZED");

    List<JsonObject> more = chain(owner, 2);
    as(more.get(1)).delete(path(more.get(0))).expect(204);
    assertThat(owner.get(path(more.get(1))).json().getString("creatorId")).isEqualTo(more.get(0).getString("id"));
    keyhook.account("enterprise").delete(path(more.get(0)) + "?created=true").expect(404);
    owner.delete(path(more.get(0)) + "?created=true").expect(204);
    as(more.get(1)).get("/api/account").expect(401, "UNAUTHORIZED");
  }

  @Test
  void aRevokedKeyLeavesNoKeyThatItIsJustCreating() {
    for (int round = 0; round < 10; round++) {
      Api owner = keyhook.account("enterprise");
      JsonObject stolen = chain(owner, 1).get(0);
      List<CompletableFuture<Exchange>> created = IntStream.range(0, 8).mapToObj(i ->
          as(stolen).postAsync("/api/api-keys", new JsonObject().put("name", "k"))).toList();
      Api.join(owner.send("DELETE", path(stolen) + "?created=true", null)).expect(204);
      created.forEach(answer -> assertThat(Api.join(answer).status()).isIn(201, 401));
      assertThat(owner.get("/api/api-keys").data()).isEmpty();
    }
  }

  @Test
  void aDeletedKeyIsRefusedAtOnce() {
    JsonObject made = create("short-lived");
    keyhook.api().delete("/api/api-keys/" + made.getString("id")).expect(204);
    keyhook.api().anonymous().bearer(made.getString("key")).get("/api/account").expect(401, "UNAUTHORIZED");
    keyhook.api().get("/api/api-keys/" + made.getString("id")).expect(404);
    keyhook.api().delete("/api/api-keys/" + made.getString("id")).expect(404);
  }

  @Test
  void itsLastUseIsKnownAfterAWhile() {
    JsonObject made = create("used");
    String path = "/api/api-keys/" + made.getString("id");
    assertThat(keyhook.api().get(path).json().getValue("lastUsedAt")).isNull();
    Node other = keyhook.start();
    other.api().anonymous().bearer(made.getString("key")).get("/api/account").expect(200);
    other.stop(); // writes what has gathered
    assertThat(keyhook.api().get(path).json().getString("lastUsedAt")).endsWith("Z");
  }

  @Test
  void aKeyIsRefusedFromItsExpiryOn() {
    JsonObject made = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "expires")
        .put("expiresAt", Instant.now().plusSeconds(3600).toString())).expect(201).json();
    assertThat(made.getValue("scopes")).isNull();
    keyhook.api().anonymous().bearer(made.getString("key")).get("/api/users").expect(200);
    keyhook.database().update("UPDATE keyhook.api_key SET expires_at = now() WHERE expires_at IS NOT NULL");
    keyhook.api().anonymous().bearer(made.getString("key")).get("/api/users").expect(401, "UNAUTHORIZED");
    assertThat(keyhook.api().get("/api/api-keys/" + made.getString("id")).expect(200).json().getString("expiresAt")).isNotNull();
    assertThat(keyhook.api().post("/api/api-keys", new JsonObject().put("name", "k")
        .put("expiresAt", Instant.now().minusSeconds(1).toString())).expect(400).badFields()).containsExactly("expiresAt");
  }

  @Test
  void scopesAreShownAndOthersAreRefused() {
    JsonObject made = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "scoped")
        .put("scopes", new JsonArray().add("licenses").add("read").add("read"))).expect(201).json();
    JsonArray scopes = new JsonArray().add("read").add("licenses");
    assertThat(made.getJsonArray("scopes")).isEqualTo(scopes);
    assertThat(keyhook.api().get("/api/api-keys/" + made.getString("id")).json().getJsonArray("scopes")).isEqualTo(scopes);
    for (JsonArray bad : List.of(new JsonArray(), new JsonArray().add("admin"), new JsonArray().add("read").add("READ"))) {
      assertThat(keyhook.api().post("/api/api-keys", new JsonObject().put("name", "k").put("scopes", bad)).expect(400).badFields())
          .containsExactly("scopes");
    }
  }

  @Test
  void anEarlierVersionDoesNotFindAKeyThatHasNotFullAccess() {
    String full = create("full").getString("key");
    String scoped = keyhook.api().post("/api/api-keys", new JsonObject().put("name", "scoped")
        .put("scopes", new JsonArray().add("read"))).expect(201).json().getString("key");
    String earlier = "SELECT count(*) FROM keyhook.api_key WHERE key_hash = sha256(?::bytea)";
    assertThat(keyhook.database().number(earlier, full.getBytes(StandardCharsets.UTF_8))).isEqualTo(1);
    assertThat(keyhook.database().number(earlier, scoped.getBytes(StandardCharsets.UTF_8))).isZero();
  }

  @Test
  void aKeyNeedsAName() {
    for (JsonObject body : List.of(new JsonObject(), new JsonObject().put("name", ""), new JsonObject().put("name", 1))) {
      assertThat(keyhook.api().post("/api/api-keys", body).expect(400).badFields()).containsExactly("name");
    }
  }

  @Test
  void operatorCallsTakeTheOperatorKeyAlone() {
    JsonObject account = new JsonObject().put("name", "New").put("email", "new@example.com")
        .put("password", "long enough").put("plan", "free");
    keyhook.api().post("/api/admin/accounts", account).expect(401, "UNAUTHORIZED");
    keyhook.api().anonymous().post("/api/admin/accounts", account).expect(401, "UNAUTHORIZED");
    JsonObject made = keyhook.node().operator().post("/api/admin/accounts", account).expect(201).json();
    assertThat(made.getString("plan")).isEqualTo("free");
    assertThat(made.encode()).doesNotContain("long enough");
    String path = "/api/admin/accounts/" + made.getString("id");
    keyhook.api().patch(path, new JsonObject().put("plan", "starter")).expect(401, "UNAUTHORIZED");
    assertThat(keyhook.node().operator().patch(path, new JsonObject().put("plan", "starter")).expect(200).json()
        .getString("plan")).isEqualTo("starter");
  }

  @Test
  void anOperatorsMistakesAreNamed() {
    var operator = keyhook.node().operator();
    JsonObject good = new JsonObject().put("name", "N").put("email", "n@example.com").put("password", "long enough")
        .put("plan", "free");
    assertThat(operator.post("/api/admin/accounts", good.copy().put("plan", "gold")).expect(400).badFields())
        .containsExactly("plan");
    assertThat(operator.post("/api/admin/accounts", new JsonObject()).expect(400).badFields())
        .containsExactlyInAnyOrder("name", "email", "password", "plan");
    operator.post("/api/admin/accounts", good.copy().put("email", Node.EMAIL)).expect(409, "EMAIL_TAKEN");
    operator.patch("/api/admin/accounts/acct_" + "0".repeat(26), new JsonObject().put("plan", "free")).expect(404);
  }

  @Test
  void withoutAnOperatorKeyThereAreNoOperatorCalls() {
    Node without = keyhook.start(new JsonObject().put("operator", new JsonObject().putNull("key")));
    without.operator().post("/api/admin/accounts", new JsonObject()).expect(401, "UNAUTHORIZED");
  }
}
