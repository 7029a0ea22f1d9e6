package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Program;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The code that the guide shows for software that is licensed, with a Keyhook that answers and with none. */
class LicenseClientTest {
  private static final Pattern AT = Pattern.compile("(\"at\": ?)[0-9.]+");

  enum Language {
    NODE("node", "license.js", "-e", 1,
        "require('./license.js').mayRun(...process.argv.slice(1)).then((r) => console.log(r.allowed, r.code))"),
    PYTHON("python3", "license.py", "-c", 1000,
        "import sys, license; print(*['null' if x is None else str(x).replace('True', 'true').replace('False', 'false')"
            + " for x in license.may_run(*sys.argv[1:])])");

    private final String program;
    private final String file;
    private final String option;
    private final int millisOfItsTime;
    private final String call;

    Language(String program, String file, String option, int millisOfItsTime, String call) {
      this.program = program;
      this.file = file;
      this.option = option;
      this.millisOfItsTime = millisOfItsTime;
      this.call = call;
    }
  }

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  private String ask(Language language, String server, String key) throws IOException, InterruptedException {
    Guide.page("validate").file(language.file).writeTo(directory);
    // Python looks where it runs only after its own library, which has a name like this
    return Program.run(directory, Map.of("PYTHONPATH", directory.toString()), "",
        List.of(Tool.require(language.program), language.option, language.call, server, key, "device-1", "last-yes.json"))
        .get(0);
  }

  private String online(Language language, String key) throws IOException, InterruptedException {
    return ask(language, keyhook.node().uri().toString(), key);
  }

  private String offline(Language language, String key) throws IOException, InterruptedException {
    return ask(language, "http://127.0.0.1:" + Program.freePort(), key);
  }

  @ParameterizedTest
  @EnumSource
  void aYesLastsForAWhileWithoutANetwork(Language language) throws Exception {
    License license = keyhook.license(1);
    assertThat(offline(language, license.key())).isEqualTo("false OFFLINE");
    assertThat(online(language, license.key())).isEqualTo("true null");
    assertThat(offline(language, license.key())).isEqualTo("true OFFLINE");
    assertThat(offline(language, keyhook.license(1).key())).as("of another license").isEqualTo("false OFFLINE");
    rememberAt(language, Instant.now().minus(Duration.ofDays(8)));
    assertThat(offline(language, license.key())).as("a week later").isEqualTo("false OFFLINE");
    rememberAt(language, Instant.now().plus(Duration.ofDays(1)));
    assertThat(offline(language, license.key())).as("with the clock set back").isEqualTo("false OFFLINE");
  }

  @ParameterizedTest
  @EnumSource
  void aBrokenResponseIsNoResponse(Language language) throws Exception {
    License license = keyhook.license(1);
    assertThat(online(language, license.key())).isEqualTo("true null");
    for (String response : List.of("no HTTP\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"valid\":")) {
      try (RawReceiver broken = new RawReceiver(connection -> {
        connection.request();
        connection.write(response);
      })) {
        assertThat(ask(language, broken.url("127.0.0.1", ""), license.key())).as(response).isEqualTo("true OFFLINE");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNoEndsIt(Language language) throws Exception {
    License license = keyhook.license(1);
    assertThat(online(language, license.key())).isEqualTo("true null");
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(online(language, license.key())).isEqualTo("false LICENSE_DISABLED");
    assertThat(offline(language, license.key())).isEqualTo("false OFFLINE");
    assertThat(online(language, "NONE-NONE-NONE-NONE")).isEqualTo("false LICENSE_NOT_FOUND");
    License full = keyhook.license(1);
    keyhook.api().validate(full.key(), "another device").expect(200);
    assertThat(online(language, full.key())).isEqualTo("false MAX_ACTIVATIONS_REACHED");
  }

  @ParameterizedTest
  @EnumSource
  void anExpiryIsKnownWithoutANetwork(Language language) throws Exception {
    License license = keyhook.license(new JsonObject().put("name", "For a year")
        .put("expiresAt", Instant.now().plus(Duration.ofDays(365)).toString()));
    assertThat(online(language, license.key())).isEqualTo("true null");
    assertThat(offline(language, license.key())).isEqualTo("true OFFLINE");
    Path file = directory.resolve("last-yes.json");
    JsonObject last = new JsonObject(Files.readString(file));
    Files.writeString(file, last.put("expiresAt", "2025-01-03T00:00:00.000Z").encode());
    assertThat(offline(language, license.key())).isEqualTo("false OFFLINE");
  }

  @ParameterizedTest
  @EnumSource
  void theLastSuccessIsReplacedAsAWholeAndCostsNoAnswer(Language language) throws Exception {
    License license = keyhook.license(1);
    Path file = directory.resolve("last-yes.json");
    assertThat(online(language, license.key())).isEqualTo("true null");
    String before = Files.readString(file);
    Path old = Files.createLink(directory.resolve("old"), file);
    assertThat(online(language, license.key())).isEqualTo("true null");
    assertThat(Files.isSameFile(old, file)).as("written in place").isFalse();
    assertThat(old).hasContent(before);
    Files.delete(file);
    Files.createDirectory(file);
    assertThat(online(language, license.key())).as("cannot be replaced").isEqualTo("true null");
    assertThat(directory.toFile().list()).noneMatch(name -> name.startsWith("last-yes.json."));
  }

  private void rememberAt(Language language, Instant time) throws IOException {
    Path file = directory.resolve("last-yes.json");
    String at = Long.toString(time.toEpochMilli() / language.millisOfItsTime);
    Files.writeString(file, AT.matcher(Files.readString(file)).replaceAll("$1" + at));
  }
}
