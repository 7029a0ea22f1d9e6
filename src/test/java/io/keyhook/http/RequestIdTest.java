package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request can be found in the log by an id that its client knows. */
class RequestIdTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static String answered(String id) {
    return keyhook.api().header("X-Request-Id", id).get("/api/account").expect(200).header("X-Request-Id");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "6f1c-04", "A.b_c:1"})
  void theIdOfTheRequestIsAnswered(String id) {
    assertThat(answered(id)).isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "{}", "a;b", "\"", "%0a"})
  void anIdThatCouldForgeALineOfTheLogIsReplaced(String id) {
    assertThat(answered(id)).matches("[0-9a-f]{16}");
  }

  @Test
  void anIdThatIsTooLongIsReplaced() {
    assertThat(answered("a".repeat(129))).matches("[0-9a-f]{16}");
  }

  @Test
  void anUnexpectedFailureIsLoggedWithItsRouteAccountAndRequest() {
    keyhook.database().update("ALTER TABLE keyhook.audit ADD CONSTRAINT nothing_more CHECK (false) NOT VALID");
    try {
      keyhook.api().header("X-Request-Id", "request-7").post("/api/licenses", new JsonObject().put("name", "L")).expect(500);
    } finally {
      keyhook.database().update("ALTER TABLE keyhook.audit DROP CONSTRAINT nothing_more");
    }
    String account = keyhook.api().get("/api/account").expect(200).json().getString("id");
    assertThat(LogWatch.linesWith("request request-7")).singleElement().asString().startsWith("ERROR")
        .contains("POST /api/licenses, account " + account, "nothing_more");
  }

  @Test
  void withoutOneEveryAnswerHasAnIdOfItsOwn() {
    String first = keyhook.api().validate("ABCD-EFGH-IJKL-MNOP", "device").header("X-Request-Id");
    String second = keyhook.api().get("/health/live").header("X-Request-Id");
    String third = keyhook.api().unchecked().get("/nowhere").header("X-Request-Id");
    assertThat(new String[] {first, second, third}).doesNotContainNull().doesNotHaveDuplicates();
  }
}
