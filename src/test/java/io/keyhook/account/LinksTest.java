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

/** Links that are good for one use: invitations to an account, and new passwords. */
class LinksTest {
  private static final String CHOSEN = "a password of my own";
  private static final JsonObject CURRENT = new JsonObject().put("currentPassword", Node.PASSWORD);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  private static String newEmail() {
    return UUID.randomUUID() + "@example.com";
  }

  /** Each from an address of its own, so that one test does not use up what another may try. */
  private static Api anonymous() {
    return keyhook.api().anonymous().header("X-Forwarded-For", "2001:db8:" + Integer.toHexString((int) (System.nanoTime() & 0xffff))
        + "::1");
  }

  private static JsonObject invite(Api owner, String email, String role) {
    return owner.post("/api/invitations", CURRENT.copy().put("email", email).put("role", role)).expect(201).json();
  }

  private static JsonObject acceptance(String token) {
    return new JsonObject().put("token", token).put("name", "Jane Doe").put("password", CHOSEN);
  }

  private static Exchange login(String email, String password) {
    return anonymous().post("/api/auth/login", new JsonObject().put("email", email).put("password", password));
  }

  private static Exchange setPassword(String token, String password) {
    return anonymous().post("/api/auth/new-password", new JsonObject().put("token", token).put("newPassword", password));
  }

  private static String add(Api owner, String email, String role) {
    return owner.post("/api/users", CURRENT.copy().put("email", email).put("password", Node.PASSWORD).put("role", role))
        .expect(201).json().getString("id");
  }

  private static JsonObject reset(Api owner, String id) {
    return owner.post("/api/users/" + id + "/password-reset", CURRENT).expect(201).json();
  }

  private static void expire() {
    keyhook.database().update("UPDATE keyhook.account_link SET expires_at = now()");
  }

