package io.keyhook.log;

import io.keyhook.account.Plans;
import io.keyhook.attempt.AttemptError;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Deliveries;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Recoveries;
import io.keyhook.bus.Recoveries.Filter;
import io.keyhook.bus.Recoveries.Preview;
import io.keyhook.bus.Recoveries.Recovery;
import io.keyhook.bus.Webhooks;
import io.keyhook.db.Database;
import io.keyhook.event.EndpointId;
import io.keyhook.event.Subscription;
import io.keyhook.log.RecoveryStore.Counted;
import io.keyhook.log.RecoveryStore.Failed;
import io.keyhook.log.RecoveryStore.Group;
import io.keyhook.log.RecoveryStore.Key;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Previews, starts, lists and stops recoveries; {@link RecoveryVerticle} carries them out. Belongs to one event loop. */
final class Recovering {
  /** Beyond it, the numbers are lower bounds. */
  static final int MAX_COUNTED = 100_000;
  private static final int MAX_RUNNING = 10;

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Plans plans;

  Recovering(Bus bus, Database database, Plans plans) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.plans = plans;
  }

  Future<Preview> preview(Recoveries.PreviewOf request) {
    return failed(request.caller(), request.webhookId(), request.filter())
        .compose(failed -> RecoveryStore.count(pool, failed, MAX_COUNTED))
        .map(counted -> new Preview(counted.wanted(), counted.seen() < MAX_COUNTED,
            sums(counted, Group::event).stream()
                .map(sum -> new Recoveries.EventCount(sum.getKey(), sum.getValue())).toList(),
            sums(counted, Group::result).stream()
                .map(sum -> new Recoveries.ResultCount(sum.getKey(), sum.getValue())).toList()));
  }

  /** The most frequent first. */
  private static List<Map.Entry<String, Long>> sums(Counted counted, Function<Group, String> by) {
    return counted.groups().stream().collect(Collectors.groupingBy(by, Collectors.summingLong(Group::count)))
        .entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
        .toList();
  }

  /** What a filter selects of what has happened until now: what is raised from now on is not sent twice over. */
  private Future<Failed> failed(Caller caller, String webhookId, Filter filter) {
    EndpointId endpoint = new EndpointId(caller.accountId(), Id.WEBHOOK.parse(webhookId));
    check(filter);
    return bus.request(Addresses.GET_WEBHOOK, new Webhooks.Get(caller, webhookId))
        .compose(there -> RedeliveryStore.activity(pool, endpoint))
        .compose(activity -> {
          plans.checkHasWebhooks(activity.plan());
          int days = plans.of(activity.plan()).logRetentionDays();
          Instant shown = Instant.now().minus(Duration.ofDays(days));
          if (filter.since().isBefore(shown)) {
            throw Check.invalid("since", "is before the start of the log, which is kept for " + days + " days");
          }
          if (!activity.active()) {
            throw new Failure.Conflict("WEBHOOK_INACTIVE", "The webhook is not active; reactivate it, then recover")
                .exception();
          }
          return Database.newId(pool).map(now -> new Failed(endpoint, Id.floor(shown.toEpochMilli()), now, filter));
        });
  }

  private static void check(Filter filter) {
    if (filter.events() != null) {
      Subscription.of(filter.events());
    }
    List<String> errors = Arrays.stream(AttemptError.values()).map(AttemptError::wireName).toList();
    Check.that().is("results", filter.results() == null || filter.results().stream()
        .allMatch(result -> Character.isDigit(result.charAt(0)) || errors.contains(result)),
        "contains something that is neither a status nor the name of an attempt error; the names are "
            + String.join(", ", errors)).done();
  }

  /**
   * Starts a recovery. One that only goes back to a time replaces those before it of its kind and goes back as far, so that
   * nothing is recovered twice over.
   */
  Future<Deliveries.Recovering> start(Deliveries.Recover request) {
    return failed(request.caller(), request.webhookId(), request.filter())
        .compose(failed -> RecoveryStore.count(pool, failed, MAX_COUNTED)
            .compose(counted -> database.transaction(tx -> RecoveryStore.lockWebhook(tx, failed.endpoint())
                .compose(locked -> total(tx, failed, counted.wanted()))
                .compose(total -> RecoveryStore.insert(tx, total.failed, total.count))
                .compose(started -> audit(tx, request.caller(), Action.WEBHOOK_RECOVERED, started)))
                .map(started -> new Deliveries.Recovering(counted.wanted(), started.id()))))
        .onSuccess(started -> bus.send(RecoveryVerticle.STARTED, new RecoveryVerticle.Started()));
  }

  private record Total(Failed failed, long count) {}

  private Future<Total> total(SqlClient tx, Failed failed, long count) {
    Filter filter = failed.filter();
    Future<List<Instant>> replaced = filter.isPlain() ? RecoveryStore.replace(tx, failed.endpoint())
        : Future.succeededFuture(List.of());
    return replaced.compose(before -> RecoveryStore.running(tx, failed.endpoint()).compose(running -> {
      if (running >= MAX_RUNNING) {
        throw new Failure.Conflict("TOO_MANY_RECOVERIES", running
            + " recoveries of this webhook are running. Wait until one of them has completed, or stop one").exception();
      }
      return before.stream().min(Comparator.naturalOrder()).filter(since -> since.isBefore(filter.since()))
          .map(failed::since)
          .map(all -> RecoveryStore.count(tx, all, MAX_COUNTED).map(counted -> new Total(all, counted.wanted())))
          .orElse(Future.succeededFuture(new Total(failed, count)));
    }));
  }

  Future<Page<Recovery>> list(Recoveries.ListAll query) {
    UUID accountId = query.caller().accountId();
    UUID webhookId = query.webhookId() == null ? null : Id.WEBHOOK.parse(query.webhookId());
    return (webhookId == null ? Future.<Void>succeededFuture()
        : RedeliveryStore.checkWebhookExists(pool, query.caller(), webhookId))
        .compose(exists -> RecoveryStore.list(pool, accountId, webhookId, query.page()));
  }

  Future<Recovery> stop(Recoveries.Stop request) {
    UUID accountId = request.caller().accountId();
    UUID recoveryId = Id.RECOVERY.parse(request.id());
    return database.transaction(tx ->
            RecoveryStore.end(tx, new Key(accountId, recoveryId), Recoveries.Status.STOPPED)
                .compose(stopped -> stopped.isEmpty() ? Future.succeededFuture()
                    : audit(tx, request.caller(), Action.WEBHOOK_RECOVERY_STOPPED, stopped.get())))
        .compose(done -> RecoveryStore.get(pool, accountId, recoveryId));
  }

  private static Future<Recovery> audit(SqlClient tx, Caller caller, Action action, Recovery recovery) {
    return AuditStore.write(tx, caller, action, recovery.webhookId(), List.of()).map(recovery);
  }
}
