package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Strangers who guess a password do not lock its owner out, and a device that is known cannot guess without end either. */
class LockoutTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  private static final String HOME = "198.51.100.1";

  private static Api from(String address) {
    return keyhook.api().anonymous().header("X-Forwarded-For", address).header("X-Keyhook-Session", "1");
  }

  private static Api from(String address, String device) {
    return from(address).header("Cookie", "keyhook_device=" + device);
  }

  private static Exchange login(Api api, String email, String password) {
    return api.post("/api/auth/session", new JsonObject().put("email", email).put("password", password));
  }

  private static Exchange login(Api api, String email) {
    return login(api, email, Node.PASSWORD);
  }

  /** A new person for each test, whose first login is the harness's, at another address. */
  private static String owner() {
    return keyhook.account("free").get("/api/auth/me").expect(200).json().getJsonObject("user").getString("email");
  }

  private static Optional<String> cookie(Exchange exchange) {
    return Optional.ofNullable(exchange.setCookie("keyhook_device"));
  }

  private static String device(Exchange exchange) {
    return cookie(exchange).orElseThrow().replaceFirst("keyhook_device=([^;]*);.*", "$1");
  }

  /** Wrong logins from six addresses, nine from each, until nobody unknown may try. */
  private static void attack(String email) {
    List<Integer> statuses = IntStream.range(0, 54).mapToObj(i -> Api.join(
        from("203.0.113." + i % 6).postAsync("/api/auth/login",
            new JsonObject().put("email", email).put("password", "wrong password"))).status()).toList();
    assertThat(statuses).contains(401, 429).doesNotContain(200);
  }

  @Test
  void theOwnerLogsInOnAKnownDeviceWhileStrangersGuess() {
    String email = owner();
    String device = device(login(from(HOME), email).expect(200));
    attack(email);
    assertThat(device(login(from(HOME, device), email).expect(200))).as("the device stays what it is").isEqualTo(device);
    login(from("192.0.2.77", device), email.toUpperCase(java.util.Locale.ROOT)).expect(200);
    from("203.0.113.1", device).post("/api/auth/login", new JsonObject().put("email", email).put("password", Node.PASSWORD))
        .expect(200);
    assertRefused(() -> login(from("192.0.2.77"), email));
  }

  /** A browser sends the cookies of a sibling host's, too, and in front if their path is longer. */
  @Test
  void aDeviceIsKnownBesideACookieThatAnotherHostHasPlanted() {
    String email = owner();
    String device = device(login(from(HOME), email).expect(200));
    attack(email);
    for (String both : List.of("planted; keyhook_device=" + device, device + "; keyhook_device=planted")) {
      assertThat(device(login(from(HOME, both), email).expect(200))).isEqualTo(device);
    }
  }

  /** A moment after an attack, a limit may let one more pass; a device with an allowance of its own has more. */
  private static void assertRefused(Supplier<Exchange> login) {
    assertThat(Stream.generate(login).limit(5).mapToInt(Exchange::status).anyMatch(status -> status == 429)).isTrue();
  }

  @Test
  void aDeviceIsKnownAfterItsSessionHasEndedAndToOtherNodes() {
    String email = owner();
    Exchange opened = login(from(HOME), email).expect(200);
    assertThat(cookie(opened)).hasValueSatisfying(cookie -> assertThat(cookie).matches("keyhook_device=[A-Za-z0-9_-]{80}; "
        + "Max-Age=34560000; Expires=[^;]+; Path=/api/auth; HTTPOnly; SameSite=Strict"));
    String session = opened.setCookie("keyhook_session").replaceFirst(";.*", "");
    Exchange out = from(HOME).header("Cookie", session + "; keyhook_device=" + device(opened)).post("/api/auth/logout")
        .expect(204);
    assertThat(cookie(out)).isEmpty();
    attack(email);
    login(from(HOME, device(opened)), email).expect(200);
    Node other = keyhook.start(new JsonObject().put("secrets", new JsonObject()
        .put("masterKey", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=").put("previousMasterKeys",
            new JsonArray().add(Node.MASTER_KEY))));
    Api onOther = other.api().anonymous().header("X-Forwarded-For", HOME)
        .header("Cookie", "keyhook_device=" + device(opened));
    assertThat(device(login(onOther, email).expect(200))).isEqualTo(device(opened));
    other.stop();
  }

  @Test
  void theCookieIsSecureWhereTheSessionsOneIs() {
    assertThat(cookie(login(from(HOME).header("X-Forwarded-Proto", "https"), owner()).expect(200)).orElseThrow())
        .contains("; Secure;");
  }

  @Test
  void aKnownDeviceHasAnAllowanceAndNoMore() {
    String email = owner();
    String device = device(login(from(HOME), email).expect(200));
    List<Integer> statuses = IntStream.range(0, 20)
        .mapToObj(i -> login(from("192.0.2." + i, device), email, "wrong password").status()).toList();
    assertThat(statuses).contains(401, 429).doesNotContain(200);
    assertThat(statuses.stream().filter(status -> status == 401).count()).isLessThan(13);
    assertRefused(() -> login(from(HOME, device), email));
    login(from(HOME), email).expect(200); // another device of the owner
  }

  @Test
  void aForgedCookieAndSomebodyElsesAreOfNoUse() {
    String email = owner();
    String device = device(login(from(HOME), email).expect(200));
    String others = device(login(from(HOME), owner()).expect(200));
    attack(email);
    String changed = (device.charAt(0) == 'A' ? 'B' : 'A') + device.substring(1);
    KeyhookOptions.Secrets foreign =
        new KeyhookOptions.Secrets(Optional.of("ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="), List.of());
    String hash = keyhook.database().value("SELECT password_hash FROM keyhook.member WHERE email = ?", email);
    String forged = new DeviceCookies(foreign, new SecureRandom())
        .issue(new AccountStore.Member(UUID.randomUUID(), UUID.randomUUID(), email, hash, false, io.keyhook.bus.Role.OWNER));
    for (String useless : List.of(others, changed, forged, "", ".", "...", "A".repeat(80), "!".repeat(80), "x", device + "A",
        device.substring(1), others + "." + changed)) {
      assertRefused(() -> login(from(HOME, useless), email));
    }
    login(from(HOME, device), email).expect(200);
  }

  @Test
  void peopleShareADevice() {
    String device = "";
    String first = owner();
    for (String email : List.of(first, owner(), owner(), owner())) {
      device = device(login(from(HOME, device), email).expect(200));
    }
    assertThat(device.split("\\.")).hasSize(4);
    attack(first);
    String moved = device(login(from(HOME, device), first).expect(200));
    assertThat(moved.split("\\.")).containsExactlyInAnyOrder(device.split("\\."));
    String fifth = device(login(from(HOME, moved), owner()).expect(200));
    assertThat(fifth.split("\\.")).as("who has not logged in for longest is forgotten").hasSize(4)
        .doesNotContain(moved.split("\\.")[3]);
  }

  @Test
  void anotherPasswordEndsEveryDevice() {
    String email = owner();
    Exchange opened = login(from(HOME), email).expect(200);
    String other = "another correct horse";
    from(HOME).bearer(opened.json().getString("token")).post("/api/auth/password",
        new JsonObject().put("currentPassword", Node.PASSWORD).put("newPassword", other)).expect(204);
    attack(email);
    assertRefused(() -> login(from(HOME, device(opened)), email, other));
  }

  @Test
  void whoGuessesALoginDoesNotKeepTheOwnerFromChangingThePassword() {
    String email = owner();
    Exchange opened = login(from(HOME), email).expect(200);
    attack(email);
    from(HOME).bearer(opened.json().getString("token")).post("/api/auth/password",
        new JsonObject().put("currentPassword", Node.PASSWORD).put("newPassword", "another correct horse")).expect(204);
  }

  @Test
  void strangersAtManyAddressesKeepNeitherAKnownDeviceNorAnAccountFromItsPasswords() {
    String email = owner();
    Exchange opened = login(from(HOME), email).expect(200);
    Api owner = from(HOME).bearer(opened.json().getString("token"));
    AtomicBoolean over = new AtomicBoolean();
    List<CompletableFuture<Set<Integer>>> strangers = IntStream.range(0, 300).mapToObj(i -> statuses(over, () ->
        from("10.1." + i / 200 + '.' + i % 200).postAsync("/api/auth/login", new JsonObject()
            .put("email", "nobody" + i + "@example.com").put("password", "wrong password")))).toList();
    try {
      Waiting.until("many wait", () -> strangersWho("waiting") > 100);
      login(from(HOME, device(opened)), email).expect(200);
      owner.post("/api/users", new JsonObject().put("email", "colleague-" + email).put("password", Node.PASSWORD).put("role", "member")).expect(201);
      owner.post("/api/auth/password",
          new JsonObject().put("currentPassword", Node.PASSWORD).put("newPassword", "another correct horse")).expect(204);
      assertThat(strangersWho("waiting")).as("still").isPositive();
    } finally {
      over.set(true);
    }
    assertThat(strangers.stream().flatMap(statuses -> statuses.join().stream())).contains(401).isSubsetOf(401, 503);
  }

  /** What a call is answered that is made again and again until it is over, less often than its address may log in. */
  private static CompletableFuture<Set<Integer>> statuses(AtomicBoolean over, Supplier<CompletableFuture<Exchange>> call) {
    return call.get().thenComposeAsync(answer -> (over.get() ? CompletableFuture.completedFuture(new HashSet<Integer>())
        : statuses(over, call)).thenApply(later -> {
          later.add(answer.status());
          return later;
        }), CompletableFuture.delayedExecutor(7, TimeUnit.SECONDS));
  }

  private static double strangersWho(String what) {
    String start = "keyhook_admission_" + what + "{what=\"anonymous logins\"} ";
    return keyhook.api().anonymous().get("/metrics").expect(200).body().lines().filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length()))).sum();
  }

  @Test
  void whoIsWrongIsAnsweredAsWhoIsUnknownOnAKnownDevice() {
    String email = owner();
    String device = device(login(from(HOME), email).expect(200));
    Exchange wrong = login(from(HOME, device), email, "wrong password").expect(401, "UNAUTHORIZED");
    Exchange unknown = login(from(HOME, device), "nobody-" + UUID.randomUUID() + "@example.com").expect(401, "UNAUTHORIZED");
    assertThat(wrong.body()).isEqualTo(unknown.body());
    for (Exchange refused : Arrays.asList(wrong, unknown)) {
      assertThat(cookie(refused)).isEmpty();
    }
  }
}
