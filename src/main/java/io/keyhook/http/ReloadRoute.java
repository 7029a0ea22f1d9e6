package io.keyhook.http;

import static io.keyhook.http.Calls.read;

import io.keyhook.bus.Failure;
import io.keyhook.config.ConfigurationException;
import io.keyhook.config.Reloaded;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The route by which an administrator lets a node read its configuration again, as SIGHUP does. */
final class ReloadRoute {
  private final Supplier<Reloaded> reload;

  /**
   * @param reload blocks
   */
  ReloadRoute(Supplier<Reloaded> reload) {
    this.reload = reload;
  }

  void mount(Calls calls) {
    calls.operator(HttpMethod.POST, "/api/admin/reload", 200, context -> read(context, in -> run(context.vertx())));
  }

  private Future<Reloaded> run(Vertx vertx) {
    return vertx.executeBlocking(() -> {
      try {
        return reload.get();
      } catch (ConfigurationException e) {
        throw new Failure.Conflict("CONFIGURATION_INVALID", "Nothing has changed, because the configuration has errors: "
            + e.getMessage().lines().map(String::strip).collect(Collectors.joining(" "))).exception();
      }
    });
  }
}
