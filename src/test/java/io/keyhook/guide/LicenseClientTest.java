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
    NODE("node", "license.js", "-e", 1, """
        const fs = require('node:fs');
        for (const name of process.argv[1].split(' ').filter(Boolean)) {
          fs[name + 'Sync'] = () => { throw new Error('read-only'); };
        }
        (async () => {
          for (const server of process.argv[2].split(' ')) {
            const { allowed, code } = await require('./license.js').mayRun(server, ...process.argv.slice(3));
            console.log(allowed, code);
          }
        })();
        """, "rm"),
    PYTHON("python3", "license.py", "-c", 1000, """
        import os, sys, license
        def fail(*arguments):
            raise PermissionError
        for name in sys.argv[1].split():
            setattr(os, name, fail)
        for server in sys.argv[2].split():
            allowed, code = license.may_run(server, *sys.argv[3:])
            print(str(allowed).lower(), code or "null")
        """, "remove");

    private final String program;
    private final String file;
    private final String option;
    private final int millisOfItsTime;
    private final String call;
    private final String delete;

    Language(String program, String file, String option, int millisOfItsTime, String call, String delete) {
      this.program = program;
      this.file = file;
      this.option = option;
      this.millisOfItsTime = millisOfItsTime;
      this.call = call;
      this.delete = delete;
    }
  }

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  private String ask(Language language, String server, String key) throws IOException, InterruptedException {
    return ask(language, "", server, key).get(0);
  }

  /**
   * Calls servers one after the other in one process.
   *
   * @param failing names of functions of files that fail, with spaces between them
   */
  private List<String> ask(Language language, String failing, String servers, String key) throws IOException, InterruptedException {
    Guide.page("validate").file(language.file).writeTo(directory);
    // Python looks where it runs only after its own library, which has a name like this
    return Program.run(directory, Map.of("PYTHONPATH", directory.toString()), "",
        List.of(Tool.require(language.program), language.option, language.call, failing, servers, key, "device-1",
            "last-yes.json"));
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
  void aResponseOfAnotherFormIsNoResponse(Language language) throws Exception {
    License license = keyhook.license(1);
    assertThat(online(language, license.key())).isEqualTo("true null");
    String tooLong = "{\"valid\":false,\"code\":\"LICENSE_DISABLED\",\"error\":\"" + "x".repeat(70_000) + "\"}";
    for (String body : List.of("null", "[]", "\"a\"", "{\"valid\":true}", "{\"valid\":true,\"license\":null}", "{\"valid\":true,\"license\":{}}",
        "{\"valid\":true,\"license\":[]}", "{\"code\":[]}", "[".repeat(60_000), tooLong)) {
      for (String status : List.of("200 OK", "403 Forbidden")) {
        try (RawReceiver other = new RawReceiver(connection -> {
          connection.request();
          connection.write("HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        })) {
          String shown = body.substring(0, Math.min(body.length(), 40));
          assertThat(ask(language, other.url("127.0.0.1", ""), license.key())).as(shown).isEqualTo("true OFFLINE");
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResponseWithoutAnEndIsNoResponse(Language language) throws Exception {
    License license = keyhook.license(1);
    assertThat(online(language, license.key())).isEqualTo("true null");
    for (String begin : List.of("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Long: ")) {
      try (RawReceiver slow = new RawReceiver(connection -> {
        connection.request();
        connection.write(begin);
        connection.drip(" ");
      })) {
        assertThat(ask(language, slow.url("127.0.0.1", ""), license.key())).as(begin).isEqualTo("true OFFLINE");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNoEndsASuccessThatCannotBeDeleted(Language language) throws Exception {
    License license = keyhook.license(1);
    Path file = directory.resolve("last-yes.json");
    assertThat(online(language, license.key())).isEqualTo("true null");
    String success = Files.readString(file);
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(ask(language, language.delete, keyhook.node().uri().toString(), license.key())).containsExactly("false LICENSE_DISABLED");
    assertThat(file).as("emptied instead").isEmptyFile();
    assertThat(offline(language, license.key())).isEqualTo("false OFFLINE");
    Files.writeString(file, success);
    assertThat(ask(language, language.delete + " truncate", keyhook.node().uri() + " http://127.0.0.1:" + Program.freePort(), license.key()))
        .as("neither deleted nor emptied").containsExactly("false LICENSE_DISABLED", "false OFFLINE");
    Files.delete(file);
    Files.createDirectory(file);
    assertThat(online(language, license.key())).as("is no file").isEqualTo("false LICENSE_DISABLED");
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
