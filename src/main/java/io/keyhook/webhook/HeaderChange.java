package io.keyhook.webhook;

import io.keyhook.attempt.ClientPem;
import io.keyhook.attempt.RequestHeaders;
import io.keyhook.bus.ClientCertificate;
import io.keyhook.bus.ClientCredentials;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Field;
import io.keyhook.bus.FieldErrors;
import io.keyhook.bus.HeaderRules;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Authentication;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A change of a webhook's headers and authentication, and of the origin that they are sent to. What was set for one origin is never
 * sent to another: where the origin changes, each value has to be set anew or removed. Belongs to one thread.
 */
final class HeaderChange {
  private static final String REQUIRED = "is required; send its value, or set authentication to null";

  private final RequestHeaders before;
  private final String origin;
  private final UnaryOperator<String> tokenOrigin;
  private final boolean moves;
  private final FieldErrors errors = new FieldErrors("body");

  private HeaderChange(RequestHeaders before, String origin, UnaryOperator<String> tokenOrigin) {
    this.before = before;
    this.origin = origin;
    this.tokenOrigin = tokenOrigin;
    this.moves = !before.isEmpty() && !origin.equals(before.origin());
  }

  /**
   * Returns what there is after a change; equal to {@code before} where nothing differs.
   *
   * @param before what is stored
   * @param origin of the webhook's URL after the change
   * @param tokenOrigin returns the origin of a token URL, or fails if the URL is refused
   * @param headers absent: they stay
   * @param authentication absent: it stays
   * @throws io.keyhook.bus.FailureException the change is refused, by field
   */
  static RequestHeaders apply(
      RequestHeaders before, String origin, UnaryOperator<String> tokenOrigin, Field<Map<String, String>> headers,
      Field<Authentication> authentication) {
    HeaderChange change = new HeaderChange(before, origin, tokenOrigin);
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
      case OAUTH2 -> Authentication.oauth2(same ? changed(stored.client(), given.client()) : made(given.client()));
      case MTLS -> Authentication.mtls(certificate(given.certificate(), same ? stored.certificate() : null));
    };
  }

  /** A certificate that expired since it was set stays as it is until another one is set. */
  private ClientCertificate certificate(ClientCertificate given, ClientCertificate stored) {
    String certificate = value("certificate", given.certificate(), stored == null ? null : stored.certificate());
    String privateKey = value("privateKey", given.privateKey(), stored == null ? null : stored.privateKey());
    ClientCertificate after = new ClientCertificate(certificate, privateKey);
    return certificate == null || privateKey == null || after.equals(stored) ? after : ClientPem.read(after).check(Instant.now()).pem();
  }

  private ClientCredentials made(ClientCredentials given) {
    required("tokenUrl", given.tokenUrl());
    required("clientId", given.clientId());
    required("clientSecret", given.clientSecret());
    if (given.tokenUrl() != null) {
      tokenOrigin.apply(given.tokenUrl());
    }
    return new ClientCredentials(given.tokenUrl(), given.clientId(), given.clientSecret(),
        given.method() == null ? ClientCredentials.Method.CLIENT_SECRET_BASIC : given.method(), orNull(given.scope()),
        orNull(given.audience()), orNull(given.resource()));
  }

  private void required(String name, String value) {
    if (value == null) {
      errors.add("authentication." + name, REQUIRED);
    }
  }

  /** The secret was entered for one token endpoint and one endpoint: neither goes to another host with what is stored. */
  private ClientCredentials changed(ClientCredentials stored, ClientCredentials given) {
    String secret = value("clientSecret", given.clientSecret(), stored.clientSecret());
    String tokenUrl = given.tokenUrl() == null ? stored.tokenUrl() : given.tokenUrl();
    if (!tokenUrl.equals(stored.tokenUrl())) {
      String to = tokenOrigin.apply(tokenUrl);
      String from = originOrNull(stored.tokenUrl());
      if (given.clientSecret() == null && !to.equals(from)) {
        errors.add("authentication.clientSecret", "was set for another token endpoint and is not sent to " + to
            + " on its own; send its value again in this request");
      }
    }
    return new ClientCredentials(tokenUrl, given.clientId() == null ? stored.clientId() : given.clientId(), secret,
        given.method() == null ? stored.method() : given.method(), changed(stored.scope(), given.scope()),
        changed(stored.audience(), given.audience()), changed(stored.resource(), given.resource()));
  }

  /** Null for a URL that is refused by now. */
  private String originOrNull(String tokenUrl) {
    try {
      return tokenOrigin.apply(tokenUrl);
    } catch (FailureException e) {
      return null;
    }
  }

  private static String changed(String stored, String given) {
    return given == null ? stored : orNull(given);
  }

  private static String orNull(String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  private String value(String name, String given, String stored) {
    if (given == null && (stored == null || moves)) {
      errors.add("authentication." + name, stored == null ? REQUIRED : anew());
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
    boolean mtls = after.certificate() != null;
    if (mtls && !origin.startsWith("https:")) {
      errors.add("authentication.type", "mtls needs a URL with https");
    }
    if (after.authentication() != null && !mtls) {
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
