package io.keyhook.listen;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.AttemptError;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.attempt.Sender;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Listening.Offer;
import io.keyhook.bus.Listening.Problem;
import io.keyhook.bus.Listening.Response;
import io.keyhook.event.EndpointId;
import io.keyhook.target.Target;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The endpoint at {@link Target#LISTENER}: a developer's machine, whose response becomes the attempt's. No connection is made to it.
 * Belongs to one event loop.
 */
public final class ListenerEndpoint {
  /** The offer ends by itself, and only then does a response come too late. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Bus bus;
  private final Duration timeout;

  /**
   * @param timeout of a whole attempt
   */
  public ListenerEndpoint(Bus bus, Duration timeout) {
    this.bus = bus;
    this.timeout = timeout;
  }

  /** Makes one attempt. Never fails: without a listener, its connection is refused. */
  public Future<Attempt> take(EndpointId endpoint, EndpointSettings settings, Message message) {
    Instant startedAt = Instant.now();
    long begun = System.nanoTime();
    MultiMap sent = message.headers(Sender.headersTo(settings.target()));
    settings.extra().mask(sent); // who may listen may not see them
    Map<String, String> headers = new LinkedHashMap<>();
    sent.forEach(header -> headers.put(header.getKey(), header.getValue()));
    String body = new String(message.body().getBytes(), StandardCharsets.UTF_8);
    return bus.request(Addresses.OFFER, new Offer(endpoint.accountId(), endpoint.webhookId(), headers, body, timeout))
        .timeout(timeout.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS)
        .otherwise(e -> Response.failed(e instanceof TimeoutException ? Problem.TIMEOUT : Problem.NETWORK_ERROR))
        .map(response -> {
          long ended = System.nanoTime();
          Duration took = Duration.ofNanos(ended - begun);
          return response.error() == null
              ? Attempt.answered(startedAt, took, ended, response.statusCode(), response.headers(), response.body(), settings.extra())
              : Attempt.failed(startedAt, took, ended, AttemptError.valueOf(response.error().name()));
        });
  }
}
