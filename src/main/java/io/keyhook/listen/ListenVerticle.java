package io.keyhook.listen;

import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Listening;
import io.keyhook.bus.Listening.Offer;
import io.keyhook.bus.Listening.Problem;
import io.keyhook.bus.Listening.Requests;
import io.keyhook.bus.Listening.Response;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.event.EndpointId;
import io.keyhook.fair.Admissions;
import io.keyhook.target.RefusedTargetException;
import io.keyhook.target.Target;
import io.keyhook.target.TargetPolicy;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the attempts of webhooks with the URL {@link Target#LISTENER} to whoever listens to them, and their responses back. Both go
 * through the database, so listener and attempt may be on different nodes; on the same node, neither waits for a poll.
 */
public final class ListenVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ListenVerticle.class);
  /** How late a node notices what happened on another one. */
  private static final Duration POLL = Duration.ofMillis(500);
  /** Several of these pass before a listener counts as gone. */
  private static final Duration SEEN = Duration.ofSeconds(2);
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(15);
  private static final int BATCH = 1000;

  private final Bus bus;
  private final Pool pool;
  private final TargetPolicy policy;
  private final Admissions admissions;
  private final SecureRandom random = new SecureRandom();
  /** By webhook for listeners, by request for attempts. */
  private WakeUps wakeUps;
  private Chore chore;
  private boolean stopping;

  /**
   * @param admissions share the connections and the open streams fairly: a listener takes one of the streams while it waits
   */
  public ListenVerticle(Bus bus, Database database, TargetPolicy policy, Admissions admissions) {
    this.bus = bus;
    this.pool = database.pool();
    this.policy = policy;
    this.admissions = admissions;
  }

  @Override
  public Future<?> start() {
    wakeUps = new WakeUps(vertx);
    bus.answer(Addresses.LISTEN, this::listen);
    bus.answer(Addresses.RESPOND, this::respond);
    bus.answer(Addresses.OFFER, this::offer);
    bus.listen(Addresses.STOPPING, stop -> {
      stopping = true;
      wakeUps.wakeAll();
    });
    chore = Chore.every(vertx, log, "delete what listeners have left behind", INTERVAL, this::deleteLeft);
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }

  private <T> Future<T> manage(UUID accountId, Supplier<Future<T>> statement) {
    return admissions.management().run(accountId, statement);
  }

  private Future<Requests> listen(Listening.Listen query) {
    UUID accountId = query.caller().accountId();
    EndpointId webhook = new EndpointId(accountId, Id.WEBHOOK.parse(query.webhookId()));
    return manage(accountId, () -> ListenerStore.url(pool, webhook)).compose(url -> {
      checkIsListeners(url.orElseThrow(Id.WEBHOOK::notFound));
      if (!admissions.streams().tryAcquire(accountId)) {
        throw new Failure.RateLimited(RETRY_AFTER).exception();
      }
      return next(webhook, query.abandoned(), System.nanoTime() + Listening.WAIT.toNanos(), 0)
          .onComplete(done -> admissions.streams().release(accountId, 1));
    });
  }

  private void checkIsListeners(String url) {
    boolean isListeners;
    try {
      isListeners = policy.check(url).isListener();
    } catch (RefusedTargetException e) {
      throw new Failure.Conflict("NO_LISTENER_URL", "The webhook cannot be listened to: " + e.getMessage()).exception();
    }
    if (!isListeners) {
      throw new Failure.Conflict("NO_LISTENER_URL", "The webhook sends to an endpoint. Only a webhook with the url " + Target.LISTENER
          + " can be listened to").exception();
    }
  }

  /**
   * @param seenUntil when the next sign of the listener is due, by {@link System#nanoTime}; 0: now
   */
  private Future<Requests> next(EndpointId webhook, Future<Void> abandoned, long deadline, long seenUntil) {
    if (stopping) {
      return Future.failedFuture(new Failure.Unavailable("This node is stopping; retry").exception());
    }
    long now = System.nanoTime();
    if (abandoned.isComplete() || now - deadline >= 0) {
      return Future.succeededFuture(new Requests(List.of()));
    }
    boolean due = seenUntil == 0 || now - seenUntil >= 0;
    long until = due ? now + SEEN.toNanos() : seenUntil;
    return manage(webhook.accountId(), () ->
            (due ? ListenerStore.seen(pool, webhook) : Future.succeededFuture(true)).compose(exists -> {
              if (!exists) {
                throw Id.WEBHOOK.notFound();
              }
              return ListenerStore.take(pool, webhook);
            }))
        .compose(taken -> taken.isEmpty()
            ? wakeUps.await(webhook.webhookId(), POLL).compose(woken -> next(webhook, abandoned, deadline, until))
            : Future.succeededFuture(new Requests(taken)));
  }

  private Future<Void> respond(Listening.Respond request) {
    UUID accountId = request.caller().accountId();
    EndpointId webhook = new EndpointId(accountId, Id.WEBHOOK.parse(request.webhookId()));
    UUID requestId = Id.REQUEST.parse(request.requestId());
    return manage(accountId, () -> ListenerStore.respond(pool, webhook, requestId, request.response())).map(waits -> {
      if (!waits) {
        throw Id.REQUEST.notFound();
      }
      wakeUps.wake(requestId);
      return null;
    });
  }

  private Future<Response> offer(Offer offer) {
    UUID requestId = Id.v7(random);
    long deadline = System.nanoTime() + offer.longest().toNanos();
    return manage(offer.accountId(), () -> ListenerStore.offer(pool, offer, requestId)).compose(listened -> {
      if (!listened) {
        return Future.succeededFuture(Response.failed(Problem.CONNECTION_REFUSED));
      }
      wakeUps.wake(offer.webhookId());
      return response(new EndpointId(offer.accountId(), offer.webhookId()), requestId, deadline);
    });
  }

  private Future<Response> response(EndpointId webhook, UUID requestId, long deadline) {
    Duration rest = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
    return wakeUps.await(requestId, rest.compareTo(POLL) < 0 ? rest : POLL).compose(woken -> {
      boolean over = System.nanoTime() - deadline >= 0;
      return manage(webhook.accountId(), () -> ListenerStore.end(pool, webhook, requestId, over)).compose(response ->
          response.isPresent() || over ? Future.succeededFuture(response.orElseGet(() -> Response.failed(Problem.TIMEOUT)))
              : response(webhook, requestId, deadline));
    });
  }

  private Future<Void> deleteLeft() {
    return ListenerStore.deleteLeft(pool, BATCH).compose(found ->
        found == BATCH && !chore.isStopped() ? deleteLeft() : Future.succeededFuture());
  }
}
