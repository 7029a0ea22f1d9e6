package io.keyhook.guide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Delivery;
import io.keyhook.testing.DotNet;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Program;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The code that the guide shows for verifying, in each language, on what Keyhook sends and on what it would never send. */
class VerificationCodeTest {
  private static final Path JUDGES = Path.of("src/test/resources/io/keyhook/guide/judge");
  private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private static final Map<String, String> ENVIRONMENT =
      Map.of("CGO_ENABLED", "0", "GOPROXY", "off", "GOTOOLCHAIN", "local", "GOFLAGS", "-mod=mod", "GO111MODULE", "on");

  enum Language {
    NODE("Node.js", "judge.js", List.of(), List.of("node", "judge.js")),
    PYTHON("Python", "judge.py", List.of(), List.of("python3", "judge.py")),
    PHP("PHP", "judge.php", List.of(), List.of("php", "judge.php")),
    JAVA("Java", "Judge.java", List.of(VerificationCodeTest.JAVA + "c", "Judge.java", "Keyhook.java", "Simple.java"),
        List.of(VerificationCodeTest.JAVA, "-cp", ".", "Judge")),
    GO("Go", "judge.go", List.of("go", "build", "-o", "judge", "."), List.of("./judge")),
    RUBY("Ruby", "judge.rb", List.of(), List.of("ruby", "judge.rb")),
    CSHARP("C#", "Judge.cs", List.of("csc", "-out:judge.dll", "Judge.cs", "Keyhook.cs", "Simple.cs"),
        List.of("dotnet", "judge.dll"));

    private final String label;
    private final String judge;
    private final List<String> compile;
    private final List<String> run;

    Language(String label, String judge, List<String> compile, List<String> run) {
      this.label = label;
      this.judge = judge;
      this.compile = compile;
      this.run = run;
    }
  }

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final Map<String, Boolean> EXPECTED = new LinkedHashMap<>();
  private static final StringBuilder INPUT = new StringBuilder();

  @TempDir
  Path directory;

  /** With characters of one to four bytes in it, which code that is careless about the raw body gets wrong. */
  @BeforeAll
  static void receive() {
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.validated");
    String key = keyhook.license(new JsonObject().put("name", "Größe, \"日本\" & 🔑 </script>")).key();
    keyhook.api().validate(key, "device-1").expect(200);
    Delivery delivery = receiver.take();
    Cases cases = new Cases(webhook.secret(), delivery, EXPECTED, INPUT);
    cases.genuine();
    cases.forged();
    cases.untimely();
    String renewed = keyhook.api().post("/api/webhooks/" + webhook.id() + "/rotate-secret").expect(200).json()
        .getString("secret");
    receiver.trust(renewed);
    keyhook.api().validate(key, "device-1").expect(200);
    cases.rotating(receiver.take(), renewed);
  }

  @ParameterizedTest
  @EnumSource
  void theGenuineIsToldFromTheForged(Language language) throws Exception {
    Tool.require(language.run.get(0).startsWith(".") ? language.compile.get(0)
        : language == Language.JAVA ? "java" : language == Language.CSHARP ? "npm" : language.run.get(0));
    for (Guide.Block block : codeOf(language)) {
      block.writeTo(directory);
    }
    Files.copy(JUDGES.resolve(language.judge), directory.resolve(language.judge));
    if (language == Language.GO) {
      Files.writeString(directory.resolve("go.mod"), "module guide\n\ngo 1.19\n");
    }
    if (!language.compile.isEmpty()) {
      Program.run(directory, ENVIRONMENT, "", DotNet.command(language.compile));
    }
    List<String> judged = Program.run(directory, ENVIRONMENT, INPUT.toString(), DotNet.command(language.run));
    assertThat(judged).hasSize(EXPECTED.size());
    Map<String, Boolean> found = new LinkedHashMap<>();
    EXPECTED.keySet().forEach(name -> found.put(name, Boolean.valueOf(judged.get(found.size()))));
    assertThat(found).isEqualTo(EXPECTED);
  }

  @Test
  void bothSignaturesAreShownInEveryLanguage() {
    for (Language language : Language.values()) {
      assertThat(codeOf(language)).as(language.label).hasSize(2);
    }
    assertThat(Guide.page("security").blocks().stream().filter(Guide.Block::isFile).map(Guide.Block::label)
        .collect(Collectors.toSet())).hasSize(Language.values().length);
  }

  private static List<Guide.Block> codeOf(Language language) {
    return Guide.page("security").blocks().stream()
        .filter(block -> block.isFile() && block.label().equals(language.label)).toList();
  }

  /** Every one of them is asked in each language. */
  private record Cases(String secret, Delivery delivery, Map<String, Boolean> expected, StringBuilder input) {
    private static final String PLAIN = "X-Webhook-Signature";

