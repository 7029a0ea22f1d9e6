package io.keyhook.delivery;

import io.keyhook.bus.Id;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.target.RefusedTargetException;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the settings of endpoints for {@link Settings}, and again after a while where they cannot be read. Belongs to one event loop. */
final class SettingsLoader {
  private static final Logger log = LoggerFactory.getLogger(SettingsLoader.class);
  private static final Duration WAIT = Duration.ofSeconds(1);
  /** Only a restart with another master key, or a rotated secret, makes a difference. */
  private static final Duration WAIT_UNREADABLE = Duration.ofMinutes(1);

  private final Vertx vertx;
  private final EndpointReader reader;
  /** Timers, by webhook. */
  private final Map<UUID, Long> waits = new HashMap<>();

  SettingsLoader(Vertx vertx, EndpointReader reader) {
    this.vertx = vertx;
    this.reader = reader;
  }

  /**
   * Reads the settings that an endpoint waits for.
   *
   * @param advance called after each change of the endpoint's state
   */
  void read(Endpoint endpoint, Consumer<Endpoint> advance) {
    reader.loadActive(endpoint.id()).onComplete(read -> {
      if (endpoint.settings() == Settings.State.OUTDATED) {
        endpoint.forget();
      } else if (read.failed()) {
        failed(endpoint, read.cause(), advance);
      } else {
        read.result().settings().ifPresentOrElse(endpoint::known, endpoint::stopped);
      }
      advance.accept(endpoint);
    });
  }

  private void failed(Endpoint endpoint, Throwable e, Consumer<Endpoint> advance) {
    if (e instanceof RefusedTargetException) {
      endpoint.refused();
      return;
    }
    Duration wait = e instanceof UnreadableSecretException ? WAIT_UNREADABLE : WAIT;
    log.warn("Could not read {} for sending; retrying in {} s: {}", Id.WEBHOOK.of(endpoint.id().webhookId()),
        wait.toSeconds(), e.getMessage());
    endpoint.unread();
    forgetIn(wait, endpoint, advance);
  }

  /**
   * Lets an endpoint's settings be read again after a while. A change of the webhook ends the wait.
   *
   * @param advance called after each change of the endpoint's state
   */
  void forgetIn(Duration wait, Endpoint endpoint, Consumer<Endpoint> advance) {
    waits.put(endpoint.id().webhookId(), vertx.setTimer(wait.toMillis(), timer -> {
      waits.remove(endpoint.id().webhookId());
      endpoint.forget();
      advance.accept(endpoint);
    }));
  }

  /** The webhook changed: what is known of it is stale, and a wait is over. */
  void changed(Endpoint endpoint) {
    Long timer = waits.remove(endpoint.id().webhookId());
    if (timer != null) {
      vertx.cancelTimer(timer);
    }
    endpoint.changed();
  }
}
