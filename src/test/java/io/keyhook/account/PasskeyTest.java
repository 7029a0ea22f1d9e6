package io.keyhook.account;

import static io.keyhook.testing.PasskeyDevice.PRESENT;
import static io.keyhook.testing.PasskeyDevice.VERIFIED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.Id;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.testing.Api;
import io.keyhook.testing.Authenticator;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.PasskeyDevice;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Logins with a passkey, and everything that must not be taken for one. */
@ExtendWith(BlockedThreads.class)
class PasskeyTest {
  private static final String SITE = "https://keyhook.example.com";
  private static final JsonObject PASSWORD = new JsonObject().put("currentPassword", Node.PASSWORD);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8")))
      .put("mail", new JsonObject().put("dashboardUrl", SITE + "/")));

  /** A team member with a passkey. */
  private record Person(String id, String email, Api api, PasskeyDevice device, String handle, String passkey) {
    JsonObject used(PasskeyDevice as) {
      return as.open(begun(), handle);
    }
  }

  /** From an address of its own each time, but where a test asks for one. */
  private static Api anybody() {
    return from("2001:db8:" + Long.toHexString(new SecureRandom().nextLong() & 0xffff) + ":"
        + Long.toHexString(new SecureRandom().nextLong() & 0xffff) + "::1");
  }

  private static Api from(String address) {
    return keyhook.api().anonymous().header("X-Forwarded-For", address);
  }

  private static JsonObject begun() {
    return anybody().post("/api/auth/session/passkey/begin", new JsonObject()).expect(200).json();
  }

  private static Exchange open(JsonObject response) {
    return anybody().post("/api/auth/session/passkey", response);
  }

  private static Api member() {
    String email = UUID.randomUUID() + "@example.com";
    keyhook.api().post("/api/users", new JsonObject().put("email", email).put("password", Node.PASSWORD).put("role", "member"))
        .expect(201);
    return keyhook.api().anonymous().bearer(login(email).expect(200).json().getString("token"));
  }

  private static Exchange login(String email) {
    return anybody().post("/api/auth/login", new JsonObject().put("email", email).put("password", Node.PASSWORD));
  }

  private static JsonObject begin(Api api) {
    return api.post("/api/auth/passkeys/begin", PASSWORD).expect(200).json();
  }

  private static Exchange create(Api api, JsonObject response) {
    return api.post("/api/auth/passkeys", response.copy().put("name", "Laptop"));
  }

  private static Person person(UnaryOperator<PasskeyDevice> kind) {
    Api api = member();
    JsonObject options = begin(api);
    PasskeyDevice device = kind.apply(PasskeyDevice.at(SITE));
    JsonObject made = create(api, device.create(options)).expect(201).json();
    JsonObject me = api.get("/api/auth/me").expect(200).json().getJsonObject("user");
    return new Person(me.getString("id"), me.getString("email"), api, device, options.getString("userHandle"), made.getString("id"));
  }

  private static Person person() {
    return person(device -> device);
  }

  private static List<JsonObject> audit(String action, Person person) {
    return keyhook.api().get("/api/audit?action=" + action + "&subjectId=" + person.id).expect(200).data();
  }

  /** Where no URL of the dashboard is configured, whoever sends a request chooses its origin. */
  @Test
  void withoutAUrlOfTheDashboardAPasskeyIsForTheOriginThatItWasCreatedAt() {
    Person person = person();
    Node open = keyhook.start(new JsonObject().put("mail", new JsonObject().putNull("dashboardUrl")));
    assertThat(logInAt(open, SITE + ":8443", person, person.device.on(SITE + ":8443")).status()).isEqualTo(401);
    assertThat(logInAt(open, SITE, person, person.device).status()).isEqualTo(200);
  }

  private static Exchange logInAt(Node node, String origin, Person person, PasskeyDevice device) {
    Api page = node.api().anonymous().header("Sec-Fetch-Site", "same-origin").header("Origin", origin);
    JsonObject begun = page.post("/api/auth/session/passkey/begin", new JsonObject()).expect(200).json();
    return page.post("/api/auth/session/passkey", device.open(begun, person.handle));
  }

  @Test
  void aPasskeyLogsInAndNothingElseIsAskedFor() {
    Person person = person();
    assertThat(person.api.get("/api/auth/passkeys").expect(200).data()).singleElement().satisfies(passkey -> {
      assertThat(passkey.getString("name")).isEqualTo("Laptop");
      assertThat(passkey.getString("lastUsedAt")).isNull();
    });
    String key = person.api.post("/api/auth/two-factor", PASSWORD).expect(200).json().getString("secret");
    person.api.post("/api/auth/two-factor/enable", new JsonObject().put("code", Authenticator.code(key, 0))).expect(200);
    login(person.email).expect(403, "CODE_REQUIRED");
    Exchange opened = open(person.used(person.device)).expect(200);
    assertThat(opened.setCookie("keyhook_session")).contains("HTTPOnly", "SameSite=Strict");
    Api api = keyhook.api().anonymous().bearer(opened.json().getString("token"));
    assertThat(api.get("/api/auth/me").expect(200).json().getJsonObject("user").getString("id")).isEqualTo(person.id);
    assertThat(api.get("/api/auth/passkeys").expect(200).data().get(0).getString("lastUsedAt")).isNotNull();
    assertThat(api.get("/api/auth/sessions").expect(200).data()).hasSize(2);
    assertThat(audit("passkey.created", person)).hasSize(1);
    assertThat(audit("session.started", person)).hasSize(1);
    anybody().header("X-Keyhook-Session", "1").header("Cookie", opened.setCookie("keyhook_session").replaceFirst(";.*", ""))
        .post("/api/auth/refresh").expect(200);
  }

  @Test
  void anyNodeFinishesWhatAnotherHasBegun() {
    Node other = keyhook.start();
    try {
      Api api = member();
      JsonObject options = begin(api);
      PasskeyDevice device = PasskeyDevice.at(SITE);
      create(api.at(other.uri()), device.create(options)).expect(201);
      JsonObject response = device.open(begun(), options.getString("userHandle"));
      anybody().at(other.uri()).post("/api/auth/session/passkey", response).expect(200);
      open(response).expect(401, "UNAUTHORIZED");
    } finally {
      other.stop();
    }
  }

  /** How a response differs from that of an honest device. */
  enum Attack {
    ANOTHER_PAGE(device -> device.on("https://keyhook.example.net")),
    A_PAGE_BELOW(device -> device.on("https://a.keyhook.example.com")),
    WITHOUT_TLS(device -> device.on("http://keyhook.example.com")),
    ANOTHER_PORT(device -> device.on(SITE + ":8443")),
    ANOTHER_SITE(device -> device.of("example.com")),
    NOBODY_VERIFIED(device -> device.with(PRESENT)),
    NOBODY_PRESENT(device -> device.with(VERIFIED)),
    BACKED_UP_BUT_NOT_ELIGIBLE(device -> device.with(PRESENT | VERIFIED | 16)),
    ANOTHER_TYPE(device -> device.saying("payment.get"));

    private final UnaryOperator<PasskeyDevice> change;

    Attack(UnaryOperator<PasskeyDevice> change) {
      this.change = change;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNotOfAnHonestDeviceDoesNotLogIn(Attack attack) {
    Person person = person();
    open(person.used(attack.change.apply(person.device))).expect(401, "UNAUTHORIZED");
    await().atMost(Waiting.LONG).until(() -> audit("login.passkey_failed", person).size() == 1);
    open(person.used(person.device)).expect(200);
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNotOfAnHonestDeviceIsNoPasskey(Attack attack) {
    Api api = member();
    assertThat(create(api, attack.change.apply(PasskeyDevice.at(SITE)).create(begin(api))).expect(400).badFields())
        .containsExactly("attestationObject");
    assertThat(api.get("/api/auth/passkeys").expect(200).data()).isEmpty();
  }

  @Test
  void anotherKeyOrAnotherUserDoesNotLogIn() {
    Person person = person();
    Person other = person();
    open(person.used(person.device.forged())).expect(401, "UNAUTHORIZED");
    open(person.device.open(begun(), other.handle)).expect(401, "UNAUTHORIZED");
    open(other.device.open(begun(), person.handle)).expect(401, "UNAUTHORIZED");
    open(other.used(other.device).put("credentialId", PasskeyDevice.text(person.device.credentialId()))).expect(401, "UNAUTHORIZED");
    open(person.used(person.device).put("userHandle", PasskeyDevice.text(new byte[32]))).expect(401, "UNAUTHORIZED");
    open(person.used(person.device).put("userHandle", PasskeyDevice.text(new byte[7]))).expect(401, "UNAUTHORIZED");
    JsonObject mixed = person.used(person.device).put("clientData", person.used(person.device).getString("clientData"));
    open(mixed).expect(401, "UNAUTHORIZED");
  }

  @Test
  void aResponseLogsInOnceHoweverManyArriveAtOnce() {
    Person person = person();
    JsonObject response = person.used(person.device);
    List<Integer> statuses = Stream.generate(() -> anybody().postAsync("/api/auth/session/passkey", response)).limit(6).toList()
        .stream().map(Api::join).map(Exchange::status).toList();
    assertThat(statuses).containsOnlyOnce(200).containsOnly(200, 401);
    open(response).expect(401, "UNAUTHORIZED");
    assertThat(audit("session.started", person)).hasSize(1);
  }

  @Test
  void aChallengeIsForWhatItWasIssuedFor() {
    Person person = person();
    Api other = member();
    open(person.device.open(begin(person.api), person.handle)).expect(401, "UNAUTHORIZED");
    JsonObject login = begun();
    assertThat(create(person.api, PasskeyDevice.at(SITE).create(login)).expect(400).badFields()).containsExactly("attestationObject");
    assertThat(create(other, PasskeyDevice.at(SITE).create(begin(person.api))).expect(400).badFields())
        .containsExactly("attestationObject");
    byte[] forged = Base64.getUrlDecoder().decode(login.getString("challenge"));
    forged[20]++; // expires later
    open(person.device.open(login.copy().put("challenge", PasskeyDevice.text(forged)), person.handle)).expect(401, "UNAUTHORIZED");
    open(person.device.open(login.copy().put("challenge", "c2hvcnQ"), person.handle)).expect(401, "UNAUTHORIZED");
  }

  @Test
  void aChallengeExpiresAfterFiveMinutes() {
    Person person = person();
    PasskeyChallenges challenges = new PasskeyChallenges(new DerivedMac(
        new KeyhookOptions.Secrets(Optional.of(Node.MASTER_KEY), List.of()), "keyhook passkey challenge"), new SecureRandom());
    JsonObject options = begun();
    for (Duration age : List.of(Duration.ofMinutes(5), Duration.ofDays(1))) {
      byte[] old = challenges.issue(Instant.now().minus(age));
      open(person.device.open(options.copy().put("challenge", PasskeyDevice.text(old)), person.handle)).expect(401, "UNAUTHORIZED");
    }
    byte[] fresh = challenges.issue(Instant.now().minus(Duration.ofMinutes(1)));
    open(person.device.open(options.copy().put("challenge", PasskeyDevice.text(fresh)), person.handle)).expect(200);
    Instant now = Instant.now();
    byte[] challenge = challenges.issue(now);
    assertThat(challenges.isForLogin(challenge, now.plus(Duration.ofMinutes(5)).minusMillis(1))).isTrue();
    assertThat(challenges.isForLogin(challenge, now.plus(Duration.ofMinutes(5)))).isFalse();
  }

  @Test
  void aCountThatDoesNotGrowIsThatOfACopy() {
    Person person = person(device -> device.used(7));
    open(person.used(person.device.used(9))).expect(200);
    for (long count : new long[] {9, 8, 0}) {
      open(person.used(person.device.used(count))).expect(401, "UNAUTHORIZED");
    }
    open(person.used(person.device.used(0xffff_ffffL))).expect(200);
    Person uncounted = person();
    open(uncounted.used(uncounted.device)).expect(200);
    open(uncounted.used(uncounted.device)).expect(200);
  }

  @Test
  void aCreationIsUsedOnceAndAPasskeyIsCreatedOnce() {
    Api api = member();
    JsonObject options = begin(api);
    create(api, PasskeyDevice.at(SITE).create(options)).expect(201);
    create(api, PasskeyDevice.at(SITE).create(options)).expect(400);
    PasskeyDevice device = PasskeyDevice.at(SITE);
    create(api, device.create(begin(api))).expect(201);
    create(api, device.create(begin(api))).expect(400);
    assertThat(begin(api).getJsonArray("excludeCredentials")).hasSize(2)
        .contains(PasskeyDevice.text(device.credentialId()));
  }

  @Test
  void creatingAndDeletingNeedPasswordAndCode() {
    Person person = person();
    Api api = person.api;
    JsonObject guess = new JsonObject().put("currentPassword", "a guess");
    String delete = "/api/auth/passkeys/" + person.passkey + "/delete";
    api.post("/api/auth/passkeys/begin", guess).expect(403, "WRONG_PASSWORD");
    String key = api.post("/api/auth/two-factor", PASSWORD).expect(200).json().getString("secret");
    List<String> codes = api.post("/api/auth/two-factor/enable", new JsonObject().put("code", Authenticator.code(key, 0)))
        .expect(200).json().getJsonArray("recoveryCodes").stream().map(String.class::cast).toList();
    api.post("/api/auth/passkeys/begin", PASSWORD).expect(403, "CODE_REQUIRED");
    api.post(delete, PASSWORD).expect(403, "CODE_REQUIRED");
    api.post(delete, PASSWORD.copy().put("code", "000000")).expect(403, "WRONG_CODE");
    api.post("/api/auth/passkeys/begin", PASSWORD.copy().put("code", codes.get(0))).expect(200);
    open(person.used(person.device)).expect(200);
    JsonObject waiting = person.used(person.device);
    api.post(delete, PASSWORD.copy().put("code", codes.get(1))).expect(204);
    open(waiting).expect(401, "UNAUTHORIZED");
    assertThat(audit("passkey.deleted", person)).hasSize(1);
  }

  @Test
  void aUserDeletesOnlyTheirOwnPasskeys() {
    Person person = person();
    Api other = member();
    JsonObject name = new JsonObject().put("name", "Renamed");
    other.patch("/api/auth/passkeys/" + person.passkey, name).expect(404, "NOT_FOUND");
    assertThat(person.api.patch("/api/auth/passkeys/" + person.passkey, name).expect(200).json().getString("name")).isEqualTo("Renamed");
    JsonObject same = new JsonObject().put("name", " Renamed ");
    assertThat(person.api.patch("/api/auth/passkeys/" + person.passkey, same).expect(200).json().getString("name")).isEqualTo("Renamed");
    assertThat(audit("passkey.renamed", person)).as("a name that it has already is no change").hasSize(1);
    other.post("/api/auth/passkeys/" + person.passkey + "/delete", PASSWORD).expect(404, "NOT_FOUND");
    keyhook.node().user().post("/api/auth/passkeys/" + person.passkey + "/delete", PASSWORD).expect(404, "NOT_FOUND");
    assertThat(other.get("/api/auth/passkeys").expect(200).data()).isEmpty();
    open(person.used(person.device)).expect(200);
  }

  @Test
  void apiKeysHaveNoPasskeys() {
    keyhook.api().post("/api/auth/passkeys/begin", PASSWORD).expect(403, "USER_ONLY");
    create(keyhook.api(), PasskeyDevice.at(SITE).create(begun())).expect(403, "USER_ONLY");
    assertThat(keyhook.api().get("/api/auth/passkeys").expect(200).data()).isEmpty();
  }

  @Test
  void aUserHasUpToTwentyPasskeys() {
    Person person = person();
    JsonObject last = begin(person.api);
    keyhook.database().update("""
        INSERT INTO keyhook.passkey (account_id, user_id, name, origin, credential_id, credential, sign_count, backup_eligible, backed_up)
        SELECT account_id, user_id, 'Old', origin, decode(to_hex(i), 'escape'), credential, 0, false, false
        FROM keyhook.passkey, generate_series(1, 19) i WHERE passkey_id = ?""", Id.PASSKEY.parse(person.passkey));
    create(person.api, PasskeyDevice.at(SITE).create(last)).expect(409, "TOO_MANY_PASSKEYS");
    person.api.post("/api/auth/passkeys/begin", PASSWORD).expect(409, "TOO_MANY_PASSKEYS");
    person.api.post("/api/auth/passkeys/" + person.passkey + "/delete", PASSWORD).expect(204);
    create(person.api, PasskeyDevice.at(SITE).create(last)).expect(201);
  }

  @Test
  void strangersDoNotLockAUserOut() {
    Person person = person();
    String stranger = "2001:db8:bad::1";
    JsonObject wrong = person.used(person.device.forged());
    List<Integer> statuses = IntStream.range(0, 70).mapToObj(i -> from(stranger).post("/api/auth/session/passkey", wrong).status())
        .toList();
    assertThat(statuses).contains(401, 429).doesNotContain(200);
    open(person.used(person.device)).expect(200);
    login(person.email).expect(200);
  }

  @Test
  void whoeverIsSuspendedOrRemovedIsOut() {
    Person person = person();
    Api api = keyhook.account("enterprise");
    String account = api.get("/api/account").expect(200).json().getString("id");
    JsonObject options = begin(api);
    PasskeyDevice device = PasskeyDevice.at(SITE);
    create(api, device.create(options)).expect(201);
    Api operator = keyhook.node().operator();
    operator.post("/api/admin/accounts/" + account + "/suspend").expect(200);
    open(device.open(begun(), options.getString("userHandle"))).expect(403, "ACCOUNT_SUSPENDED");
    operator.post("/api/admin/accounts/" + account + "/resume").expect(200);
    open(device.open(begun(), options.getString("userHandle"))).expect(200);
    keyhook.api().delete("/api/users/" + person.id).expect(204);
    open(person.used(person.device)).expect(401, "UNAUTHORIZED");
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.passkey WHERE user_id = ?", Id.USER.parse(person.id))).isZero();
  }

  @Test
  void aNewPasswordEndsTheSessionsOfPasskeysAndKeepsThePasskeys() {
    Person person = person();
    Api opened = keyhook.api().anonymous().bearer(open(person.used(person.device)).expect(200).json().getString("token"));
    opened.get("/api/auth/me").expect(200);
    person.api.post("/api/auth/password", PASSWORD.copy().put("newPassword", "another password")).expect(204);
    opened.get("/api/auth/me").expect(401);
    open(person.used(person.device)).expect(200);
  }

  @Test
  void thePageMustBeOfThisServerUnlessItsUrlIsConfigured() {
    Node open = keyhook.start(new JsonObject().put("mail", new JsonObject().putNull("dashboardUrl")));
    try {
      Api api = anybody().at(open.uri());
      String path = "/api/auth/session/passkey/begin";
      assertThat(api.post(path, new JsonObject()).expect(400).badFields()).containsExactly("Origin");
      api.header("Origin", "https://evil.example").post(path, new JsonObject()).expect(403, "CROSS_SITE");
      api.header("Origin", "null").post(path, new JsonObject()).expect(403, "CROSS_SITE");
      assertThat(api.header("Origin", open.uri().toString()).post(path, new JsonObject()).expect(200).json().getString("rpId"))
          .isEqualTo("127.0.0.1");
    } finally {
      open.stop();
    }
  }

  static Stream<byte[]> malformed() {
    byte[] deep = new byte[12_000];
    Arrays.fill(deep, (byte) 0x81); // an array of one, of one, ...
    byte[] endless = new byte[12_000];
    Arrays.fill(endless, (byte) 0x9f); // and those that say no length
    byte[] random = new byte[8_000];
    new java.util.Random(7).nextBytes(random);
    return Stream.of(new byte[0], new byte[] {0}, deep, endless, random,
        new byte[] {(byte) 0x5b, 0x7f, -1, -1, -1, -1, -1, -1, -1}, // a string of 2^63 bytes
        new byte[] {(byte) 0x9b, 0, 0, 0, 0, 0x7f, -1, -1, -1}, // an array of 2^31 values
        new byte[] {(byte) 0xbb, 0, 0, 0, 0, 0x7f, -1, -1, -1},
        new byte[] {(byte) 0xa3, 0x63, 'f', 'm', 't', 0x64, 'n', 'o', 'n', 'e'},
        "{\"fmt\":\"none\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @MethodSource
  void malformed(byte[] bytes) {
    Person person = person();
    String text = PasskeyDevice.text(bytes);
    JsonObject made = PasskeyDevice.at(SITE).create(begin(person.api));
    create(person.api, made.copy().put("attestationObject", text)).expect(400, "INVALID_REQUEST");
    if (text.length() <= 4096) {
      create(person.api, made.copy().put("clientData", text)).expect(400, "INVALID_REQUEST");
      open(person.used(person.device).put("clientData", text)).expect(400, "INVALID_REQUEST");
      assertThat(open(person.used(person.device).put("authenticatorData", text)).status()).isIn(400, 401);
    }
    byte[] extended = Base64.getUrlDecoder().decode(person.used(person.device.with(PRESENT | VERIFIED | 128)).getString("authenticatorData"));
    byte[] both = Arrays.copyOf(extended, Math.min(3000, extended.length + bytes.length)); // with the extensions that the flag promises
    System.arraycopy(bytes, 0, both, extended.length, both.length - extended.length);
    assertThat(open(person.used(person.device).put("authenticatorData", PasskeyDevice.text(both))).status()).isIn(400, 401);
  }

  @Test
  void everyTruncatedResponseIsRefused() {
    Api api = member();
    JsonObject made = PasskeyDevice.at(SITE).create(begin(api));
    byte[] whole = Base64.getUrlDecoder().decode(made.getString("attestationObject"));
    for (int length = 0; length < whole.length; length += 5) {
      create(api, made.copy().put("attestationObject", PasskeyDevice.text(Arrays.copyOf(whole, length)))).expect(400, "INVALID_REQUEST");
    }
    create(api, made).expect(201);
  }
}
