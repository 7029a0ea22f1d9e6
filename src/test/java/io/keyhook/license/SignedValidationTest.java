package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Statement;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A validation that asks for it is signed, so that nobody in between can change its result. */
class SignedValidationTest {
  private static final String NONCE = "3q2-7w_0123456789";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Node other;

  @BeforeAll
  static void startAnother() {
    other = keyhook.start();
  }

  private static Exchange validate(Api api, String key, String fingerprint) {
    return api.anonymous().post("/api/validate",
        new JsonObject().put("licenseKey", key).put("fingerprint", fingerprint).put("nonce", NONCE));
  }

  private static Exchange validate(String key, String fingerprint) {
    return validate(keyhook.api(), key, fingerprint);
  }

  private static String accountOf(Api api) {
    return api.get("/api/account").expect(200).json().getString("id");
  }

  private static Exchange keySet(Api api) {
    return api.anonymous().get("/api/accounts/" + accountOf(api) + "/.well-known/jwks.json");
  }

  private static List<JsonObject> keys(Api api) {
    return api.get("/api/signing-keys").expect(200).data();
  }

  private static Statement signed(Exchange answer) {
    Statement statement = Statement.of(answer.json().getString("statement"));
    assertThat(statement.isSignedBy(keySet(keyhook.api()).expect(200).json())).isTrue();
    return statement;
  }

  private static void assertIsOfNow(JsonObject claims) {
    assertThat(Duration.between(Instant.ofEpochSecond(claims.getLong("iat")), Instant.now()).abs()).isLessThan(Duration.ofMinutes(2));
    assertThat(claims.getLong("exp") - claims.getLong("iat")).isEqualTo(300);
  }

  @Test
  void aSuccessIsSignedForTheDeviceAndTheCall() {
    License license = keyhook.license(2);
    Exchange answer = validate("  " + license.key().toLowerCase(), "Jürgen's \"Mac\" 💻").expect(200);
    Statement statement = signed(answer);
    assertThat(statement.header().fieldNames()).containsExactly("alg", "kid", "typ");
    assertThat(statement.header().getString("alg")).isEqualTo("EdDSA");
    assertThat(statement.header().getString("typ")).isEqualTo("keyhook+jwt");
    assertThat(statement.claims().fieldNames()).containsExactly("iss", "sub", "iat", "exp", "nonce", "key", "fingerprint", "valid",
        "expiresAt");
    assertThat(statement.claims().getString("iss")).isEqualTo(accountOf(keyhook.api()));
    assertThat(statement.claims().getString("sub")).isEqualTo(license.id());
    assertThat(statement.claims().getString("nonce")).isEqualTo(NONCE);
    assertThat(statement.claims().getString("key")).as("as it was sent").isEqualTo("  " + license.key().toLowerCase());
    assertThat(statement.claims().getString("fingerprint")).isEqualTo("Jürgen's \"Mac\" 💻");
    assertThat(statement.claims().getBoolean("valid")).isTrue();
    assertThat(statement.claims().getValue("expiresAt")).isNull();
    assertIsOfNow(statement.claims());
  }

