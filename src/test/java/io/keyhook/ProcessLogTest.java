package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.keyhook.testing.Proxy;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;

/** What the log of a process says, and how. */
class ProcessLogTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  Path directory;

  private KeyhookProcess start(Proxy proxy, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(Map.of("KEYHOOK_HTTP_PORT", "0",
        "KEYHOOK_DATABASE_URI", proxy.before(keyhook.database().uri()).toString(),
        "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET, "KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY));
    environment.putAll(more);
    return KeyhookProcess.start(directory, environment, List.of());
  }

  private static List<String> messages(KeyhookProcess process, String text) {
    return process.output().lines().filter(line -> line.startsWith("{"))
        .map(line -> new JsonObject(line).getString("message")).filter(message -> message.contains(text)).toList();
  }

  @Test
  void anOutageOfTheDatabaseIsOneLineWhenItBeginsAndOneWhenItEnds() {
    Proxy proxy = keyhook.proxy();
    try (KeyhookProcess process = start(proxy, Map.of("KEYHOOK_LOG_FORMAT", "json"))) {
      Api api = Api.of(process.uri());
      assertThat(messages(process, "Started Keyhook ")).singleElement().asString().contains("database: 127.0.0.1");
      proxy.cut();
      await("the outage is noticed").atMost(Waiting.LONG).until(() -> {
        api.validate("ABCD-EFGH-IJKL-MNOP", "device").expect(503);
        api.get("/health/ready").expect(503);
        return !messages(process, "The database is not available").isEmpty();
      });
      proxy.open();
      await("the database is available again").atMost(Waiting.LONG).until(() -> {
        api.validate("ABCD-EFGH-IJKL-MNOP", "device");
        return !messages(process, "available again").isEmpty();
      });
      assertThat(messages(process, "The database is not available")).hasSize(1);
      assertThat(messages(process, "available again")).hasSize(1);
      process.stop();
      assertThat(messages(process, "Stopped")).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"OFF,", "ALL,", "WARN, WARN", "TRACE, TRACE"})
  void aLevelThatKeyhookDoesNotSetIsNone(String level, org.slf4j.event.Level known) {
    LoggerContext context = new LoggerContext();
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.valueOf(level));
    assertThat(ProcessLog.level(context)).isEqualTo(Optional.ofNullable(known));
  }

  @Test
  void theLevelIsASetting() {
    try (KeyhookProcess process = start(keyhook.proxy(), Map.of("KEYHOOK_LOG_LEVEL", "WARN"))) {
      process.awaitOutput(Pattern.compile("Keyhook listens on"));
      process.stop();
      assertThat(process.output()).doesNotContain(" INFO ");
    }
  }
}
