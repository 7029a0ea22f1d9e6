package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Programs;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What was in a database is in the one that is restored from its backup, or that it was moved to: rows, log and secrets. */
class BackupTest {
  @RegisterExtension
  static final Installation external = Installation.withoutSchema();

  @TempDir
  Path directory;

  private String run(int exitCode, Map<String, String> environment, String... arguments) {
    try (KeyhookProcess process = KeyhookProcess.start(directory, environment, List.of(), arguments)) {
      assertThat(process.exitCode()).as(process.output()).isEqualTo(exitCode);
      return process.output();
    }
  }

  private Map<String, String> embedded(String data) {
    Programs.linkInto(directory.resolve(data));
    return new HashMap<>(Map.of("KEYHOOK_DATABASE_DIRECTORY", data, "KEYHOOK_HTTP_PORT", "0",
        "KEYHOOK_BOOTSTRAP_EMAIL", Node.EMAIL, "KEYHOOK_BOOTSTRAP_PASSWORD", Node.PASSWORD, "KEYHOOK_BOOTSTRAP_API_KEY", Node.API_KEY,
        "KEYHOOK_DELIVERY_ALLOW_INSECURE_TARGETS", "true"));
  }

  private Map<String, String> onExternal(String masterKey) {
    Map<String, String> environment = embedded("old");
    environment.put("KEYHOOK_DATABASE_URI", external.database().uri().toString());
    environment.put("KEYHOOK_SECRETS_MASTER_KEY", masterKey);
    environment.put("KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET);
    return environment;
  }

  private KeyhookProcess serve(Map<String, String> environment) {
    return KeyhookProcess.start(directory, environment, List.of(), "serve");
  }

  /** A webhook whose secret is sealed, a license with a device, and a delivery in the log. */
  private static String[] fill(Api api, Receiver receiver) {
    JsonObject webhook = api.post("/api/webhooks", new JsonObject().put("url", receiver.url())
        .put("headers", new JsonObject().put("X-Api-Key", "a-key-of-the-gateway"))
        .put("events", new JsonArray().add("license.activated"))).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    JsonObject license = api.post("/api/licenses", new JsonObject().put("name", "Kept ü\t\\n").put("maxActivations", 2)).expect(201)
        .json();
    api.anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.getString("key"))
        .put("fingerprint", "device-1")).expect(200);
    receiver.take();
    return new String[] {webhook.getString("id"), license.getString("key")};
  }

  private static void assertKept(Api api, String[] filled, Receiver receiver) {
    assertThat(api.get("/api/licenses").expect(200).data()).singleElement()
        .satisfies(license -> assertThat(license.getString("name")).isEqualTo("Kept ü\t\\n"));
    assertThat(api.get("/api/deliveries").expect(200).data()).isNotEmpty();
    assertThat(api.get("/api/audit").expect(200).data()).isNotEmpty();
    JsonObject test = api.post("/api/webhooks/test", new JsonObject().put("webhookId", filled[0])).expect(200).json();
    assertThat(test.getInteger("statusCode")).as(test.encode()).isEqualTo(200); // its secret could be opened
    api.anonymous().post("/api/validate", new JsonObject().put("licenseKey", filled[1]).put("fingerprint", "device-2")).expect(200);
    receiver.take(2).forEach(delivery -> // signed with the webhook's secret
        assertThat(delivery.header("X-Api-Key")).isEqualTo("a-key-of-the-gateway"));
    api.anonymous().post("/api/validate", new JsonObject().put("licenseKey", filled[1]).put("fingerprint", "device-3")).expect(403);
  }

  @Test
  void anEmbeddedDatabaseIsBackedUpWhileItsNodeRunsAndRestoredAndMoved() throws IOException {
    Receiver receiver = external.receiver();
    String[] filled;
    try (KeyhookProcess node = serve(embedded("old"))) {
      filled = fill(Api.of(node.uri()).bearer(Node.API_KEY), receiver);
      String written = run(0, embedded("old"), "backup", "keyhook.zip");
      assertThat(written).contains("rows of 127.0.0.1", "keyhook.zip");
      assertThat(run(1, embedded("old"), "backup", "keyhook.zip")).contains("keyhook.zip exists already");
      assertThat(run(1, embedded("old"), "restore", "keyhook.zip")).contains("is in use by another Keyhook");
      node.stop();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("keyhook.zip")))).isEqualTo("rw-------");
    assertThat(run(1, embedded("old"), "restore", "keyhook.zip")).contains("The database has accounts");
    assertThat(run(1, embedded("nowhere"), "backup", "other.zip")).contains("There is no embedded database in ");

    run(0, embedded("new"), "restore", "keyhook.zip");
    try (KeyhookProcess node = serve(embedded("new"))) {
      assertKept(Api.of(node.uri()).bearer(Node.API_KEY), filled, receiver);
    }

    String key = new JsonObject(Files.readString(directory.resolve("old/secrets.json"))).getString("secrets.masterKey");
    assertThat(run(1, onExternal(Node.MASTER_KEY), "move-database")).contains("encrypted with another master key").doesNotContain(key);
    assertThat(run(0, onExternal(key), "move-database")).contains("start every node with this configuration");
    try (Stream<Path> files = Files.list(directory.resolve("old"))) {
      assertThat(files.map(Path::toString)).noneMatch(name -> name.contains("move"));
    }
    try (KeyhookProcess node = serve(onExternal(key))) {
      assertKept(Api.of(node.uri()).bearer(Node.API_KEY), filled, receiver);
    }
    assertThat(run(1, onExternal(key), "move-database")).contains("The database has accounts");
    assertThat(run(0, onExternal(key), "backup", "external.zip")).contains("does not contain the master key");
    Files.write(directory.resolve("damaged.zip"), new byte[100]);
    assertThat(run(1, embedded("third"), "restore", "damaged.zip")).contains("Not done: ");
  }

  @Test
  void theConfiguredMasterKeyIsNeededWhereSecretsAreUnderItAndTheGeneratedOneDoesNotReplaceIt() throws IOException {
    Map<String, String> configured = embedded("configured");
    configured.put("KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY);
    String[] filled;
    Receiver receiver = external.receiver();
    try (KeyhookProcess node = serve(configured)) {
      filled = fill(Api.of(node.uri()).bearer(Node.API_KEY), receiver);
      assertThat(run(0, configured, "backup", "configured.zip")).contains("does not contain the master key that is configured");
      node.stop();
    }
    String refused = run(1, embedded("refused"), "restore", "configured.zip");
    assertThat(refused).contains("encrypted with another master key", "is under the master key ").doesNotContain(Node.MASTER_KEY);
    assertThat(directory.resolve("refused/secrets.json")).as("of a database that is still empty").doesNotExist();

    Map<String, String> restored = new HashMap<>(configured);
    restored.put("KEYHOOK_DATABASE_DIRECTORY", "refused");
    run(0, restored, "restore", "configured.zip");
    try (KeyhookProcess node = serve(restored)) {
      assertKept(Api.of(node.uri()).bearer(Node.API_KEY), filled, receiver);
    }
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".unfinished"));
    }
  }
}
