package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with one field is told by its name, and nothing is changed; what is just within a limit is taken. */
@ExtendWith(BlockedThreads.class)
class BadFieldTest {
  /** Fewer than an error names. */
  private static final int AT_ONCE = 50;

  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<FieldCase> bad() {
    return FieldCase.bad();
  }

  static Stream<FieldCase> atTheLimit() {
    return FieldCase.atTheLimit();
  }

  static Stream<Operation> withFields() {
    return Document.operations().stream().filter(operation -> !operation.requestSchema().isMissingNode());
  }

  @ParameterizedTest
  @MethodSource("bad")
  void aBadFieldIsRefusedByItsName(FieldCase bad) {
    Exchange exchange = subject.unchanged(() -> send(bad));
    JsonNode request = Document.resolve(bad.operation().requestSchema());
    JsonNode schema = request.path("properties").path(bad.field());
    boolean isAnId = schema.path("$ref").asText().endsWith("Id") && bad.value() != null && bad.value().startsWith("\"");
    if (isAnId) {
      exchange.expect(404, "NOT_FOUND");
    } else {
      Subject.assertRefused(exchange, bad.field());
    }
    boolean mayBeLeftOut = bad.operation().method().equals("PATCH")
        && StreamSupport.stream(request.path("required").spliterator(), false).noneMatch(name -> name.asText().equals(bad.field()));
    if (mayBeLeftOut && "null".equals(bad.value())) {
      assertThat(exchange.body()).as("what to send instead").contains("is null; send a value, or leave it out");
    }
  }

  @ParameterizedTest
  @MethodSource("atTheLimit")
  void whatIsJustWithinALimitIsTaken(FieldCase good) {
    // another case may have deactivated it
    subject.api().patch("/api/webhooks/" + subject.webhookId(), new JsonObject().put("isActive", true)).expect(200);
    Exchange exchange = send(good);
    switch (good.operation().id()) {
      case "suspendAccount" -> {
        exchange.expect(200);
        keyhook.api().anonymous().bearer(Node.OPERATOR_KEY)
            .post(subject.path(good.operation()).replace("/suspend", "/resume")).expect(200);
      }
      case "createUser" -> {
        if (good.field().equals("role")) {
          exchange.expect(403, "USER_ONLY"); // null: an owner, whom a key cannot create
        } else {
          exchange.expect(201);
        }
      }
      case "signUp", "changePassword", "mailPasswordReset" -> exchange.expect(403);
      case "beginTwoFactor", "enableTwoFactor", "disableTwoFactor", "disableUserTwoFactor", "resetUserPassword", "beginPasskey",
          "createPasskey", "renamePasskey", "deletePasskey" -> exchange.expect(403, "USER_ONLY");
      case "findInvitation", "acceptInvitation", "setPassword", "resetPasswordOfAccount", "respondToRequest",
          "openPortal" -> exchange.expect(404, "NOT_FOUND");
      case "login", "openSession" -> {
        if (good.field().equals("code")) {
          exchange.expect(200); // the user has no second factor, and needs no code
        } else {
          exchange.expect(401, "UNAUTHORIZED");
        }
      }
      case "openPasskeySession" -> assertThat(exchange.expect(400).badFields()).containsExactly("Origin"); // the fields are taken
      case "createWebhook" -> {
        if (good.field().equals("customer") && !good.value().equals("null")) {
          assertThat(exchange.expect(400).badFields()).containsExactly("customerFilters"); // goes with it
        } else {
          exchange.expect(201);
        }
      }
      case "createLicenseFile" -> assertThat(exchange.status()).as("the license may be full, and of another key").isIn(201, 400, 409);
      case "rotateSigningKey" -> assertThat(exchange.status()).as("another case may have begun a rotation").isIn(200, 409);
      case "validateLicense", "deactivateDevice" -> assertThat(exchange.status()).as(exchange.body()).isIn(200, 403, 404);
      default -> assertThat(exchange.status()).as(exchange.body()).isBetween(200, 202);
    }
  }

  @ParameterizedTest
  @MethodSource("withFields")
  void anUnknownFieldIsRefusedByItsName(Operation operation) {
    Map<String, String> fields = subject.goodFields(operation);
    fields.put("colour", "\"red\"");
    Subject.assertRefused(subject.unchanged(() -> subject.send(operation, Subject.json(fields))), "colour");
  }

  @ParameterizedTest
  @MethodSource("withFields")
  void whatOnlyKeyhookSetsIsRefusedByItsName(Operation operation) {
    JsonNode taken = Document.resolve(operation.requestSchema()).path("properties");
    Set<String> others = new TreeSet<>(List.of("accountId", "account_id", "role", "admin", "__proto__", "constructor"));
    Document.root().path("components").path("schemas").forEach(schema -> schema.path("properties").fieldNames()
        .forEachRemaining(others::add));
    others.removeIf(taken::has);
    List<String> all = List.copyOf(others);
    for (int i = 0; i < all.size(); i += AT_ONCE) {
      List<String> some = all.subList(i, Math.min(all.size(), i + AT_ONCE));
      Map<String, String> fields = subject.goodFields(operation);
      some.forEach(field -> fields.put(field, "\"acct_00000000000000000000000000\""));
      Exchange exchange = subject.unchanged(() -> subject.send(operation, Subject.json(fields)));
      some.forEach(field -> Subject.assertRefused(exchange, field));
    }
  }

  @ParameterizedTest
  @MethodSource("withFields")
  void aFieldThatIsGivenTwiceIsRefused(Operation operation) {
    String once = Subject.json(subject.goodFields(operation));
    String twice = once.substring(0, once.length() - 1) + ',' + once.substring(1);
    Exchange exchange = subject.unchanged(() -> subject.send(operation, twice));
    Subject.assertRefused(exchange, "body");
    assertThat(exchange.body()).contains("twice");
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    Exchange exchange = subject.unchanged(() -> subject.send(create,
        "{\"maxActivations\":0,\"customerEmail\":\"x\",\"metadata\":1,\"colour\":1,\"key\":\"short\"}"));
    assertThat(exchange.expect(400).badFields())
        .containsExactlyInAnyOrder("name", "maxActivations", "customerEmail", "metadata", "colour", "key");
  }

  @Test
  void aLicenseKeyOfItsOwnHasSixteenToAHundredAndTwentyEightCharacters() {
    Operation create = Document.find("POST", "/api/licenses").orElseThrow();
    for (String key : new String[] {"k".repeat(15), "k".repeat(129), "k".repeat(15) + " k", "k".repeat(15) + "\u00e9",
        ""}) {
      Subject.assertRefused(subject.unchanged(() ->
          subject.send(create, "{\"name\":\"A\",\"key\":\"" + key + "\"}")), "key");
    }
    for (String key : new String[] {"k".repeat(16), "k".repeat(128), "  " + "x".repeat(16) + " "}) {
      assertThat(subject.send(create, "{\"name\":\"A\",\"key\":\"" + key + "\"}").expect(201).json().getString("key"))
          .isEqualTo(key.strip());
    }
  }

  private static Exchange send(FieldCase one) {
    Map<String, String> fields = new LinkedHashMap<>(subject.goodFields(one.operation()));
    if (one.operation().id().equals("createLicense")) {
      fields.remove("key");
    }
    if (Set.of("createAccount", "createUser", "createInvitation").contains(one.operation().id())) {
      fields.put("email", "\"" + UUID.randomUUID() + "@example.com\"");
    }
    if (one.value() == null) {
      fields.remove(one.field());
    } else {
      fields.put(one.field(), one.value());
    }
    return subject.send(one.operation(), Subject.json(fields));
  }
}
