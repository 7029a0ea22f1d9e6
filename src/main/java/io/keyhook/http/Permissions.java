package io.keyhook.http;

import static io.keyhook.bus.Role.MEMBER;
import static io.keyhook.bus.Role.OWNER;
import static io.keyhook.bus.Role.READ_ONLY;
import static io.keyhook.bus.Role.SUPPORT;

import io.keyhook.bus.Role;
import io.vertx.core.http.HttpMethod;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The least role that each call for the callers of an account requires. A call that is missing here cannot be served, and the
 * OpenAPI document names the same roles in {@code x-required-role}.
 */
final class Permissions {
  private static final Map<String, Role> ROLES = new LinkedHashMap<>();

  static {
    put(READ_ONLY, "GET /api/auth/me", "POST /api/auth/password");
    put(READ_ONLY, "GET /api/account", "GET /api/users", "GET /api/api-keys", "GET /api/api-keys/:id", "GET /api/audit");
    put(OWNER, "GET /api/invitations", "POST /api/invitations", "DELETE /api/invitations/:id",
        "POST /api/users/:id/password-reset");
    put(OWNER, "POST /api/users", "PATCH /api/users/:id", "DELETE /api/users/:id");
    put(OWNER, "POST /api/api-keys", "DELETE /api/api-keys/:id");

    put(READ_ONLY, "GET /api/licenses", "GET /api/licenses/export", "GET /api/licenses/:id", "GET /api/licenses/:id/activations",
        "POST /api/licenses/:id/check");
    put(SUPPORT, "POST /api/licenses/:id/disable", "POST /api/licenses/:id/enable",
        "DELETE /api/licenses/:id/activations/:activationId");
    put(MEMBER, "POST /api/licenses", "POST /api/licenses/bulk", "POST /api/licenses/import", "PATCH /api/licenses/:id",
        "DELETE /api/licenses/:id", "POST /api/customers/erase");

    put(READ_ONLY, "GET /api/webhooks", "GET /api/webhooks/:id", "GET /api/webhooks/:id/health",
        "GET /api/webhooks/:id/deliveries", "GET /api/test-endpoint");
    put(SUPPORT, "POST /api/webhooks/test");
    put(MEMBER, "POST /api/webhooks", "PATCH /api/webhooks/:id", "DELETE /api/webhooks/:id", "POST /api/webhooks/:id/pause",
        "POST /api/webhooks/:id/resume", "POST /api/webhooks/:id/rotate-secret", "POST /api/test-endpoint",
        "DELETE /api/test-endpoint");

    put(READ_ONLY, "GET /api/deliveries", "GET /api/deliveries/causes", "GET /api/deliveries/stream", "GET /api/deliveries/:id",
        "GET /api/recoveries", "GET /api/recoveries/:id", "POST /api/webhooks/:id/recover/preview", "GET /api/stats",
        "GET /api/stats/webhooks");
    put(SUPPORT, "POST /api/deliveries/redeliver", "POST /api/deliveries/:id/redeliver", "POST /api/webhooks/:id/recover",
        "POST /api/recoveries/:id/stop");
  }

  private Permissions() {}

  private static void put(Role role, String... calls) {
    for (String call : calls) {
      if (ROLES.put(call, role) != null) {
        throw new IllegalStateException("Two roles for " + call);
      }
    }
  }

  /**
   * @throws IllegalStateException the table does not name the call
   */
  static Role required(HttpMethod method, String path) {
    Role role = ROLES.get(method.name() + ' ' + path);
    if (role == null) {
      throw new IllegalStateException("No role is set for " + method + ' ' + path);
    }
    return role;
  }

  /** The role of each call, by its method and path, with {@code :id} for parameters. */
  static Map<String, Role> all() {
    return Map.copyOf(ROLES);
  }
}
