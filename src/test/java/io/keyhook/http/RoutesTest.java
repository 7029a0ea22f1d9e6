package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The document has the routes of the router, and no others. */
class RoutesTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  static Stream<Operation> operations() {
    return Document.operations().stream();
  }

  @Test
  void everyRouteIsInTheDocument() {
    List<String> routes = keyhook.node().keyhook().router().getRoutes().stream()
        .filter(route -> route.methods() != null && route.getPath() != null)
        .flatMap(route -> route.methods().stream().filter(method -> method != HttpMethod.HEAD) // is where GET is
            .map(method -> method + " " + route.getPath().replaceAll(":([A-Za-z]+)", "{$1}")))
        .distinct().toList();
    assertThat(routes).containsExactlyInAnyOrderElementsOf(operations().map(Operation::toString).toList());
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyOperationIsServed(Operation operation) {
    Exchange exchange = Api.join(Api.of(keyhook.node().uri())
        .send(operation.method(), path(operation), null));
    assertThat(exchange.status()).isNotIn(404, 405);
    assertThat(exchange.status() == 401).as("%s asks for a credential", operation)
        .isEqualTo(!operation.isPublic());
  }

  @Test
  void theDocumentIsServedAsItIs() throws Exception {
    Exchange exchange = keyhook.api().anonymous().get("/openapi.json").expect(200);
    assertThat(Document.JSON.readTree(exchange.body())).isEqualTo(Document.root());
  }

  @ParameterizedTest
  @MethodSource("operations")
  void anotherMethodIsRefusedWithThoseThatThereAre(Operation operation) {
    String path = path(operation);
    List<String> known = known(operation.path());
    String another = known.contains("PUT") ? "PATCH" : "PUT";
    Exchange exchange = Api.join(keyhook.api().send(another, path, null)).expect(405);
    assertThat(exchange.header("Allow").split(", ")).containsExactlyInAnyOrderElementsOf(known);
  }

  /** Where a path is also of the form of another with an id, too: {@code /api/licenses/bulk}. */
  @ParameterizedTest
  @MethodSource("operations")
  void noMethodOfAnotherPathIsTakenForOneOfAFixedPath(Operation operation) {
    if (!operation.path().contains("{")) {
      List<String> known = known(operation.path());
      Stream.of("GET", "POST", "PATCH", "DELETE", "PUT").filter(method -> !known.contains(method)).forEach(method -> {
        Exchange exchange = Api.join(keyhook.api().send(method, operation.path(), null)).expect(405);
        assertThat(exchange.header("Allow").split(", ")).containsExactlyInAnyOrderElementsOf(known);
      });
    }
  }

  /** Public keys are those of an account that there is. */
  private static String path(Operation operation) {
    return operation.path(Map.of("id", "none", "activationId", "none", "accountId",
        operation.path().contains("{accountId}") ? keyhook.api().get("/api/account").expect(200).json().getString("id") : "none"));
  }

  private static List<String> known(String path) {
    List<String> methods = operations().filter(other -> other.path().equals(path)).map(Operation::method).toList();
    return methods.contains("GET") ? Stream.concat(methods.stream(), Stream.of("HEAD")).toList() : methods;
  }

  @Test
  void whatIsNowhereIsNotFound() {
    for (String path : List.of("/api", "/api/nothing", "/api/licenses/a/b/c", "/metrics/x", "/.git/config", "/assets/", "/index.html",
        "/docs/nothing", "/app/main.js")) {
      keyhook.api().get(path).expect(404, "NOT_FOUND");
    }
  }
}
