package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Cipher;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jsoup.nodes.Element;
import org.jsoup.select.Elements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The pages for administrators: the commands work as written, and the table of settings is complete. */
class OperatingTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

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
      for (Guide.Block block : Guide.page("operating").blocksOf("master-key")) {
        shell.run(block.text().replace("java -jar target/keyhook.jar", java)
            .replace("openssl rand -base64 32", "head -c 32 /dev/urandom | base64"));
      }
      assertThat(shell.output()).contains("Secrets of 1 webhooks are now under the master key ");
    } finally {
      keyhook.api().delete("/api/webhooks/" + webhook).expect(204);
    }
    assertThat(before).startsWith("02" + new Cipher(Node.MASTER_KEY, List.of()).keyId());
  }

  @Test
  void theTableHasEveryKeyOfTheConfigurationWithItsDefault() throws IOException {
    JsonObject defaults = new JsonObject(Files.readString(Path.of("conf/keyhook.json")));
    Map<String, Element> rows = Guide.page("configuration").html().select("#settings + .table tbody tr").stream()
        .collect(Collectors.toMap(row -> row.selectFirst("code").text(), row -> row));
    defaults.remove("plans");
    List<Leaf> keys = leaves("", defaults).toList();
    assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(
        Stream.concat(keys.stream().map(Leaf::path), Stream.of("plans")).toList());
    for (Leaf key : keys) {
      Elements cells = rows.get(key.path()).select("td");
      String variable = "KEYHOOK_" + key.path().replaceAll("([A-Z])", "_$1").replace('.', '_').toUpperCase(Locale.ROOT);
      assertThat(cells.get(0).select("code").eachText()).containsExactly(key.path(), variable);
      if (key.value() != null) {
        assertThat(cells.get(1).text()).as("default of " + key.path()).isEqualTo(key.value().toString());
      }
    }
  }

  /** The page without a script, which shows those of the server. */
  @Test
  void thePlansOfANewServerAreThoseOfTheDefaults() throws IOException {
    JsonObject plans = new JsonObject(Files.readString(Path.of("conf/keyhook.json"))).getJsonObject("plans");
    assertThat(Guide.page("plans").html().select("#plan-table tbody tr").stream().map(row -> row.select("td").eachText()))
        .containsExactlyElementsOf(plans.stream().map(plan -> {
          JsonObject allowed = (JsonObject) plan.getValue();
          return List.of(plan.getKey(), limit(allowed.getInteger("maxLicenses")), limit(allowed.getInteger("maxWebhooks")),
              allowed.getInteger("logRetentionDays") + " days");
        }).toList());
  }

  private static String limit(Integer max) {
    return max == null ? "unlimited" : max == 0 ? "none" : max.toString();
  }

  private record Leaf(String path, Object value) {}

  private static Stream<Leaf> leaves(String path, JsonObject object) {
    return object.stream().flatMap(entry -> entry.getValue() instanceof JsonObject group
        ? leaves(path + entry.getKey() + ".", group)
        : Stream.of(new Leaf(path + entry.getKey(), entry.getValue())));
  }
}