  @Test
  void theRestOfTheAnswerIsAsWithoutANonce() {
    License license = keyhook.license(new JsonObject().put("name", "Yearly")
        .put("expiresAt", Instant.now().plus(Duration.ofDays(1)).toString()));
    JsonObject signed = validate(license.key(), "one").expect(200).json();
    Exchange plain = keyhook.api().anonymous().validate(license.key(), "one").expect(200);
    assertThat(plain.json().fieldNames()).containsExactly("valid", "license", "currentActivations", "maxActivations");
    assertThat(Statement.of((String) signed.remove("statement")).claims().getString("expiresAt"))
        .isEqualTo(plain.json().getJsonObject("license").getString("expiresAt"));
    assertThat(signed).isEqualTo(plain.json());
    assertThat(keyhook.api().anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key())
        .put("fingerprint", "one").putNull("nonce")).expect(200).body()).isEqualTo(plain.body());
  }

  private static void assertRefusalIsSigned(License license, String fingerprint, String code) {
    Exchange refused = validate(license.key(), fingerprint).expect(403, code);
    JsonObject claims = signed(refused).claims();
    assertThat(refused.json().fieldNames()).containsExactly("valid", "error", "code", "statement");
    assertThat(claims.getBoolean("valid")).isFalse();
    assertThat(claims.getString("code")).isEqualTo(code);
    assertThat(claims.getString("nonce")).isEqualTo(NONCE);
    assertIsOfNow(claims);
    assertThat(refused.header("Access-Control-Allow-Origin")).isEqualTo("*");
  }

  @Test
  void refusalsAreSignedToo() {
    License full = keyhook.license(1);
    validate(full.key(), "one").expect(200);
    assertRefusalIsSigned(full, "two", "MAX_ACTIVATIONS_REACHED");
    License disabled = keyhook.license(1);
    keyhook.api().post("/api/licenses/" + disabled.id() + "/disable").expect(200);
    assertRefusalIsSigned(disabled, "one", "LICENSE_DISABLED");
    License expired = keyhook.license(1);
    keyhook.database().update("UPDATE keyhook.license SET expires_at = now() - interval '1 day' WHERE key = ?", expired.key());
    assertRefusalIsSigned(expired, "one", "LICENSE_EXPIRED");
  }

  private static JsonObject lease(Api api, License license, String fingerprint) {
    return Statement.of(api.anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key())
        .put("fingerprint", fingerprint).put("nonce", NONCE).put("lease", true)).json().getString("statement")).claims();
  }

  private static Duration length(JsonObject claims) {
    return Duration.ofSeconds(claims.getLong("exp") - claims.getLong("iat"));
  }

  @Test
  void aLeaseIsGoodForAsLongAsTheServerAllowsAndNotAfterTheExpiry() {
    assertThat(length(lease(keyhook.api(), keyhook.license(1), "one"))).isEqualTo(Duration.ofDays(7));
    Instant expiry = Instant.now().plus(Duration.ofDays(2));
    License expiring = keyhook.license(new JsonObject().put("name", "Short").put("expiresAt", expiry.toString()));
    assertThat(lease(keyhook.api(), expiring, "one").getLong("exp")).isEqualTo(expiry.getEpochSecond());
    Node without = keyhook.start(new JsonObject().put("license", new JsonObject().put("lease", "PT0S")));
    assertThat(length(lease(without.api(), keyhook.license(1), "one"))).isEqualTo(Duration.ofMinutes(5));
    without.stop();
  }

  @Test
  void aLeaseIsThatOfThePolicyAndNamesProductAndEntitlements() {
    String product = keyhook.api().post("/api/products", new JsonObject().put("name", "Editor")).expect(201).json().getString("id");
    JsonObject terms = new JsonObject().put("name", "Offline").put("leaseSeconds", 86_400).put("productId", product)
        .put("entitlements", new JsonObject().put("seats", 3));
    License license = ofPolicy(terms);
    JsonObject claims = lease(keyhook.api(), license, "one");
    assertThat(length(claims)).isEqualTo(Duration.ofDays(1));
    assertThat(claims.getString("productId")).isEqualTo(product);
    assertThat(claims.getJsonObject("entitlements")).isEqualTo(new JsonObject().put("seats", 3));
    assertThat(length(lease(keyhook.api(), ofPolicy(terms.copy().putNull("leaseSeconds")), "one"))).isEqualTo(Duration.ofMinutes(5));
    String another = keyhook.api().post("/api/products", new JsonObject().put("name", "Viewer")).expect(201).json().getString("id");
    JsonObject refused = Statement.of(keyhook.api().anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key())
        .put("fingerprint", "one").put("nonce", NONCE).put("lease", true).put("productId", another)).expect(403, "PRODUCT_MISMATCH")
        .json().getString("statement")).claims();
    assertThat(refused.getBoolean("valid")).isFalse();
    assertThat(refused.getString("productId")).isEqualTo(another);
  }

  @Test
  void aLeaseInTheGracePeriodEndsWithIt() {
    License license = ofPolicy(new JsonObject().put("name", "Grace").put("durationSeconds", 86_400)
        .put("graceSeconds", 86_400).put("leaseSeconds", 7 * 86_400));
    keyhook.clock().advanceLicense(license.id(), Duration.ofHours(36));
    JsonObject claims = lease(keyhook.api(), license, "one");
    assertThat(claims.getBoolean("valid")).isTrue();
    assertThat(claims.getLong("exp")).isEqualTo(Instant.parse(claims.getString("graceUntil")).getEpochSecond());
    assertThat(length(claims)).isPositive();
  }

  private static License ofPolicy(JsonObject terms) {
    return keyhook.license(new JsonObject().put("name", "L").put("policyId",
        keyhook.api().post("/api/policies", terms).expect(201).json().getString("id")));
  }

  @Test
  void aRefusalIsNoLease() {
    License full = keyhook.license(1);
    validate(full.key(), "one").expect(200);
    JsonObject refused = lease(keyhook.api(), full, "two");
    assertThat(refused.getBoolean("valid")).isFalse();
    assertThat(length(refused)).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void aLeaseNeedsNoNonceAndNoLeaseNoSignature() {
    License license = keyhook.license(1);
    JsonObject request = new JsonObject().put("licenseKey", license.key()).put("fingerprint", "one");
    assertThat(Statement.of(keyhook.api().post("/api/validate", request.copy().put("lease", true)).expect(200).json()
        .getString("statement")).claims().containsKey("nonce")).isFalse();
    assertThat(keyhook.api().post("/api/validate", request.copy().put("lease", false)).expect(200).json().containsKey("statement"))
        .isFalse();
  }

  @Test
  void anUnknownKeyBelongsToNoAccountAndIsNotSigned() {
    assertThat(validate("ABCD-1234-EFGH-5678", "one").expect(404).body())
        .isEqualTo("{\"valid\":false,\"error\":\"License not found\",\"code\":\"LICENSE_NOT_FOUND\"}");
  }

  @Test
  void theRefusalOfASuspendedAccountIsSignedAndThatOfAnErasedOneIsNot() {
    Api api = keyhook.account("enterprise");
    String account = accountOf(api);
    License license = keyhook.license(api, new JsonObject().put("name", "L"));
    JsonObject keys = keySet(api).expect(200).json();
    keyhook.node().operator().post("/api/admin/accounts/" + account + "/suspend").expect(200);
    assertThat(Statement.of(validate(license.key(), "one").expect(403, "ACCOUNT_SUSPENDED").json().getString("statement"))
        .isSignedBy(keys)).isTrue();
    keyhook.database().update("UPDATE keyhook.account SET erasing_since = now() WHERE account_id = ?",
        io.keyhook.bus.Id.ACCOUNT.parse(account));
    keyhook.database().update("DELETE FROM keyhook.signing_key WHERE account_id = ?", io.keyhook.bus.Id.ACCOUNT.parse(account));
    assertThat(validate(license.key(), "one").expect(403, "ACCOUNT_SUSPENDED").json().containsKey("statement")).isFalse();
  }

  @Test
  void aNonceIsOfASafeAlphabet() {
    License license = keyhook.license(1);
    for (String nonce : List.of("short", "x".repeat(129), "with space", "ümlaut-ümlaut", "a+b/c===")) {
      assertThat(keyhook.api().post("/api/validate", new JsonObject().put("licenseKey", license.key()).put("fingerprint", "one")
          .put("nonce", nonce)).expect(400, "INVALID_REQUEST").json().getString("error")).contains("nonce");
    }
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isZero();
  }

  @Test
  void nodesThatNeedTheFirstKeyAtOnceCreateOne() {
    Api api = keyhook.account("enterprise");
    License license = keyhook.license(api, new JsonObject().put("name", "L").put("maxActivations", 100));
    List<CompletableFuture<Exchange>> answers = IntStream.range(0, 40).mapToObj(i -> (i % 2 == 0 ? keyhook.api() : other.api())
        .anonymous().postAsync("/api/validate", new JsonObject().put("licenseKey", license.key()).put("fingerprint", "device " + i)
            .put("nonce", NONCE))).toList();
    List<Exchange> signed = new ArrayList<>(answers.stream().map(Api::join).toList());
    JsonObject keys = keySet(api).expect(200).json();
    assertThat(keys.getJsonArray("keys")).hasSize(1);
    assertThat(signed).allMatch(answer -> Statement.of(answer.expect(200).json().getString("statement")).isSignedBy(keys));
  }

  @Test
  void theKeySetIsPublicAndCacheableAndHasNothingPrivate() {
    Exchange set = keySet(keyhook.api()).expect(200);
    assertThat(set.header("Cache-Control")).isEqualTo("public, max-age=300");
    assertThat(set.header("Content-Type")).isEqualTo("application/jwk-set+json");
    assertThat(set.header("Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(set.json().getJsonArray("keys").getJsonObject(0).fieldNames()).containsExactly("kty", "crv", "use", "alg", "kid", "x");
    keyhook.api().anonymous().get("/api/accounts/acct_00000000000000000000000000/.well-known/jwks.json").expect(404, "NOT_FOUND");
    keyhook.api().anonymous().get("/api/accounts/me/.well-known/jwks.json").expect(404, "NOT_FOUND");
  }

  private static String kid(License license) {
    return Statement.of(validate(license.key(), "one").expect(200).json().getString("statement")).header().getString("kid");
  }

  @Test
  void aNewKeyIsPublicBeforeItSigns() {
    Api api = keyhook.account("enterprise");
    License license = keyhook.license(api, new JsonObject().put("name", "L"));
    String first = kid(license);
    JsonObject next = api.post("/api/signing-keys/rotate").expect(200).json();
    assertThat(next.getString("status")).isEqualTo("next");
    assertThat(Duration.between(Instant.now(), Instant.parse(next.getString("signsFrom")))).isBetween(Duration.ofHours(719), Duration.ofHours(721));
    assertThat(kid(license)).isEqualTo(first);
    assertThat(keySet(api).json().getJsonArray("keys")).hasSize(2);
    api.post("/api/signing-keys/rotate", new JsonObject().put("overlapHours", 1)).expect(409, "ROTATION_PENDING");
    api.post("/api/signing-keys/rotate", new JsonObject().put("overlapHours", 0)).expect(200);
    assertThat(kid(license)).isEqualTo(next.getString("id"));
    assertThat(keys(api)).extracting(key -> key.getString("status")).containsExactly("current", "previous");
    assertThat(keySet(api).json().getJsonArray("keys")).as("what the first has signed can still be verified").hasSize(2);
  }

  @Test
  void aDeletedKeySignsNothingMoreOnAnyNode() {
    Api api = keyhook.account("enterprise");
    License license = keyhook.license(api, new JsonObject().put("name", "L"));
    String leaked = kid(license);
    other.api().anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key()).put("fingerprint", "one")
        .put("nonce", NONCE)).expect(200);
    api.delete("/api/signing-keys/" + leaked).expect(204);
    assertThat(Statement.of(validate(other.api(), license.key(), "one").expect(200).json().getString("statement")).header()
        .getString("kid")).isNotEqualTo(leaked);
    assertThat(keySet(api).body()).doesNotContain(leaked);
    api.delete("/api/signing-keys/" + leaked).expect(404);
    String second = kid(license);
    JsonObject next = api.post("/api/signing-keys/rotate").expect(200).json();
    api.delete("/api/signing-keys/" + second).expect(204);
    assertThat(kid(license)).as("the next signs at once").isEqualTo(next.getString("id"));
    assertThat(api.get("/api/audit?action=signing_key.deleted").data()).hasSize(2);
  }

  @Test
  void anAccountHasTenKeysAtMost() {
    Api api = keyhook.account("enterprise");
    assertThat(keys(api)).hasSize(1);
    for (int i = 1; i < 10; i++) {
      api.post("/api/signing-keys/rotate", new JsonObject().put("overlapHours", 0)).expect(200);
    }
    api.post("/api/signing-keys/rotate").expect(409, "TOO_MANY_SIGNING_KEYS");
    api.delete("/api/signing-keys/" + keys(api).get(9).getString("id")).expect(204);
    api.post("/api/signing-keys/rotate").expect(200);
  }

  @Test
  void privateKeysAreEncryptedAndInNoAnswer() {
    keys(keyhook.api());
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.signing_key WHERE get_byte(private_key, 0) = 2"))
        .isEqualTo(keyhook.database().count("signing_key"));
    assertThat(keyhook.api().get("/api/signing-keys").body()).doesNotContain("private");
  }
}
