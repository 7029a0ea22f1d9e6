package io.keyhook.webhook;

import io.keyhook.attempt.RequestHeaders;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Field;
import io.keyhook.bus.FieldErrors;
import io.keyhook.bus.HeaderRules;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Authentication;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A change of a webhook's headers and authentication, and of the origin that they are sent to. What was set for one origin is never
 * sent to another: where the origin changes, each value has to be set anew or removed. Belongs to one thread.
 */
final class HeaderChange {
  private final RequestHeaders before;
  private final String origin;
  private final boolean moves;
  private final FieldErrors errors = new FieldErrors("body");

  /**
   * @param origin of the webhook's URL after the change
   */
  private HeaderChange(RequestHeaders before, String origin) {
    this.before = before;
    this.origin = origin;
    this.moves = !before.isEmpty() && !origin.equals(before.origin());
  }

  /**
   * Returns what there is after a change; equal to {@code before} where nothing differs.
   *
   * @param before what is stored
   * @param origin of the webhook's URL after the change
   * @param headers absent: they stay
   * @param authentication absent: it stays
   * @throws io.keyhook.bus.FailureException the change is refused, by field
   */
  static RequestHeaders apply(
      RequestHeaders before, String origin, Field<Map<String, String>> headers, Field<Authentication> authentication) {
    HeaderChange change = new HeaderChange(before, origin);
    RequestHeaders after = new RequestHeaders(origin, change.headers(headers), change.authentication(authentication));
    change.errors.refuse();
    change.check(after);
    change.errors.refuse();
    return after.isEmpty() ? RequestHeaders.NONE : after;
  }

  private Map<String, String> headers(Field<Map<String, String>> change) {
    if (change.present() && change.value() == null) {
      return Map.of();
    }
    Map<String, String> given = change.present() ? change.value() : Map.of();
    Map<String, String> after = new LinkedHashMap<>();
    Map<String, String> left = new LinkedHashMap<>(); // of those that are given: those that are new
    given.forEach((name, value) -> left.put(HeaderRules.key(name), name));
    before.headers().forEach((name, value) -> {
      String as = left.remove(HeaderRules.key(name));
      if (as == null || Webhooks.MASK.equals(given.get(as))) {
        if (moves) {
          errors.add(HeaderRules.field(name), anew());
        }
        after.put(as == null ? name : as, value);
      } else if (given.get(as) != null) {
        after.put(as, given.get(as));
      }
    });
    left.values().forEach(name -> {
      String value = given.get(name);
      if (Webhooks.MASK.equals(value)) {
        errors.add(HeaderRules.field(name), "has no value yet that " + Webhooks.MASK + " could stand for; send the value");
      } else if (value != null) {
        after.put(name, value);
      }
    });
    return after;
  }

  private Authentication authentication(Field<Authentication> change) {
    Authentication stored = before.authentication();
    Authentication given = change.value();
    if (!change.present()) {
      if (moves && stored != null) {
        errors.add("authentication", anew());
      }
      return stored;
    }
    if (given == null) {
      return null;
    }
    boolean same = stored != null && stored.type() == given.type();
    return switch (given.type()) {
      case BASIC -> {
        String username = value("username", given.username(), same ? stored.username() : null);
        String password = value("password", given.password(), same ? stored.password() : null);
        if ("".equals(username) && "".equals(password)) {
          errors.add("authentication.username", "and authentication.password are both empty; send null to have no authentication");
        }
        yield Authentication.basic(username, password);
      }
      case BEARER -> Authentication.bearer(value("token", given.token(), same ? stored.token() : null));
    };
  }

  private String value(String name, String given, String stored) {
    if (given == null && (stored == null || moves)) {
      errors.add("authentication." + name, stored == null ? "is required" : anew());
    }
    return given == null ? stored : given;
  }

  private String anew() {
    return "was set for " + before.origin() + " and is not sent to another host on its own. To use it at " + origin
        + ", send its value again in this request; to remove it, send null";
  }

  private void check(RequestHeaders after) {
    if (after.headers().size() > HeaderRules.MAX_HEADERS) {
      errors.add("headers", "has more than " + HeaderRules.MAX_HEADERS + " headers");
    }
    if (after.bytes() > HeaderRules.MAX_BYTES) {
      errors.add("headers", "has more than " + HeaderRules.MAX_BYTES + " bytes of names and values, with those of authentication");
    }
    if (after.authentication() != null) {
      after.headers().keySet().stream().filter(HeaderRules::isAuthorization).forEach(name -> errors.add(HeaderRules.field(name),
          "is the header that authentication sets; remove one of the two"));
    }
  }

  /** A change that needs headers that cannot be decrypted. */
  static RuntimeException unreadable() {
    return new Failure.Conflict("SECRET_UNREADABLE", "The webhook's headers and authentication are encrypted with a master key that this"
        + " server does not have. Send null for headers and authentication in one request, and set them again").exception();
  }
}
