package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.account.Jwts;
import io.keyhook.testing.Api;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every call that wants a credential, with every one that is none: refused alike, and nothing is changed. */
@ExtendWith(BlockedThreads.class)
class CredentialTest {
  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);
  static KeyPair rsa;
  static Node rsaNode;
  static String account;
  private static int requests;
  private static int credentials;

  @BeforeAll
  static void startWithKeyPair() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    rsa = generator.generateKeyPair();
    rsaNode = keyhook.start(new JsonObject().put("auth", new JsonObject().put("jwt", new JsonObject()
        .put("algorithm", "RS256").put("publicKey", pem()))));
    account = subject.api().get("/api/account").expect(200).json().getString("id");
  }

  @AfterAll
  static void tell() {
    System.out.println("Route matrix: " + closed().size() + " routes want a credential, " + credentials
        + " that are none were tried, in " + requests + " requests");
  }

  private static String pem() {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.UTF_8)).encodeToString(rsa.getPublic().getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  private static JsonObject claims() {
    return new JsonObject().put("iss", "keyhook").put("aud", "keyhook").put("account", account).put("sub", "someone")
        .put("exp", Instant.now().plusSeconds(600).getEpochSecond());
  }

  private static JsonObject header(String algorithm) {
    return new JsonObject().put("alg", algorithm).put("typ", "JWT");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hs256(JsonObject claims) {
    return Jwts.hs256(claims, Node.JWT_SECRET);
  }

  private static JsonObject without(String claim) {
    JsonObject claims = claims();
    claims.remove(claim);
    return claims;
  }

  /** Tokens that no node may take, whatever its key. */
  private static Map<String, String> badTokens() {
    Map<String, String> bad = new LinkedHashMap<>();
    for (String none : List.of("none", "None", "NONE", "nOnE", "", "HS256", "RS256")) {
      bad.put("unsigned as '" + none + "'", Jwts.unsigned(claims(), none));
      bad.put("unsigned as '" + none + "' without a last dot", Jwts.unsigned(claims(), none).replaceFirst("\\.$", ""));
    }
    bad.put("another secret", Jwts.hs256(claims(), "another secret of 32 characters or more"));
    bad.put("no secret", Jwts.hmac(header("HS256"), claims(), "HmacSHA256", new byte[] {0}));
    bad.put("a longer hash", Jwts.hmac(header("HS512"), claims(), "HmacSHA512", bytes(Node.JWT_SECRET)));
    for (String kid : List.of("../../../../dev/null", "/dev/null", "0", "' OR 1=1 --", "HS256", "none", "\u0000")) {
      bad.put("kid " + kid, Jwts.hmac(header("HS256").put("kid", kid), claims(), "HmacSHA256", new byte[] {0}));
    }
    JsonObject own = new JsonObject().put("kty", "oct").put("k", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").put("alg", "HS256");
    byte[] ownSecret = Base64.getUrlDecoder().decode(own.getString("k"));
    bad.put("its own key", Jwts.hmac(header("HS256").put("jwk", own), claims(), "HmacSHA256", ownSecret));
    bad.put("its own key's address", Jwts.hmac(header("HS256").put("jku", "http://127.0.0.1:9/").put("x5u",
        "http://127.0.0.1:9/"), claims(), "HmacSHA256", ownSecret));
    bad.put("a critical header", Jwts.hmac(header("HS256").put("crit", new JsonArray().add("exp2")), claims(), "HmacSHA256",
        ownSecret));
    return bad;
  }

  private static Map<String, String> badCredentials() {
    Map<String, String> bad = badTokens();
    bad.put("expired", hs256(claims().put("exp", Instant.now().minusSeconds(5).getEpochSecond())));
    bad.put("without an end", hs256(without("exp")));
    bad.put("with an end that is text", hs256(claims().put("exp", "2999-01-01")));
    bad.put("not yet", hs256(claims().put("nbf", Instant.now().plusSeconds(600).getEpochSecond())));
    for (String claim : List.of("iss", "aud")) {
      bad.put("without " + claim, hs256(without(claim)));
      bad.put("another " + claim, hs256(claims().put(claim, "another")));
      bad.put("an empty " + claim, hs256(claims().put(claim, "")));
      bad.put("a null " + claim, hs256(claims().putNull(claim)));
    }
    bad.put("without an account", hs256(without("account")));
    bad.put("an account that never was", hs256(claims().put("account", "acct_" + "0".repeat(26))));
    bad.put("an account that is no id", hs256(claims().put("account", "1 OR 1=1")));
    bad.put("a list of accounts", hs256(claims().put("account", new JsonArray().add(account))));
    bad.put("a user that never was", hs256(claims().put("keyhook_user", "user_" + "0".repeat(26))));
    bad.put("claims of another token", swapped());
    bad.put("a token cut short", hs256(claims()).replaceFirst("..$", ""));
    bad.put("a revoked API key", revoked());
    bad.put("an API key cut short", Node.API_KEY.substring(0, Node.API_KEY.length() - 1));
    bad.put("an API key with more", Node.API_KEY + "0");
    bad.put("an API key in another case", "kh_" + Node.API_KEY.substring(3).toLowerCase(java.util.Locale.ROOT));
    bad.put("an API key's beginning", Node.API_KEY.substring(0, 7));
    bad.put("a pattern of API keys", "kh_%");
    bad.put("an API key's hash", "kh_\\x00");
    return bad;
  }

  private static String swapped() {
    String[] good = hs256(claims()).split("\\.");
    String[] other = hs256(claims().put("account", "acct_" + "0".repeat(26))).split("\\.");
    return good[0] + '.' + good[1] + '.' + other[2];
  }

  private static String revoked() {
    JsonObject made = subject.api().post("/api/api-keys", new JsonObject().put("name", "revoked")).expect(201).json();
    subject.api().delete("/api/api-keys/" + made.getString("id")).expect(204);
    return made.getString("key");
  }

  private static List<Operation> closed() {
    return Document.operations().stream().filter(operation -> !operation.isPublic()).toList();
  }

  private static Exchange call(Api api, Operation operation) {
    return Api.join((operation.readsBody() ? api.header("Content-Type", "application/json") : api)
        .send(operation.method(), subject.path(operation), operation.readsBody() ? "{}" : null));
  }

  /** All of them, and alike: returns the answers to calls that are not the operator's, each once. */
  private static Set<String> assertRefused(Api api, List<Operation> operations, String what) {
    credentials++;
    requests += operations.size();
    Set<String> answers = new HashSet<>();
    subject.unchanged(() -> {
      Exchange last = null;
      for (Operation operation : operations) {
        last = call(api, operation);
        assertThat(last.status()).as("%s with %s: %s", operation, what, last.body()).isEqualTo(401);
        assertThat(last.body()).contains("\"code\":\"UNAUTHORIZED\"");
        if (!operation.isOperators()) {
          answers.add(last.body());
        }
      }
      return last;
    });
    return answers;
  }

  @Test
  void noCallTakesWhatIsNoCredential() {
    assertRefused(subject.api().anonymous(), closed(), "none");
    badCredentials().forEach((what, credential) -> assertThat(
        assertRefused(subject.api().anonymous().bearer(credential), closed(), what)).as("answers to %s", what).hasSize(1));
  }

  @Test
  void aSecretIsNotTakenForAKeyPairNorAPublicKeyForASecret() throws Exception {
    Map<String, String> bad = badTokens();
    bad.put("the secret of another node", hs256(claims()));
    for (byte[] secret : List.of(bytes(pem()), bytes(pem().strip()), rsa.getPublic().getEncoded(),
        bytes(pem().replaceAll("-----[A-Z ]+-----|\n", "")), ((RSAPublicKey) rsa.getPublic()).getModulus().toByteArray())) {
      for (String algorithm : List.of("HS256", "RS256")) {
        bad.put("the public key as secret, as " + algorithm + " of " + secret.length,
            Jwts.hmac(header(algorithm), claims(), "HmacSHA256", secret));
      }
    }
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    bad.put("another key pair", Jwts.rs256(header("RS256"), claims(), generator.generateKeyPair().getPrivate()));
    bad.put("a key pair as HS256", Jwts.rs256(header("HS256"), claims(), rsa.getPrivate()));
    bad.put("a key pair as RS512", Jwts.rs256(header("RS512"), claims(), rsa.getPrivate()));
    Api anonymous = rsaNode.api().anonymous();
    bad.forEach((what, credential) -> assertRefused(anonymous.bearer(credential), closed(), what));
    anonymous.bearer(Jwts.rs256(header("RS256"), claims(), rsa.getPrivate())).get("/api/account").expect(200);
    anonymous.bearer(Jwts.rs256(header("RS256").put("kid", "../../dev/null"), claims(), rsa.getPrivate())).get("/api/account")
        .expect(200);
  }

  @Test
  void tenantsMakeNoOperatorCallsNorOperatorsThoseOfTenants() {
    String user = subject.api().anonymous().post("/api/auth/login", new JsonObject().put("email", Node.EMAIL)
        .put("password", Node.PASSWORD)).expect(200).json().getString("token");
    List<Operation> operators = closed().stream().filter(Operation::isOperators).toList();
    assertThat(operators).isNotEmpty();
    for (String credential : List.of(Node.API_KEY, user, hs256(claims().put("role", "operator").put("admin", true)))) {
      assertRefused(subject.api().anonymous().bearer(credential), operators, "a tenant's credential");
    }
    assertRefused(subject.api().anonymous().bearer(Node.OPERATOR_KEY),
        closed().stream().filter(operation -> !operation.isOperators()).toList(), "the operator key");
    for (String near : List.of(Node.OPERATOR_KEY + "0", Node.OPERATOR_KEY.substring(1), Node.OPERATOR_KEY.toUpperCase(
        java.util.Locale.ROOT))) {
      assertRefused(subject.api().anonymous().bearer(near), operators, "almost the operator key");
    }
  }

  @Test
  void twoCredentialsAreNone() {
    for (String second : List.of(Node.API_KEY, "x")) {
      subject.wire().send("GET", "/api/account", new byte[0], "Authorization: Bearer " + Node.API_KEY,
          "Authorization: Bearer " + second).expect(401, "UNAUTHORIZED");
    }
    subject.wire().send("GET", "/api/account?access_token=" + Node.API_KEY, new byte[0]).expect(401, "UNAUTHORIZED");
    subject.wire().send("GET", "/api/account", new byte[0], "Cookie: token=" + Node.API_KEY, "X-Api-Key: " + Node.API_KEY,
        "X-Original-URL: /health/live", "X-HTTP-Method-Override: OPTIONS").expect(401, "UNAUTHORIZED");
  }
}
