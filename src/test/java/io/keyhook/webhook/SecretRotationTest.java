package io.keyhook.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.attempt.Signer;
import io.keyhook.bus.Id;
import io.keyhook.db.Cipher;
import io.keyhook.testing.Api;
import io.keyhook.testing.Delivery;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A new secret beside the old one, until the overlap ends. */
class SecretRotationTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;
  private Webhook webhook;

  @BeforeEach
  void register() {
    keyhook.deleteWebhooks();
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.activated");
  }

  private Delivery deliver() {
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    return receiver.take();
  }

  private JsonObject rotate(JsonObject request) {
    JsonObject rotated = keyhook.api().post("/api/webhooks/" + webhook.id() + "/rotate-secret", request).expect(200).json();
    receiver.trust(rotated.getString("secret"));
    return rotated;
  }

  @Test
  void aSecretIs32RandomBytesAndShownOnlyWhenItIsMade() {
    String rotated = rotate(new JsonObject()).getString("secret");
    assertThat(rotated).startsWith("whsec_").isNotEqualTo(webhook.secret());
    assertThat(Base64.getDecoder().decode(rotated.substring(6))).hasSize(32);
    String path = "/api/webhooks/" + webhook.id();
    assertThat(keyhook.api().get(path).expect(200).body()).doesNotContain("whsec_");
    assertThat(keyhook.api().get("/api/webhooks").expect(200).body()).doesNotContain("whsec_");
    assertThat(keyhook.api().patch(path, new JsonObject().put("description", "d")).expect(200).body())
        .doesNotContain("whsec_");
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.webhook WHERE position(?::bytea IN secret) > 0",
        webhook.secret().getBytes(java.nio.charset.StandardCharsets.UTF_8))).as("in the clear at rest").isZero();
  }

  private static String secretOf(int bytes) {
    return "whsec_" + Base64.getEncoder().encodeToString(new byte[bytes]);
  }

  @ParameterizedTest
  @ValueSource(ints = {24, 25, 32, 64})
  void aReceiverThatMovesOverKeepsItsSecret(int bytes) {
    keyhook.deleteWebhooks();
    String own = secretOf(bytes);
    JsonObject created = keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("events", new JsonArray().add("license.activated")).put("secret", own)).expect(201).json();
    assertThat(created.getString("secret")).isEqualTo(own);
    receiver.trust(own);
    Delivery delivery = deliver();
    assertThat(delivery.header("X-Webhook-Signature")).isEqualTo(delivery.plainSignature(own));
    assertThat(delivery.isStandardSignedWith(own)).isTrue();
  }

  @Test
  void aSecretOfOnesOwnMustBeOne() {
    for (String bad : new String[] {"", "secret", secretOf(23), secretOf(65), secretOf(32).substring(6),
        secretOf(32).replace("=", ""), secretOf(32) + "=", secretOf(32) + " ", "whsec_" + "-_".repeat(22), "WHSEC_" + secretOf(32).substring(6),
        "whsec_" + "A".repeat(1000)}) {
      assertThat(keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
          .put("events", new JsonArray().add("license.activated")).put("secret", bad)).expect(400).badFields())
          .as(bad).containsExactly("secret");
    }
  }

  @Test
  void whileTheOverlapLastsBothSecretsVerifyTheNewOneFirst() {
    deliver();
    JsonObject rotated = rotate(new JsonObject().put("overlapHours", 2));
    assertThat(Instant.parse(rotated.getString("previousSecretUntil")))
        .isBetween(Instant.now().plus(Duration.ofMinutes(119)), Instant.now().plus(Duration.ofMinutes(121)));
    String secret = rotated.getString("secret");
    Delivery delivery = deliver();
    assertThat(delivery.header("X-Webhook-Signature")).isEqualTo(delivery.plainSignature(secret));
    assertThat(delivery.header("X-Webhook-Signature-Previous")).isEqualTo(delivery.plainSignature(webhook.secret()));
    assertThat(delivery.header("webhook-signature")).matches("v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=");
    assertThat(delivery.isStandardSignedWith(secret)).isTrue();
    assertThat(delivery.isStandardSignedWith(webhook.secret())).isTrue();
    String first = delivery.header("webhook-signature").split(" ")[0];
    delivery.headers().set("webhook-signature", first);
    assertThat(delivery.isStandardSignedWith(secret)).isTrue();
  }

  @Test
  void afterTheOverlapOnlyTheNewSecretSigns() {
    String secret = rotate(new JsonObject()).getString("secret");
    assertThat(deliver().headers().contains("X-Webhook-Signature-Previous")).isTrue();
    keyhook.clock().advanceRotations(Duration.ofHours(24));
    assertOnly(secret, deliver());
    assertThat(keyhook.api().get("/api/webhooks/" + webhook.id()).json().getValue("previousSecretUntil")).isNull();
  }

  @Test
  void rotatingTwiceKeepsTheOverlapThatTheFirstRotationPromised() {
    String first = webhook.secret();
    JsonObject once = rotate(new JsonObject().put("overlapHours", 24));
    String second = once.getString("secret");
    JsonObject twice = rotate(new JsonObject().put("overlapHours", 48));
    String third = twice.getString("secret");
    assertThat(twice.getString("previousSecretUntil")).isEqualTo(once.getString("previousSecretUntil"));
    Delivery delivery = deliver();
    for (String secret : new String[] {first, second, third}) {
      assertThat(delivery.isStandardSignedWith(secret)).isTrue();
    }
    assertThat(delivery.header("X-Webhook-Signature-Previous")).isEqualTo(delivery.plainSignature(first));
    keyhook.clock().advanceRotations(Duration.ofHours(25));
    delivery = deliver();
    assertThat(delivery.isStandardSignedWith(first)).isFalse();
    assertThat(delivery.isStandardSignedWith(second)).isTrue();
    assertThat(delivery.header("X-Webhook-Signature-Previous")).isEqualTo(delivery.plainSignature(second));
    String fourth = rotate(new JsonObject().put("overlapHours", 1)).getString("secret");
    delivery = deliver();
    for (String secret : new String[] {second, third, fourth}) {
      assertThat(delivery.isStandardSignedWith(secret)).isTrue();
    }
    keyhook.clock().advanceRotations(Duration.ofHours(48));
    assertOnly(fourth, deliver());
  }

  private void assertSigned(Delivery delivery, List<String> secrets) {
    for (String secret : secrets) {
      assertThat(delivery.isStandardSignedWith(secret)).isTrue();
    }
    assertThat(delivery.header("webhook-signature").split(" ")).hasSize(secrets.size());
    assertThat(delivery.header("X-Webhook-Signature")).isEqualTo(delivery.plainSignature(secrets.get(secrets.size() - 1)));
    assertThat(delivery.header("X-Webhook-Signature-Previous")).isEqualTo(delivery.plainSignature(secrets.get(0)));
  }

  @Test
  void everySecretSignsUntilTheOverlapThatItWasPromisedEnds() {
    List<String> secrets = new ArrayList<>(List.of(webhook.secret()));
    for (int hours : new int[] {10, 30, 20, 40, 50}) {
      secrets.add(rotate(new JsonObject().put("overlapHours", hours)).getString("secret"));
      assertSigned(deliver(), secrets);
    }
    String path = "/api/webhooks/" + webhook.id();
    String end = keyhook.api().get(path).json().getString("previousSecretUntil");
    Exchange refused = keyhook.api().post(path + "/rotate-secret", new JsonObject()).expect(409, "TOO_MANY_SECRETS");
    assertThat(refused.json().getString("detail")).contains(end).contains("overlapHours to 0");
    assertSigned(deliver(), secrets);

    keyhook.clock().advanceRotations(Duration.ofHours(11));
    assertSigned(deliver(), secrets.subList(1, 6));
    assertThat(keyhook.api().get(path).json().getString("previousSecretUntil")).isNotEqualTo(end);
    keyhook.clock().advanceRotations(Duration.ofHours(10)); // the third was promised less than the second
    secrets.remove(2);
    assertSigned(deliver(), secrets.subList(1, 5));
    secrets.add(rotate(new JsonObject().put("overlapHours", 1)).getString("secret"));
    assertSigned(deliver(), secrets.subList(1, 6));
    assertOnly(rotate(new JsonObject().put("overlapHours", 0)).getString("secret"), deliver());
  }

  @Test
  void ofRotationsAtOnceFiveKeepTheirOverlap() {
    List<CompletableFuture<Exchange>> answers = IntStream.range(0, 8).mapToObj(i ->
        keyhook.api().postAsync("/api/webhooks/" + webhook.id() + "/rotate-secret", new JsonObject())).toList();
    List<Exchange> rotated = answers.stream().map(Api::join).filter(answer -> answer.status() == 200).toList();
    assertThat(rotated).hasSize(5);
    rotated.forEach(answer -> receiver.trust(answer.json().getString("secret")));
    Delivery delivery = deliver();
    assertThat(delivery.header("webhook-signature").split(" ")).hasSize(6);
    rotated.forEach(answer -> assertThat(delivery.isStandardSignedWith(answer.json().getString("secret"))).isTrue());
    assertThat(delivery.isStandardSignedWith(webhook.secret())).isTrue();
  }

  /** What a node of the version before does: it knows two previous secrets. */
  private String rotateAsBefore(int overlapHours) {
    String overlaps = "greatest(previous_secret_until, interim_secret_until) > now()";
    UUID webhookId = Id.WEBHOOK.parse(webhook.id());
    UUID accountId = UUID.fromString(keyhook.database().value(
        "SELECT account_id FROM keyhook.webhook WHERE webhook_id = ?", webhookId));
    String secret = Signer.newSecret(new SecureRandom());
    keyhook.database().update("""
        UPDATE keyhook.webhook w SET
          previous_secret = CASE WHEN hours > 0 THEN CASE WHEN %1$s THEN previous_secret ELSE secret END END,
          previous_secret_until = CASE WHEN hours > 0 THEN
            CASE WHEN %1$s THEN previous_secret_until ELSE now() + make_interval(hours => hours) END END,
          interim_secret = CASE WHEN hours > 0 AND %1$s THEN secret END,
          interim_secret_until = CASE WHEN hours > 0 AND %1$s THEN now() + make_interval(hours => hours) END,
          secret = next, version = version + 1
        FROM (SELECT ?::int hours, ?::bytea next) q
        WHERE webhook_id = ?""".formatted(overlaps), overlapHours,
        new Cipher(Node.MASTER_KEY, List.of()).seal(secret, accountId, webhookId), webhookId);
    receiver.trust(secret);
    return secret;
  }

  @OnlyOnPostgresql // by a trigger, which does not know distributed tables
  @Test
  void nodesOfTheVersionBeforeAndOfThisOneKeepEachOthersOverlaps() {
    List<String> secrets = new ArrayList<>(List.of(webhook.secret()));
    secrets.add(rotateAsBefore(24));
    secrets.add(rotate(new JsonObject()).getString("secret"));
    secrets.add(rotateAsBefore(24));
    secrets.add(rotate(new JsonObject()).getString("secret"));
    assertSigned(deliver(), secrets);
    assertThat(keyhook.database().value("""
        SELECT previous_secret = previous_secrets[1] AND interim_secret = previous_secrets[4]
          AND previous_secret_until = previous_secrets_until[1] AND interim_secret_until = previous_secrets_until[4]
        FROM keyhook.webhook WHERE webhook_id = ?""", Id.WEBHOOK.parse(webhook.id())))
        .as("a node of the version before signs with the oldest and the latest").isEqualTo("t");
    assertOnly(rotateAsBefore(0), deliver());
    String last = rotateAsBefore(1);
    assertThat(deliver().header("webhook-signature").split(" ")).hasSize(2);
    keyhook.clock().advanceRotations(Duration.ofHours(2));
    assertOnly(last, deliver());
  }

  @Test
  void withoutAnOverlapAllOldSecretsEndAtOnce() {
    rotate(new JsonObject());
    rotate(new JsonObject());
    assertOnly(rotate(new JsonObject().put("overlapHours", 0)).getString("secret"), deliver());
  }

  @Test
  void withoutAnOverlapTheOldSecretEndsAtOnce() {
    deliver();
    String secret = rotate(new JsonObject().put("overlapHours", 0)).getString("secret");
    assertOnly(secret, deliver());
  }

  private void assertOnly(String secret, Delivery delivery) {
    assertThat(delivery.headers().contains("X-Webhook-Signature-Previous")).isFalse();
    assertThat(delivery.header("webhook-signature")).doesNotContain(" ");
    assertThat(delivery.isStandardSignedWith(secret)).isTrue();
    assertThat(delivery.isStandardSignedWith(webhook.secret())).isFalse();
    assertThat(delivery.header("X-Webhook-Signature")).isEqualTo(delivery.plainSignature(secret));
  }

  @Test
  void anImpossibleOverlapIsRefused() {
    for (int hours : new int[] {-1, 24 * 30 + 1}) {
      assertThat(keyhook.api().post("/api/webhooks/" + webhook.id() + "/rotate-secret",
          new JsonObject().put("overlapHours", hours)).expect(400).badFields()).containsExactly("overlapHours");
    }
    assertThat(deliver().isStandardSignedWith(webhook.secret())).isTrue();
  }
}
