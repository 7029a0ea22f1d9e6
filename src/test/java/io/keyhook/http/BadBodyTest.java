package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A body that is not JSON in UTF-8, or not an object, or too large, is refused as a whole by every call that reads one. */
@ExtendWith(BlockedThreads.class)
class BadBodyTest {
  private static final int MEGABYTE = 1024 * 1024;
  private static final String JSON = "Content-Type: application/json";

  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<Operation> reading() {
    return Document.operations().stream().filter(Operation::readsBody);
  }

  static Stream<Arguments> malformed() {
    List<String> bodies = List.of("{", "}", "{\"name\":", "{\"name\":\"x\",}", "{\"name\":\"x\"", "{'name':'x'}",
        "{name:1}", "nul",
        "{} x", "{}{}", "{}]", "{\"name\":01}", "{\"name\":NaN}", "{\"name\":Infinity}", "{\"name\":+1}",
        "{\"name\":\"a\nb\"}",
        "{\"name\":\"\\x41\"}", "{\"name\":\"\\u12\"}", "/* */{}", "{}//", " ", "\n", "[]", "[{}]", "\"{}\"", "1",
        "true",
        "null", "\uFEFF\uFEFF{}", "{}\uFEFF", "\u0000", "{\"a\":1,\"a\":1}", "{\"metadata\":{\"a\":1,\"a\":2}}",
        "{\"a\":" + "9".repeat(101) + "}",
        "[".repeat(100_000), "{\"metadata\":" + "{\"a\":".repeat(30) + "1" + "}".repeat(31),
        "{\"metadata\":" + "[".repeat(5000) + "]".repeat(5000) + "}", "{\"" + "n".repeat(100_000) + "\":1}");
    return reading().flatMap(operation -> bodies.stream().map(body -> Arguments.of(operation, body)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("malformed")
  void whatIsNotAJsonObjectIsRefused(Operation operation, String body) {
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(operation, body, JSON)), "body");
  }

  @ParameterizedTest
  @MethodSource("reading")
  void aBodyInAContentCodingIsRefused(Operation operation) {
    for (String coding : List.of("gzip", "br", "identity, gzip", "x")) {
      Exchange refused = subject.unchanged(() -> subject.sendRaw(operation, "{}", JSON, "Content-Encoding: " + coding));
      assertThat(refused.expect(415).body()).contains("Content-Encoding");
      assertThat(refused.header("Accept-Encoding")).isEqualTo("identity");
    }
    assertThat(subject.sendRaw(operation, "{", JSON, "Content-Encoding: identity").status()).isEqualTo(400);
  }

  @ParameterizedTest
  @MethodSource("reading")
  void whatIsNotUtf8IsRefused(Operation operation) {
    byte[] good = Subject.json(subject.goodFields(operation)).getBytes(StandardCharsets.UTF_8);
    for (String bytes : List.of("\u00ff", "\u00c3", "\u00c1\u0081", "\u00c0\u0080", "\u00ed\u00a0\u0080",
        "\u00f4\u0090\u0080\u0080")) {
      byte[] body = ("{\"" + bytes + "\":1}").getBytes(StandardCharsets.ISO_8859_1);
      Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(operation, body, JSON)), "body");
    }
    byte[] utf16 = new String(good, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_16BE);
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(operation, utf16, JSON)), "body");
  }

  @ParameterizedTest
  @MethodSource("reading")
  void moreThanAMegabyteIsTooLarge(Operation operation) {
    String good = Subject.json(subject.goodFields(operation));
    byte[] large = (good + " ".repeat(MEGABYTE + 1 - good.getBytes(StandardCharsets.UTF_8).length))
        .getBytes(StandardCharsets.UTF_8);
    subject.unchanged(() -> subject.sendRaw(operation, large, JSON)).expect(413);
  }

  @Test
  void aMegabyteIsTaken() {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    String good = "{\"name\":\"A\"}";
    subject.sendRaw(create, good + " ".repeat(MEGABYTE - good.length()), JSON).expect(201);
  }

  @ParameterizedTest
  @MethodSource("reading")
  void whatIsNotSaidToBeJsonIsRefused(Operation operation) {
    String good = Subject.json(subject.goodFields(operation));
    for (String type : List.of("text/plain", "application/xml", "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/jsonp", "json", "*/*",
        "")) {
      Exchange exchange = subject.unchanged(() -> subject.sendRaw(operation, good, "Content-Type: " + type));
      exchange.expect(415, Subject.isOfDevices(operation.path()) ? "INVALID_REQUEST" : "UNSUPPORTED_MEDIA_TYPE");
    }
    subject.unchanged(() -> subject.sendRaw(operation, good)).expect(415);
  }

  @ParameterizedTest
  @ValueSource(strings = {"multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
      "text/plain"})
  void aTypeIsNothingToACallThatReadsNoBody(String type) {
    Document.operations().stream().filter(operation -> operation.method().equals("GET") && !operation.isStream())
        .forEach(operation ->
            assertThat(subject.sendRaw(operation, "a=%zz&--x", "Content-Type: " + type).status()).as("%s", operation)
                .isEqualTo(200));
    subject.wire().send("TRACE", "/api/licenses", new byte[0], "Content-Type: " + type).expect(405);
  }

  @Test
  void jsonMayBeSaidInSeveralWays() {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    for (String type : List.of("application/json", "Application/JSON", "application/json;charset=UTF-8",
        "application/json; charset=\"utf-8\"", "application/json ; Charset=Utf-8 ; v=1",
        "application/json; profile=\"https://example.com/a;b,c\"", "application/json;odata.metadata=minimal;IEEE754Compatible=true",
        "application/json;")) {
      subject.sendRaw(create, "{\"name\":\"A\"}", "Content-Type: " + type).expect(201);
    }
    Operation importing = Document.find("POST", "/api/licenses/import").orElseThrow();
    for (String type : List.of("text/csv; header=present", "Text/CSV; header=present; charset=\"UTF-8\"")) {
      subject.sendRaw(importing, "name\nA\n", "Content-Type: " + type).expect(200);
    }
    subject.sendRaw(importing, "name\nA\n", "Content-Type: text/csv; charset=windows-1252").expect(415);
  }

  @ParameterizedTest
  @MethodSource("reading")
  void aByteOrderMarkIsNoPartOfTheJson(Operation operation) {
    Exchange exchange = subject.unchanged(() -> subject.sendRaw(operation, "\uFEFF{\"colour\":1}", JSON));
    Subject.assertRefused(exchange, "colour");
  }

  @Test
  void aByteOrderMarkAloneIsAnEmptyBody() {
    Operation disable = Document.find("POST", "/api/licenses/x/disable").orElseThrow();
    subject.sendRaw(disable, "\uFEFF", "Content-Type: text/plain").expect(200);
    Operation enable = Document.find("POST", "/api/licenses/x/enable").orElseThrow();
    subject.sendRaw(enable, "\uFEFF", JSON).expect(200);
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(create, "\uFEFF", JSON)), "name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
      "text/plain;charset=UTF-8", "application/octet-stream", "*/*", ""})
  void nothingIsNothingOfWhateverType(String type) {
    Operation disable = Document.find("POST", "/api/licenses/x/disable").orElseThrow();
    subject.sendRaw(disable, "", "Content-Type: " + type).expect(200);
    Operation enable = Document.find("POST", "/api/licenses/x/enable").orElseThrow();
    subject.sendRaw(enable, "", "Content-Type: " + type, "Content-Length: 0").expect(200);
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(create, "", "Content-Type: " + type)), "name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "3.0", "3e0", "30e-1", "0.3E1", "300.00e-2"})
  void aNumberWithoutAFractionIsAnIntegerHoweverItIsWritten(String three) {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    assertThat(subject.sendRaw(create, "{\"name\":\"A\",\"maxActivations\":" + three + "}", JSON).expect(201).json()
        .getValue("maxActivations")).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e2147483647", "1e-2147483647", "1.0000000001", "1e999999999", "-1e999999999", "1e7", "0.0",
      "2147483648", "0e999999999"})
  void aNumberThatIsNoIntegerOrOutOfRangeIsRefusedAtOnce(String number) {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    Subject.assertRefused(subject.unchanged(() -> subject.sendRaw(create,
        "{\"name\":\"A\",\"maxActivations\":" + number + "}", JSON)), "maxActivations");
  }

  @ParameterizedTest
  @MethodSource("reading")
  void nothingIsAnObjectWithoutFields(Operation operation) {
    List<String> required = Document.items(Document.resolve(operation.requestSchema()).path("required")).stream()
        .map(name -> name.asText()).toList();
    if (required.isEmpty() && !operation.path().endsWith("/redeliver")) {
      int status = subject.sendRaw(operation, "").status();
      switch (operation.id()) {
        case "refreshSession", "resumePortal" -> assertThat(status).isEqualTo(401);
        case "beginPasskeySession" -> assertThat(status).isEqualTo(400); // it is not from a page
        case "testAlerts" -> assertThat(status).isIn(200, 409); // nothing may be set
        case "listenToWebhook" -> assertThat(status).isEqualTo(409); // it sends to an endpoint
        case "endSession", "endOtherSessions", "endPortal" -> assertThat(status).isEqualTo(204);
        default -> assertThat(status).isBetween(200, 202);
      }
    } else if (!required.isEmpty()) {
      Exchange exchange = subject.unchanged(() -> subject.sendRaw(operation, ""));
      required.forEach(field -> Subject.assertRefused(exchange, field));
    }
  }

  @ParameterizedTest
  @MethodSource("reading")
  void callsWithoutFieldsTakeNone(Operation operation) {
    if (operation.requestSchema().isMissingNode()) {
      Subject.assertRefused(subject.unchanged(() -> subject.send(operation, "{\"colour\":1}")), "colour");
    }
  }
}
