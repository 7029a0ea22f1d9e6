package io.keyhook.http;

import static io.keyhook.bus.Role.MEMBER;
import static io.keyhook.bus.Role.OWNER;
import static io.keyhook.bus.Role.READ_ONLY;
import static io.keyhook.bus.Role.SUPPORT;
import static io.keyhook.bus.Scope.LICENSES;
import static io.keyhook.bus.Scope.WEBHOOKS;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Portals;
import io.keyhook.bus.Role;
import io.keyhook.bus.Scope;
import io.vertx.core.http.HttpMethod;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The least role that each call for the callers of an account requires, the scope that suffices for an API key that has not
 * full access, and which calls a portal has. A call that is missing here cannot be served, and the OpenAPI document names the same roles,
 * scopes and calls of portals in {@code x-required-role}, {@code x-sufficient-scopes} and {@code x-portal}.
 */
final class Permissions {
  /**
   * The calls of a portal that sees webhooks. A portal has no others: what a call reads or changes, and is named here, has the customer
   * in its statement (see {@link io.keyhook.event.DeliveryRowStore#isOf}).
   */
  private static final Set<String> SEEING = Set.of("GET /api/webhooks", "GET /api/webhooks/:id", "GET /api/webhooks/:id/health",
      "GET /api/webhooks/:id/deliveries", "GET /api/deliveries/:id");
  /** Those that a portal has beside them that manages webhooks. */
  private static final Set<String> MANAGING = Set.of("POST /api/webhooks", "PATCH /api/webhooks/:id", "DELETE /api/webhooks/:id",
      "POST /api/webhooks/:id/pause", "POST /api/webhooks/:id/resume", "POST /api/webhooks/:id/rotate-secret", "POST /api/webhooks/test",
      "POST /api/webhooks/preview", "POST /api/deliveries/:id/redeliver", "POST /api/deliveries/redeliver");
  private static final Map<String, Permission> PERMISSIONS = new LinkedHashMap<>();

  static {
    put(READ_ONLY, null, "GET /api/auth/me", "POST /api/auth/password", "GET /api/auth/sessions", "DELETE /api/auth/sessions/:id",
        "POST /api/auth/sessions/end-others", "POST /api/auth/two-factor", "POST /api/auth/two-factor/enable",
        "POST /api/auth/two-factor/disable");
    put(READ_ONLY, null, "GET /api/auth/passkeys", "POST /api/auth/passkeys/begin", "POST /api/auth/passkeys",
        "PATCH /api/auth/passkeys/:id", "POST /api/auth/passkeys/:id/delete");
    put(READ_ONLY, null, "GET /api/alerts", "PATCH /api/alerts", "POST /api/alerts/test");
    put(READ_ONLY, null, "GET /api/account", "GET /api/users", "GET /api/api-keys", "GET /api/api-keys/:id", "GET /api/audit");
    put(OWNER, null, "GET /api/invitations", "POST /api/invitations", "DELETE /api/invitations/:id",
        "POST /api/users/:id/password-reset", "GET /api/password-resets", "DELETE /api/password-resets/:id", "POST /api/users/:id/two-factor/disable");
    put(OWNER, null, "POST /api/users", "PATCH /api/users/:id", "DELETE /api/users/:id");
    put(OWNER, null, "POST /api/api-keys", "DELETE /api/api-keys/:id");
    put(READ_ONLY, LICENSES, "GET /api/signing-keys");
    put(OWNER, null, "POST /api/signing-keys/rotate", "DELETE /api/signing-keys/:id");

    put(READ_ONLY, LICENSES, "GET /api/licenses", "GET /api/licenses/export", "GET /api/licenses/:id",
        "GET /api/licenses/:id/activations", "POST /api/licenses/:id/check");
    put(SUPPORT, LICENSES, "POST /api/licenses/:id/disable", "POST /api/licenses/:id/enable",
        "DELETE /api/licenses/:id/activations/:activationId");
    put(MEMBER, LICENSES, "POST /api/licenses", "POST /api/licenses/bulk", "POST /api/licenses/import",
        "POST /api/licenses/:id/files", "PATCH /api/licenses/:id", "DELETE /api/licenses/:id", "POST /api/customers/erase");
    put(READ_ONLY, LICENSES, "GET /api/policies", "GET /api/policies/:id", "GET /api/products", "GET /api/products/:id");
    put(MEMBER, LICENSES, "POST /api/policies", "PATCH /api/policies/:id", "DELETE /api/policies/:id", "POST /api/products",
        "PATCH /api/products/:id", "DELETE /api/products/:id");

    put(READ_ONLY, WEBHOOKS, "GET /api/webhooks", "GET /api/webhooks/:id", "GET /api/webhooks/:id/health",
        "GET /api/webhooks/:id/deliveries", "GET /api/test-endpoint");
    put(SUPPORT, WEBHOOKS, "POST /api/webhooks/test");
    put(READ_ONLY, WEBHOOKS, "POST /api/webhooks/preview");
    put(MEMBER, WEBHOOKS, "POST /api/webhooks", "PATCH /api/webhooks/:id", "DELETE /api/webhooks/:id",
        "POST /api/webhooks/:id/pause", "POST /api/webhooks/:id/resume", "POST /api/webhooks/:id/rotate-secret", "POST /api/test-endpoint",
        "DELETE /api/test-endpoint",
        "POST /api/webhooks/:id/listen", "POST /api/webhooks/:id/respond");

    put(READ_ONLY, WEBHOOKS, "GET /api/deliveries", "GET /api/deliveries/causes", "GET /api/deliveries/stream",
        "GET /api/deliveries/:id", "GET /api/recoveries", "GET /api/recoveries/:id", "POST /api/webhooks/:id/recover/preview", "GET /api/stats",
        "GET /api/stats/webhooks");
    put(SUPPORT, WEBHOOKS, "POST /api/deliveries/redeliver", "POST /api/deliveries/:id/redeliver",
        "POST /api/webhooks/:id/recover", "POST /api/recoveries/:id/stop");
    put(READ_ONLY, WEBHOOKS, "GET /api/portal-links");
    put(MEMBER, WEBHOOKS, "POST /api/portal-links", "DELETE /api/portal-links/:id");
  }

