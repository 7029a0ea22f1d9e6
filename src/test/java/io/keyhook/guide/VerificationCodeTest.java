package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The code that the guide shows, run as it stands on what Keyhook sends. */
class VerificationCodeTest {
  enum Language {
    NODE("node", "verify.js"),
    PYTHON("python3", "verify.py"),
    PHP("php", "verify.php");

    private final String program;
    private final String file;

    Language(String program, String file) {
      this.program = program;
      this.file = file;
    }
  }

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Delivery delivery;
  private static String signature;
  private static String secret;

  @TempDir
  Path directory;

  /** With characters of one to four bytes in it, which code that is careless about the raw body gets wrong. */
  @BeforeAll
  static void receive() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    String key = keyhook.license(new JsonObject().put("name", "Größe, \"日本\" & 🔑 </script>")).key();
    keyhook.api().validate(key, "device-1").expect(200);
    delivery = receiver.take();
    signature = delivery.header("X-Webhook-Signature");
    secret = webhook.secret();
  }

  @ParameterizedTest
  @EnumSource
  void aDeliveryIsAccepted(Language language) throws Exception {
    assertThat(accepts(language, delivery.body(), signature)).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void aBodyWithOneByteChangedIsRejected(Language language) throws Exception {
    for (int position : List.of(0, delivery.body().length / 2, delivery.body().length - 1)) {
      byte[] changed = delivery.body().clone();
      changed[position] ^= 1;
      assertThat(accepts(language, changed, signature)).as("byte %d", position).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSignatureWithOneCharacterChangedIsRejected(Language language) throws Exception {
    for (int position : List.of(0, signature.length() - 1)) {
      StringBuilder changed = new StringBuilder(signature);
      changed.setCharAt(position, signature.charAt(position) == '0' ? '1' : '0');
      assertThat(accepts(language, delivery.body(), changed.toString())).as("character %d", position).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTruncatedSignatureIsRejected(Language language) throws Exception {
    assertThat(accepts(language, delivery.body(), signature.substring(0, signature.length() - 1))).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void anEmptySignatureIsRejected(Language language) throws Exception {
    assertThat(accepts(language, delivery.body(), "")).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void aMissingSignatureIsRejected(Language language) throws Exception {
    assertThat(accepts(language, delivery.body())).isFalse();
  }

  private boolean accepts(Language language, byte[] body, String... arguments) throws IOException, InterruptedException {
    Path code = Path.of("src/test/resources/io/keyhook/guide", language.file);
    List<String> command = new ArrayList<>(List.of(Tool.require(language.program), code.toString()));
    command.addAll(List.of(arguments));
    Path input = Files.write(directory.resolve("body"), body);
    Path output = directory.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command)
        .redirectInput(input.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("WEBHOOK_SECRET", secret);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    } finally {
      process.destroyForcibly();
    }
    // A rejection is silent: code that crashes ends with 1 as well.
    assertThat(output).as("output of %s", command).isEmptyFile();
    return process.exitValue() == 0;
  }
}
