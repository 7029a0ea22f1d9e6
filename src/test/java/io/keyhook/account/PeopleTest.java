package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The people of an account: added, removed, and each with a password of their own. */
class PeopleTest {
  private static final String OTHER = "another good password";
  /** More than the rate limit admits, even while it refills on a slow machine. */
  private static final int MOST_GUESSES = 200;
  private static final JsonObject CONFIRMED = new JsonObject().put("currentPassword", Node.PASSWORD);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("signup", new JsonObject().put("enabled", true))
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  private static String newEmail() {
    return UUID.randomUUID() + "@example.com";
  }

  private static JsonObject credentials(String email, String password) {
    return new JsonObject().put("email", email).put("password", password);
  }

  @Test
  void charactersOfAPasswordAreCodePoints() {
    Api api = keyhook.account("enterprise");
    String email = "emoji@" + System.nanoTime() + ".example";
    assertThat(api.post("/api/users", credentials(email, "\ud83d\udd11".repeat(7))).expect(400).badFields())
        .containsExactly("password");
    api.post("/api/users", credentials(email, "\ud83d\udd11".repeat(8)).put("role", "member")).expect(201);
    assertThat(api.post("/api/users", credentials("a" + email, "\ud83d\udd11".repeat(201))).expect(400).badFields())
        .containsExactly("password");
    api.post("/api/users", credentials("a" + email, "\ud83d\udd11".repeat(200)).put("role", "member")).expect(201);
  }

  private static Exchange login(String email, String password) {
    return keyhook.api().anonymous().post("/api/auth/login", credentials(email, password));
  }

  private static Api as(Exchange token) {
    return keyhook.api().anonymous().bearer(token.expect(200).json().getString("token"));
  }

  private static Exchange open(String email, String password) {
    return keyhook.api().anonymous().post("/api/auth/session", credentials(email, password));
  }

  private static String cookie(Exchange session) {
    return session.expect(200).setCookie("keyhook_session").replaceFirst(";.*", "");
  }

  private static Exchange refresh(String cookie) {
    return keyhook.api().anonymous().header("X-Keyhook-Session", "1").header("Cookie", cookie).post("/api/auth/refresh");
  }

  private static Exchange change(Api api, String current, String next) {
    return api.post("/api/auth/password", new JsonObject().put("currentPassword", current).put("newPassword", next));
  }

  private static JsonObject me(Api api) {
    return api.get("/api/auth/me").expect(200).json().getJsonObject("user");
  }

  private static String add(Api api, String email) {
    return api.post("/api/users", credentials(email, Node.PASSWORD).put("currentPassword", Node.PASSWORD)).expect(201).json().getString("id");
  }

