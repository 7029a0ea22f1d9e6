package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad requests to management calls: problems of RFC 9457 that name the field, and nothing is changed. */
class ProblemTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static void assertProblem(Exchange answer, int status, String code) {
    answer.expect(status, code);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.json().getInteger("status")).isEqualTo(status);
    assertThat(answer.json().getString("title")).isNotBlank();
    assertThat(answer.json().getString("detail")).isNotBlank();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
      "{}|name",
      "{\"name\":null}|name",
      "{\"name\":\" \"}|name",
      "{\"name\":7}|name",
      "{\"name\":\"a\\u0000b\"}|name",
      "{\"name\":\"\\udc00\"}|name",
      "{\"name\":\"L\",\"key\":\"too-short\"}|key",
      "{\"name\":\"L\",\"key\":\"not ascii at all é\"}|key",
      "{\"name\":\"L\",\"maxActivations\":0}|maxActivations",
      "{\"name\":\"L\",\"maxActivations\":-1}|maxActivations",
      "{\"name\":\"L\",\"maxActivations\":1e400}|maxActivations",
      "{\"name\":\"L\",\"maxActivations\":99999999999999999999}|maxActivations",
      "{\"name\":\"L\",\"maxActivations\":1.5}|maxActivations",
      "{\"name\":\"L\",\"maxActivations\":\"5\"}|maxActivations",
      "{\"name\":\"L\",\"expiresAt\":\"2001-01-01T00:00:00Z\"}|expiresAt",
      "{\"name\":\"L\",\"expiresAt\":\"tomorrow\"}|expiresAt",
      "{\"name\":\"L\",\"expiresAt\":1893456000}|expiresAt",
      "{\"name\":\"L\",\"customerEmail\":\"nobody\"}|customerEmail",
      "{\"name\":\"L\",\"metadata\":[]}|metadata",
      "{\"name\":\"L\",\"metadata\":{\"a\":1e400}}|metadata",
      "{\"name\":\"L\",\"metadata\":{\"a\":\"\\u0000\"}}|metadata",
      "{\"name\":\"L\",\"unknown\":1}|unknown",
      "{\"name\":\"L\"|body",
      "[1]|body",
      "{\"name\":\"L\",\"name\":\"M\"}|body"})
  void aBadFieldIsNamed(String body, String field) {
    Exchange answer = keyhook.api().post("/api/licenses", body);
    assertProblem(answer, 400, "INVALID_REQUEST");
    assertThat(answer.badFields()).containsExactly(field);
    assertThat(keyhook.database().count("license")).isZero();
  }

  @Test
  void everyBadFieldIsNamedAtOnce() {
    Exchange answer = keyhook.api().post("/api/licenses", "{\"maxActivations\":0,\"customerEmail\":\"x\",\"what\":1}");
    assertThat(answer.expect(400).badFields()).contains("name", "maxActivations", "customerEmail", "what");
  }

  private static String unknown(int count, String separator) {
    return IntStream.range(0, count).mapToObj(i -> separator.replace("?", "k" + i)).collect(Collectors.joining());
  }

  @Test
  void aHundredProblemsAreNamedAndTheRestIsCounted() {
    Exchange all = keyhook.api().post("/api/licenses", "{\"name\":\"A\"" + unknown(100, ",\"?\":0") + "}");
    assertThat(all.expect(400).badFields()).hasSize(100).contains("k0", "k99").doesNotContain("body");
    Exchange more = keyhook.api().post("/api/licenses", "{\"name\":\"A\"" + unknown(250, ",\"?\":0") + "}");
    assertThat(more.expect(400).badFields()).hasSize(100).contains("k0", "k98", "body").doesNotContain("k99");
    assertThat(more.json().getString("detail")).endsWith("; body has 151 more problems");
    Exchange query = keyhook.api().get("/api/licenses?x=0" + unknown(119, "&?=0"));
    assertThat(query.expect(400).badFields()).hasSize(100).contains("query");
    assertThat(query.json().getString("detail")).endsWith("; query has 21 more problems");
    Exchange validation = keyhook.api().post("/api/validate", "{\"name\":\"A\"" + unknown(4_000, ",\"?\":0") + "}");
    assertThat(validation.expect(400).json().getString("error")).endsWith("; body has 3904 more problems");
    Exchange tooMany = keyhook.api().post("/api/validate", "{\"name\":\"A\"" + unknown(10_000, ",\"?\":0") + "}");
    assertThat(tooMany.expect(400).json().getString("error")).startsWith("body has too many values");
  }

  @Test
  void aLongNameIsCutAlsoWithinACharacter() {
    Exchange answer = keyhook.api().post("/api/licenses", "{\"name\":\"A\",\"" + "a".repeat(99) + "\ud83d\ude00\":0}");
    assertThat(answer.expect(400).badFields()).singleElement().satisfies(field -> assertThat(field).startsWith("a".repeat(99)));
  }

  @Test
  void parametersOfAQueryAreCheckedToo() {
    for (String query : List.of("limit=0", "limit=101", "limit=x", "cursor=no", "status=none", "other=1", "limit=1&limit=2")) {
      Exchange answer = keyhook.api().get("/api/licenses?" + query);
      assertProblem(answer, 400, "INVALID_REQUEST");
      assertThat(answer.badFields()).as(query).containsExactly(query.split("=")[0]);
    }
  }

  @Test
  void malformedAndForeignIdsAreNotFound() {
    for (String id : List.of("x", "lic_", "lic_" + "0".repeat(26), "webhook_" + "0".repeat(26), "%00", "lic_" + "z".repeat(26))) {
      assertProblem(keyhook.api().get("/api/licenses/" + id), 404, "NOT_FOUND");
    }
    assertProblem(keyhook.api().get("/api/nothing"), 404, "NOT_FOUND");
  }

  @Test
  void aWrongMethodContentTypeOrSizeHasItsStatus() {
    Exchange method = Api.join(keyhook.api().send("PUT", "/api/licenses", null));
    assertProblem(method, 405, "METHOD_NOT_ALLOWED");
    assertThat(method.header("Allow")).contains("POST").contains("GET");
    assertThat(keyhook.api().delete("/health/live").expect(405, "METHOD_NOT_ALLOWED").header("Allow"))
        .isEqualTo("GET, HEAD");
    assertProblem(Api.join(keyhook.api().header("Content-Type", "text/xml").send("POST", "/api/licenses", "<a/>")),
        415, "UNSUPPORTED_MEDIA_TYPE");
    assertProblem(keyhook.api().post("/api/licenses", new JsonObject().put("name", "x".repeat(1024 * 1024))),
        413, "PAYLOAD_TOO_LARGE");
  }

  @Test
  void withoutACredentialItIs401() {
    Exchange answer = keyhook.api().anonymous().get("/api/licenses");
    assertProblem(answer, 401, "UNAUTHORIZED");
    assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
  }

  @Test
  void aPostOfOptionalFieldsTakesAnEmptyBody() {
    String id = keyhook.license(1).id();
    keyhook.api().post("/api/licenses/" + id + "/disable").expect(200);
    keyhook.api().post("/api/licenses/" + id + "/enable", "{}").expect(200);
    keyhook.api().delete("/api/licenses/" + id).expect(204);
  }
}
