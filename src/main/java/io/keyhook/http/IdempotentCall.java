package io.keyhook.http;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Claim;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.JsonText;
import io.keyhook.db.Hashes;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A call that is carried out once for each {@code Idempotency-Key}
 * (draft-ietf-httpapi-idempotency-key-header-07). A retry is the same request by the same caller: path, query and body are
 * compared by hash.
 */
final class IdempotentCall implements Handler<RoutingContext> {
  private static final String HEADER = "Idempotency-Key";
  private static final int MAX_KEY = 255;
  private static final Pattern ESCAPED = Pattern.compile("\\\\([\"\\\\])");
  /** Errors of the operation itself. After other errors nothing was attempted, and the caller can fix or retry the request. */
  private static final Set<Integer> KEPT_REFUSALS = Set.of(403, 404, 409);

  private final Idempotency idempotency;
  private final int status;
  private final Function<RoutingContext, Future<?>> call;
  private final Function<Buffer, byte[]> identity;

  /**
   * @param status of a successful response
   */
  IdempotentCall(Idempotency idempotency, int status, Function<RoutingContext, Future<?>> call) {
    this(idempotency, status, call, Buffer::getBytes);
  }

  /**
   * @param status of a successful response
   * @param identity returns what a retry's body has in common with the first
   */
  IdempotentCall(
      Idempotency idempotency, int status, Function<RoutingContext, Future<?>> call, Function<Buffer, byte[]> identity) {
    this.idempotency = idempotency;
    this.status = status;
    this.call = call;
    this.identity = identity;
  }

  @Override
  public void handle(RoutingContext context) {
    Optional<String> key = key(context);
    if (key.isEmpty()) {
      call.apply(context).onComplete(answer -> Answers.json(context, status, answer), context::fail);
      return;
    }
    Caller caller = Authentication.caller(context);
    Claim claim = new Claim(id(caller, key.get()), UUID.randomUUID(), status);
    idempotency.claim(caller.accountId(), claim, hash(context, caller)).onComplete(
        known -> known.ifPresentOrElse(answer -> Answers.again(context, answer), () -> carryOut(context, caller, claim)),
        context::fail);
  }

  /** Returns the key, with or without quotes (RFC 8941, 3.3.3): the draft requires them, but most clients omit them. */
  private static Optional<String> key(RoutingContext context) {
    List<String> given = context.request().headers().getAll(HEADER);
    if (given.isEmpty()) {
      return Optional.empty();
    }
    String key = given.get(0).strip();
    if (key.length() > 1 && key.startsWith("\"") && key.endsWith("\"")) {
      key = ESCAPED.matcher(key.substring(1, key.length() - 1)).replaceAll("$1");
    }
    Check.that().is(HEADER, given.size() == 1, "is given more than once")
        .is(HEADER, !key.isEmpty() && key.length() <= MAX_KEY && isVisibleAscii(key),
            "is not 1 to " + MAX_KEY + " visible ASCII characters").done();
    return Optional.of(key);
  }

  private static boolean isVisibleAscii(String text) {
    return text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  /** Customers of the account have keys of their own: they know nothing of each other's. No key contains a space. */
  private static UUID id(Caller caller, String key) {
    ByteBuffer hash = ByteBuffer.wrap(hash(caller.customer() == null ? key : key + ' ' + caller.customer()));
    return new UUID(hash.getLong(), hash.getLong());
  }

  /** Includes the caller, so that nobody gets the response to another caller of the account. */
  private byte[] hash(RoutingContext context, Caller caller) {
    String by = caller.actor().id() == null ? caller.actor().name() : caller.actor().id();
    Buffer body = context.body().buffer();
    return Hashes.sha256(hash(by), hash(context.request().uri()), body == null ? new byte[0] : identity.apply(body));
  }

  private static byte[] hash(String text) {
    return Hashes.sha256(text.getBytes(StandardCharsets.UTF_8));
  }

  private void carryOut(RoutingContext context, Caller caller, Claim claim) {
    Authentication.claim(context, claim);
    UUID accountId = caller.accountId();
    apply(context).onComplete(
        answer -> idempotency.keepLate(accountId, claim, new Idempotency.Answer(status, JsonText.of(answer)))
            .onComplete(kept -> Answers.json(context, status, answer)),
        e -> {
          Throwable known = e instanceof HttpException ? e : FailureException.of(e);
          failed(context, claim, known).onComplete(done -> context.fail(known));
        });
  }

  private Future<?> apply(RoutingContext context) {
    try {
      return call.apply(context);
    } catch (RuntimeException e) { // not on the router's stack any more
      return Future.failedFuture(e);
    }
  }

  private Future<Void> failed(RoutingContext context, Claim claim, Throwable e) {
    UUID accountId = Authentication.caller(context).accountId();
    return e instanceof FailureException known && KEPT_REFUSALS.contains(Answers.status(known.failure()))
        && !Confirmation.REFUSALS.contains(known.failure().code())
        ? idempotency.keepLate(accountId, claim, Answers.answer(context, known.failure()))
        : idempotency.release(accountId, claim);
  }
}