  private Permissions() {}

  /** Whether a portal has a call. */
  enum InPortal {
    NO,
    /** Every portal has it. */
    SEE,
    /** A portal has it that manages webhooks. */
    MANAGE;

    private static InPortal of(String call) {
      return SEEING.contains(call) ? SEE : MANAGING.contains(call) ? MANAGE : NO;
    }
  }

  /**
   * What a call requires.
   *
   * @param scope of the resources that it is about; null: none has it
   */
  record Permission(Role role, Scope scope, InPortal inPortal) {
    /** Returns the scopes of which one suffices for an API key that has not full access. */
    List<Scope> scopes() {
      return Arrays.stream(Scope.values()).filter(one -> one == scope || one == Scope.READ && role == READ_ONLY).toList();
    }

    /**
     * Fails unless a caller may make the call.
     *
     * @throws io.keyhook.bus.FailureException with {@link Failure.Forbidden}
     */
    void require(Caller caller) {
      if (caller.portal() != null) {
        require(caller.portal());
        return;
      }
      caller.role().require(role);
      if (role == OWNER && caller.expiresAt() != null && caller.actor().id(Id.API_KEY) != null) {
        throw new Failure.Forbidden("KEY_EXPIRES", "An API key that expires cannot make this call: what it creates would outlast it")
            .exception();
      }
      if (caller.scopes() != null && scopes().stream().noneMatch(caller.scopes()::contains)) {
        throw new Failure.Forbidden("SCOPE_REQUIRED", "This call requires an API key with " + (scopes().isEmpty() ? ""
            : "the scope " + String.join(" or ", Scope.names(scopes())) + ", or with ") + "full access; this key has only "
            + String.join(", ", Scope.names(caller.scopes()))).exception();
      }
    }

    private void require(Portals.Grant portal) {
      if (inPortal == InPortal.NO) {
        throw new Failure.Forbidden("NOT_IN_PORTAL", "The portal of a customer does not have this call").exception();
      }
      if (inPortal == InPortal.MANAGE && !portal.canManage()) {
        throw new Failure.Forbidden("PORTAL_READ_ONLY", "This portal shows webhooks and changes nothing; ask for a link that allows changes")
            .exception();
      }
    }
  }

  /**
   * @param scope null: none has these calls
   */
  private static void put(Role role, Scope scope, String... calls) {
    for (String call : calls) {
      if (PERMISSIONS.put(call, new Permission(role, scope, InPortal.of(call))) != null) {
        throw new IllegalStateException("Two permissions for " + call);
      }
    }
  }

  /**
   * @throws IllegalStateException the table does not name the call
   */
  static Permission required(HttpMethod method, String path) {
    Permission permission = PERMISSIONS.get(method.name() + ' ' + path);
    if (permission == null) {
      throw new IllegalStateException("No permission is set for " + method + ' ' + path);
    }
    return permission;
  }

  /** The permission of each call, by its method and path, with {@code :id} for parameters. */
  static Map<String, Permission> all() {
    return Map.copyOf(PERMISSIONS);
  }
}
