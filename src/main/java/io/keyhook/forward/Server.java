package io.keyhook.forward;

import io.keyhook.bus.Listening;
import io.keyhook.bus.Version;
import io.keyhook.target.Target;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** The calls of the API that the command makes. For blocking threads. */
final class Server {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final Duration OF_LISTEN = Listening.WAIT.plus(TIMEOUT);
  private static final Duration OF_DELETE = Duration.ofSeconds(5);
  private static final int MOST = 16 * 1024 * 1024;

  private final Http http;
  private final URI url;
  private final String apiKey;

  /** The server refused a call. The message says why. */
  static final class RefusedException extends Exception {
    private final int status;

    private RefusedException(int status, String message) {
      super(message, null, false, false);
      this.status = status;
    }

    /** Whether there is no such thing, or not any more. */
    boolean isNotFound() {
      return status == 404;
    }

    /** Whether the same call may succeed later. */
    boolean isTemporary() {
      return status == 429 || status >= 500;
    }
  }

  private static final String FOREIGN = "the response is not from a Keyhook server";

  Server(Http http, URI url, String apiKey) {
    this.http = http;
    this.url = url;
    this.apiKey = apiKey;
  }

  /** Creates the webhook, and returns it with its secret. */
  JsonObject create(List<String> events, String description, String secret)
      throws IOException, InterruptedException, RefusedException {
    JsonObject webhook = new JsonObject().put("url", Target.LISTENER).put("events", new JsonArray(events))
        .put("description", description);
    return known(call("POST", "/api/webhooks", secret == null ? webhook : webhook.put("secret", secret), TIMEOUT));
  }

  JsonObject get(String webhook) throws IOException, InterruptedException, RefusedException {
    return known(call("GET", "/api/webhooks/" + webhook, null, TIMEOUT));
  }

  private static JsonObject known(JsonObject webhook) throws IOException {
    if (webhook.getValue("id") instanceof String) {
      return webhook;
    }
    throw new IOException(FOREIGN);
  }

  List<JsonObject> listen(String webhook) throws IOException, InterruptedException, RefusedException {
    JsonObject answer = call("POST", "/api/webhooks/" + webhook + "/listen", new JsonObject(), OF_LISTEN);
    if (answer.getValue("requests") instanceof JsonArray requests) {
      return requests.stream().map(JsonObject.class::cast).toList();
    }
    throw new IOException(FOREIGN);
  }

  void respond(String webhook, JsonObject response) throws IOException, InterruptedException, RefusedException {
    call("POST", "/api/webhooks/" + webhook + "/respond", response, TIMEOUT);
  }

  void delete(String webhook) throws IOException, InterruptedException, RefusedException {
    call("DELETE", "/api/webhooks/" + webhook, null, OF_DELETE);
  }

  private JsonObject call(String method, String path, JsonObject body, Duration longest)
      throws IOException, InterruptedException, RefusedException {
    HttpResponse<byte[]> response = http.send(HttpRequest.newBuilder(URI.create(url + path))
        .header("Authorization", "Bearer " + apiKey)
        .header("Content-Type", "application/json")
        .header("User-Agent", "Keyhook/" + Version.VERSION)
        .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body.encode()))
        .build(), longest, MOST);
    String text = new String(response.body(), StandardCharsets.UTF_8);
    if (response.statusCode() >= 200 && response.statusCode() <= 299) {
      return text.isEmpty() ? new JsonObject() : json(text);
    }
    String detail = text.startsWith("{") ? json(text).getString("detail") : null;
    throw new RefusedException(response.statusCode(), response.statusCode() + (detail == null ? "" : ": " + detail));
  }

  private static JsonObject json(String text) throws IOException {
    try {
      return new JsonObject(text);
    } catch (DecodeException e) {
      throw new IOException(FOREIGN);
    }
  }
}
