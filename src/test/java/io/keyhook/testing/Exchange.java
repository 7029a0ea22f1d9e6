package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpHeaders;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A request and its answer.
 *
 * @param path with its query
 * @param requestBody null: none
 * @param body empty where there was none
 */
public record Exchange(
    String method, String path, HttpHeaders requestHeaders, String requestBody, int status, HttpHeaders headers, String body) {

  /** Fails, showing the answer, where the status is another. */
  public Exchange expect(int expected) {
    assertThat(status).as("%s %s answered %s", method, path, body).isEqualTo(expected);
    return this;
  }

  /** The status and the code of a refusal. */
  public Exchange expect(int expected, String code) {
    expect(expected);
    assertThat(json().getString("code")).as("%s %s answered %s", method, path, body).isEqualTo(code);
    return this;
  }

  public JsonObject json() {
    return new JsonObject(body);
  }

  /** The items of a list. */
  public List<JsonObject> data() {
    JsonArray data = json().getJsonArray("data");
    return IntStream.range(0, data.size()).mapToObj(data::getJsonObject).toList();
  }

  /** Null where it is not there. */
  public String header(String name) {
    return headers.firstValue(name).orElse(null);
  }

  /** The header {@code Set-Cookie} for a cookie; null where it is not there. */
  public String setCookie(String name) {
    return headers.allValues("Set-Cookie").stream().filter(cookie -> cookie.startsWith(name + "=")).findFirst().orElse(null);
  }

  /** The names of the fields that a problem finds fault with. */
  public List<String> badFields() {
    JsonArray errors = json().getJsonArray("errors", new JsonArray());
    return IntStream.range(0, errors.size()).mapToObj(i -> errors.getJsonObject(i).getString("field")).toList();
  }
}
