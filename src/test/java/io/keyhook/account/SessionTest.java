package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Api;
import io.keyhook.testing.Clock;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Staying logged in: a cookie that changes with each use, and who cannot use it. */
class SessionTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  private static Api page() {
    return keyhook.api().anonymous().header("X-Keyhook-Session", "1");
  }

  private static Api page(String cookie) {
    return page().header("Cookie", "keyhook_session=" + cookie);
  }

  /** Each as another person, so that none is slowed down for another test. */
  private static Exchange open(String email, Api api) {
    return api.post("/api/auth/session", new JsonObject().put("email", email).put("password", Node.PASSWORD));
  }

  private static String cookie(Exchange exchange) {
    String header = exchange.setCookie("keyhook_session");
    return header == null ? null : header.replaceFirst("keyhook_session=([^;]*);.*", "$1");
  }

  private static String owner() {
    return keyhook.account("free").get("/api/auth/me").expect(200).json().getJsonObject("user").getString("email");
  }

  private static String session(String email) {
    return cookie(open(email, page()).expect(200));
  }

  private static Exchange refresh(String cookie) {
    return page(cookie).post("/api/auth/refresh");
  }

  private static String email(Exchange token) {
    return keyhook.api().anonymous().bearer(token.json().getString("token")).get("/api/auth/me").expect(200).json()
        .getJsonObject("user").getString("email");
  }

  /** Every session is so much older. */
  private static void advance(Duration by) {
    keyhook.database().update("""
        UPDATE keyhook.session SET rotated_at = %s, expires_at = %s"""
        .formatted(Clock.earlier("rotated_at"), Clock.earlier("expires_at")), by.toSeconds() + 0.0, by.toSeconds() + 0.0);
  }

  private static List<String> audited(String email) {
    return keyhook.database().column("""
        SELECT action FROM keyhook.audit WHERE actor = ? AND action LIKE 'session.%' ORDER BY entry_id""", email);
  }

  @Test
  void whoLogsInGetsAShortTokenAndACookieForTheNextOnes() {
    String email = owner();
    Exchange opened = open(email, page()).expect(200);
    assertThat(opened.json().fieldNames()).containsExactlyInAnyOrder("token", "expiresAt");
    assertThat(Instant.parse(opened.json().getString("expiresAt")))
        .isBetween(Instant.now().plus(Duration.ofMinutes(13)), Instant.now().plus(Duration.ofMinutes(16)));
    assertThat(email(opened)).isEqualTo(email);
    assertThat(opened.setCookie("keyhook_session")).matches("keyhook_session=[A-Za-z0-9_-]{86}; Max-Age=1209600; Expires=[^;]+; "
        + "Path=/api/auth; HTTPOnly; SameSite=Strict");
    String first = cookie(opened);
    Exchange second = refresh(first).expect(200);
    assertThat(email(second)).isEqualTo(email);
    assertThat(cookie(second)).matches("[A-Za-z0-9_-]{86}").isNotEqualTo(first);
    assertThat(email(refresh(cookie(second)).expect(200))).isEqualTo(email);
    assertThat(audited(email)).containsExactly("session.started");
  }

  /** Logs in from an address of the person's own. */
  private static Exchange from(String email) {
    return open(email, page().header("X-Forwarded-For", "2001:db8:" + Integer.toHexString(email.hashCode() & 0xffff) + "::1"));
  }

  private static Api as(Exchange opened) {
    return page(cookie(opened)).bearer(opened.expect(200).json().getString("token"));
  }

  @Test
  void sessionsAreListedWithTheirBrowserAndAddressAndWhichOneThisIs() {
    String email = owner();
    Exchange other = open(email, page().header("User-Agent", "Browser \u00e9" + "x".repeat(400))
        .header("X-Forwarded-For", "203.0.113.9"));
    other.expect(200);
    Exchange here = from(email);
    List<JsonObject> sessions = as(here).get("/api/auth/sessions").expect(200).data();
    assertThat(sessions).extracting(session -> session.getBoolean("current")).containsExactly(true, false, false);
    assertThat(sessions.get(1).getString("userAgent")).startsWith("Browser ?").hasSize(300);
    assertThat(sessions.get(1).getString("ipAddress")).isEqualTo("203.0.113.9");
    assertThat(sessions.get(0).getString("id")).startsWith("session_");
    page(cookie(other)).header("X-Forwarded-For", "203.0.113.10").post("/api/auth/refresh").expect(200);
    JsonObject used = as(here).get("/api/auth/sessions").data().get(1);
    assertThat(used.getString("ipAddress")).isEqualTo("203.0.113.10");
    assertThat(Instant.parse(used.getString("lastUsedAt"))).isAfter(Instant.parse(used.getString("createdAt")));
    assertThat(as(here).get("/api/auth/sessions?limit=1").json().getString("nextCursor")).isNotNull();
  }

  @Test
  void aSessionThatIsEndedIsOverForItsCookieAndItsTokens() {
    String email = owner();
    Exchange other = from(email);
    Api there = as(other);
    Api here = as(from(email));
    String id = here.get("/api/auth/sessions").data().get(1).getString("id");
    as(from(owner())).delete("/api/auth/sessions/" + id).expect(404);
    there.get("/api/account").expect(200);
    here.delete("/api/auth/sessions/" + id).expect(204);
    there.get("/api/account").expect(401, "UNAUTHORIZED");
    refresh(cookie(other)).expect(401, "SESSION_ENDED");
    here.get("/api/account").expect(200);
    here.delete("/api/auth/sessions/" + id).expect(404);
    assertThat(audited(email)).containsExactly("session.started", "session.started", "session.ended");
  }

  @Test
  void allOtherSessionsEndAndThisOneStays() {
    String email = owner();
    List<Exchange> others = Stream.generate(() -> from(email).expect(200)).limit(3).toList();
    Exchange opened = from(email);
    Api here = as(opened);
    String foreign = session(owner());
    here.post("/api/auth/sessions/end-others").expect(204);
    others.forEach(other -> as(other).get("/api/account").expect(401));
    here.get("/api/account").expect(200);
    refresh(foreign).expect(200);
    assertThat(here.get("/api/auth/sessions").data()).hasSize(1);
    here.post("/api/auth/sessions/end-others").expect(204);
    assertThat(audited(email)).containsOnlyOnce("session.ended");
    refresh(cookie(opened)).expect(200);
  }

  @Test
  void aTokenEndsWhenItsSessionIsLoggedOut() {
    Exchange opened = from(owner());
    Api api = as(opened);
    page(cookie(opened)).post("/api/auth/logout").expect(204);
    api.get("/api/account").expect(401, "UNAUTHORIZED");
  }

  @Test
  void aProgramHasNoSessions() {
    assertThat(keyhook.api().get("/api/auth/sessions").expect(200).data()).isEmpty();
    keyhook.api().post("/api/auth/sessions/end-others").expect(204);
    keyhook.api().delete("/api/auth/sessions/session_" + "0".repeat(26)).expect(404);
  }

  @Test
  void whoIsWrongAndWhoIsUnknownAreAnsweredAlikeAndCountWithLogin() {
    String email = owner();
    JsonObject wrong = new JsonObject().put("email", email).put("password", "wrong password");
    Exchange refused = page().post("/api/auth/session", wrong).expect(401, "UNAUTHORIZED");
    Exchange unknown = open("nobody-at-all@example.com", page()).expect(401, "UNAUTHORIZED");
    assertThat(refused.body()).isEqualTo(unknown.body());
    assertThat(refused.setCookie("keyhook_session")).isNull();
    List<Integer> statuses = IntStream.range(0, 14).mapToObj(i -> page()
        .post(i % 2 == 0 ? "/api/auth/login" : "/api/auth/session", wrong).status()).toList();
    assertThat(statuses).contains(401, 429).doesNotContain(200);
    assertThat(statuses.stream().filter(status -> status == 401).count()).isLessThan(11);
    open(email, page()).expect(429, "RATE_LIMITED");
  }

  @Test
  void onlyTheHashOfACookieIsKept() {
    String cookie = session(owner());
    String rows = String.join("\n", keyhook.database().column("SELECT to_jsonb(s)::text FROM keyhook.session s"));
    assertThat(rows).isNotEmpty().doesNotContain(cookie);
    byte[] secret = Ticket.parse(cookie).orElseThrow().secret();
    for (byte[] clear : List.of(secret, cookie.getBytes(StandardCharsets.UTF_8))) {
      assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.session WHERE secret_hash = ?", clear)).isZero();
    }
  }

  @Test
  void twoTabsMayUseOneCookieAtOnce() {
    String email = owner();
    String first = session(email);
    List<Exchange> tabs = IntStream.range(0, 4)
        .mapToObj(i -> page(first).send("POST", "/api/auth/refresh", null)).toList().stream().map(Api::join).toList();
    assertThat(tabs).allSatisfy(tab -> assertThat(email(tab.expect(200))).isEqualTo(email));
    List<String> cookies = tabs.stream().map(SessionTest::cookie).filter(cookie -> cookie != null).toList();
    assertThat(cookies).as("one of them replaces it").hasSize(1);
    refresh(cookies.get(0)).expect(200);
  }

  @Test
  void aCookieThatWasReplacedEndsTheSessionForWhoeverHoldsIt() {
    String email = owner();
    String stolen = session(email);
    String latest = cookie(refresh(stolen).expect(200));
    advance(Duration.ofSeconds(11));
    refresh(stolen).expect(401, "SESSION_ENDED");
    refresh(latest).expect(401, "SESSION_ENDED");
    assertThat(audited(email)).containsExactly("session.started", "session.reused");
  }

  @Test
  void soDoesOneThatWasReplacedLongAgo() {
    String first = session(owner());
    String latest = cookie(refresh(cookie(refresh(first).expect(200))).expect(200));
    refresh(first).expect(401, "SESSION_ENDED");
    refresh(latest).expect(401, "SESSION_ENDED");
  }

  @Test
  void anotherSessionOfThePersonGoesOn() {
    String email = owner();
    String one = session(email);
    String other = session(email);
    page(one).post("/api/auth/logout").expect(204);
    refresh(one).expect(401, "SESSION_ENDED");
    refresh(other).expect(200);
  }

  @Test
  void whoLogsOutIsOut() {
    String email = owner();
    String cookie = session(email);
    Exchange out = page(cookie).post("/api/auth/logout").expect(204);
    assertThat(out.setCookie("keyhook_session")).startsWith("keyhook_session=; Max-Age=0;").contains("Path=/api/auth;");
    refresh(cookie).expect(401, "SESSION_ENDED");
    page(cookie).post("/api/auth/logout").expect(204);
    page().post("/api/auth/logout").expect(204);
    assertThat(audited(email)).containsExactly("session.started", "session.ended");
  }

  @Test
  void itEndsWhenItsTimeIsOverUsedOrNot() {
    String cookie = cookie(refresh(session(owner())).expect(200));
    advance(Duration.ofDays(13));
    Exchange late = refresh(cookie).expect(200);
    assertThat(Integer.parseInt(late.setCookie("keyhook_session").replaceFirst(".*Max-Age=([0-9]+).*", "$1")))
        .isBetween(86_000, 86_400);
    advance(Duration.ofDays(1).plusMinutes(1));
    refresh(cookie(late)).expect(401, "SESSION_ENDED");
    Node other = keyhook.start();
    await("what has expired is deleted").atMost(Waiting.LONG).until(() ->
        keyhook.database().number("SELECT count(*) FROM keyhook.session WHERE expires_at <= now()") == 0);
    other.stop();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "AAAA", "=", "\"\"", "%00", "kh_0123456789abcdefghij"})
  void whatIsNoCookieIsNoSession(String cookie) {
    refresh(cookie).expect(401, "SESSION_ENDED");
    page(cookie).post("/api/auth/logout").expect(204);
  }

  @Test
  void oneThatNeverWasIsNoSessionAndOfTwoNeitherIs() {
    page().post("/api/auth/refresh").expect(401, "SESSION_ENDED");
    refresh("A".repeat(86)).expect(401, "SESSION_ENDED");
    refresh("!".repeat(86)).expect(401, "SESSION_ENDED");
    String cookie = session(owner());
    String planted = "A".repeat(86);
    for (String both : List.of(planted + "; keyhook_session=" + cookie, cookie + "; keyhook_session=" + planted)) {
      page(both).post("/api/auth/refresh").expect(401, "SESSION_ENDED");
    }
    refresh(cookie).expect(200);
  }

  @Test
  void anotherSitesPageCannotUseIt() {
    String cookie = session(owner());
    Api simple = keyhook.api().anonymous().header("Cookie", "keyhook_session=" + cookie);
    for (String call : List.of("/api/auth/refresh", "/api/auth/logout")) {
      simple.post(call).expect(403, "CROSS_SITE");
      simple.header("X-Keyhook-Session", "0").post(call).expect(403, "CROSS_SITE");
      for (String site : List.of("cross-site", "same-site", "")) {
        page(cookie).header("Sec-Fetch-Site", site).post(call).expect(403, "CROSS_SITE");
      }
      for (String origin : List.of("https://evil.example", "null", "http://127.0.0.1:1", "file://")) {
        page(cookie).header("Origin", origin).post(call).expect(403, "CROSS_SITE");
      }
      Api.join(keyhook.api().anonymous().header("Origin", "https://evil.example")
          .header("Access-Control-Request-Headers", "x-keyhook-session").send("OPTIONS", call, null)).expect(405);
    }
    open(owner(), page().header("Origin", "https://evil.example")).expect(403, "CROSS_SITE");
    refresh(cookie).expect(200);
  }

  @Test
  void aPageOfTheServerCanAlsoBehindAProxy() {
    String authority = keyhook.node().uri().getAuthority();
    String second = cookie(page(session(owner())).header("Origin", "http://" + authority)
        .header("Sec-Fetch-Site", "same-origin").post("/api/auth/refresh").expect(200));
    String third = cookie(page(second).header("Origin", "http://" + authority).post("/api/auth/refresh").expect(200));
    page(third).header("Origin", "https://Keyhook.example").header("X-Forwarded-Host", "keyhook.example")
        .post("/api/auth/refresh").expect(200);
  }

  @ParameterizedTest
  @CsvSource({"https, true", "HTTPS, true", "http, false", "'https, http', true"})
  void theCookieIsSecureWhereAProxyThatIsTrustedSaysSo(String forwarded, boolean secure) {
    assertThat(open(owner(), page().header("X-Forwarded-Proto", forwarded)).expect(200).setCookie("keyhook_session")
        .contains("; Secure;")).isEqualTo(secure);
  }

  @Test
  void aProxyThatIsNotTrustedSaysNothing() {
    Node node = keyhook.start(new JsonObject().put("http", new JsonObject().put("trustedProxies", new JsonArray())));
    Api api = node.api().anonymous().header("X-Forwarded-Proto", "https");
    assertThat(open(owner(), api).expect(200).setCookie("keyhook_session")).doesNotContain("; Secure");
    open(owner(), api.header("Origin", "https://keyhook.example").header("X-Forwarded-Host", "keyhook.example"))
        .expect(403, "CROSS_SITE");
    node.stop();
  }

  @Test
  void everybodyIsToldWhoTheyAre() {
    JsonObject byKey = keyhook.api().get("/api/auth/me").expect(200).json();
    assertThat(byKey.getString("accountId")).isEqualTo(keyhook.api().get("/api/account").json().getString("id"));
    assertThat(byKey.getValue("user")).isNull();
    assertThat(byKey.getJsonObject("apiKey").getString("id")).startsWith("key_");
    JsonObject byUser = keyhook.account("free").get("/api/auth/me").expect(200).json();
    assertThat(byUser.getString("accountName")).isEqualTo("An account");
    assertThat(byUser.getJsonObject("user").getString("id")).startsWith("user_");
    assertThat(byUser.getValue("apiKey")).isNull();
    JsonObject foreign = new JsonObject().put("iss", "keyhook").put("aud", "keyhook").put("sub", "someone")
        .put("account", byKey.getString("accountId")).put("exp", Instant.now().plusSeconds(600).getEpochSecond());
    JsonObject byIssuer = keyhook.api().anonymous().bearer(Jwts.hs256(foreign, Node.JWT_SECRET)).get("/api/auth/me")
        .expect(200).json();
    assertThat(byIssuer.getValue("user")).isNull();
    assertThat(byIssuer.getValue("apiKey")).isNull();
  }
}
