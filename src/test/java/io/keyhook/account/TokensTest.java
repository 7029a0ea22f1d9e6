package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.keyhook.bus.Accounts;
import io.keyhook.bus.Id;
import io.keyhook.config.KeyhookOptions.Jwt;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(VertxExtension.class)
class TokensTest {
  private static final String ACCOUNT = "acct_01m85w9021f47t605z17j8b6v2";
  private static final String SECRET = "a secret of thirty-two characters or more";
  private static final AccountStore.Member OWNER =
      new AccountStore.Member(Id.ACCOUNT.parse(ACCOUNT), UUID.randomUUID(), "owner@example.com", "a hash", false,
          io.keyhook.bus.Role.OWNER);
  private static final UUID SESSION = UUID.randomUUID();
  private static Vertx vertx;
  private static KeyPair rsa;
  private static KeyPair otherRsa;

  @BeforeAll
  static void start(Vertx injected) throws Exception {
    vertx = injected;
    rsa = pair("RSA");
    otherRsa = pair("RSA");
  }

  @Test
  void aTokenIsReadByWhoIssuedItWithEachAlgorithm() throws Exception {
    KeyPair ec = pair("EC");
    for (Tokens tokens : new Tokens[] {hmac("keyhook"), asymmetric("RS256", rsa), asymmetric("ES256", ec)}) {
      Accounts.Token issued = tokens.issue(OWNER, SESSION, Duration.ofHours(1));
      Tokens.Claims claims = read(tokens, issued.token()).orElseThrow();
      assertThat(claims).isEqualTo(new Tokens.Claims(ACCOUNT, Id.USER.of(OWNER.userId()), claims.password(), Id.SESSION.of(SESSION),
          OWNER.email(), claims.expiresAt()));
      assertThat(claims.isOf(OWNER.passwordHash())).isTrue();
      assertThat(claims.isOf("a hash of another password")).isFalse();
      assertThat(claims.expiresAt()).isCloseTo(issued.expiresAt(), within(2, ChronoUnit.SECONDS));
    }
  }

  @Test
  void aTokenOfAnotherIssuerAudienceOrKeyIsRefused() throws Exception {
    Tokens tokens = hmac("keyhook");
    assertThat(read(tokens, hmac("somebody else").issue(OWNER, SESSION, Duration.ofHours(1)).token())).isEmpty();
    assertThat(read(asymmetric("RS256", rsa), asymmetric("RS256", otherRsa)
        .issue(OWNER, SESSION, Duration.ofHours(1)).token())).isEmpty();
    assertThat(read(tokens, signed("HS256", claims().put("aud", "another")))).isEmpty();
    assertThat(read(tokens, signed("HS256", without("aud")))).isEmpty();
    assertThat(read(tokens, signed("HS256", without("iss")))).isEmpty();
    assertThat(read(tokens, signed("HS256", claims()))).as("the control").isPresent();
  }

  @Test
  void aTokenWithoutAnEndOrPastItIsRefused() throws Exception {
    assertThat(read(hmac("keyhook"), signed("HS256", without("exp")))).isEmpty();
    assertThat(read(hmac("keyhook"), signed("HS256", claims().put("exp", 1_000_000_000)))).isEmpty();
  }

  @Test
  void anUnsignedTokenIsRefused() throws Exception {
    String unsigned = base64("{\"alg\":\"none\",\"typ\":\"JWT\"}") + "." + base64(claims().encode()) + ".";
    assertThat(read(hmac("keyhook"), unsigned)).isEmpty();
    assertThat(read(asymmetric("RS256", rsa), unsigned)).isEmpty();
  }

  @Test
  void aPublicKeyIsNotTakenForASecret() throws Exception {
    String header = base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    String signing = header + "." + base64(claims().encode());
    assertThat(read(asymmetric("RS256", rsa), signing + "." + hmac(signing, pem("PUBLIC KEY", rsa.getPublic().getEncoded()))))
        .isEmpty();
  }

  @Test
  void keysOfAJwksFileAreAccepted(@TempDir Path directory) throws Exception {
    RSAPublicKey key = (RSAPublicKey) rsa.getPublic();
    Path jwks = Files.writeString(directory.resolve("jwks.json"), new JsonObject().put("keys", new JsonArray().add(
        new JsonObject().put("kty", "RSA").put("alg", "RS256").put("kid", "1").put("use", "sig")
            .put("n", unsigned(key.getModulus().toByteArray()))
            .put("e", unsigned(key.getPublicExponent().toByteArray())))).encode());
    Tokens reader = new Tokens(vertx, new Jwt("HS256", Optional.empty(), Optional.empty(), Optional.empty(),
        Optional.of(jwks), "keyhook", "keyhook", "account", Duration.ofHours(1)));
    assertThat(reader.canIssue()).isFalse();
    assertThat(read(reader, asymmetric("RS256", rsa).issue(OWNER, SESSION, Duration.ofHours(1)).token())).isPresent();
    assertThat(read(reader, asymmetric("RS256", otherRsa).issue(OWNER, SESSION, Duration.ofHours(1)).token())).isEmpty();
  }

  @Test
  void withoutAnyKeyThereAreNoTokens() {
    assertThatThrownBy(() -> new Tokens(vertx, new Jwt("HS256", Optional.empty(), Optional.empty(), Optional.empty(),
        Optional.empty(), "keyhook", "keyhook", "account", Duration.ofHours(1)))).isInstanceOf(IllegalStateException.class);
  }

  private static Optional<Tokens.Claims> read(Tokens tokens, String token) throws Exception {
    return tokens.read(token).await(10, TimeUnit.SECONDS);
  }

  private static Tokens hmac(String issuer) {
    return new Tokens(vertx, new Jwt("HS256", Optional.of(SECRET), Optional.empty(), Optional.empty(), Optional.empty(),
        issuer, "keyhook", "account", Duration.ofHours(1)));
  }

  private static Tokens asymmetric(String algorithm, KeyPair pair) {
    return new Tokens(vertx, new Jwt(algorithm, Optional.empty(),
        Optional.of(pem("PUBLIC KEY", pair.getPublic().getEncoded())),
        Optional.of(pem("PRIVATE KEY", pair.getPrivate().getEncoded())), Optional.empty(), "keyhook", "keyhook", "account",
        Duration.ofHours(1)));
  }

  private static KeyPair pair(String kind) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    if (kind.equals("EC")) {
      generator.initialize(new ECGenParameterSpec("secp256r1"));
    } else {
      generator.initialize(2048);
    }
    return generator.generateKeyPair();
  }

  private static JsonObject claims() {
    return new JsonObject().put("iss", "keyhook").put("aud", "keyhook").put("account", ACCOUNT)
        .put("exp", System.currentTimeMillis() / 1000 + 3600);
  }

  private static JsonObject without(String claim) {
    JsonObject claims = claims();
    claims.remove(claim);
    return claims;
  }

  private static String signed(String algorithm, JsonObject claims) throws Exception {
    String signing = base64("{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}") + "." + base64(claims.encode());
    return signing + "." + hmac(signing, SECRET);
  }

  private static String hmac(String text, String secret) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String pem(String what, byte[] key) {
    return "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.UTF_8))
        .encodeToString(key) + "\n-----END " + what + "-----\n";
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String unsigned(byte[] number) {
    int from = number[0] == 0 ? 1 : 0;
    return Base64.getUrlEncoder().withoutPadding()
        .encodeToString(java.util.Arrays.copyOfRange(number, from, number.length));
  }
}
