package io.keyhook.testing;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A token endpoint on a real socket: keeps the requests, and issues a new token for each unless the test says otherwise. */
public final class TokenEndpoint implements AutoCloseable {
  /** Of an issued token. Its number follows. */
  public static final String TOKEN = "issued-token-5b1f0c77-";

  private final HttpServer server;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile Answer answer;
  private volatile Integer expiresIn = 3600;

  /**
   * A request for a token.
   *
   * @param authorization null: it has no such header
   * @param form the decoded fields of its body
   */
  public record Request(String path, String authorization, String contentType, String accept, Map<String, String> form) {}

  public TokenEndpoint(Vertx vertx) {
    server = vertx.createHttpServer().requestHandler(request -> request.body().onSuccess(body -> {
      requests.add(new Request(request.uri(), request.getHeader("Authorization"), request.getHeader("Content-Type"),
          request.getHeader("Accept"), form(body.toString())));
      Answer chosen = answer;
      if (chosen == null) {
        issue(request, requests.size());
      } else {
        chosen.to(request);
      }
    }));
    Waiting.on(server.listen(0, "127.0.0.1"));
  }

  private static Map<String, String> form(String body) {
    Map<String, String> form = new TreeMap<>();
    for (String field : body.split("&")) {
      String[] parts = field.split("=", 2);
      form.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return form;
  }

  private void issue(HttpServerRequest request, int number) {
    JsonObject issued = new JsonObject().put("access_token", TOKEN + number).put("token_type", "Bearer");
    if (expiresIn != null) {
      issued.put("expires_in", expiresIn);
    }
    request.response().putHeader("Content-Type", "application/json").end(issued.encode());
  }

  /** Issues tokens, with a response that comes when the test lets it. */
  public Answer.Held hold() {
    Answer.Held held = Answer.held(request -> issue(request, requests.size()));
    answer = held;
    return held;
  }

  /** Issues tokens again, each with this lifetime in seconds; null: it is not named. */
  public void issue(Integer expiresIn) {
    this.expiresIn = expiresIn;
    answer = null;
  }

  /** Answers like this from now on. */
  public void answer(Answer answer) {
    this.answer = answer;
  }

  public String url() {
    return url("/token");
  }

  public String url(String path) {
    return "http://127.0.0.1:" + server.actualPort() + path;
  }

  /** All of them, in the order in which they came. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  @Override
  public void close() {
    Waiting.on(server.close());
  }
}
