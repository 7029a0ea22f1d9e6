package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Secrets;
import io.keyhook.testing.TokenEndpoint;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a whole process says while it is used, with everything logged that there is, holds no secret. */
class LogSecrecyTest {
  private static final String LEVELS = """
      <configuration>
        <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
          <encoder><pattern>%level %logger %msg%n</pattern></encoder>
        </appender>
        <root level="DEBUG"><appender-ref ref="out"/></root>
        <logger name="io.keyhook" level="TRACE"/>
      </configuration>
      """;

  private static final String CLIENT_SECRET = "client-secret-of-the-log";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  Path directory;

  private Map<String, String> environment() {
    return Map.of("KEYHOOK_HTTP_PORT", "0", "KEYHOOK_DATABASE_URI", keyhook.database().uri().toString(),
        "KEYHOOK_BOOTSTRAP_EMAIL", Node.EMAIL, "KEYHOOK_BOOTSTRAP_PASSWORD", Node.PASSWORD,
        "KEYHOOK_BOOTSTRAP_API_KEY", Node.API_KEY, "KEYHOOK_OPERATOR_KEY", Node.OPERATOR_KEY,
        "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET, "KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY,
        "KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true", "KEYHOOK_DELIVERY_RETRY_DELAYS", "[]");
  }

  /** One use of every kind of secret, rightly and wrongly. */
  private static void use(Api anonymous) {
    Api api = anonymous.bearer(Node.API_KEY);
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(api, receiver, "license.validated");
    String path = "/api/webhooks/" + webhook.id();
    receiver.trust(api.post(path + "/rotate-secret").expect(200).json().getString("secret"));
    License license = keyhook.license(api, new JsonObject().put("name", "L"));
    api.validate(license.key(), "device-1").expect(200);
    api.validate(license.key(), "device-2").expect(403);
    anonymous.post("/api/validate", "{\"licenseKey\":\"" + license.key() + "\",").expect(400);
    anonymous.post("/api/validate?licenseKey=" + license.key(), new JsonObject()).expect(400);
    receiver.take();
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(200);
    receiver.take();

    useOAuth2(api);

    Exchange login = logIn(anonymous, Node.PASSWORD).expect(200);
    anonymous.bearer(login.json().getString("token")).get("/api/account").expect(200);
    anonymous.bearer(login.json().getString("token") + "x").get("/api/account").expect(401);
    logIn(anonymous, "a wrong " + Node.PASSWORD).expect(401);
    anonymous.bearer(Node.OPERATOR_KEY).post("/api/admin/accounts", new JsonObject().put("name", "A")
        .put("email", "other@example.com").put("password", "another " + Node.PASSWORD).put("plan", "free")).expect(201);
    JsonObject key = api.post("/api/api-keys", new JsonObject().put("name", "k")).expect(201).json();
    api.delete("/api/api-keys/" + key.getString("id")).expect(204);
    anonymous.bearer(key.getString("key")).get("/api/account").expect(401);
    anonymous.get("/api/account?token=" + Node.API_KEY).expect(401);
    api.get("/api/licenses/" + license.key()).expect(404);
    api.get("/api/licenses?search=" + license.key()).expect(200);
  }

  private static void useOAuth2(Api api) {
    Secrets.note(CLIENT_SECRET);
    Secrets.note(TokenEndpoint.TOKEN + 1);
    Vertx vertx = Vertx.vertx();
    try (TokenEndpoint tokens = new TokenEndpoint(vertx)) {
      Receiver receiver = keyhook.receiver();
      JsonObject webhook = api.post("/api/webhooks", new JsonObject().put("url", receiver.url())
          .put("events", new JsonArray().add("license.validated")).put("authentication", new JsonObject().put("type", "oauth2")
              .put("tokenUrl", tokens.url()).put("clientId", "keyhook").put("clientSecret", CLIENT_SECRET))).expect(201).json();
      receiver.trust(webhook.getString("secret"));
      JsonObject test = new JsonObject().put("webhookId", webhook.getString("id"));
      api.post("/api/webhooks/test", test).expect(200);
      receiver.take();
      tokens.answer(Answer.status(401, CLIENT_SECRET));
      api.patch("/api/webhooks/" + webhook.getString("id"), new JsonObject().put("authentication",
          new JsonObject().put("type", "oauth2").put("scope", "a"))).expect(200);
      api.post("/api/webhooks/test", test).expect(200);
    } finally {
      Waiting.on(vertx.close());
    }
  }

  private static Exchange logIn(Api anonymous, String password) {
    return anonymous.post("/api/auth/login", new JsonObject().put("email", Node.EMAIL).put("password", password));
  }

  @Test
  void nothingThatAProcessSaysHoldsASecret() throws Exception {
    Path levels = Files.writeString(directory.resolve("levels.xml"), LEVELS);
    String output;
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment(),
        List.of("-Dlogback.configurationFile=" + levels))) {
      use(Api.of(process.uri()));
      process.stop();
      output = process.output();
    }
    assertThat(output).contains("DEBUG io.netty", "Stopped");
    assertThat(output.lines().filter(line -> !Secrets.in(line).isEmpty())).isEmpty();
    String password = keyhook.database().uri().getUserInfo().split(":")[1];
    assertThat(output.lines().filter(line -> line.contains(":" + password + "@"))).isEmpty();
    assertThat(output).doesNotContain(Node.PASSWORD);
    System.out.println("Lines searched of a process at its most talkative: " + output.lines().count());
  }

  @Test
  void aSecretWouldBeFound() {
    Secrets.note("a-license-key-of-its-own");
    Secrets.note("a phrase with spaces");
    for (String leak : List.of("secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Node.API_KEY,
        "{\"key\":\"ABCD-2345-EFGH-6789\"}", "Authorization: Bearer abcdefgh",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.x", "at postgresql://u:p@h/d", "key=" + Node.MASTER_KEY + ",",
        "[" + Node.OPERATOR_KEY + "]", "'" + Node.PASSWORD + "'", "<a-license-key-of-its-own>",
        "said: a phrase with spaces", "$argon2id$v=19$m=19456")) {
      assertThat(Secrets.in("INFO x " + leak)).as(leak).isNotEmpty();
    }
    assertThat(Secrets.in("license lic_01jhsqm7r3fwdb1n9y2c5x8g4k of kh_0123 at 2025-01-03T14:25Z, postgresql://***"
        + ", postgresql://127.0.0.1:5432/keyhook")).isEmpty();
  }
}