  @Test
  void whoIsAddedMayLogInAndIsSeen() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    JsonObject made = owner.post("/api/users", credentials(email, Node.PASSWORD).put("role", "member")).expect(201).json();
    assertThat(made.getString("id")).matches("user_[0-9a-z]{26}");
    assertThat(made.getValue("lastLoginAt")).isNull();
    assertThat(me(as(login(email, Node.PASSWORD))).getString("id")).isEqualTo(made.getString("id"));
    List<JsonObject> people = owner.get("/api/users").expect(200).data();
    assertThat(people.stream().map(user -> user.getString("email")))
        .containsExactly(email, me(owner).getString("email"));
    assertThat(people).allSatisfy(user -> assertThat(user.getString("lastLoginAt")).isNotNull());
    assertThat(owner.get("/api/users?limit=1").json().getString("nextCursor")).isNotNull();
    assertThat(keyhook.account("free").get("/api/users").data()).hasSize(1);
    owner.post("/api/users", credentials(email.toUpperCase(java.util.Locale.ROOT), Node.PASSWORD).put("role", "member")).expect(409, "EMAIL_TAKEN");
  }

  @Test
  void whoIsRemovedIsOutAtOnce() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    String id = add(owner, email);
    Exchange session = open(email, Node.PASSWORD);
    Api removed = as(session);
    String cookie = cookie(session);
    owner.delete("/api/users/" + id).expect(204);
    removed.get("/api/account").expect(401, "UNAUTHORIZED");
    refresh(cookie).expect(401, "SESSION_ENDED");
    login(email, Node.PASSWORD).expect(401);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.session s LEFT JOIN keyhook.member m"
        + " USING (account_id, user_id) WHERE m.user_id IS NULL")).isZero();
    owner.delete("/api/users/" + id).expect(404);
  }

  @Test
  void aTokenEndsWithThePasswordThatItWasGivenFor() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    add(owner, email);
    Api other = as(login(email, Node.PASSWORD));
    Exchange session = open(email, Node.PASSWORD);
    change(as(session).header("Cookie", cookie(session)), Node.PASSWORD, "another password").expect(204);
    other.get("/api/account").expect(401, "UNAUTHORIZED");
    as(session).get("/api/account").expect(401, "UNAUTHORIZED");
    as(refresh(cookie(session))).get("/api/account").expect(200);
    as(login(email, "another password")).get("/api/account").expect(200);
  }

  @Test
  void nobodyRemovesThemselvesNorTheLastOne() {
    Api owner = keyhook.account("free");
    String own = "/api/users/" + me(owner).getString("id");
    owner.delete(own).expect(409, "OWN_USER");
    String key = owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD)).expect(201).json().getString("key");
    Api program = owner.anonymous().bearer(key);
    program.delete(own).expect(409, "LAST_USER");
    add(owner, newEmail());
    program.delete(own).expect(204);
    owner.get("/api/account").expect(401);
  }

  @Test
  void twoWhoRemoveEachOtherLeaveOne() {
    for (int i = 0; i < 5; i++) {
      Api one = keyhook.account("free");
      String email = newEmail();
      String otherId = add(one, email);
      Api other = as(login(email, Node.PASSWORD));
      String oneId = me(one).getString("id");
      List<Integer> statuses = Stream.of(one.send("DELETE", "/api/users/" + otherId, null),
          other.send("DELETE", "/api/users/" + oneId, null)).map(Api::join).map(Exchange::status).toList();
      assertThat(statuses).containsOnlyOnce(204);
    }
  }

  @Test
  void anAccountKeepsItsLastOwner() {
    Api owner = keyhook.account("free");
    String own = "/api/users/" + me(owner).getString("id");
    String key = owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD)).expect(201).json().getString("key");
    Api program = owner.anonymous().bearer(key);
    String member = owner.post("/api/users", credentials(newEmail(), Node.PASSWORD).put("role", "member")).expect(201).json()
        .getString("id");
    for (String role : List.of("member", "support", "read_only")) {
      owner.patch(own, new JsonObject().put("role", role)).expect(409, "LAST_OWNER");
    }
    owner.patch(own, CONFIRMED.copy().put("role", "owner")).expect(200);
    program.delete(own).expect(409, "LAST_OWNER");
    owner.patch("/api/users/" + member, CONFIRMED.copy().put("role", "owner")).expect(200);
    owner.patch(own, new JsonObject().put("role", "member")).expect(200);
    owner.patch("/api/users/" + member, new JsonObject().put("role", "member")).expect(403, "ROLE_REQUIRED");
  }

  @Test
  void twoOwnersWhoDemoteEachOtherLeaveOne() {
    JsonObject demotion = new JsonObject().put("role", "read_only");
    for (int i = 0; i < 5; i++) {
      Api one = keyhook.account("free");
      String email = newEmail();
      String otherId = add(one, email);
      Api other = as(login(email, Node.PASSWORD)).header("Content-Type", "application/json");
      String oneId = me(one).getString("id");
      List<Integer> statuses = Stream.of(
              one.header("Content-Type", "application/json").send("PATCH", "/api/users/" + otherId, demotion.encode()),
              other.send("PATCH", "/api/users/" + oneId, demotion.encode()))
          .map(Api::join).map(Exchange::status).toList();
      assertThat(statuses).containsOnlyOnce(200);
      assertThat(one.get("/api/users").data()).extracting(user -> user.getString("role"))
          .containsExactlyInAnyOrder("owner", "read_only");
    }
  }

  @Test
  void whoIsAddedWithoutARoleIsAnOwnerAsBefore() {
    Api owner = keyhook.account("free");
    assertThat(owner.post("/api/users", credentials(newEmail(), Node.PASSWORD).put("currentPassword", Node.PASSWORD)).expect(201).json()
        .getString("role"))
        .isEqualTo("owner");
    assertThat(owner.get("/api/auth/me").json().getString("role")).isEqualTo("owner");
  }

  @Test
  void aStolenTokenOrKeyLetsNoOwnerIn() {
    Api owner = keyhook.account("free");
    String member = owner.post("/api/users", credentials(newEmail(), Node.PASSWORD).put("role", "member")).expect(201).json()
        .getString("id");
    Api key = owner.anonymous().bearer(owner.post("/api/api-keys", CONFIRMED.copy().put("name", "k")).expect(201).json()
        .getString("key"));
    List<JsonObject> roles = List.of(new JsonObject().put("role", "owner"), new JsonObject());
    for (JsonObject role : roles) {
      JsonObject person = credentials(newEmail(), Node.PASSWORD).mergeIn(role);
      assertThat(owner.post("/api/users", person).expect(403, "PASSWORD_REQUIRED").json().getString("detail"))
          .contains("currentPassword", "another role");
      owner.post("/api/users", person.copy().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
      key.post("/api/users", person.copy().put("currentPassword", Node.PASSWORD)).expect(403, "USER_ONLY");
    }
    JsonObject promotion = roles.get(0);
    owner.patch("/api/users/" + member, promotion).expect(403, "PASSWORD_REQUIRED");
    owner.patch("/api/users/" + member, promotion.copy().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    key.patch("/api/users/" + member, promotion.copy().put("currentPassword", Node.PASSWORD)).expect(403, "USER_ONLY");
    JsonObject invitation = promotion.copy().put("email", newEmail());
    owner.post("/api/invitations", invitation).expect(403, "PASSWORD_REQUIRED");
    owner.post("/api/invitations", invitation.copy().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    key.post("/api/invitations", invitation).expect(403, "USER_ONLY");
    owner.post("/api/api-keys", new JsonObject().put("name", "k")).expect(403, "PASSWORD_REQUIRED");
    owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    assertThat(owner.get("/api/users").data()).extracting(user -> user.getString("role")).containsExactly("member", "owner");
    assertThat(owner.get("/api/invitations").data()).isEmpty();
    assertThat(owner.get("/api/api-keys").data()).hasSize(1);
  }

  @Test
  void programsGoOnAddingTeamMembersWhoAreNoOwners() {
    Api owner = keyhook.account("free");
    Api key = owner.anonymous().bearer(owner.post("/api/api-keys", CONFIRMED.copy().put("name", "k")).expect(201).json()
        .getString("key"));
    for (Api api : List.of(owner, key)) {
      JsonObject added = api.post("/api/users", credentials(newEmail(), Node.PASSWORD).put("role", "support")).expect(201).json();
      api.patch("/api/users/" + added.getString("id"), new JsonObject().put("role", "member")).expect(200);
      api.post("/api/invitations", new JsonObject().put("email", newEmail()).put("role", "read_only")).expect(201);
    }
  }

  @Test
  void aGuessedPasswordIsSlowedDownWhereverItIsAskedFor() {
    Api owner = keyhook.account("free");
    JsonObject guess = new JsonObject().put("email", newEmail()).put("role", "owner").put("currentPassword", "a guess");
    assertThat(Stream.generate(() -> owner.post("/api/invitations", guess).status()).limit(MOST_GUESSES)
        .takeWhile(status -> status != 429)).hasSizeBetween(1, MOST_GUESSES - 1).containsOnly(403);
    assertThat(owner.get("/api/invitations").data()).isEmpty();
  }

  @Test
  void aWrongConfirmationIsInTheAuditLogWithItsAddress() {
    Api owner = keyhook.account("free").header("X-Forwarded-For", "203.0.113.9");
    JsonObject user = me(owner);
    owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    change(owner, "another guess", OTHER).expect(403, "WRONG_PASSWORD");
    owner.post("/api/auth/two-factor", new JsonObject().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    assertThat(owner.get("/api/audit?action=confirmation.failed").expect(200).data()).hasSize(3).allSatisfy(entry ->
        assertThat(entry.getMap()).containsEntry("subjectId", user.getString("id")).containsEntry("actorId", user.getString("id"))
            .containsEntry("ipAddress", "203.0.113.9"));
    assertThat(owner.get("/api/audit?action=login.failed").data()).isEmpty();
  }

  @Test
  void aTokenOfALoginIsASessionThatItsUserCanEnd() {
    String email = me(keyhook.account("free")).getString("email");
    Api program = as(keyhook.api().anonymous().header("User-Agent", "shop/1.0").post("/api/auth/login", credentials(email, Node.PASSWORD)));
    Api here = as(open(email, Node.PASSWORD));
    JsonObject session = here.get("/api/auth/sessions").expect(200).data().stream()
        .filter(one -> "shop/1.0".equals(one.getString("userAgent"))).findAny().orElseThrow();
    here.delete("/api/auth/sessions/" + session.getString("id")).expect(204);
    program.get("/api/account").expect(401, "UNAUTHORIZED");
    Api another = as(login(email, Node.PASSWORD));
    here.post("/api/auth/sessions/end-others").expect(204);
    another.get("/api/account").expect(401, "UNAUTHORIZED");
    here.get("/api/account").expect(200);
  }

  @Test
  void aChangedPasswordHoldsAndEndsTheOtherSessions() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    add(owner, email);
    Exchange here = open(email, Node.PASSWORD);
    String hereCookie = cookie(here);
    String elsewhere = cookie(open(email, Node.PASSWORD));
    String foreign = cookie(open(me(owner).getString("email"), Node.PASSWORD));
    change(as(here).header("Cookie", hereCookie), Node.PASSWORD, OTHER).expect(204);
    login(email, Node.PASSWORD).expect(401);
    login(email, OTHER).expect(200);
    refresh(elsewhere).expect(401, "SESSION_ENDED");
    String next = cookie(refresh(hereCookie));
    refresh(foreign).expect(200);
    change(as(login(email, OTHER)), OTHER, Node.PASSWORD).expect(204);
    refresh(next).expect(401, "SESSION_ENDED");
    List<JsonObject> audit = owner.get("/api/audit?action=user.password_changed").expect(200).data();
    assertThat(audit).hasSize(2);
    assertThat(audit.get(0).getJsonArray("changed").encode()).isEqualTo("[\"password\"]");
  }

  @Test
  void anotherPersonsCookieKeepsNoSession() {
    String email = me(keyhook.account("free")).getString("email");
    String foreign = cookie(open(me(keyhook.account("free")).getString("email"), Node.PASSWORD));
    Exchange here = open(email, Node.PASSWORD);
    change(as(here).header("Cookie", foreign), Node.PASSWORD, OTHER).expect(204);
    refresh(cookie(here)).expect(200);
    refresh(foreign).expect(200);
  }

  @Test
  void aWrongPasswordChangesNothingAndIsSlowedDown() {
    Api api = keyhook.account("free");
    change(api, "wrong password", OTHER).expect(403, "WRONG_PASSWORD");
    assertThat(change(api, Node.PASSWORD, "short").expect(400).badFields()).containsExactly("newPassword");
    List<Integer> guesses = IntStream.range(0, 12).mapToObj(i -> change(api, "guess " + i, OTHER).status()).toList();
    assertThat(guesses).contains(403, 429).doesNotContain(204);
    login(me(api).getString("email"), OTHER).expect(429, "RATE_LIMITED");
  }

  @Test
  void aProgramHasNoPassword() {
    change(keyhook.api(), Node.PASSWORD, OTHER).expect(403, "USER_ONLY");
  }

  @Test
  void anOperatorsNewPasswordEndsTheSessionsOfWhoHadTheOldOne() {
    Api owner = keyhook.account("free");
    String cookie = cookie(open(me(owner).getString("email"), Node.PASSWORD));
    String colleague = newEmail();
    add(owner, colleague);
    String other = cookie(open(colleague, Node.PASSWORD));
    String account = "/api/admin/accounts/" + owner.get("/api/account").json().getString("id");
    keyhook.node().operator().patch(account, new JsonObject().put("name", "Renamed")).expect(200);
    cookie = cookie(refresh(cookie));
    keyhook.node().operator().patch(account, new JsonObject().put("password", OTHER)).expect(200);
    refresh(cookie).expect(401, "SESSION_ENDED");
    refresh(other).expect(200);
  }

  private static Exchange signUp(String address, String email) {
    return keyhook.api().anonymous().header("X-Forwarded-For", address).post("/api/auth/signup",
        credentials(email, Node.PASSWORD).put("name", "Mine"));
  }

  @Test
  void whoSignsUpHasAnAccountOnThePlanFree() {
    String email = newEmail();
    JsonObject account = signUp("203.0.113.1", email).expect(201).json();
    assertThat(account.getString("plan")).isEqualTo("free");
    assertThat(account.getString("email")).isEqualTo(email);
    Api api = as(login(email, Node.PASSWORD));
    assertThat(api.get("/api/account").json().getString("id")).isEqualTo(account.getString("id"));
    JsonObject entry = api.get("/api/audit?action=account.created").data().get(0);
    assertThat(entry.getString("actor")).isEqualTo(email);
    assertThat(entry.getString("ipAddress")).isEqualTo("203.0.113.1");
    signUp("203.0.113.1", email).expect(409, "EMAIL_TAKEN");
  }

  @Test
  void anAddressSignsUpATimeOrTwoAndNotForEver() {
    List<Integer> statuses = IntStream.range(0, 12).mapToObj(i -> signUp("203.0.113.2", Node.EMAIL).status()).toList();
    assertThat(statuses).contains(409, 429);
    assertThat(statuses.get(0)).isEqualTo(409);
    signUp("203.0.113.3", Node.EMAIL).expect(409);
  }

  @Test
  void whereItIsNotAllowedNobodySignsUp() {
    Node node = keyhook.start(new JsonObject().put("signup", new JsonObject().put("enabled", false)));
    long before = keyhook.database().count("account");
    node.api().anonymous().post("/api/auth/signup", credentials(newEmail(), Node.PASSWORD).put("name", "Mine"))
        .expect(403, "SIGNUP_DISABLED");
    assertThat(keyhook.database().count("account")).isEqualTo(before);
    assertThat(keyhook.api().anonymous().get("/api/settings").json().getBoolean("signupEnabled")).isTrue();
    node.stop();
  }
}
