package io.keyhook.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Calls that are made one at a time: those that prepare, ask and control, not those that load. */
public final class Http {
  private static final Duration TIMEOUT = Duration.ofMinutes(10); // an open loop's answer comes when it is over
  private static final HttpClient CLIENT = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();

  private Http() {}

  /** What came back. */
  public record Answer(int status, String body) {
    public JsonObject json() {
      return new JsonObject(body);
    }

    /** This, where it has the status. */
    public Answer expect(int expected) {
      if (status != expected) {
        throw new IllegalStateException("Answered " + status + ", not " + expected + ": " + body);
      }
      return this;
    }
  }

  /**
   * @param bearer a credential; null: none
   * @param body null: none
   */
  public static Answer send(String method, String url, String bearer, JsonObject body)
      throws IOException, InterruptedException {
    return send(method, url, bearer, "application/json", body == null ? null : body.encode());
  }

  /** The same with a body of any type. */
  public static Answer send(String method, String url, String bearer, String type, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(TIMEOUT);
    if (bearer != null) {
      request.header("Authorization", "Bearer " + bearer);
    }
    if (body != null) {
      request.header("Content-Type", type);
    }
    request.method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
    HttpResponse<String> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body());
  }
}
