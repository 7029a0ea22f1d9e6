package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Events;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;

/**
 * Streams changed deliveries to one client while its credential is valid. A token's expiry is known; whether
 * it, or an API key, was revoked, or the account suspended, is checked from time to time. On the request's event loop.
 */
final class DeliveryStream {
  private static final Duration BEAT = Duration.ofSeconds(5);
  /** The maximum duration of a stream; a client with a longer token reconnects. */
  private static final Duration LONGEST = Duration.ofDays(1);

  private final RoutingContext context;
  private final Vertx vertx;
  private final KeyhookClient client;
  private final Authentication authentication;
  private EventStream out;
  private Events.Subscription subscription;
  private long beat;
  private long end;

  private DeliveryStream(RoutingContext context, KeyhookClient client, Authentication authentication) {
    this.context = context;
    this.vertx = context.vertx();
    this.client = client;
    this.authentication = authentication;
  }

  /** Sends the stream once it is subscribed, or the error if it cannot be. HEAD gets only the headers. */
  static void open(
      RoutingContext context, KeyhookClient client, Authentication authentication, Deliveries.Watch watch) {
    if (context.request().method() == HttpMethod.HEAD) {
      EventStream.head(context.response()).end();
      return;
    }
    DeliveryStream stream = new DeliveryStream(context, client, authentication);
    client.watchDeliveries(watch, stream::changed, stream::ended).onComplete(stream::opened, context::fail);
  }

  private void opened(Events.Subscription opened) {
    subscription = opened;
    if (context.response().closed()) {
      opened.close();
      return;
    }
    beat = vertx.setPeriodic(BEAT.toMillis(), timer -> beat());
    end = vertx.setTimer(Math.max(1, lasts().toMillis()), timer -> out.end());
    out = EventStream.begin(context, this::closed);
  }

  private Duration lasts() {
    Caller caller = Authentication.caller(context);
    Duration left = caller.expiresAt() == null ? LONGEST : Duration.between(Instant.now(), caller.expiresAt());
    return left.compareTo(LONGEST) > 0 ? LONGEST : left;
  }

  private void changed(Deliveries.Summary delivery) {
    if (out != null) {
      out.event("delivery", delivery);
    }
  }

  private void ended() {
    if (out != null) {
      out.end();
    }
  }

  private void beat() {
    out.comment();
    authentication.again(context).onFailure(e -> {
      if (e instanceof FailureException known && (known.failure() instanceof Failure.Unauthorized
          || known.failure() instanceof Failure.Forbidden)) {
        out.end();
      }
    });
  }

  private void closed() {
    vertx.cancelTimer(beat);
    vertx.cancelTimer(end);
    subscription.close();
  }
}
