package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Login, and which tokens are believed. */
class TokenTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Exchange login(String email, String password) {
    return keyhook.api().anonymous().post("/api/auth/login",
        new JsonObject().put("email", email).put("password", password));
  }

  private static Exchange account(String credential) {
    return keyhook.api().anonymous().bearer(credential).get("/api/account");
  }

  private static JsonObject claims() {
    String id = keyhook.api().get("/api/account").json().getString("id");
    return new JsonObject().put("iss", "keyhook").put("aud", "keyhook").put("account", id).put("sub", "someone")
        .put("exp", Instant.now().plusSeconds(600).getEpochSecond());
  }

  @Test
  void whoLogsInGetsATokenThatWorks() {
    JsonObject answer = login(Node.EMAIL, Node.PASSWORD).expect(200).json();
    assertThat(Instant.parse(answer.getString("expiresAt"))).isAfter(Instant.now());
    assertThat(account(answer.getString("token")).expect(200).json().getString("plan")).isEqualTo("enterprise");
    login(Node.EMAIL.toUpperCase(java.util.Locale.ROOT), Node.PASSWORD).expect(200);
  }

  @Test
  void aWrongPasswordAndAnUnknownPersonAreAnsweredAlike() {
    Exchange wrong = login(Node.EMAIL, "wrong password").expect(401, "UNAUTHORIZED");
    Exchange unknown = login("nobody@example.com", Node.PASSWORD).expect(401, "UNAUTHORIZED");
    assertThat(wrong.body()).isEqualTo(unknown.body());
  }

  @Test
  void whoGuessesPasswordsIsSlowedDown() {
    Stream<Exchange> guesses = Stream.generate(() -> login("victim@example.com", "guess")).limit(30);
    Exchange refused = guesses.filter(answer -> answer.status() == 429).findFirst().orElseThrow();
    assertThat(refused.json().getString("code")).isEqualTo("RATE_LIMITED");
    assertThat(Integer.parseInt(refused.header("Retry-After"))).isPositive();
  }

  @Test
  void whoGuessesFromManyAddressesIsSlowedDownToo() {
    Node node = keyhook.start(new JsonObject().put("http",
        new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));
    List<Exchange> guesses = IntStream.range(0, 60).mapToObj(i -> node.api().anonymous()
        .header("X-Forwarded-For", "198.51.100." + i).post("/api/auth/login",
            new JsonObject().put("email", i % 2 == 0 ? "victim2@example.com" : "VICTIM2@example.com").put("password", "guess"))).toList();
    assertThat(guesses).anyMatch(answer -> answer.status() == 429).allMatch(answer -> answer.status() == 401
        || answer.status() == 429);
    node.api().anonymous().header("X-Forwarded-For", "198.51.100.1").post("/api/auth/login",
        new JsonObject().put("email", Node.EMAIL).put("password", Node.PASSWORD)).expect(200);
  }

  /** A hash takes some 30 ms, and nothing else does: the bound is wide, and would miss no hash that is left out. */
  @Test
  void whoIsUnknownCostsAsMuchAsWhoIsWrong() {
    Node node = keyhook.start();
    Api api = node.api().anonymous();
    long[] nanos = new long[2];
    for (int i = 0; i < 6; i++) {
      long start = System.nanoTime();
      api.post("/api/auth/login", new JsonObject().put("email", i % 2 == 0 ? Node.EMAIL : "nobody@example.com")
          .put("password", "wrong password")).expect(401);
      nanos[i % 2] += System.nanoTime() - start;
    }
    assertThat(nanos[1]).isGreaterThan(nanos[0] / 5);
  }

  @Test
  void aTokenOfTheIssuerIsAccepted() {
    account(Jwts.hs256(claims(), Node.JWT_SECRET)).expect(200);
  }

  @Test
  void aTokenWithoutASignatureIsRefused() {
    for (String algorithm : new String[] {"none", "None", "NONE", "HS256"}) {
      account(Jwts.unsigned(claims(), algorithm)).expect(401, "UNAUTHORIZED");
    }
  }

  @Test
  void aTokenSignedWithAnotherKeyIsRefused() {
    account(Jwts.hs256(claims(), "another secret of 32 characters or more")).expect(401, "UNAUTHORIZED");
    String good = Jwts.hs256(claims(), Node.JWT_SECRET);
    account(good.substring(0, good.length() - 2)).expect(401, "UNAUTHORIZED");
  }

  @Test
  void aTokenMustNotBeExpiredAndMustSayWhenItExpires() {
    JsonObject past = claims().put("exp", Instant.now().minusSeconds(60).getEpochSecond());
    account(Jwts.hs256(past, Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
    JsonObject never = claims();
    never.remove("exp");
    account(Jwts.hs256(never, Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
    account(Jwts.hs256(claims().put("exp", "soon"), Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
  }

  @Test
  void issuerAndAudienceMustBeTheConfiguredOnes() {
    for (String claim : new String[] {"iss", "aud"}) {
      account(Jwts.hs256(claims().put(claim, "another"), Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
      JsonObject without = claims();
      without.remove(claim);
      account(Jwts.hs256(without, Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
    }
  }

  @Test
  void theAccountMustExistAndBeNamed() {
    account(Jwts.hs256(claims().put("account", "acct_" + "0".repeat(26)), Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
    account(Jwts.hs256(claims().put("account", 7), Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
    JsonObject without = claims();
    without.remove("account");
    account(Jwts.hs256(without, Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
    account(Jwts.hs256(claims().put("keyhook_user", "user_" + "0".repeat(26)), Node.JWT_SECRET)).expect(401, "UNAUTHORIZED");
  }

  @Test
  void whatIsNoCredentialIsRefused() {
    for (String credential : new String[] {"x", "a.b.c", "kh_", "kh_00000000000000000000", Node.OPERATOR_KEY}) {
      account(credential).expect(401, "UNAUTHORIZED");
    }
    keyhook.api().anonymous().header("Authorization", "Basic b3duZXI6cGFzcw==").get("/api/account").expect(401);
    keyhook.api().anonymous().header("Authorization", "Bearer").get("/api/account").expect(401);
    keyhook.api().anonymous().header("Authorization", "bearer " + Node.API_KEY).get("/api/account").expect(200);
  }
}
