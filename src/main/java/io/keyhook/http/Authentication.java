package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Claim;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Portals;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Authenticates requests: finds the account of a bearer credential, to which the rest of the request is confined. */
final class Authentication {
  private static final String CALLER = Caller.class.getName();
  private static final String ACTOR = Actor.class.getName();
  /** Stands for the operator, which has no account. */
  private static final UUID OPERATOR = new UUID(0, 0);
  private static final String SCHEME = "bearer ";
  private static final int MAX_CREDENTIAL = 8192;

  private final KeyhookClient client;
  private final Optional<String> operatorKey;
  private final ClientAddress addresses;

  Authentication(KeyhookClient client, Optional<String> operatorKey, ClientAddress addresses) {
    this.client = client;
    this.operatorKey = operatorKey;
    this.addresses = addresses;
  }

  /** Continues with a {@link #caller}, or returns 401. */
  void account(RoutingContext context) {
    String address = addresses.of(context.request());
    client.authenticate(new Accounts.Authenticate(bearer(context), ClientTenant.of(address))).onComplete(caller -> {
      context.put(CALLER, caller.at(address));
      context.next();
    }, context::fail);
  }

  /** Returns whether the credential of a long request is still valid. */
  Future<Caller> again(RoutingContext context) {
    return client.authenticate(
        new Accounts.Authenticate(bearer(context), ClientTenant.of(addresses.of(context.request()))));
  }

  /** Continues for the {@link #actor operator}, or returns 401. */
  void operator(RoutingContext context) {
    byte[] given = bearer(context).getBytes(StandardCharsets.UTF_8);
    boolean matches = operatorKey.isPresent()
        && MessageDigest.isEqual(operatorKey.get().getBytes(StandardCharsets.UTF_8), given);
    if (!matches) {
      throw unauthorized("This call needs the operator key");
    }
    Actor operator = new Actor("operator", null, addresses.of(context.request()));
    context.put(ACTOR, operator);
    context.put(CALLER, new Caller(OPERATOR, operator));
    context.next();
  }

  /** Stores the response of the caller's request under a claim. */
  static void claim(RoutingContext context, Claim claim) {
    context.put(CALLER, caller(context).with(claim));
  }

  static Actor actor(RoutingContext context) {
    return context.get(ACTOR);
  }

  static Caller caller(RoutingContext context) {
    return context.get(CALLER);
  }

  /** The session of a portal whose token a request carries, as its cookie has it. Empty: it carries none. */
  static Optional<String> portalSession(RoutingContext context) {
    String start = SCHEME + Portals.PREFIX;
    return Optional.ofNullable(context.request().getHeader(HttpHeaders.AUTHORIZATION))
        .filter(header -> header.length() <= MAX_CREDENTIAL && header.regionMatches(true, 0, start, 0, start.length()))
        .map(header -> header.substring(start.length()));
  }

  private static String bearer(RoutingContext context) {
    List<String> headers = context.request().headers().getAll(HttpHeaders.AUTHORIZATION);
    String header = headers.size() == 1 ? headers.get(0) : null; // of two, a proxy may have believed the other
    if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        || header.length() > MAX_CREDENTIAL || header.substring(SCHEME.length()).isBlank()) {
      throw unauthorized("Send a credential in the header Authorization: Bearer ...");
    }
    return header.substring(SCHEME.length()).strip();
  }

  private static RuntimeException unauthorized(String message) {
    return new Failure.Unauthorized(message).exception();
  }
}
