package io.keyhook.testendpoint;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.attempt.ResponseHeaders;
import io.keyhook.attempt.Sender;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.TestEndpoints;
import io.keyhook.bus.TestEndpoints.Outcome;
import io.keyhook.bus.TestEndpoints.Receive;
import io.keyhook.target.Target;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The endpoint at {@link Target#testEndpoint}. It is reached in this process and never over the network, so its URL resolves to
 * no address, and nobody else can send to it. Belongs to one event loop.
 */
public final class TestEndpoint {
  static final String ID = "webhook-id";
  static final String EVENT = "X-Webhook-Event";
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Bus bus;
  private final Duration timeout;

  /**
   * @param timeout of a whole attempt
   */
  public TestEndpoint(Bus bus, Duration timeout) {
    this.bus = bus;
    this.timeout = timeout;
  }

  /** Receives one attempt. Never fails: if the database does, the response is 503. */
  public Future<Attempt> take(EndpointSettings settings, Message message) {
    Instant startedAt = Instant.now();
    long begun = System.nanoTime();
    Target target = settings.target();
    byte[] body = message.body().getBytes();
    boolean signed = message.verifies(settings, startedAt);
    MultiMap sent = message.headers(Sender.headersTo(target));
    settings.extra().mask(sent); // the requests that it received are kept, and shown
    Map<String, String> headers = new LinkedHashMap<>();
    sent.forEach(header -> headers.put(header.getKey(), header.getValue()));
    headers.put("Content-Length", Integer.toString(body.length));
    return bus.request(Addresses.RECEIVE_TEST, new Receive(settings.accountId(), target.requestUri().substring(1), signed,
            headers, new String(body, StandardCharsets.UTF_8)))
        .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .transform(done -> Future.succeededFuture(
            attempt(startedAt, begun, done.succeeded() ? done.result() : null, signed)));
  }

  /**
   * @param outcome null: the database did not answer
   */
  private static Attempt attempt(Instant startedAt, long begun, Outcome outcome, boolean signed) {
    long ended = System.nanoTime();
    int status = outcome == null ? 503 : switch (outcome) {
      case KEPT -> 200;
      case TOO_MANY -> 429;
      case GONE -> 410;
    };
    JsonObject response = new JsonObject();
    if (status == 200) {
      response.put("received", true).put("signature", signed ? "valid" : "invalid");
    } else {
      response.put("error", switch (status) {
        case 429 -> "The test endpoint accepts " + TestEndpoints.PER_SECOND + " requests per second";
        case 410 -> "The test endpoint has expired or was deleted";
        default -> "The test endpoint is not available";
      });
    }
    return new Attempt(startedAt, Duration.ofNanos(ended - begun), ended, status, null, response.encode(), ResponseHeaders.NONE,
        status == 429 ? RETRY_AFTER : Duration.ZERO);
  }
}
