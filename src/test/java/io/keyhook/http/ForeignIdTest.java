package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is another account's is answered, to the byte, as what never existed; and nothing is done to it. */
@ExtendWith(BlockedThreads.class)
class ForeignIdTest {
  /** Of now, as an id that is there is: only the rest of it is nobody's. */
  private static final UUID NEVER = new UUID(System.currentTimeMillis() << 16 | 0x7abc, 0x8123456789abcdefL);

  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);
  static Api stranger;
  private static int alike;

  @BeforeAll
  static void makeStranger() {
    stranger = keyhook.account("enterprise");
  }

  @AfterAll
  static void tell() {
    System.out.println("Route matrix: " + withIds().count() + " routes with an id, for what is another account's and for"
        + " what never was: " + alike + " pairs of answers, alike to the byte");
  }

  static Stream<Operation> withIds() {
    return Document.operations().stream().filter(operation -> operation.path().contains("{id}"))
        .filter(operation -> !operation.isOperators());
  }

  /** Without the time of the answer, which another second may have, and without the request's own ID. */
  private static Map<String, List<String>> headers(Exchange exchange) {
    Map<String, List<String>> headers = new TreeMap<>(exchange.headers().map());
    headers.remove("date");
    assertThat(headers.remove("x-request-id")).hasSize(1);
    return headers;
  }

  private static void assertAlike(Exchange foreign, Exchange never) {
    foreign.expect(404);
    never.expect(404);
    assertThat(foreign.body()).isEqualTo(never.body());
    assertThat(headers(foreign)).isEqualTo(headers(never));
    alike++;
  }

  private static Exchange send(Operation operation, String path, String body) {
    return Api.join((body == null ? stranger : stranger.header("Content-Type", "application/json"))
        .send(operation.method(), path, body));
  }

  /** Another id of the same kind. */
  private static String never(String id) {
    String prefix = id.substring(0, id.lastIndexOf('_') + 1);
    return Stream.of(Id.values()).filter(kind -> kind.prefix().equals(prefix)).findAny().orElseThrow().of(NEVER);
  }

  @ParameterizedTest
  @MethodSource("withIds")
  void whatIsAnotherAccountsIsAsIfItHadNeverBeen(Operation operation) {
    String there = subject.path(operation);
    String nowhere = there;
    for (String part : there.split("/")) {
      if (part.matches("[a-z_]+_[0-9a-z]{26}")) {
        nowhere = nowhere.replace(part, never(part));
      }
    }
    assertThat(nowhere).isNotEqualTo(there);
    boolean allOptional = Document.resolve(operation.requestSchema()).path("required").isEmpty();
    List<String> bodies = !operation.readsBody() ? List.of("")
        : Stream.of(Subject.json(subject.goodFields(operation)), "{}").distinct().limit(allOptional ? 2 : 1).toList();
    for (String body : bodies) {
      String never = nowhere;
      subject.unchanged(() -> {
        Exchange foreign = send(operation, there, body.isEmpty() ? null : body);
        assertAlike(foreign, send(operation, never, body.isEmpty() ? null : body));
        return foreign;
      });
    }
  }

  @Test
  void aForeignDeviceOfOnesOwnLicenseIsAsIfItHadNeverBeen() {
    Operation delete = Document.find("DELETE", "/api/licenses/x/activations/y").orElseThrow();
    String own = "/api/licenses/" + keyhook.license(stranger, new JsonObject().put("name", "L")).id() + "/activations/";
    String device = subject.path(delete).replaceFirst(".*/", "");
    subject.unchanged(() -> {
      Exchange foreign = send(delete, own + device, null);
      assertAlike(foreign, send(delete, own + never(device), null));
      return foreign;
    });
  }

  @Test
  void aForeignWebhookIsNotTested() {
    subject.unchanged(() -> {
      Exchange foreign = stranger.post("/api/webhooks/test", new JsonObject().put("webhookId", subject.webhookId()));
      assertAlike(foreign, stranger.post("/api/webhooks/test", new JsonObject().put("webhookId",
          never(subject.webhookId()))));
      return foreign;
    });
  }

  @Test
  void searchingForWhatIsForeignFindsNothing() {
    String key = subject.api().get("/api/licenses/" + subject.licenseId()).expect(200).json().getString("key");
    Map<String, String> answers = new LinkedHashMap<>();
    for (String search : List.of(key, key.substring(0, 6), subject.licenseId(), "nothing")) {
      answers.put(search, stranger.get("/api/licenses?search=" + search).expect(200).body());
    }
    assertThat(answers.values()).containsOnly("{\"data\":[],\"nextCursor\":null}");
  }

  @Test
  void licenseKeysThatAreNobodysAreAnsweredAlike() {
    List<Exchange> answers = Stream.of("ABCD-1234-EFGH-5678", "nobody's key of its own", "' OR key LIKE '%", "%", "_",
        subject.licenseId()).map(key -> subject.api().anonymous().validate(key, "device").expect(404)).toList();
    assertThat(answers.stream().map(Exchange::body)).containsOnly(
        "{\"valid\":false,\"error\":\"License not found\",\"code\":\"LICENSE_NOT_FOUND\"}");
    assertThat(answers.stream().map(ForeignIdTest::headers).distinct()).hasSize(1);
  }
}
