package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Id;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Role;
import io.keyhook.bus.TwoFactor;
import io.keyhook.bus.Users;
import io.keyhook.fair.ClientTenant;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.Set;
import java.util.function.Function;

/**
 * Asks users for their password before calls for which a stolen token must not be enough: those that give somebody the rights of
 * an owner for longer than the token lasts. Callers without a password create no owners, and no API keys that outlast them.
 */
final class Confirmation {
  /** The codes with which nothing was attempted: the caller sends the same call again with another password or code. */
  static final Set<String> REFUSALS = Set.of("PASSWORD_REQUIRED", "WRONG_PASSWORD", "CODE_REQUIRED", "WRONG_CODE");
  private static final String CODE = "code";

  private final KeyhookClient client;
  private final ClientAddress addresses;
  private final ApiRouter.Limits limits;

  Confirmation(KeyhookClient client, ClientAddress addresses, ApiRouter.Limits limits) {
    this.client = client;
    this.addresses = addresses;
    this.limits = limits;
  }

  /**
   * The message of a call, and the proof that came with it.
   *
   * @param proof null: none came
   */
  record Request<T>(T message, Users.Confirm proof) {}

  /** Reads a body that may contain {@code currentPassword} and {@code code}. */
  static <T> Request<T> read(RoutingContext context, Function<Input, T> message) {
    return Calls.read(context, in -> {
      String password = in.text("currentPassword");
      String code = in.text(CODE);
      if (password == null) {
        Check.that().text(CODE, code, TwoFactor.CODE).done();
      }
      return new Request<>(message.apply(in), password == null ? null : new Users.Confirm(caller(context), password, code));
    });
  }

  /**
   * Returns what the body of a retry has in common with that of the first request: all but the code, which works once. The password is
   * compared, so that nobody without it gets the stored response, which may contain an API key.
   */
  static byte[] withoutCode(Buffer body) {
    try {
      if (JsonText.read(body.toString()) instanceof ObjectNode fields && fields.remove(CODE) != null) {
        return JsonText.bytes(fields);
      }
    } catch (IllegalArgumentException e) {
      // not JSON: the call refuses it
    }
    return body.getBytes();
  }

  /**
   * Makes a call that gives somebody a role. For the role of an owner, the caller must be a user who confirms it.
   *
   * @return fails with USER_ONLY or PASSWORD_REQUIRED, or as {@link KeyhookClient#confirm}
   */
  <T, A> Future<A> beforeRole(RoutingContext context, Role role, Request<T> request, Function<T, Future<A>> call) {
    if (role != Role.OWNER) {
      return call.apply(request.message());
    }
    if (!isUser(caller(context))) {
      return Future.failedFuture(refused("USER_ONLY", "Only an owner who has logged in with a password can create an owner;"
          + " use a token of that owner, or choose another role"));
    }
    return confirmed(context, request, "To create an owner, send your password as currentPassword, or choose another role",
        call);
  }

  /**
   * Makes a call that creates an API key. A user confirms it; a key that another caller creates does not outlast that caller.
   *
   * @return fails with PASSWORD_REQUIRED or TOKEN_EXPIRES, or as {@link KeyhookClient#confirm}
   */
  <A> Future<A> beforeKey(
      RoutingContext context, Request<Accounts.CreateApiKey> request, Function<Accounts.CreateApiKey, Future<A>> call) {
    if (isUser(caller(context))) {
      return confirmed(context, request, "To create an API key, send your password as currentPassword", call);
    }
    Instant end = caller(context).expiresAt();
    Instant keyEnd = request.message().expiresAt();
    return end == null || keyEnd != null && !keyEnd.isAfter(end) ? call.apply(request.message())
        : Future.failedFuture(refused("TOKEN_EXPIRES", "The API key would outlast your token, which expires at "
            + JsonText.time(end) + "; send an expiresAt no later than that, or create the key as a team member who has logged in"
            + " with a password, or with an API key that has full access and does not expire"));
  }

  private <T, A> Future<A> confirmed(
      RoutingContext context, Request<T> request, String hint, Function<T, Future<A>> call) {
    if (request.proof() == null) {
      return Future.failedFuture(refused("PASSWORD_REQUIRED", hint));
    }
    checkTries(context);
    return client.confirm(request.proof()).compose(confirmed -> call.apply(request.message()));
  }

  /** Limits attempts, so that a stolen token cannot be used to guess the password. */
  void checkTries(RoutingContext context) {
    Caller caller = caller(context);
    if (isUser(caller)) {
      limits.checkPassword(caller.actor().id(Id.USER).toString(), caller.name(),
          ClientTenant.of(addresses.of(context.request())));
    }
  }

  private static boolean isUser(Caller caller) {
    return caller.actor().id(Id.USER) != null;
  }

  private static FailureException refused(String code, String message) {
    return new Failure.Forbidden(code, message).exception();
  }
}
