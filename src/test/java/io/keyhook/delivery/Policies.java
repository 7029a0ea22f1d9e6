package io.keyhook.delivery;

import io.keyhook.config.Configuration;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;

/** Policies of a machine without addresses of its own, with the ports that are allowed where nobody says otherwise. */
final class Policies {
  static final Set<Integer> PORTS = Configuration.of(new JsonObject()).delivery().allowedPorts();

  private Policies() {}

  /** Without exceptions to what is public. */
  static TargetPolicy strict() {
    return of(false);
  }

  /** For any target. */
  static TargetPolicy insecure() {
    return of(true);
  }

  static TargetPolicy of(boolean allowInsecureTargets) {
    return of(allowInsecureTargets, List.of(), List.of());
  }

  static TargetPolicy of(boolean allowInsecureTargets, List<String> allowed, List<String> denied) {
    return new TargetPolicy(allowInsecureTargets, PORTS, allowed, denied, List.of());
  }

  static TargetPolicy ofPorts(Set<Integer> ports, List<String> allowed, List<String> denied) {
    return new TargetPolicy(false, ports, allowed, denied, List.of());
  }
}
