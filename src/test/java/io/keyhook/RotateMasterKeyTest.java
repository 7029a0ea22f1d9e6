package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Cipher;
import io.keyhook.db.Programs;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The master key is replaced while nodes run, and every delivery is signed with the secret that its receiver knows. */
class RotateMasterKeyTest {
  private static final String OLD = Node.MASTER_KEY;
  private static final String NEW = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
  private static final String WRONG = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
  /** More than two batches. */
  private static final int MANY = 1100;
  /** More than a batch. */
  private static final int MANY_ANSWERS = 120;

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  Path directory;

  private static JsonObject keys(String current, String... others) {
    return new JsonObject().put("secrets",
        new JsonObject().put("masterKey", current).put("previousMasterKeys", new JsonArray(List.of(others))));
  }

  private KeyhookProcess rotate(String current, String others) {
    return KeyhookProcess.start(directory, Map.of("KEYHOOK_DATABASE_URI", keyhook.database().uri().toString(),
        "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET, "KEYHOOK_SECRETS_MASTER_KEY", current,
        "KEYHOOK_SECRETS_PREVIOUS_MASTER_KEYS", others), List.of(), "rotate-master-key");
  }

  private static String finished(KeyhookProcess process, int exitCode) {
    try (process) {
      assertThat(process.exitCode()).as(process.output()).isEqualTo(exitCode);
      return process.output();
    }
  }

  /** Under the old key, in an account of nobody's. */
  private static void addWebhooks() {
    Cipher cipher = new Cipher(OLD, List.of());
    UUID account = UUID.randomUUID();
    for (int i = 0; i < MANY; i++) {
      UUID webhook = UUID.randomUUID();
      keyhook.database().update("""
          INSERT INTO keyhook.webhook (account_id, webhook_id, url, events, is_active, secret, previous_secret, previous_secrets)
          VALUES (?, ?, 'https://hooks.example.com/', '{}', false, ?, ?, array_remove(ARRAY[?::bytea, ?], NULL))""", account,
          webhook, cipher.seal("whsec_" + i, account, webhook), i % 2 == 0 ? null : cipher.seal("old " + i, account, webhook),
          i % 3 == 0 ? null : cipher.seal("older " + i, account, webhook), cipher.seal("oldest " + i, account, webhook));
    }
  }

  private static long under(String key) {
    byte[] prefix = HexFormat.of().parseHex("02" + new Cipher(key, List.of()).keyId());
    return keyhook.database().number("""
        SELECT count(*) FROM keyhook.webhook WHERE substring(secret FROM 1 FOR 9) = ?
          AND (previous_secret IS NULL OR substring(previous_secret FROM 1 FOR 9) = ?)
          AND (request_headers IS NULL OR substring(request_headers FROM 1 FOR 9) = ?)
          AND NOT EXISTS (SELECT FROM unnest(previous_secrets) s WHERE substring(s FROM 1 FOR 9) <> ?)""",
        prefix, prefix, prefix, prefix);
  }

  /** The same request each time, so that all but the first are answered with what is kept. */
  private static Exchange createKeyed(Node node) {
    return node.api().header("Idempotency-Key", "kept").post("/api/api-keys", new JsonObject().put("name", "Kept"))
        .expect(201);
  }

  /** Any node may send it. */
  private static void assertDelivered(Node node, License license, Receiver... receivers) {
    node.api().validate(license.key(), "device").expect(200);
    for (Receiver receiver : receivers) {
      Delivery delivery = receiver.take(); // whose signature the receiver verifies, with the secret that it was told
      assertThat(delivery.event()).isEqualTo("license.validated");
    }
  }

