package io.keyhook.testing;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A client of a node over HTTP, with a credential or none. Immutable; any thread. */
public final class Api {
  private static final Duration TIMEOUT = Duration.ofSeconds(40);
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final List<ExchangeCheck> CHECKS =
      ServiceLoader.load(ExchangeCheck.class).stream().map(ServiceLoader.Provider::get).toList();

  private final URI base;
  private final List<String> headers;
  private final List<ExchangeCheck> checks;

  private Api(URI base, List<String> headers, List<ExchangeCheck> checks) {
    this.base = base;
    this.headers = headers;
    this.checks = checks;
  }

  /**
   * @param base {@code http://host:port}, and a path where the router is mounted under one
   */
  public static Api of(URI base) {
    return new Api(base, List.of(), CHECKS);
  }

  public Api bearer(String credential) {
    return header("Authorization", "Bearer " + credential);
  }

  /** Without any header of its own. */
  public Api anonymous() {
    return new Api(base, List.of(), checks);
  }

  public Api header(String name, String value) {
    List<String> more = new ArrayList<>(headers);
    more.addAll(List.of(name, value));
    return new Api(base, List.copyOf(more), checks);
  }

  /** The same without checks of its exchanges. */
  public Api unchecked() {
    return new Api(base, headers, List.of());
  }

  public Api checkedBy(ExchangeCheck check) {
    List<ExchangeCheck> more = new ArrayList<>(checks);
    more.add(check);
    return new Api(base, headers, List.copyOf(more));
  }

  /** The header by which it is known; null: it has none. */
  public String authorization() {
    int at = headers.lastIndexOf("Authorization");
    return at < 0 ? null : headers.get(at + 1);
  }

  /** The same credential on another node. */
  public Api at(URI node) {
    return new Api(node, headers, checks);
  }

  public URI base() {
    return base;
  }

  public Exchange get(String path) {
    return join(send("GET", path, null));
  }

  public Exchange delete(String path) {
    return join(send("DELETE", path, null));
  }

  /** Without a body. */
  public Exchange post(String path) {
    return join(send("POST", path, null));
  }

  public Exchange post(String path, JsonObject body) {
    return post(path, body.encode());
  }

  public Exchange post(String path, String body) {
    return join(header("Content-Type", "application/json").send("POST", path, body));
  }

  public Exchange patch(String path, JsonObject body) {
    return join(header("Content-Type", "application/json").send("PATCH", path, body.encode()));
  }

  public Exchange put(String path, JsonObject body) {
    return join(header("Content-Type", "application/json").send("PUT", path, body.encode()));
  }

  public Exchange validate(String licenseKey, String fingerprint) {
    return join(validateAsync(licenseKey, fingerprint));
  }

  public CompletableFuture<Exchange> validateAsync(String licenseKey, String fingerprint) {
    return postAsync("/api/validate", new JsonObject().put("licenseKey", licenseKey).put("fingerprint", fingerprint));
  }

  public CompletableFuture<Exchange> postAsync(String path, JsonObject body) {
    return header("Content-Type", "application/json").send("POST", path, body.encode());
  }

  /**
   * Sends what the others cannot: any method, and a body without a content type.
   *
   * @param body null: none
   */
  public CompletableFuture<Exchange> send(String method, String path, String body) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path)).timeout(TIMEOUT)
        .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!headers.isEmpty()) {
      request.headers(headers.toArray(String[]::new));
    }
    HttpRequest built = request.build();
    return CLIENT.sendAsync(built, BodyHandlers.ofString()).thenApply(response -> checked(path, body, built, response));
  }

  /** Opens a stream, which the caller closes; its status is the caller's to check. */
  public HttpResponse<InputStream> stream(String path) {
    try {
      return CLIENT.send(HttpRequest.newBuilder(URI.create(base + path)).timeout(TIMEOUT)
          .headers(headers.toArray(String[]::new)).build(), BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Exchange checked(String path, String body, HttpRequest request, HttpResponse<String> response) {
    Exchange exchange = new Exchange(request.method(), path, request.headers(), body, response.statusCode(),
        response.headers(), response.body());
    checks.forEach(check -> check.check(exchange));
    return exchange;
  }

  /** Waits for an answer, and throws what went wrong as it is. */
  public static Exchange join(CompletableFuture<Exchange> answer) {
    try {
      return answer.get(TIMEOUT.toSeconds() + 5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new CompletionException(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("No answer within " + TIMEOUT.toSeconds() + " s", e);
    }
  }
}
