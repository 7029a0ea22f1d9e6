package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Authenticator;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Logins that need a code of an authenticator app beside the password. */
class TwoFactorTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  /** A user with an authenticator app. */
  private record Person(String id, String email, Api api, String key, List<String> recoveryCodes) {
    /** The code of the next step: that of this step was used to turn it on. */
    String code() {
      return Authenticator.code(key, 1);
    }
  }

  private static Exchange login(String email, String code) {
    return keyhook.api().anonymous().header("X-Forwarded-For", "2001:db8:" + Integer.toHexString(email.hashCode() & 0xffff) + "::1")
        .post("/api/auth/login", new JsonObject().put("email", email).put("password", Node.PASSWORD).put("code", code));
  }

  private static String add(String email) {
    return keyhook.api().post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD)
        .put("role", "member")).expect(201).json().getString("id");
  }

  private static Person enabled() {
    String email = UUID.randomUUID() + "@example.com";
    String id = add(email);
    Api api = keyhook.api().anonymous().bearer(login(email, null).expect(200).json().getString("token"));
    JsonObject setup = api.post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(200).json();
    String key = setup.getString("secret");
    assertThat(setup.getString("uri")).isEqualTo("otpauth://totp/Keyhook:" + email.replace("@", "%40") + "?secret="
        + setup.getString("secret") + "&issuer=Keyhook");
    JsonObject codes = api.post("/api/auth/two-factor/enable", new JsonObject()
        .put("code", Authenticator.code(key, 0))).expect(200).json();
    return new Person(id, email, api, key, codes.getJsonArray("recoveryCodes").stream().map(String.class::cast).toList());
  }

  private static boolean isOn(Person person) {
    return person.api.get("/api/auth/me").expect(200).json().getJsonObject("user").getBoolean("twoFactor");
  }

  @Test
  void aLoginNeedsACodeFromThenOn() {
    Person person = enabled();
    assertThat(isOn(person)).isTrue();
    login(person.email, null).expect(403, "CODE_REQUIRED");
    login(person.email, "000000").expect(403, "WRONG_CODE");
    login(person.email, person.code()).expect(200);
    for (String action : List.of("login.code_missing", "login.code_failed")) {
      await().atMost(Waiting.LONG).until(() ->
          !keyhook.api().get("/api/audit?action=" + action + "&subjectId=" + person.id).data().isEmpty());
    }
    keyhook.api().anonymous().post("/api/auth/session", new JsonObject().put("email", person.email)
        .put("password", Node.PASSWORD)).expect(403, "CODE_REQUIRED");
    keyhook.api().anonymous().post("/api/auth/login", new JsonObject().put("email", person.email)
        .put("password", "wrong password").put("code", person.code())).expect(401, "UNAUTHORIZED");
    assertThat(keyhook.api().get("/api/audit?action=two_factor.enabled&subjectId=" + person.id).data()).hasSize(1);
    assertThat(keyhook.api().get("/api/users").data().stream().filter(user -> user.getString("id").equals(person.id)).findAny()
        .orElseThrow().getBoolean("twoFactor")).isTrue();
  }

  @Test
  void aRetryWithAnotherCodeGetsTheAnswerThatWasLost() {
    Person person = enabledOwner();
    Api api = person.api.header("Idempotency-Key", UUID.randomUUID().toString());
    JsonObject key = new JsonObject().put("name", "k").put("currentPassword", Node.PASSWORD);
    api.post("/api/api-keys", key.copy().putNull("currentPassword")).expect(403, "PASSWORD_REQUIRED");
    api.post("/api/api-keys", key.copy().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    api.post("/api/api-keys", key).expect(403, "CODE_REQUIRED");
    api.post("/api/api-keys", key.copy().put("code", "000000")).expect(403, "WRONG_CODE");
    assertThat(keyhook.api().get("/api/audit?action=confirmation.code_failed&subjectId=" + person.id).data()).hasSize(1);
    String made = api.post("/api/api-keys", key.copy().put("code", person.recoveryCodes.get(0))).expect(201).body();
    for (String code : List.of(person.recoveryCodes.get(0), person.recoveryCodes.get(1))) {
      Exchange again = api.post("/api/api-keys", key.copy().put("code", code)).expect(201);
      assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
      assertThat(again.body()).isEqualTo(made);
    }
    api.post("/api/api-keys", key.copy().put("currentPassword", "a guess").put("code", person.recoveryCodes.get(1)))
        .expect(422, "IDEMPOTENCY_KEY_REUSED");
    api.post("/api/api-keys", key.copy().put("name", "other").put("code", person.recoveryCodes.get(1)))
        .expect(422, "IDEMPOTENCY_KEY_REUSED");
    login(person.email, person.recoveryCodes.get(1)).expect(200);
  }

  private static Person enabledOwner() {
    Person person = enabled();
    keyhook.database().update("UPDATE keyhook.member SET role = 'owner' WHERE email = ?", person.email);
    return person;
  }

  @Test
  void aCodeWorksOnce() {
    Person person = enabled();
    String code = person.code();
    List<Integer> statuses = Stream.generate(() -> keyhook.api().anonymous().postAsync("/api/auth/login",
            new JsonObject().put("email", person.email).put("password", Node.PASSWORD).put("code", code)))
        .limit(4).toList().stream().map(Api::join).map(Exchange::status).toList();
    assertThat(statuses).containsOnlyOnce(200).containsOnly(200, 403);
    login(person.email, Authenticator.code(person.key, 0)).expect(403, "WRONG_CODE");
  }

  @Test
  void eachRecoveryCodeWorksOnceHoweverItIsTyped() {
    Person person = enabled();
    assertThat(person.recoveryCodes).hasSize(10).doesNotHaveDuplicates().allMatch(code -> code.matches("[a-z2-7]{4}(-[a-z2-7]{4}){3}"));
    login(person.email, person.recoveryCodes.get(3)).expect(200);
    login(person.email, person.recoveryCodes.get(3)).expect(403, "WRONG_CODE");
    login(person.email, person.recoveryCodes.get(4).toUpperCase(java.util.Locale.ROOT).replace("-", " ")).expect(200);
    String stored = keyhook.database().value("SELECT to_jsonb(m)::text FROM keyhook.member m WHERE email = ?", person.email);
    assertThat(person.recoveryCodes).noneMatch(stored::contains);
    assertThat(stored).doesNotContain(java.util.HexFormat.of().formatHex(Authenticator.bytes(person.key)));
  }

  @Test
  void aKeyIsNotUsedBeforeItsFirstCode() {
    String email = UUID.randomUUID() + "@example.com";
    add(email);
    Api api = keyhook.api().anonymous().bearer(login(email, null).expect(200).json().getString("token"));
    api.post("/api/auth/two-factor/enable", new JsonObject().put("code", "123456")).expect(409, "TWO_FACTOR_NOT_BEGUN");
    api.post("/api/auth/two-factor", new JsonObject().put("currentPassword", "wrong password")).expect(403, "WRONG_PASSWORD");
    api.post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(200);
    api.post("/api/auth/two-factor/enable", new JsonObject().put("code", "000000")).expect(403, "WRONG_CODE");
    login(email, null).expect(200);
    keyhook.api().post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(403, "USER_ONLY");
  }

  @Test
  void turningItOffNeedsPasswordAndCode() {
    Person person = enabled();
    JsonObject off = new JsonObject().put("currentPassword", Node.PASSWORD).put("code", person.recoveryCodes.get(0));
    person.api.post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(409, "TWO_FACTOR_ON");
    person.api.post("/api/auth/two-factor/disable", off.copy().put("currentPassword", "wrong password")).expect(403, "WRONG_PASSWORD");
    person.api.post("/api/auth/two-factor/disable", off.copy().put("code", "000000")).expect(403, "WRONG_CODE");
    assertThat(isOn(person)).isTrue();
    person.api.post("/api/auth/two-factor/disable", off).expect(204);
    assertThat(isOn(person)).isFalse();
    login(person.email, null).expect(200);
    assertThat(keyhook.api().get("/api/audit?action=two_factor.disabled&subjectId=" + person.id).data()).hasSize(1);
  }

  @Test
  void anOwnerTurnsItOffForWhoLostTheApp() {
    Person person = enabled();
    JsonObject current = new JsonObject().put("currentPassword", Node.PASSWORD);
    String path = "/api/users/" + person.id + "/two-factor/disable";
    person.api.post(path, current).expect(403, "ROLE_REQUIRED");
    keyhook.api().post(path, current).expect(403, "USER_ONLY");
    keyhook.node().user().patch("/api/users/" + person.id, current.copy().put("role", "owner")).expect(200);
    person.api.post(path, current).expect(409, "OWN_USER");
    Api owner = keyhook.api().anonymous().bearer(login(Node.EMAIL, null).expect(200).json().getString("token"));
    owner.post(path, new JsonObject().put("currentPassword", "a guess")).expect(403, "WRONG_PASSWORD");
    login(person.email, null).expect(403, "CODE_REQUIRED");
    owner.post(path, current).expect(204);
    login(person.email, null).expect(200);
  }

  @Test
  void turningItOnEndsAllTokensButTheOneThatTurnedItOn() {
    String email = UUID.randomUUID() + "@example.com";
    add(email);
    Api here = tokenOf(login(email, null));
    Api stolen = tokenOf(login(email, null));
    Api browser = tokenOf(keyhook.api().anonymous().post("/api/auth/session", new JsonObject().put("email", email)
        .put("password", Node.PASSWORD)));
    Api older = keyhook.api().anonymous().bearer(withoutSession(login(email, null)));
    older.get("/api/auth/me").expect(200);
    String key = here.post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(200).json()
        .getString("secret");
    stolen.get("/api/auth/me").expect(200);
    here.post("/api/auth/two-factor/enable", new JsonObject().put("code", Authenticator.code(key, 0))).expect(200);
    here.get("/api/auth/me").expect(200);
    for (Api ended : List.of(stolen, browser, older)) {
      ended.get("/api/auth/me").expect(401, "UNAUTHORIZED");
    }
    assertThat(here.get("/api/auth/sessions").expect(200).data()).singleElement()
        .satisfies(session -> assertThat(session.getBoolean("current")).isTrue());
  }

  @Test
  void anOwnerWithTwoFactorAuthenticationNeedsACodeToLetAnotherOwnerIn() {
    Person person = enabled();
    Api owner = keyhook.node().user();
    JsonObject current = new JsonObject().put("currentPassword", Node.PASSWORD);
    owner.patch("/api/users/" + person.id, current.copy().put("role", "owner")).expect(200);
    String target = add(UUID.randomUUID() + "@example.com");
    JsonObject role = current.copy().put("role", "owner");
    person.api.patch("/api/users/" + target, role).expect(403, "CODE_REQUIRED");
    person.api.patch("/api/users/" + target, role.copy().put("code", "000000")).expect(403, "WRONG_CODE");
    person.api.patch("/api/users/" + target, role.copy().put("code", person.recoveryCodes.get(0))).expect(200);
    String reset = "/api/users/" + target + "/password-reset";
    person.api.post(reset, current).expect(403, "CODE_REQUIRED");
    person.api.post(reset, current.copy().put("code", person.recoveryCodes.get(1))).expect(201);
    String unlock = "/api/users/" + target + "/two-factor/disable";
    person.api.post(unlock, current.copy().put("code", person.recoveryCodes.get(2))).expect(204);
    person.api.post("/api/api-keys", current.copy().put("name", "k")).expect(403, "CODE_REQUIRED");
    person.api.post("/api/api-keys", current.copy().put("name", "k").put("code", person.recoveryCodes.get(3))).expect(201);
    assertThat(keyhook.api().get("/api/audit?action=two_factor.recovery_code_used&subjectId=" + person.id).data()).hasSize(4);
  }

  /** The token as a node of an earlier version would have issued it. */
  private static String withoutSession(Exchange login) {
    String claims = login.expect(200).json().getString("token").split("\\.")[1];
    JsonObject changed = new JsonObject(Buffer.buffer(Base64.getUrlDecoder().decode(claims)));
    assertThat(changed.remove("keyhook_session")).isNotNull();
    return Jwts.hs256(changed, Node.JWT_SECRET);
  }

  private static Api tokenOf(Exchange login) {
    return keyhook.api().anonymous().bearer(login.expect(200).json().getString("token"));
  }

  @Test
  void guessingCodesIsSlowedDownAsGuessingPasswordsIs() {
    Person person = enabled();
    List<Integer> guesses = IntStream.range(0, 14).mapToObj(i -> login(person.email, "00000" + i % 10).status()).toList();
    assertThat(guesses).contains(403, 429).doesNotContain(200);
    assertThat(guesses.stream().filter(status -> status == 403).count()).isLessThanOrEqualTo(10);
    login(person.email, person.code()).expect(429, "RATE_LIMITED");
    assertThat(keyhook.api().get("/api/audit?action=login.code_failed&subjectId=" + person.id).data()).isNotEmpty();
  }

  @Test
  void wrongCodesAreCountedWhereverTheyComeFromUntilARightOne() {
    Person person = enabled();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 4; i++) {
        from(person, "00000" + i).expect(403, "WRONG_CODE");
      }
      from(person, person.recoveryCodes.get(round)).expect(200);
    }
    for (int i = 0; i < 5; i++) {
      from(person, "00000" + i).expect(403, "WRONG_CODE");
    }
    Exchange refused = from(person, person.code()).expect(429, "RATE_LIMITED");
    assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 30);
    person.api.post("/api/auth/two-factor/disable", new JsonObject().put("currentPassword", Node.PASSWORD)
        .put("code", person.recoveryCodes.get(2))).expect(429, "RATE_LIMITED");
    keyhook.database().update("UPDATE keyhook.member SET totp_retry_at = now() WHERE totp_retry_at IS NOT NULL");
    from(person, "000000").expect(403, "WRONG_CODE");
    assertThat(Integer.parseInt(from(person, person.code()).expect(429).header("Retry-After"))).isBetween(31, 60);
    keyhook.database().update("UPDATE keyhook.member SET totp_retry_at = now() WHERE totp_retry_at IS NOT NULL");
    from(person, person.code()).expect(200);
    assertThat(keyhook.api().get("/api/audit?action=two_factor.recovery_code_used&subjectId=" + person.id).data()).hasSize(2);
  }

  /** From another address each time. */
  private static Exchange from(Person person, String code) {
    return keyhook.api().anonymous().header("X-Forwarded-For", "2001:db8:" + Long.toHexString(System.nanoTime() & 0xffff) + "::2")
        .post("/api/auth/login",
            new JsonObject().put("email", person.email).put("password", Node.PASSWORD).put("code", code));
  }

  @Test
  void turningItOnEndsTheOtherSessions() {
    String email = UUID.randomUUID() + "@example.com";
    add(email);
    JsonObject credentials = new JsonObject().put("email", email).put("password", Node.PASSWORD);
    Exchange other = keyhook.api().anonymous().post("/api/auth/session", credentials).expect(200);
    Exchange own = keyhook.api().anonymous().post("/api/auth/session", credentials).expect(200);
    Api api = keyhook.api().anonymous().bearer(own.json().getString("token"))
        .header("Cookie", own.setCookie("keyhook_session").replaceFirst(";.*", ""));
    String key = api.post("/api/auth/two-factor", new JsonObject().put("currentPassword", Node.PASSWORD)).expect(200).json()
        .getString("secret");
    api.post("/api/auth/two-factor/enable", new JsonObject().put("code", Authenticator.code(key, 0))).expect(200);
    api.get("/api/account").expect(200);
    keyhook.api().anonymous().bearer(other.json().getString("token")).get("/api/account").expect(401);
  }
}