  @Test
  void nodesGoOnWhileTheMasterKeyIsReplaced() {
    Node first = keyhook.start(keys(OLD));
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(first.api(), receiver, "license.validated");
    License license = keyhook.license(first.api(), new JsonObject().put("name", "L"));
    assertDelivered(first, license, receiver);
    addWebhooks();
    String kept = createKeyed(first).body();
    for (int i = 0; i < MANY_ANSWERS; i++) {
      first.api().header("Idempotency-Key", "more-" + i).post("/api/api-keys", new JsonObject().put("name", "K")).expect(201);
    }

    // every node learns the new key before any uses it
    Node second = keyhook.start(keys(OLD, NEW));
    first.stop();
    Node third = keyhook.start(keys(NEW, OLD));
    Receiver another = keyhook.receiver();
    keyhook.webhook(third.api(), another, "license.validated");
    assertDelivered(second, license, receiver, another);
    assertDelivered(third, license, receiver, another);
    assertThat(under(OLD)).isEqualTo(MANY + 1);
    second.api().patch("/api/webhooks/" + webhook.id(), new JsonObject().put("headers", new JsonObject().put("X-Api-Key", "a-key"))
        .put("authentication", new JsonObject().put("type", "bearer").put("token", "a-token"))).expect(200);

    KeyhookProcess command = rotate(NEW, "[\"" + OLD + "\"]");
    do {
      assertDelivered(second, license, receiver, another);
      assertDelivered(third, license, receiver, another);
    } while (!command.output().contains("Secrets of"));
    assertThat(finished(command, 0)).contains("Secrets of " + (MANY + 1) + " webhooks are now under the master key "
        + new Cipher(NEW, List.of()).keyId() + "; those of 1 already were");
    assertThat(under(NEW)).isEqualTo(MANY + 2);
    assertDelivered(second, license, receiver, another);

    String secret = second.api().post("/api/webhooks/" + webhook.id() + "/rotate-secret").expect(200).json()
        .getString("secret"); // by a node that still seals with the old key
    receiver.trust(secret);
    assertThat(finished(rotate(NEW, "[\"" + OLD + "\"]"), 0)).contains("Secrets of 1 webhooks are now")
        .contains("those of " + (MANY + 1) + " already were");
    second.stop();
    third.stop();

    assertThat(finished(rotate(WRONG, "[]"), 1)).contains("Secrets of 0 webhooks are now")
        .contains("Secrets of " + (MANY + 2) + " webhooks cannot be decrypted with the given keys");
    Node last = keyhook.start(keys(NEW));
    assertDelivered(last, license, receiver, another);
    last.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.id())).expect(200);
    Delivery tested = receiver.take();
    assertThat(tested.header("X-Api-Key")).isEqualTo("a-key");
    assertThat(tested.header("Authorization")).isEqualTo("Bearer a-token");
    assertThat(createKeyed(last).body()).isEqualTo(kept);
    last.api().header("Idempotency-Key", "more-" + (MANY_ANSWERS - 1)).post("/api/api-keys", new JsonObject().put("name", "K"))
        .expect(201);
    assertThat(finished(rotate(NEW, "[]"), 0)).contains("Secrets of 0 webhooks are now");
  }

  @Test
  void keysForTwoFactorAuthenticationAreReSealed() {
    UUID account = UUID.randomUUID();
    UUID on = UUID.randomUUID();
    UUID begun = UUID.randomUUID();
    Cipher old = new Cipher(OLD, List.of());
    String insert = """
        INSERT INTO keyhook.member (account_id, user_id, email, password_hash, totp_secret, totp_pending)
        VALUES (?, ?, ?, 'none', ?, ?)""";
    keyhook.database().update(insert, account, on, on + "@example.com", old.seal("on", account, on), null);
    keyhook.database().update(insert, account, begun, begun + "@example.com", null, old.seal("begun", account, begun));
    assertThat(finished(rotate(WRONG, "[]"), 1)).contains("two-factor authentication of 2 team members cannot be decrypted");
    finished(rotate(NEW, "[\"" + OLD + "\"]"), 0);
    Cipher current = new Cipher(NEW, List.of());
    assertThat(current.open(totp("totp_secret", on), account, on)).isEqualTo("on");
    assertThat(current.open(totp("totp_pending", begun), account, begun)).isEqualTo("begun");
    keyhook.database().update("DELETE FROM keyhook.member WHERE account_id = ?", account);
  }

  @Test
  void slackUrlsAreReSealed() {
    Cipher old = new Cipher(OLD, List.of());
    Cipher current = new Cipher(NEW, List.of());
    UUID account = UUID.randomUUID();
    UUID user = UUID.randomUUID();
    keyhook.database().update("""
        INSERT INTO keyhook.alert_setting (account_id, user_id, causes, mail, slack_url) VALUES (?, ?, '{}', false, ?)""",
        account, user, old.seal("https://hooks.example.com/secret", account, user));
    assertThat(finished(rotate(WRONG, "[]"), 1)).contains("The Slack URLs of 1 team members cannot be decrypted");
    finished(rotate(NEW, "[\"" + OLD + "\"]"), 0);
    String hex = keyhook.database().value("SELECT encode(slack_url, 'hex') FROM keyhook.alert_setting WHERE user_id = ?", user);
    assertThat(current.open(HexFormat.of().parseHex(hex), account, user)).isEqualTo("https://hooks.example.com/secret");
    keyhook.database().update("DELETE FROM keyhook.alert_setting WHERE account_id = ?", account);
  }

  @Test
  void signingKeysAreReSealed() {
    Cipher old = new Cipher(OLD, List.of());
    Cipher current = new Cipher(NEW, List.of());
    UUID account = UUID.randomUUID();
    UUID key = UUID.randomUUID();
    keyhook.database().update("""
        INSERT INTO keyhook.signing_key (account_id, key_id, public_key, private_key) VALUES (?, ?, '\\x00', ?)""",
        account, key, old.seal("a private key", account, key));
    assertThat(finished(rotate(WRONG, "[]"), 1)).contains("1 signing keys cannot be decrypted");
    finished(rotate(NEW, "[\"" + OLD + "\"]"), 0);
    String hex = keyhook.database().value("SELECT encode(private_key, 'hex') FROM keyhook.signing_key WHERE key_id = ?", key);
    assertThat(current.open(HexFormat.of().parseHex(hex), account, key)).isEqualTo("a private key");
    keyhook.database().update("DELETE FROM keyhook.signing_key WHERE account_id = ?", account);
  }

  private static byte[] totp(String column, UUID user) {
    return HexFormat.of().parseHex(keyhook.database().value(
        "SELECT encode(%s, 'hex') FROM keyhook.member WHERE user_id = ?".formatted(column), user));
  }

  @Test
  void theKeyBesideAnEmbeddedDatabaseIsReplacedByANewOne() throws Exception {
    Map<String, String> environment = new HashMap<>(Map.of("KEYHOOK_HTTP_PORT", "0",
        "KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true", "KEYHOOK_BOOTSTRAP_API_KEY", Node.API_KEY));
    Programs.linkInto(directory.resolve("data"));
    Receiver receiver = keyhook.receiver();
    String licenseKey;
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of())) {
      Api api = Api.of(process.uri()).bearer(Node.API_KEY);
      keyhook.webhook(api, receiver, "license.validated");
      licenseKey = keyhook.license(api, new JsonObject().put("name", "L")).key();
      api.validate(licenseKey, "device").expect(200);
      receiver.take();
      assertThat(finished(KeyhookProcess.start(directory, environment, List.of(), "rotate-master-key"), 1))
          .as("while the server is somebody else's").contains("is in use by another Keyhook");
      process.stop();
    }
    JsonObject before = secrets();
    assertThat(finished(KeyhookProcess.start(directory, environment, List.of(), "rotate-master-key"), 0))
        .contains("Secrets of 1 webhooks are now under the master key "
            + new Cipher(secrets().getString("secrets.masterKey"), List.of()).keyId());
    assertThat(secrets().getString("secrets.masterKey")).isNotEqualTo(before.getString("secrets.masterKey"));
    assertThat(secrets().getString("auth.jwt.secret")).isEqualTo(before.getString("auth.jwt.secret"));
    assertThat(secrets().fieldNames()).isEqualTo(before.fieldNames());
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of())) {
      Api.of(process.uri()).bearer(Node.API_KEY).validate(licenseKey, "device").expect(200);
      receiver.take();
      process.stop();
    }
  }

  private JsonObject secrets() throws Exception {
    return new JsonObject(Files.readString(directory.resolve("data/secrets.json")));
  }
}
