package io.keyhook.http;


import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
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

/** What is no path, no id, or another account's id is not found; what HTTP cannot read is refused in good form. */
@ExtendWith(BlockedThreads.class)
class BadPathTest {
  private static final String CREDENTIAL = "Authorization: Bearer " + Node.API_KEY;
  private static final List<String> NO_IDS = List.of("x", "%00", "..%2f..", "%2e%2e%2f", "%ff", "%F0%9F%94%91", "null",
      "*", "1",
      "lic_", "lic_00000000000000000000000000", "lic_zzzzzzzzzzzzzzzzzzzzzzzzzz", "LIC_01jhsqm7r3fwdb1n9y2c5x8g4k",
      "webhook_00000000000000000000000000", "delivery_00000000000000000000000000",
      "delivery_test_00000000000000000000000000",
      "key_00000000000000000000000000", "acct_00000000000000000000000000", "'%20OR%201=1--", "a".repeat(4000));

  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<Operation> withIds() {
    return Document.operations().stream().filter(operation -> operation.path().contains("{id}"));
  }

  static Stream<Arguments> noIds() {
    return withIds().flatMap(operation -> NO_IDS.stream().map(id -> Arguments.of(operation, id)));
  }

  @ParameterizedTest(name = "{0} of {1}")
  @MethodSource("noIds")
  void whatIsNoIdOfAnythingIsNotFound(Operation operation, String id) {
    Exchange exchange = subject.unchanged(() -> subject.wire().send(operation.method(),
        operation.path().replace("{id}", id).replace("{activationId}", id), body(operation),
        operation.isOperators() ? "Authorization: Bearer " + Node.OPERATOR_KEY : CREDENTIAL,
        "Content-Type: application/json"));
    exchange.expect(404, "NOT_FOUND");
  }

  private static byte[] body(Operation operation) {
    return (operation.readsBody() ? Subject.json(subject.goodFields(operation)) : "").getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void anActivationIsFoundUnderItsOwnLicenseOnly() {
    String license = keyhook.license(1).id();
    String activation = subject.path(Document.find("DELETE", "/api/licenses/x/activations/y").orElseThrow())
        .replaceFirst(".*/", "");
    subject.unchanged(() -> subject.api().delete("/api/licenses/" + license + "/activations/" + activation))
        .expect(404, "NOT_FOUND");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/licenses/%zz", "/api/licenses/%", "/api/licenses/a%2", "/api/%zz", "/%",
      "/api/validate/%g0"})
  void aBrokenEscapeInAPathIsRefused(String path) {
    subject.wire().send("GET", path, new byte[0], CREDENTIAL).expect(400, "INVALID_REQUEST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/../etc/passwd", "/api/../../../etc/passwd", "/%2e%2e/%2e%2e/conf/keyhook.json",
      "/openapi.json%00",
      "/api/licenses%2f", "/api\\licenses", "/api/licenses;a=b", "/API/licenses", "/api/licenses/a/b/c", "*",
      "api/licenses",
      "/WEB-INF/web.xml", "/..%5c..%5cconf"})
  void whatIsNoPathIsNotFound(String path) {
    subject.wire().send("GET", path, new byte[0], CREDENTIAL).expect(404, "NOT_FOUND");
  }

  @ParameterizedTest
  @ValueSource(strings = {"//api//licenses", "/api/licenses/", "/api/x/../licenses", "/./api/licenses",
      "/api/x/%2e%2e/licenses"})
  void anotherSpellingOfAPathAsksForTheSameCredential(String path) {
    subject.wire().send("GET", path, new byte[0]).expect(401, "UNAUTHORIZED");
    subject.wire().send("GET", path, new byte[0], CREDENTIAL).expect(200);
  }

  @Test
  void aUrlThatIsTooLongIsRefused() {
    subject.wire().send("GET", "/api/licenses/" + "a".repeat(9000), new byte[0], CREDENTIAL).expect(414,
        "INVALID_REQUEST");
    subject.wire().send("GET", "/api/licenses?search=" + "a".repeat(9000), new byte[0], CREDENTIAL).expect(414,
        "INVALID_REQUEST");
  }

  @Test
  void headersThatAreTooLargeAreRefused() {
    subject.wire().send("GET", "/api/account", new byte[0], CREDENTIAL, "X-Large: " + "a".repeat(20_000))
        .expect(431, "INVALID_REQUEST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"X y: 1", ": 1", "Content-Length: -5", "Content-Length: x"})
  void headersThatAreMalformedAreRefused(String header) {
    subject.unchanged(() -> subject.wire().send("POST", "/api/licenses", new byte[0], CREDENTIAL, header))
        .expect(400, "INVALID_REQUEST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Authorization: ", "Authorization: Bearer", "Authorization: Bearer ",
      "Authorization: Basic YTpi",
      "Authorization: Bearer kh_", "Authorization: Bearer x.y.z", "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.",
      "Authorization: Bearer \u00ff\u00fe", "Authorization: Bearer kh_'; DROP TABLE keyhook.account; --"})
  void whatIsNoCredentialIsRefusedEverywhere(String header) {
    Document.operations().stream().filter(operation -> !operation.isPublic()).forEach(operation -> {
      String[] headers = header.isEmpty() ? new String[0] : new String[] {header};
      subject.unchanged(() -> subject.wire().send(operation.method(), subject.path(operation), new byte[0], headers))
          .expect(401, "UNAUTHORIZED");
    });
  }

  @Test
  void eachKindOfCallHasItsOwnCredential() {
    Document.operations().stream().filter(operation -> !operation.isPublic()).forEach(operation -> {
      String wrong = operation.isOperators() ? Node.API_KEY : Node.OPERATOR_KEY;
      subject.unchanged(() -> subject.wire().send(operation.method(), subject.path(operation), new byte[0],
          "Authorization: Bearer " + wrong)).expect(401, "UNAUTHORIZED");
    });
  }
}
