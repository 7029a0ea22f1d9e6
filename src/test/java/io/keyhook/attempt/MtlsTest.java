package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.bus.ClientCertificate;
import io.keyhook.bus.Id;
import io.keyhook.bus.Webhooks;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Secrets;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A webhook with a client certificate, from the call that sets it to the endpoint that requires it. */
@OnlyOnPostgresql
class MtlsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  static Path directory;

  private static Certificates certificates;
  private static Node node;

  private final List<String> peers = new CopyOnWriteArrayList<>();
  private RawReceiver receiver;

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.withClients();
    Path authority = Files.writeString(directory.resolve("authority.pem"), certificates.certificate("authority"));
    node = keyhook.start(new JsonObject().put("delivery", new JsonObject().put("trustStore", authority.toString())));
  }

  @BeforeEach
  void begin() {
    keyhook.deleteWebhooks(node.api());
    receiver = new RawReceiver(c -> {
      while (true) {
        c.request();
        peers.add(c.peer());
        c.write(Receivers.ok(""));
      }
    }, certificates.requiringClients(true));
  }

  @AfterEach
  void end() {
    receiver.close();
  }

  private static JsonObject mtls(String alias) {
    return new JsonObject().put("type", "mtls").put("certificate", certificates.certificate(alias))
        .put("privateKey", certificates.key(alias));
  }

  private Exchange tryCreate(String url, JsonObject authentication) {
    return node.api().post("/api/webhooks", new JsonObject().put("url", url)
        .put("events", new JsonArray().add("license.validated")).put("authentication", authentication));
  }

  private JsonObject create(JsonObject authentication) {
    return tryCreate(receiver.url(), authentication).expect(201).json();
  }

  private static Exchange patch(JsonObject webhook, JsonObject change) {
    return node.api().patch("/api/webhooks/" + webhook.getString("id"), change);
  }

  private static Exchange change(JsonObject webhook, JsonObject authentication) {
    return patch(webhook, new JsonObject().put("authentication", authentication));
  }

  private static JsonObject test(JsonObject webhook) {
    return node.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook.getString("id"))).expect(200).json();
  }

  @Test
  void deliveriesAndTestEventsShowTheCertificate() {
    JsonObject webhook = create(mtls("client-a"));
    assertThat(test(webhook).getInteger("statusCode")).isEqualTo(200);
    String key = keyhook.license(node.api(), new JsonObject().put("name", "L")).key();
    node.api().validate(key, "device").expect(200);
    await().atMost(Waiting.LONG).until(() -> peers.size() == 2);
    assertThat(peers).containsOnly("CN=client-a");
  }

  @Test
  void responsesShowTheCertificateAndNeverTheKey() {
    JsonObject webhook = create(mtls("client-a"));
    ClientPem pem = ClientPem.read(certificates.client("client-a"));
    JsonObject shown = webhook.getJsonObject("authentication");
    assertThat(shown).isEqualTo(new JsonObject().put("type", "mtls").put("subject", "CN=client-a").put("issuer", "CN=authority")
        .put("expiresAt", shown.getString("expiresAt")).put("fingerprint", pem.fingerprint()));
    assertThat(Instant.parse(shown.getString("expiresAt"))).isEqualTo(pem.expiresAt());
    JsonObject listed = node.api().get("/api/webhooks").expect(200).data().get(0);
    assertThat(listed.getJsonObject("authentication")).isEqualTo(shown);
    assertThat(change(webhook, shown).expect(200).json().getString("updatedAt")).as("a response that is sent back changes nothing")
        .isEqualTo(listed.getString("updatedAt"));
  }

  @Test
  void aRenewedCertificateNeedsItsKey() {
    JsonObject webhook = create(mtls("client-a"));
    test(webhook);
    Exchange mismatch = change(webhook, new JsonObject().put("type", "mtls").put("certificate", certificates.certificate("client-b")));
    assertThat(mismatch.expect(400).badFields()).containsExactly("authentication.privateKey");
    assertThat(mismatch.body()).contains("does not belong to the certificate");
    change(webhook, new JsonObject().put("type", "mtls").put("certificate",
        certificates.certificate("client-a") + certificates.certificate("authority"))).expect(200);
    test(webhook);
    assertThat(change(webhook, mtls("client-b")).expect(200).json().getJsonObject("authentication").getString("subject"))
        .isEqualTo("CN=client-b");
    test(webhook);
    assertThat(peers).containsExactly("CN=client-a", "CN=client-a", "CN=client-b");

    JsonObject without = patch(webhook, new JsonObject().putNull("authentication")).expect(200).json();
    assertThat(without.getValue("authentication")).isNull();
    assertThat(test(webhook).getBoolean("success")).isFalse();
    assertThat(peers).hasSize(3);
  }

  @Test
  void aCertificateGoesToNoOtherHostOnItsOwn() {
    JsonObject webhook = create(mtls("client-a"));
    JsonObject move = new JsonObject().put("url", receiver.url("localhost"));
    assertThat(patch(webhook, move).expect(400).badFields()).containsExactly("authentication");
    assertThat(patch(webhook, move.copy().put("authentication", new JsonObject().put("type", "mtls"))).expect(400).badFields())
        .containsExactlyInAnyOrder("authentication.certificate", "authentication.privateKey");
    patch(webhook, move.copy().put("authentication", mtls("client-a"))).expect(200);
  }

  @Test
  void badFieldsAreRefused() {
    assertThat(tryCreate("http://127.0.0.1:8080/hook", mtls("client-a")).expect(400).badFields()).containsExactly("authentication.type");
    assertThat(tryCreate(receiver.url(), new JsonObject().put("type", "mtls")).expect(400).badFields())
        .containsExactlyInAnyOrder("authentication.certificate", "authentication.privateKey");
    assertThat(tryCreate(receiver.url(), mtls("client-a").put("token", "t")).expect(400).badFields())
        .containsExactly("authentication.token");
    assertThat(tryCreate(receiver.url(), mtls("client-a").put("type", "bearer").put("token", "t")).expect(400).badFields())
        .containsExactlyInAnyOrder("authentication.certificate", "authentication.privateKey");
    assertThat(tryCreate(receiver.url(), mtls("client-a").put("certificate", "x".repeat(ClientCertificate.CERTIFICATE + 1)))
        .expect(400).badFields()).containsExactly("authentication.certificate");
    assertThat(tryCreate(receiver.url(), mtls("client-expired")).expect(400).body()).contains("expired at");
    JsonObject webhook = create(mtls("client-a"));
    patch(webhook, new JsonObject().put("headers", new JsonObject().put("Authorization", "Bearer " + "t".repeat(20)))).expect(200);
    assertThat(test(webhook).getInteger("statusCode")).as("a header besides").isEqualTo(200);
  }

  @Test
  void theKeyIsNowhereInTheClear() {
    JsonObject webhook = create(mtls("client-a"));
    test(webhook);
    String line = certificates.key("client-a").lines().toList().get(1);
    for (String table : keyhook.database().column(
        "SELECT relname FROM pg_class WHERE relnamespace = 'keyhook'::regnamespace AND relkind = 'r'")) {
      assertThat(keyhook.database().number("""
          SELECT count(*) FROM keyhook.%s t WHERE position(? IN t::text) > 0 OR position(encode(?, 'hex') IN t::text) > 0"""
          .formatted(table), line, line.getBytes(StandardCharsets.US_ASCII))).as(table).isZero();
    }
    assertThat(LogWatch.linesWith(line)).isEmpty();
    Webhooks.Create create = Webhooks.Create.of(null, "https://hooks.example.com/", "license.validated")
        .withAuthentication(Webhooks.Authentication.mtls(certificates.client("client-a")));
    assertThat(Secrets.in(create + " " + create.authentication() + create.authentication().certificate())).isEmpty();
    node.api().delete("/api/webhooks/" + webhook.getString("id")).expect(204);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE webhook_id = ? AND (request_headers IS NOT NULL"
        + " OR authentication_details IS NOT NULL)", Id.WEBHOOK.parse(webhook.getString("id")))).isZero();
  }
}
