package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.db.Cipher;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the README tells people to type works, and what it says of the configuration is so. */
class ReadmeTest {
  private static final Pattern SHELL_BLOCK = Pattern.compile("^```sh\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  @Test
  void theTourLeadsFromALicenseToVerifiedDeliveries() throws IOException {
    List.of("curl", "jq", "python3").forEach(Tool::require);
    int receiver = freePort();
    Path visitor = Files.createDirectory(directory.resolve("visitor"));
    try (Shell shell = new Shell(Tool.require("bash"), visitor, directory.resolve("output"))) {
      for (String block : tour()) {
        shell.run(block
            .replace("http://127.0.0.1:8080", keyhook.node().uri().toString())
            .replace("kh_the_key_that_was_printed", Node.API_KEY)
            .replace("http://127.0.0.1:9000", "http://127.0.0.1:" + receiver)
            .replace("(\"127.0.0.1\", 9000)", "(\"127.0.0.1\", " + receiver + ")"));
        // A reader takes longer than a delivery.
        keyhook.awaitEmptyQueue();
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> verified(shell.output()).size() == 5);
      assertThat(verified(shell.output())).extracting(delivery -> delivery.split(" ")[0]).containsExactlyInAnyOrder(
          "webhook.test", "license.activated", "license.validated", "license.activated", "license.disabled");
      assertThat(verified(shell.output()).stream().distinct()).as("a redelivery has its delivery's id").hasSize(4);
      assertThat(shell.output()).contains("\"success\": true", "\"valid\": true", "\"status\": \"delivered\"",
          "\"code\": \"LICENSE_DISABLED\"");
    }
  }

  @Test
  void theMasterKeyIsReplacedByTheCommandsAsWritten() throws IOException {
    String webhook = keyhook.api().post("/api/webhooks", new JsonObject().put("url", "http://127.0.0.1:9/")
        .put("events", new JsonArray().add("license.expired")).put("isActive", false)).expect(201).json().getString("id");
    String java = ProcessHandle.current().info().command().orElseThrow() + " -cp '"
        + System.getProperty("java.class.path") + "' io.keyhook.Main";
    String stored = "SELECT encode(secret, 'hex') FROM keyhook.webhook WHERE secret IS NOT NULL";
    String before = keyhook.database().value(stored);
    try (Shell shell = new Shell(Tool.require("bash"), directory, directory.resolve("output"))) {
      shell.run("""
          export KEYHOOK_DATABASE_URI='%s' KEYHOOK_AUTH_JWT_SECRET=%s KEYHOOK_SECRETS_MASTER_KEY=%s
          unset KEYHOOK_CONFIG""".formatted(keyhook.database().uri(), Node.JWT_SECRET, Node.MASTER_KEY));
      for (String block : indented("### Replace the master key")) {
        shell.run(block.replace("java -jar target/keyhook.jar", java)
            .replace("openssl rand -base64 32", "head -c 32 /dev/urandom | base64"));
      }
      assertThat(shell.output()).contains("Secrets of 1 webhooks are now under the master key ");
    } finally {
      keyhook.api().delete("/api/webhooks/" + webhook).expect(204);
    }
    assertThat(before).startsWith("02" + new Cipher(Node.MASTER_KEY, List.of()).keyId());
  }

  /** The indented blocks of a section. */
  private static List<String> indented(String heading) throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    int start = readme.indexOf("\n" + heading + "\n");
    String section = readme.substring(start, readme.indexOf("\n#", start + 1));
    return Pattern.compile("(?m)(?:^ {4}.*\n)+").matcher(section).results().map(MatchResult::group).toList();
  }

  @Test
  void theTableHasEveryKeyOfTheConfigurationWithItsDefault() throws IOException {
    JsonObject defaults = new JsonObject(Files.readString(Path.of("conf/keyhook.json")));
    List<String> rows = Files.readString(Path.of("README.md")).lines().filter(line -> line.startsWith("| `")).toList();
    defaults.remove("plans");
    leaves("", defaults).forEach(key -> {
      String variable = "KEYHOOK_" + key.path().replaceAll("([A-Z])", "_$1").replace('.', '_').toUpperCase(Locale.ROOT);
      String start = "| `" + key.path() + "` | `" + variable + "` | " + (key.value() == null ? "" : "`" + key.value() + "` |");
      assertThat(rows).as("the table of the README").anyMatch(row -> row.startsWith(start));
    });
  }

  private record Leaf(String path, Object value) {}

  private static Stream<Leaf> leaves(String path, JsonObject object) {
    return object.stream().flatMap(entry -> entry.getValue() instanceof JsonObject group
        ? leaves(path + entry.getKey() + ".", group)
        : Stream.of(new Leaf(path + entry.getKey(), entry.getValue())));
  }

  private static List<String> tour() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    int start = readme.indexOf("\n## A tour\n");
    String tour = readme.substring(start, readme.indexOf("\n## ", start + 1));
    return SHELL_BLOCK.matcher(tour).results().map(block -> block.group(1)).toList();
  }

  private static List<String> verified(String output) {
    return output.lines().filter(line -> line.startsWith("verified ")).map(line -> line.substring(9)).toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
