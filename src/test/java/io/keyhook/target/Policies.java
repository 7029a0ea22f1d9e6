package io.keyhook.target;

import io.keyhook.config.Configuration;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;

/** Policies of a machine without addresses of its own, with the ports that are allowed where nobody says otherwise. */
public final class Policies {
  static final Set<Integer> PORTS = Configuration.of(new JsonObject()).delivery().allowedPorts();

  private Policies() {}

  /** Without exceptions to what is public. */
  public static TargetPolicy strict() {
    return of(false);
  }

  /** For any target. */
  public static TargetPolicy insecure() {
    return of(true);
  }

  public static TargetPolicy of(boolean allowInsecureTargets) {
    return of(allowInsecureTargets, List.of(), List.of());
  }

  public static TargetPolicy of(boolean allowInsecureTargets, List<String> allowed, List<String> denied) {
    return new TargetPolicy(allowInsecureTargets, true, PORTS, allowed, denied, List.of());
  }

  public static TargetPolicy ofPorts(Set<Integer> ports, List<String> allowed, List<String> denied) {
    return new TargetPolicy(false, true, ports, allowed, denied, List.of());
  }
}
