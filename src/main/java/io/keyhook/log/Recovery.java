package io.keyhook.log;

import io.keyhook.account.Plans;
import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.db.Database;
import io.keyhook.event.Dispatcher;
import io.keyhook.event.EndpointId;
import io.keyhook.fair.FairShare;
import io.keyhook.log.RedeliveryStore.Failed;
import io.keyhook.log.RedeliveryStore.Requeued;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves failed deliveries from the log back to the queue, oldest first, at a limited rate, and only while few wait there: an
 * endpoint that has just come back is not to be buried, and one that has not is not sent all of it in vain. What is not
 * moved when its node stops stays in the log, failed. Belongs to one event loop.
 */
final class Recovery {
  private static final Logger log = LoggerFactory.getLogger(Recovery.class);
  private static final int BATCH = 100;
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int MAX_WAITING = 200;
  private static final int MAX_COUNTED = 10_000;

  private final Vertx vertx;
  private final SqlClient client;
  private final Dispatcher dispatcher;
  private final Plans plans;
  /** One an endpoint; a later one takes its place, and goes back as far. */
  private final Map<EndpointId, Run> runs = new HashMap<>();
  private final FairShare<UUID> share;

  Recovery(Vertx vertx, SqlClient client, Dispatcher dispatcher, Plans plans, FairShare<UUID> share) {
    this.vertx = vertx;
    this.client = client;
    this.dispatcher = dispatcher;
    this.plans = plans;
    this.share = share;
  }

  /** What is still to be looked at. */
  private static final class Run {
    private Failed rest;

    private Run(Failed all) {
      this.rest = all;
    }
  }

  /**
   * Starts, and returns the number of deliveries to send, among the newest {@value #MAX_COUNTED} that were not delivered.
   *
   * @param shown from when on the log is shown
   */
  Future<Long> start(EndpointId endpoint, Instant since, Instant shown) {
    boolean first = !runs.containsKey(endpoint);
    if (first && !share.tryAcquire(endpoint.accountId())) {
      return Future.failedFuture(new Failure.Unavailable("Too many webhooks are recovering; retry").exception());
    }
    UUID after = Id.floor(shown.toEpochMilli());
    return Database.newId(client).compose(now -> {
      Failed all = new Failed(endpoint, after, now, since); // what is raised from now on is not sent twice over
      return RedeliveryStore.countFailed(client, all, MAX_COUNTED).map(count -> {
        Run before = runs.get(endpoint);
        Run run = new Run(before == null || since.isBefore(before.rest.since()) ? all
            : new Failed(endpoint, after, now, before.rest.since()));
        runs.put(endpoint, run);
        if (first && before != null) { // another one was faster
          share.release(endpoint.accountId(), 1);
        } else if (!first && before == null) { // the one before has ended meanwhile
          share.acquire(endpoint.accountId(), 1);
        }
        step(run);
        return count;
      });
    }).onFailure(e -> share.release(endpoint.accountId(), first ? 1 : 0));
  }

  private void step(Run run) {
    EndpointId endpoint = run.rest.endpoint();
    if (runs.get(endpoint) != run) {
      return;
    }
    RedeliveryStore.requeueFailed(client, run.rest, BATCH, MAX_WAITING, plans.withWebhooks()).onComplete(
        requeued -> stepped(run, requeued),
        e -> {
          DatabaseError error = DatabaseError.of(e);
          if (!error.isOutage()) {
            log.error("Could not recover deliveries to {}", Id.WEBHOOK.of(endpoint.webhookId()), e);
          }
          if (error.isItemsOwn()) {
            end(run);
          } else {
            stepLater(run);
          }
        });
  }

  private void end(Run run) {
    if (runs.remove(run.rest.endpoint(), run)) {
      share.release(run.rest.endpoint().accountId(), 1);
    }
  }

  private void stepped(Run run, Requeued requeued) {
    EndpointId endpoint = run.rest.endpoint();
    if (requeued.taken() > 0) {
      dispatcher.dispatch(List.of(), List.of(endpoint));
    }
    if (requeued.seen() < requeued.places()) {
      end(run);
      return;
    }
    if (requeued.seen() > 0) {
      run.rest = new Failed(endpoint, requeued.last(), run.rest.before(), run.rest.since());
    }
    if (requeued.seen() > 0 && requeued.taken() == 0) {
      step(run);
    } else {
      stepLater(run);
    }
  }

  private void stepLater(Run run) {
    vertx.setTimer(PAUSE.toMillis(), timer -> step(run));
  }

  void stop() {
    runs.clear();
  }
}
