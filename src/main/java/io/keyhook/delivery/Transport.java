package io.keyhook.delivery;

import io.keyhook.attempt.Attempt;
import io.keyhook.attempt.Egress;
import io.keyhook.attempt.EndpointSettings;
import io.keyhook.attempt.Message;
import io.keyhook.attempt.Sender;
import io.keyhook.event.EndpointId;
import io.keyhook.listen.ListenerEndpoint;
import io.keyhook.target.Target;
import io.keyhook.testendpoint.TestEndpoint;
import io.keyhook.trace.Span;
import io.keyhook.trace.Tracing;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Makes attempts: over the network, in this process for the built-in test endpoint, or by whoever listens. Belongs to one event loop. */
final class Transport {
  private final Sender sender;
  private final Egress egress;
  private final TestEndpoint testEndpoint;
  private final ListenerEndpoint listener;
  private final Tracing tracing;

  Transport(Sender sender, Egress egress, TestEndpoint testEndpoint, ListenerEndpoint listener, Tracing tracing) {
    this.sender = sender;
    this.egress = egress;
    this.testEndpoint = testEndpoint;
    this.listener = listener;
    this.tracing = tracing;
  }

  /**
   * Never fails: what goes wrong is in the attempt.
   *
   * @param cause the context of the span that raised the event; null: there is none
   */
  Future<Attempt> send(EndpointId endpoint, EndpointSettings settings, Message message, String cause) {
    if (!tracing.isOn()) {
      return send(endpoint, settings, message);
    }
    Target target = settings.target();
    Span span = tracing.start(Tracing.Kind.CLIENT, "attempt " + message.event(), cause, List.of())
        .with("keyhook.delivery.id", message.deliveryId())
        .with("keyhook.attempt.number", message.attempt())
        .with("http.request.method", "POST")
        .with("url.scheme", target.ssl() ? "https" : "http")
        .with("server.address", target.host())
        .with("server.port", target.port());
    return send(endpoint, settings, message.traced(span.context())).onSuccess(attempt -> {
      if (attempt.statusCode() != null) {
        span.with("http.response.status_code", attempt.statusCode());
      }
      if (!attempt.succeeded()) {
        span.fail(attempt.error() == null ? Integer.toString(attempt.statusCode()) : attempt.error().wireName());
      }
      span.end();
    });
  }

  private Future<Attempt> send(EndpointId endpoint, EndpointSettings settings, Message message) {
    return settings.target().isTestEndpoint() ? testEndpoint.take(settings, message)
        : settings.target().isListener() ? listener.take(endpoint, settings, message) : sender.send(settings, message);
  }

  /** How long this node waits before it attempts the same again without counting the attempt; empty: it counts. */
  Optional<Duration> wait(Attempt attempt) {
    return egress.wait(attempt.error());
  }

  void close() {
    sender.close();
  }
}
