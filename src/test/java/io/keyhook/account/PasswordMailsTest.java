package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.MailServer;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Users who forgot their password have a link mailed to them, and nobody learns whether there is such a user. */
class PasswordMailsTest {
  private static final String CHOSEN = "a password of my own";
  private static final String DASHBOARD = "https://keyhook.example.com/licenses";
  private static final Pattern LINK = Pattern.compile("(\\S+)/#/new-password/(\\S+)");
  private static final AtomicInteger clients = new AtomicInteger();

  static final MailServer mails = new MailServer();

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(mailing(mails.port()).put("http",
      new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8"))));

  private Api owner;
  private String email;

  private static JsonObject mailing(int port) {
    return new JsonObject().put("mail", new JsonObject().put("host", "127.0.0.1").put("port", port).put("tls", "none")
        .put("from", "keyhook@example.com").put("dashboardUrl", DASHBOARD + "/"));
  }

  @AfterAll
  static void close() throws IOException {
    mails.close();
  }

  @BeforeEach
  void createAccount() {
    owner = keyhook.account("free");
    email = owner.get("/api/auth/me").json().getJsonObject("user").getString("email");
  }

  /** A client at an address of its own. */
  private static Api client() {
    return keyhook.api().anonymous().header("X-Forwarded-For", "198.51.100." + clients.incrementAndGet());
  }

  private static Exchange ask(Api client, String email) {
    return client.post("/api/auth/password-reset", new JsonObject().put("email", email));
  }

  /** The token of the next mail to an address. */
  private static String mailed(String to) {
    String mail = mails.take().replace("=\n", "").replace("=3D", "=");
    assertThat(mail).contains("To: " + to).contains("Subject: Keyhook: Set a new password\n").contains("Auto-Submitted: auto-generated");
    Matcher link = LINK.matcher(mail);
    assertThat(link.find()).isTrue();
    assertThat(link.group(1)).isEqualTo(DASHBOARD);
    return link.group(2);
  }

  private static Exchange setPassword(String token) {
    return client().post("/api/auth/new-password", new JsonObject().put("token", token).put("newPassword", CHOSEN));
  }

  private static Exchange logIn(String email, String password) {
    return client().post("/api/auth/login", new JsonObject().put("email", email).put("password", password));
  }

  /** Waits for what happens after the answers to earlier requests: another user's mail comes last. */
  private void awaitEarlier() {
    Api other = keyhook.account("free");
    String last = other.get("/api/auth/me").json().getJsonObject("user").getString("email");
    ask(client(), last).expect(202);
    mailed(last);
    assertThat(mails.isEmpty()).as("no other mail").isTrue();
  }

  @Test
  void aMailedLinkSetsThePasswordOnceAndEndsAllSessions() {
    ask(client(), email.toUpperCase(Locale.ROOT)).expect(202);
    String token = mailed(email);
    logIn(email, Node.PASSWORD).expect(200);
    JsonObject listed = owner.get("/api/password-resets").data().get(0);
    assertThat(listed.getString("createdBy")).isEqualTo(email);
    assertThat(keyhook.database().number("""
        SELECT count(*) FROM keyhook.account_link WHERE email = ? AND expires_at <= created_at + interval '1 hour'""", email)).isOne();
    JsonObject asked = owner.get("/api/audit?action=user.password_reset_requested").data().get(0);
    assertThat(asked.getString("actor")).isEqualTo(email);
    assertThat(asked.getString("ipAddress")).startsWith("198.51.100.");

    setPassword(token).expect(204);
    owner.get("/api/account").expect(401);
    logIn(email, Node.PASSWORD).expect(401);
    logIn(email, CHOSEN).expect(200);
    setPassword(token).expect(404);
  }

  @Test
  void theAnswerIsTheSameWhetherThereIsSuchAUserOrNot() {
    Exchange unknown = ask(client(), UUID.randomUUID() + "@example.com").expect(202);
    Exchange known = ask(client(), email).expect(202);
    assertThat(known.body()).isEqualTo(unknown.body()).isEqualTo("{\"lifetime\":\"PT1H\"}");
    mailed(email);
    awaitEarlier();
  }

  @Test
  void theAnswerDoesNotWaitForTheUser() throws SQLException {
    try (Connection lock = keyhook.database().connect(); Statement statement = lock.createStatement()) {
      lock.setAutoCommit(false);
      statement.execute("LOCK TABLE keyhook.member IN ACCESS EXCLUSIVE MODE");
      ask(client(), email).expect(202);
      assertThat(mails.isEmpty()).isTrue();
      lock.rollback();
    }
    mailed(email);
  }

  @Test
  void oneUserGetsThreeMailsAtMostAndAnOwnersLinkStays() {
    String id = owner.get("/api/auth/me").json().getJsonObject("user").getString("id");
    String path = "/api/admin/accounts/" + owner.get("/api/account").json().getString("id") + "/password-reset";
    String owners = keyhook.node().operator().post(path, new JsonObject().put("email", email)).expect(201).json().getString("token");
    List<Exchange> asked = Stream.generate(() -> client().postAsync("/api/auth/password-reset", new JsonObject().put("email", email)))
        .limit(5).toList().stream().map(Api::join).toList();
    assertThat(asked).allSatisfy(one -> one.expect(202));
    List<String> tokens = Stream.generate(() -> mailed(email)).limit(3).toList();
    awaitEarlier();
    Exchange refused = ask(client(), email).expect(429, "RATE_LIMITED");
    assertThat(refused.header("Retry-After")).isNotNull();
    assertThat(owner.get("/api/audit?action=user.password_reset_requested&subjectId=" + id).data()).hasSize(3);

    setPassword(tokens.get(1)).expect(204);
    for (String other : List.of(tokens.get(0), tokens.get(2), owners)) {
      setPassword(other).expect(404);
    }
  }

  @Test
  void anAddressThatAsksTooOftenIsRefusedForUnknownUsersToo() {
    Api client = client();
    for (int i = 0; i < 20; i++) {
      ask(client, UUID.randomUUID() + "@example.com").expect(202);
    }
    ask(client, UUID.randomUUID() + "@example.com").expect(429, "RATE_LIMITED");
    ask(client(), UUID.randomUUID() + "@example.com").expect(202);
  }

  @Test
  void aSuspendedAccountGetsNoMail() {
    String account = "/api/admin/accounts/" + owner.get("/api/account").json().getString("id");
    keyhook.node().operator().post(account + "/suspend").expect(200);
    ask(client(), email).expect(202);
    awaitEarlier();
  }

  @Test
  void aLinkThatCouldNotBeMailedIsDeleted() throws IOException {
    MailServer closed = new MailServer();
    closed.close();
    Api elsewhere = keyhook.start(mailing(closed.port())).api().anonymous();
    ask(elsewhere, email).expect(202);
    Waiting.until("a link was made and deleted", () ->
        keyhook.database().number("SELECT count(*) FROM keyhook.audit WHERE action = 'user.password_reset_requested' AND actor = ?", email) == 1
            && keyhook.database().number("SELECT count(*) FROM keyhook.account_link WHERE email = ?", email) == 0);
    assertThat(mails.isEmpty()).isTrue();
  }

  @Test
  void withoutMailOrTheUrlOfTheDashboardNothingIsMailed() {
    assertThat(client().get("/api/settings").json().getBoolean("passwordResetByMail")).isTrue();
    for (String missing : List.of("host", "dashboardUrl")) {
      JsonObject mail = mailing(mails.port());
      mail.getJsonObject("mail").putNull(missing);
      Api node = keyhook.start(mail).api().anonymous();
      assertThat(node.get("/api/settings").json().getBoolean("passwordResetByMail")).isFalse();
      ask(node, email).expect(403, "PASSWORD_RESET_DISABLED");
    }
    assertThat(ask(client(), "nobody").expect(400).badFields()).containsExactly("email");
    assertThat(owner.get("/api/audit?action=user.password_reset_requested").data()).isEmpty();
  }
}
