package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The receivers that the dashboard shows beside a new secret take what it signs, also while the next one signs beside it,
 * and nothing that another signs.
 */
class DashboardCodeTest {
  private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private static final Map<String, String> GO =
      Map.of("CGO_ENABLED", "0", "GOPROXY", "off", "GOTOOLCHAIN", "local", "GO111MODULE", "off");

  enum Language {
    NODE("node", "receiver.mjs", List.of("node", "receiver.mjs")),
    PYTHON("python", "receiver.py", List.of("python3", "receiver.py")),
    PHP("php", "receiver.php", List.of("php", "-S", "127.0.0.1:PORT", "receiver.php")),
    JAVA("java", "Receiver.java", List.of(DashboardCodeTest.JAVA, "Receiver.java")),
    GO("go", "receiver.go", List.of("./receiver"));

    private final String key;
    private final String file;
    private final List<String> run;

    Language(String key, String file, List<String> run) {
      this.key = key;
      this.file = file;
      this.run = run;
    }
  }

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  /** By the language's key. */
  private Map<String, String> code() throws Exception {
    try (InputStream module = Program.class.getResourceAsStream("/io/keyhook/http/web/app/snippets.js")) {
      Files.copy(module, directory.resolve("snippets.mjs"));
    }
    List<String> output = Program.run(directory, Map.of(), "", List.of(Tool.require("node"), "--input-type=module",
        "-e", "import { SNIPPETS } from './snippets.mjs'; console.log(JSON.stringify(SNIPPETS))"));
    List<List<String>> snippets = new ObjectMapper().readValue(output.get(0), new TypeReference<>() {});
    return snippets.stream().collect(Collectors.toMap(snippet -> snippet.get(0), snippet -> snippet.get(2)));
  }

  @ParameterizedTest
  @EnumSource
  void theGenuineIsToldFromTheForged(Language language) throws Exception {
    Tool.require(language == Language.GO ? "go" : language == Language.JAVA ? "java" : language.run.get(0));
    int port = Program.freePort();
    String code = code().get(language.key);
    Files.writeString(directory.resolve(language.file), code.replace("9000", Integer.toString(port)));
    if (language == Language.GO) {
      Program.run(directory, GO, "", List.of("go", "build", "-o", "receiver", language.file));
    }
    JsonObject webhook = keyhook.api().post("/api/webhooks", new JsonObject()
        .put("url", "http://127.0.0.1:" + port + "/")
        .put("events", new JsonArray().add("license.validated"))).expect(201).json();
    List<String> command =
        language.run.stream().map(word -> word.replace("PORT", Integer.toString(port))).toList();
    String secret = webhook.getString("secret");
    assertAnswer(200, webhook, port, command, secret);
    assertAnswer(401, webhook, port, command, secret.replace("whsec_", "whsec_x"));
    String next = rotate(webhook, 1);
    assertAnswer(200, webhook, port, command, secret);
    assertAnswer(200, webhook, port, command, next);
    String last = rotate(webhook, 0);
    assertAnswer(401, webhook, port, command, next);
    assertAnswer(200, webhook, port, command, last);
  }

  private static String rotate(JsonObject webhook, int overlapHours) {
    return keyhook.api().post("/api/webhooks/" + webhook.getString("id") + "/rotate-secret",
        new JsonObject().put("overlapHours", overlapHours)).expect(200).json().getString("secret");
  }

  private void assertAnswer(int status, JsonObject webhook, int port, List<String> command, String secret)
      throws Exception {
    try (Program receiver = Program.serve(directory, Map.of("KEYHOOK_SECRET", secret), port, command)) {
      JsonObject test = keyhook.api().post("/api/webhooks/test", new JsonObject()
          .put("webhookId", webhook.getString("id")).put("event", "license.validated")).expect(200).json();
      assertThat(test.getInteger("statusCode")).as("%s, from what printed %s", test, receiver.output())
          .isEqualTo(status);
    }
  }
}