    void genuine() {
      standard("a delivery", true, delivery.body(), id(), timestamp(), signature(), secret);
      standard("one among others", true, delivery.body(), id(), timestamp(), "v1,AAAA v2,x " + signature(), secret);
      simple("a body", true, delivery.body(), delivery.header(PLAIN), null, secret);
    }

    void forged() {
      for (int position : List.of(0, delivery.body().length / 2, delivery.body().length - 1)) {
        byte[] changed = delivery.body().clone();
        changed[position] ^= 1;
        standard("byte " + position + " changed", false, changed, id(), timestamp(), signature(), secret);
        simple("byte " + position + " of a body changed", false, changed, delivery.header(PLAIN), null, secret);
      }
      for (String forged : new String[] {null, "", " ", "v1,", "v1", signature().substring(3), "v2" + signature().substring(2),
          signature().substring(0, signature().length() - 1), signature() + "=", otherAt(signature(), 3),
          otherAt(signature(), signature().length() - 2), "v1,ü🔑"}) {
        standard("signature " + forged, false, delivery.body(), id(), timestamp(), forged, secret);
      }
      String plain = delivery.header(PLAIN);
      for (String forged : new String[] {null, "", plain.substring(1), plain + "0", otherAt(plain, 0), otherAt(plain, 63), "ü🔑"}) {
        simple("signature of a body " + forged, false, delivery.body(), forged, null, secret);
      }
      standard("another id", false, delivery.body(), id() + "x", timestamp(), signature(), secret);
      standard("no id", false, delivery.body(), null, timestamp(), signature(), secret);
      standard("another time", false, delivery.body(), id(), Long.toString(Long.parseLong(timestamp()) + 1), signature(), secret);
      String other = "whsec_" + "B".repeat(43) + "=";
      standard("another secret", false, delivery.body(), id(), timestamp(), signature(), other);
      simple("another secret of a body", false, delivery.body(), plain, null, other);
    }

    /** All of them signed as Keyhook would, so that nothing but the time speaks against them. */
    void untimely() {
      long now = Instant.now().getEpochSecond();
      standard("a minute old", true, now - 60);
      standard("a minute early", true, now + 60);
      standard("recorded", false, now - 600);
      standard("from the future", false, now + 900);
      for (String timestamp : new String[] {null, "", "x", "-" + now, " " + now, now + "\n", now + ".0", "0x" + now,
          "99999999999999999999", "999999999999"}) {
        standard("timestamp " + timestamp, false, delivery.body(), id(), timestamp, signed(String.valueOf(timestamp)), secret);
      }
    }

    void rotating(Delivery both, String renewed) {
      String id = both.id();
      String timestamp = both.header("webhook-timestamp");
      String signatures = both.header("webhook-signature");
      standard("the new secret", true, both.body(), id, timestamp, signatures, renewed);
      standard("the old secret", true, both.body(), id, timestamp, signatures, secret);
      simple("the new secret of a body", true, both.body(), both.header(PLAIN), both.header(PLAIN + "-Previous"), renewed);
      simple("the old secret of a body", true, both.body(), both.header(PLAIN), both.header(PLAIN + "-Previous"), secret);
    }

    private String id() {
      return delivery.id();
    }

    private String timestamp() {
      return delivery.header("webhook-timestamp");
    }

    private String signature() {
      return delivery.header("webhook-signature");
    }

    private String signed(String timestamp) {
      return delivery.standardSignature(secret, timestamp);
    }

    private void standard(String name, boolean genuine, long timestamp) {
      String text = Long.toString(timestamp);
      standard(name, genuine, delivery.body(), id(), text, signed(text), secret);
    }

    private void standard(
        String name, boolean genuine, byte[] body, String id, String timestamp, String signature, String key) {
      add(name, genuine, "standard", body, key, id, timestamp, signature);
    }

    private void simple(String name, boolean genuine, byte[] body, String signature, String previous, String key) {
      add(name, genuine, "simple", body, key, signature, previous);
    }

    private void add(String name, boolean genuine, String kind, byte[] body, String key, String... fields) {
      assertThat(expected.put(name, genuine)).as("two cases named %s", name).isNull();
      input.append(kind).append('\t').append(base64(body)).append('\t').append(base64(key.getBytes(UTF_8)));
      for (String field : fields) {
        input.append('\t').append(field == null ? "-" : base64(field.getBytes(UTF_8)));
      }
      input.append('\n');
    }

    private static String base64(byte[] bytes) {
      return Base64.getEncoder().encodeToString(bytes);
    }

    private static String otherAt(String text, int position) {
      StringBuilder changed = new StringBuilder(text);
      changed.setCharAt(position, text.charAt(position) == '0' ? '1' : '0');
      return changed.toString();
    }
  }
}
