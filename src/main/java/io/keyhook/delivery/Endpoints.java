package io.keyhook.delivery;

import io.keyhook.event.EndpointId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/** The endpoints that a verticle sends to, and up to {@value #MAX_IDLE} idle ones. Belongs to one event loop. */
final class Endpoints {
  private static final int MAX_IDLE = 10_000;

  private final Function<EndpointId, Endpoint> create;
  /** The least recently used first. */
  private final Map<UUID, Endpoint> byWebhook = new LinkedHashMap<>(16, 0.75f, true);

  Endpoints(Function<EndpointId, Endpoint> create) {
    this.create = create;
  }

  Endpoint of(EndpointId id) {
    Endpoint endpoint = byWebhook.get(id.webhookId());
    if (endpoint == null) {
      endpoint = create.apply(id);
      byWebhook.put(id.webhookId(), endpoint);
      if (byWebhook.size() > MAX_IDLE) {
        forgetEldest();
      }
    }
    return endpoint;
  }

  private void forgetEldest() {
    Endpoint eldest = byWebhook.values().iterator().next();
    if (eldest.isIdle()) {
      byWebhook.remove(eldest.id().webhookId());
    }
  }

  /** Null where nothing was sent to it, or not for long. */
  Endpoint find(UUID webhookId) {
    return byWebhook.get(webhookId);
  }

  List<Endpoint> all() {
    return List.copyOf(byWebhook.values());
  }
}
