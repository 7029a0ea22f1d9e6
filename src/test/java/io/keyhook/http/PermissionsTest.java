package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.bus.Role;
import io.keyhook.bus.Scope;
import io.keyhook.testing.Api;
import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every call of an account in every role: refused with 403 below the role that the document names, and served from it on. */
@ExtendWith(BlockedThreads.class)
class PermissionsTest {
  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);
  static final Map<Role, Api> callers = new EnumMap<>(Role.class);
  static final Map<Scope, Api> keys = new EnumMap<>(Scope.class);

  @BeforeAll
  static void logIn() {
    Api user = keyhook.node().user();
    for (Role role : Role.values()) {
      JsonObject credentials = new JsonObject().put("email", "as." + role.wireName() + "@example.com").put("password", Node.PASSWORD);
      user.post("/api/users", credentials.copy().put("role", role.wireName()).put("currentPassword", Node.PASSWORD)).expect(201);
      String token = subject.api().anonymous().post("/api/auth/login", credentials).expect(200).json().getString("token");
      callers.put(role, subject.api().anonymous().bearer(token));
    }
    for (Scope scope : Scope.values()) {
      keys.put(scope, subject.api().anonymous().bearer(subject.api().post("/api/api-keys", new JsonObject()
          .put("name", "k").put("scopes", new JsonArray().add(scope.wireName()))).expect(201).json().getString("key")));
    }
  }

  static Stream<Operation> operations() {
    return Document.operations().stream()
        .filter(operation -> operation.path().startsWith("/api/") && !operation.isPublic() && !operation.isOperators());
  }

  private static Role required(Operation operation) {
    return Role.named(operation.node().path("x-required-role").asText()).orElseThrow(() ->
        new AssertionError(operation + " has no x-required-role"));
  }

  private static Permissions.Permission permission(Operation operation) {
    return Permissions.all().get(operation.method() + ' ' + operation.path().replaceAll("\\{(\\w+)}", ":$1"));
  }

  @Test
  void theTableAndTheDocumentNameTheSameRolesAndScopes() {
    assertThat(operations()).hasSameSizeAs(Permissions.all().keySet()).allSatisfy(operation -> {
      assertThat(permission(operation)).as("%s", operation).isNotNull();
      assertThat(permission(operation).role()).as("%s", operation).isEqualTo(required(operation));
      assertThat(Scope.names(permission(operation).scopes())).as("%s", operation).isEqualTo(Document.items(
          operation.node().path("x-sufficient-scopes")).stream().map(JsonNode::asText).toList());
      assertThat(permission(operation).inPortal().name()).as("%s", operation)
          .isEqualToIgnoringCase(operation.node().path("x-portal").asText("no"));
    });
  }

  @Test
  void callsOfNobodyAndOfTheOperatorHaveNoRole() {
    assertThat(Document.operations()).filteredOn(operation -> operation.isPublic() || operation.isOperators())
        .allSatisfy(operation -> assertThat(operation.node().has("x-required-role")
            || operation.node().has("x-sufficient-scopes") || operation.node().has("x-portal")).as("%s", operation).isFalse());
  }

  /** About things that do not exist, or with a field that is unknown: a permitted call is refused for that. */
  private static Exchange call(Api api, Operation operation) {
    boolean body = operation.readsBody() || operation.readsCsv();
    String method = operation.isStream() ? "HEAD" : operation.method();
    String path = subject.path(operation).replaceAll("(?<=_)[0-9a-z]{26}", "0".repeat(26));
    return Api.join((body ? api.header("Content-Type", "application/json") : api)
        .send(method, path, body ? "{\"unknown\":1}" : null));
  }

  @ParameterizedTest
  @MethodSource("operations")
  void aCallIsForItsRoleAndThoseAbove(Operation operation) {
    Role required = required(operation);
    callers.forEach((role, api) -> {
      if (role.includes(required)) {
        Exchange served = call(api, operation);
        assertThat(served.status()).as("%s as %s: %s", operation, role, served.body()).isNotIn(401, 403, 500);
      } else {
        Exchange refused = subject.unchanged(() -> call(api, operation)).expect(403, "ROLE_REQUIRED");
        assertThat(refused.json().getString("detail")).contains(required.title(), role.title());
      }
    });
  }

  @ParameterizedTest
  @MethodSource("operations")
  void aKeyWithAScopeMakesTheCallsOfItsScope(Operation operation) {
    keys.forEach((scope, api) -> {
      if (permission(operation).scopes().contains(scope)) {
        Exchange served = call(api, operation);
        assertThat(served.status()).as("%s with %s: %s", operation, scope, served.body()).isNotIn(401, 500);
        assertThat(served.body()).doesNotContain("SCOPE_REQUIRED", "ROLE_REQUIRED");
      } else {
        Exchange refused = subject.unchanged(() -> call(api, operation)).expect(403);
        assertThat(operation.isStream() || refused.body().contains("SCOPE_REQUIRED")).as("%s", refused).isTrue();
      }
    });
  }

  @Test
  void whoseRoleChangesMayDoMoreOrLessFromTheNextCallOn() {
    JsonObject credentials = new JsonObject().put("email", "changes@example.com").put("password", Node.PASSWORD);
    String id = subject.api().post("/api/users", credentials.copy().put("role", "read_only")).expect(201).json().getString("id");
    Api api = subject.api().anonymous().bearer(subject.api().anonymous().post("/api/auth/login", credentials).expect(200)
        .json().getString("token"));
    JsonObject license = new JsonObject().put("name", "L");
    api.post("/api/licenses", license).expect(403, "ROLE_REQUIRED");
    assertThat(api.get("/api/auth/me").json().getString("role")).isEqualTo("read_only");
    assertThat(subject.api().patch("/api/users/" + id, new JsonObject().put("role", "member")).expect(200).json()
        .getString("role")).isEqualTo("member");
    api.post("/api/licenses", license).expect(201);
    api.post("/api/api-keys", new JsonObject().put("name", "k")).expect(403, "ROLE_REQUIRED");
    subject.api().patch("/api/users/" + id, new JsonObject().put("role", "read_only")).expect(200);
    api.post("/api/licenses", license).expect(403, "ROLE_REQUIRED");
    List<JsonObject> audit = subject.api().get("/api/audit?action=user.role_changed&subjectId=" + id).expect(200).data();
    assertThat(audit).hasSize(2);
    assertThat(subject.api().patch("/api/users/" + id, new JsonObject().put("role", "admin")).expect(400).badFields())
        .containsExactly("role");
  }
}