  @Test
  void whoeverIsInvitedChoosesNameAndPasswordAndHasTheRole() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    JsonObject made = invite(owner, email, "support");
    assertThat(made.getString("path")).isEqualTo("/#/invitation/" + made.getString("token"));
    JsonObject listed = owner.get("/api/invitations").expect(200).data().get(0);
    assertThat(listed.getString("id")).isEqualTo(made.getString("id"));
    assertThat(listed.encode()).doesNotContain(made.getString("token"));
    JsonObject shown = anonymous().post("/api/auth/invitation", new JsonObject().put("token", made.getString("token")))
        .expect(200).json();
    assertThat(shown.getString("email")).isEqualTo(email);
    assertThat(shown.getString("role")).isEqualTo("support");
    Exchange accepted = anonymous().post("/api/auth/invitation/accept", acceptance(made.getString("token"))).expect(201);
    assertThat(accepted.setCookie("keyhook_device")).isNotNull();
    JsonObject user = accepted.json();
    assertThat(user.getString("name")).isEqualTo("Jane Doe");
    Api invited = keyhook.api().anonymous().bearer(login(email, CHOSEN).expect(200).json().getString("token"));
    assertThat(invited.get("/api/auth/me").expect(200).json().getString("role")).isEqualTo("support");
    assertThat(owner.get("/api/users").data().get(0).getString("id")).isEqualTo(user.getString("id"));
    assertThat(owner.get("/api/invitations").data()).isEmpty();
    assertThat(owner.get("/api/audit?action=invitation.accepted").data().get(0).getString("actor")).isEqualTo(email);
    assertThat(owner.get("/api/audit?action=invitation.created").data()).hasSize(1);
  }

  @Test
  void anInvitationIsAcceptedOnce() {
    Api owner = keyhook.account("free");
    String token = invite(owner, newEmail(), "member").getString("token");
    List<Integer> statuses = Stream.generate(() -> anonymous().postAsync("/api/auth/invitation/accept", acceptance(token)))
        .limit(4).toList().stream().map(Api::join).map(Exchange::status).toList();
    assertThat(statuses).containsOnlyOnce(201).containsOnly(201, 404);
    anonymous().post("/api/auth/invitation", new JsonObject().put("token", token)).expect(404);
    assertThat(owner.get("/api/users").data()).hasSize(2);
  }

  @Test
  void aLinkThatIsRevokedExpiredOrReplacedIsOver() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    String replaced = invite(owner, email, "owner").getString("token");
    JsonObject revoked = invite(owner, email, "member");
    anonymous().post("/api/auth/invitation/accept", acceptance(replaced)).expect(404);
    owner.delete("/api/invitations/" + revoked.getString("id")).expect(204);
    owner.delete("/api/invitations/" + revoked.getString("id")).expect(404);
    anonymous().post("/api/auth/invitation/accept", acceptance(revoked.getString("token"))).expect(404);
    String expired = invite(owner, newEmail(), "member").getString("token");
    expire();
    anonymous().post("/api/auth/invitation/accept", acceptance(expired)).expect(404);
    assertThat(owner.get("/api/invitations").data()).isEmpty();
    assertThat(owner.get("/api/users").data()).hasSize(1);
  }

  @Test
  void onlyTheHashOfATokenIsStored() {
    String token = invite(keyhook.account("free"), newEmail(), "member").getString("token");
    byte[] secret = Ticket.parse(token).orElseThrow().secret();
    String stored = keyhook.database().value("SELECT string_agg(to_jsonb(l)::text, '') FROM keyhook.account_link l");
    assertThat(stored).doesNotContain(token).doesNotContain(java.util.HexFormat.of().formatHex(secret))
        .contains(java.util.HexFormat.of().formatHex(Ticket.parse(token).orElseThrow().hash()));
  }

  @Test
  void whatIsNoTokenIsNoLink() {
    String good = invite(keyhook.account("free"), newEmail(), "member").getString("token");
    char last = good.charAt(60) == 'A' ? 'B' : 'A';
    for (String token : List.of("", "x", good.substring(1), good.substring(0, 60) + last + good.substring(61))) {
      anonymous().post("/api/auth/invitation/accept", acceptance(token)).expect(404);
      setPassword(token, CHOSEN).expect(404);
    }
    setPassword(good, CHOSEN).expect(404);
    anonymous().post("/api/auth/invitation/accept", acceptance(good)).expect(201);
  }

  @Test
  void anAddressThatHasAUserIsNotInvitedAndAnAccountHasNoEndOfInvitations() {
    Api owner = keyhook.account("free");
    String own = owner.get("/api/auth/me").json().getJsonObject("user").getString("email");
    owner.post("/api/invitations", new JsonObject().put("email", own).put("role", "member")).expect(409, "EMAIL_TAKEN");
    List<Integer> statuses = IntStream.range(0, 101).mapToObj(i -> owner.post("/api/invitations",
        new JsonObject().put("email", newEmail()).put("role", "member")).status()).toList();
    assertThat(statuses.subList(0, 100)).containsOnly(201);
    assertThat(statuses.get(100)).isEqualTo(409);
  }

  @Test
  void anOwnersLinkSetsThePasswordOfAMemberOnceAndEndsTheirSessions() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    String id = owner.post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD)
        .put("role", "member")).expect(201).json().getString("id");
    Api member = keyhook.api().anonymous().bearer(login(email, Node.PASSWORD).expect(200).json().getString("token"));
    member.post("/api/users/" + id + "/password-reset", CURRENT).expect(403, "ROLE_REQUIRED");
    String replaced = reset(owner, id).getString("token");
    JsonObject link = reset(owner, id);
    assertThat(link.getString("path")).isEqualTo("/#/new-password/" + link.getString("token"));
    setPassword(replaced, CHOSEN).expect(404);
    anonymous().post("/api/auth/invitation/accept", acceptance(link.getString("token"))).expect(404);
    member.get("/api/account").expect(200);
    assertThat(setPassword(link.getString("token"), CHOSEN).expect(204).setCookie("keyhook_device")).isNotNull();
    member.get("/api/account").expect(401);
    login(email, Node.PASSWORD).expect(401);
    login(email, CHOSEN).expect(200);
    setPassword(link.getString("token"), "yet another password").expect(404);
    assertThat(owner.get("/api/audit?action=user.password_reset").data()).hasSize(2);
    assertThat(owner.get("/api/audit?action=user.password_changed").data().get(0).getString("actor")).isEqualTo(email);
  }

  @Test
  void aPasswordThatIsChangedOtherwiseEndsItsLinks() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    String token = reset(owner, add(owner, email, "member")).getString("token");
    Api member = keyhook.api().anonymous().bearer(login(email, Node.PASSWORD).expect(200).json().getString("token"));
    member.post("/api/auth/password", new JsonObject().put("currentPassword", Node.PASSWORD).put("newPassword", CHOSEN))
        .expect(204);
    setPassword(token, Node.PASSWORD).expect(404);
  }

  @Test
  void aStolenTokenOrKeyCannotResetThePasswordOfItsUserNorOfAnother() {
    Api owner = keyhook.account("free");
    String own = owner.get("/api/auth/me").json().getJsonObject("user").getString("id");
    String other = add(owner, newEmail(), "owner");
    owner.post("/api/users/" + own + "/password-reset", CURRENT).expect(409, "OWN_USER");
    owner.post("/api/users/" + other + "/password-reset", new JsonObject().put("currentPassword", "a guess"))
        .expect(403, "WRONG_PASSWORD");
    assertThat(owner.post("/api/users/" + other + "/password-reset", new JsonObject()).expect(400).badFields())
        .containsExactly("currentPassword");
    Api key = keyhook.api().anonymous().bearer(owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD)).expect(201).json()
        .getString("key"));
    key.post("/api/users/" + own + "/password-reset", CURRENT).expect(403, "USER_ONLY");
    assertThat(owner.get("/api/audit?action=user.password_reset").data()).isEmpty();
  }

  @Test
  void linksEndWithWhoeverCreatedThem() {
    Api owner = keyhook.account("free");
    String target = add(owner, newEmail(), "member");
    for (String end : List.of("demote", "delete")) {
      String email = newEmail();
      String id = add(owner, email, "owner");
      Api creator = keyhook.api().anonymous().bearer(login(email, Node.PASSWORD).expect(200).json().getString("token"));
      String invitation = invite(creator, newEmail(), "owner").getString("token");
      String password = reset(creator, target).getString("token");
      if (end.equals("demote")) {
        owner.patch("/api/users/" + id, new JsonObject().put("role", "member")).expect(200);
      } else {
        owner.delete("/api/users/" + id).expect(204);
      }
      anonymous().post("/api/auth/invitation/accept", acceptance(invitation)).expect(404);
      setPassword(password, CHOSEN).expect(404);
    }
    JsonObject made = owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD)).expect(201).json();
    String byKey = invite(keyhook.api().anonymous().bearer(made.getString("key")), newEmail(), "member").getString("token");
    owner.delete("/api/api-keys/" + made.getString("id")).expect(204);
    anonymous().post("/api/auth/invitation/accept", acceptance(byKey)).expect(404);
  }

  @Test
  void linksForNewPasswordsAreListedAndRevoked() {
    Api owner = keyhook.account("free");
    String email = newEmail();
    String id = add(owner, email, "member");
    JsonObject made = reset(owner, id);
    JsonObject listed = owner.get("/api/password-resets").expect(200).data().get(0);
    JsonObject me = owner.get("/api/auth/me").json().getJsonObject("user");
    assertThat(listed.getMap()).containsOnlyKeys("id", "userId", "email", "createdBy", "createdAt", "expiresAt")
        .containsEntry("id", made.getString("id")).containsEntry("userId", id).containsEntry("email", email)
        .containsEntry("createdBy", me.getString("email")).containsEntry("expiresAt", made.getString("expiresAt"));
    assertThat(owner.get("/api/invitations").data()).isEmpty();
    assertThat(keyhook.account("free").get("/api/password-resets").data()).isEmpty();
    keyhook.account("free").delete("/api/password-resets/" + made.getString("id")).expect(404);
    owner.delete("/api/invitations/" + made.getString("id").replace("reset_", "invite_")).expect(404);
    owner.delete("/api/password-resets/" + made.getString("id")).expect(204);
    owner.delete("/api/password-resets/" + made.getString("id")).expect(404);
    setPassword(made.getString("token"), CHOSEN).expect(404);
    assertThat(owner.get("/api/password-resets").data()).isEmpty();
    assertThat(owner.get("/api/audit?action=password_reset.revoked").data()).singleElement()
        .satisfies(entry -> assertThat(entry.getString("subjectId")).isEqualTo(made.getString("id")));
    String account = "/api/admin/accounts/" + owner.get("/api/account").json().getString("id");
    keyhook.node().operator().post(account + "/password-reset", new JsonObject().put("email", email)).expect(201);
    assertThat(owner.get("/api/password-resets").data().get(0).getString("createdBy")).isEqualTo("operator");
    reset(owner, id);
    assertThat(owner.get("/api/password-resets").data()).hasSize(1);
    setPassword(reset(owner, id).getString("token"), CHOSEN).expect(204);
    assertThat(owner.get("/api/password-resets").data()).isEmpty();
  }

  @Test
  void aUserHasOneLinkHoweverManyAreCreatedAtOnceAndNoneAfterAnotherAddress() {
    Api owner = keyhook.account("free");
    String id = add(owner, newEmail(), "member");
    List<Exchange> made = Stream.generate(() -> owner.postAsync("/api/users/" + id + "/password-reset", CURRENT)).limit(4).toList()
        .stream().map(Api::join).toList();
    List<Integer> used = made.stream().map(one -> setPassword(one.expect(201).json().getString("token"), CHOSEN).status()).toList();
    assertThat(used).containsOnlyOnce(204).containsOnly(204, 404);
    String account = "/api/admin/accounts/" + owner.get("/api/account").json().getString("id");
    Api operator = keyhook.node().operator();
    String email = owner.get("/api/auth/me").json().getJsonObject("user").getString("email");
    String token = operator.post(account + "/password-reset", new JsonObject().put("email", email)).expect(201).json()
        .getString("token");
    operator.patch(account, new JsonObject().put("email", newEmail())).expect(200);
    setPassword(token, CHOSEN).expect(404);
  }

  @Test
  void theOperatorChangesAnOwnerEvenIfTheFirstMemberIsNone() {
    Api owner = keyhook.account("free");
    String first = owner.get("/api/auth/me").json().getJsonObject("user").getString("id");
    String email = newEmail();
    add(owner, email, "owner");
    Api second = keyhook.api().anonymous().bearer(login(email, Node.PASSWORD).expect(200).json().getString("token"));
    second.patch("/api/users/" + first, new JsonObject().put("role", "read_only")).expect(200);
    String account = "/api/admin/accounts/" + second.get("/api/account").json().getString("id");
    assertThat(keyhook.node().operator().patch(account, new JsonObject().put("password", CHOSEN)).expect(200).json()
        .getString("email")).isEqualTo(email);
    login(email, CHOSEN).expect(200);
  }

  @Test
  void aKeyThatExpiresCreatesNothingThatOutlastsIt() {
    Api owner = keyhook.account("free");
    Api key = keyhook.api().anonymous().bearer(owner.post("/api/api-keys", new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD)
        .put("expiresAt", "2099-12-31T00:00:00Z")).expect(201).json().getString("key"));
    key.post("/api/api-keys", new JsonObject().put("name", "k")).expect(403, "KEY_EXPIRES");
    key.post("/api/invitations", new JsonObject().put("email", newEmail()).put("role", "owner")).expect(403, "KEY_EXPIRES");
    key.post("/api/users", new JsonObject().put("email", newEmail()).put("password", CHOSEN)).expect(403, "KEY_EXPIRES");
    key.post("/api/licenses", new JsonObject().put("name", "L")).expect(201);
  }

  @Test
  void anOperatorsLinkIsForAMemberOfThatAccount() {
    Api owner = keyhook.account("free");
    String email = owner.get("/api/auth/me").json().getJsonObject("user").getString("email");
    String account = "/api/admin/accounts/" + owner.get("/api/account").json().getString("id") + "/password-reset";
    Api operator = keyhook.node().operator();
    operator.post(account, new JsonObject().put("email", Node.EMAIL)).expect(404);
    String token = operator.post(account, new JsonObject().put("email", email.toUpperCase(java.util.Locale.ROOT))).expect(201)
        .json().getString("token");
    setPassword(token, CHOSEN).expect(204);
    login(email, CHOSEN).expect(200);
    assertThat(keyhook.node().operator().get(account.replace("password-reset", "audit") + "?action=user.password_reset")
        .expect(200).data().get(0).getString("actor")).isEqualTo("operator");
  }
}
