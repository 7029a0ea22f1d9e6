package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a process says on the terminal once it has started. */
class GreetingTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @TempDir
  Path directory;

  @Test
  void withoutAServerThereIsNoAddressToCall() {
    try (KeyhookProcess process = KeyhookProcess.start(directory, Map.of("KEYHOOK_HTTP_ENABLED", "false",
        "KEYHOOK_DATABASE_URI", keyhook.database().uri().toString(), "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET,
        "KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY), List.of())) {
      process.awaitOutput(Pattern.compile("Keyhook runs without an API"));
      process.stop();
      assertThat(process.output()).contains("The first account was created", "API key   kh_")
          .doesNotContain("Keyhook listens", "curl", "http://");
    }
  }
}
