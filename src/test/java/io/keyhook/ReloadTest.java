package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.Signals;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** SIGHUP changes what can change while a process runs, says what takes a restart, and a broken file changes nothing. */
class ReloadTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  Path directory;

  private JsonObject settings;

  private void write(String group, JsonObject values) throws IOException {
    settings.mergeIn(new JsonObject().put(group, values), true);
    Files.writeString(directory.resolve("keyhook.json"), settings.encode());
  }

  private static void reload(KeyhookProcess process, String line) {
    Signals.hangUp(process.handle());
    process.awaitOutput(Pattern.compile(Pattern.quote(line)));
  }

  private static Exchange test(Api api, String url) {
    return api.post("/api/webhooks", new JsonObject().put("url", url).put("events", new JsonArray().add("license.validated")));
  }

  @Test
  void whatCanChangeChangesAndTheRestWaitsForARestart() throws IOException {
    assumeFalse(Signals.isHangUpIgnored(), "SIGHUP is ignored, as nohup has it, and every process that is started inherits that");
    settings = Node.settings(keyhook.database().uri());
    settings.getJsonObject("delivery").put("allowInsecureTargets", false);
    write("http", new JsonObject().put("port", 0));
    try (KeyhookProcess process = KeyhookProcess.start(directory, Map.of(), List.of(), "serve", "keyhook.json")) {
      Api api = Api.of(process.uri()).bearer(Node.API_KEY);
      test(api, "https://hooks.corp.internal:9443/a").expect(400);

      write("delivery", new JsonObject().put("allowedTargets", new JsonArray().add("*.corp.internal").add("127.0.0.1"))
          .put("allowedPorts", new JsonArray().add(443).add(9443)).put("maxInFlight", 500));
      write("log", new JsonObject().put("level", "DEBUG").put("slowStatement", "PT2S"));
      write("operator", new JsonObject().put("key", "a-new-operator-key-0123456789-abcdefg"));
      reload(process, "Configuration reloaded. Changed: log.level from INFO to DEBUG, log.slowStatement from PT1S to PT2S,"
          + " delivery.allowedTargets from [] to [*.corp.internal, 127.0.0.1], delivery.allowedPorts from [443, 8443] to [443, 9443]."
          + " Changed in the configuration, and in effect after a restart: operator.key, delivery.maxInFlight.");
      String id = test(api, "https://127.0.0.1:9443/a").expect(201).json().getString("id");

      write("delivery", new JsonObject().put("deniedTargets", new JsonArray().add("127.0.0.0/8")));
      reload(process, "Changed: delivery.deniedTargets from [] to [127.0.0.0/8].");
      assertThat(api.post("/api/webhooks/test", new JsonObject().put("webhookId", id)).expect(200).json().getString("error"))
          .isEqualTo("target_refused");

      write("validation", new JsonObject().put("rateLimit", 1));
      reload(process, "Changed: validation.rateLimit from ");
      Api device = Api.of(process.uri());
      JsonObject unknown = new JsonObject().put("licenseKey", "ABCD-1234-EFGH-5678").put("fingerprint", "device-1");
      assertThat(device.post("/api/validate", unknown).status()).isEqualTo(404);
      assertThat(device.post("/api/validate", unknown).status()).isEqualTo(429);

      Api operator = Api.of(process.uri()).bearer(Node.OPERATOR_KEY); // the one that it has started with
      write("log", new JsonObject().put("level", "INFO"));
      assertThat(operator.post("/api/admin/reload", new JsonObject()).expect(200).json()).isEqualTo(new JsonObject("""
          {"changed": [{"key": "log.level", "before": "DEBUG", "after": "INFO"}],
           "afterRestart": ["operator.key", "delivery.maxInFlight"]}"""));

      assertThat(operator.put("/api/admin/log-level", new JsonObject().put("level", "WARN")).expect(200).json().getString("level"))
          .isEqualTo("WARN");
      process.awaitOutput(Pattern.compile("An administrator set the log level to WARN.*\\(operator at 127\\.0\\.0\\.1\\)"));
      assertThat(operator.get("/api/admin/node").expect(200).json().getString("logLevel")).isEqualTo("WARN");
      write("validation", new JsonObject().put("rateLimit", 2));
      assertThat(operator.post("/api/admin/reload", new JsonObject()).expect(200).json().getJsonArray("changed")).hasSize(1);
      process.awaitOutput(Pattern.compile("WARN .*Changed: validation\\.rateLimit from 1 to 2\\."));
      assertThat(operator.get("/api/admin/node").expect(200).json().getString("logLevel"))
          .as("log.level has not changed in the configuration").isEqualTo("WARN");
      operator.put("/api/admin/log-level", new JsonObject().put("level", "ERROR")).expect(200);
      process.awaitOutput(Pattern.compile("An administrator set the log level to ERROR"));
      write("validation", new JsonObject().put("rateLimit", 1));
      operator.post("/api/admin/reload", new JsonObject()).expect(200);
      operator.put("/api/admin/log-level", new JsonObject().put("level", "LOUD")).expect(400);
      operator.put("/api/admin/log-level", new JsonObject()).expect(400);
      operator.put("/api/admin/log-level", new JsonObject().put("level", "INFO")).expect(200);

      write("validation", new JsonObject().put("rateLimit", -1));
      assertThat(operator.post("/api/admin/reload", new JsonObject()).expect(409, "CONFIGURATION_INVALID").json().getString("detail"))
          .contains("validation.rateLimit (keyhook.json): is -1");
      reload(process, "The configuration was not reloaded, and nothing has changed.");
      process.awaitOutput(Pattern.compile("validation\\.rateLimit \\(keyhook\\.json\\): is -1, must be"));
      write("validation", new JsonObject().put("rateLimit", 1));
      reload(process, "Changed: nothing. Changed in the configuration, and in effect after a restart: operator.key");

      settings.getJsonObject("delivery").put("deniedTargets", new JsonArray()).put("allowedPorts", new JsonArray().add(443))
          .put("timeout", "soon");
      settings.getJsonObject("log").put("level", "DEBUG").put("slowStatement", "PT3S");
      write("validation", new JsonObject().put("rateLimit", 1000));
      String detail = operator.post("/api/admin/reload", new JsonObject()).expect(409, "CONFIGURATION_INVALID").json()
          .getString("detail");
      assertThat(detail).startsWith("Nothing has changed").contains("delivery.timeout (keyhook.json): is \"soon\"")
          .doesNotContain("rateLimit", "slowStatement", "deniedTargets", "log.level");
      assertThat(api.post("/api/webhooks/test", new JsonObject().put("webhookId", id)).expect(200).json().getString("error"))
          .as("the old delivery.deniedTargets holds").isEqualTo("target_refused");
      test(api, "https://hooks.corp.internal:9443/b").expect(201); // as does the old delivery.allowedPorts
      settings.getJsonObject("delivery").remove("timeout");
      write("validation", new JsonObject());
      reload(process, "Changed: log.level from INFO to DEBUG, log.slowStatement from PT2S to PT3S,");
      assertThat(process.output()).doesNotContain("a-new-operator-key");
    }
  }
}
