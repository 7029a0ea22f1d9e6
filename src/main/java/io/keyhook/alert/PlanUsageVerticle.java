package io.keyhook.alert;

import io.keyhook.account.Plans;
import io.keyhook.alert.PlanUsageStore.Account;
import io.keyhook.bus.Alerts.Cause;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Alerts team members of accounts that use {@value #PERCENT}% of the licenses or webhooks that their plan allows, on one node at a
 * time: once, and again after it was less.
 */
public final class PlanUsageVerticle extends VerticleBase {
  static final int PERCENT = 80;

  private static final Logger log = LoggerFactory.getLogger(PlanUsageVerticle.class);
  /** From the end of a run to the next one. */
  private static final Duration INTERVAL = Duration.ofMinutes(5);
  private static final Duration FIRST = Duration.ofSeconds(5);
  /** Accounts of one transaction. */
  private static final int BATCH = 200;
  private static final UUID START = new UUID(0, 0);

  private final Database database;
  private final AlertRaiser alerts;
  private final Plans plans;
  private final String[] limited;
  private Chore chore;

  public PlanUsageVerticle(Database database, AlertRaiser alerts, Plans plans) {
    this.database = database;
    this.alerts = alerts;
    this.plans = plans;
    this.limited = plans.limited();
  }

  @Override
  public Future<?> start() {
    chore = Chore.every(vertx, log, "look at the usage of plans", INTERVAL, () -> pages(START));
    chore.start(FIRST);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }

  private Future<Void> pages(UUID after) {
    return chore.isStopped() ? Future.succeededFuture() : Database.transaction(database.chores(), tx -> page(tx, after))
        .compose(next -> next.map(this::pages).orElseGet(Future::succeededFuture));
  }

  /** Returns the last account; empty if there are no more, or another node looks. */
  private Future<Optional<UUID>> page(SqlClient tx, UUID after) {
    return PlanUsageStore.lock(tx).compose(locked -> !locked ? Future.succeededFuture(Optional.<UUID>empty())
        : PlanUsageStore.accounts(tx, limited, after, BATCH, alerts.hasMail()).compose(found -> {
          Future<Void> done = Future.succeededFuture();
          for (Account account : found) {
            done = done.compose(before -> judge(tx, account));
          }
          return done.map(all -> found.size() < BATCH ? Optional.<UUID>empty() : Optional.of(found.get(found.size() - 1).id()));
        }));
  }

  private Future<Void> judge(SqlClient tx, Account account) {
    KeyhookOptions.Plan plan = plans.of(account.plan());
    return PlanUsageStore.usage(tx, account.id(), plan.maxLicenses(), plan.maxWebhooks()).compose(usage ->
        judge(tx, account, "licenses", usage.licenses(), plan.maxLicenses())
            .compose(before -> judge(tx, account, "webhooks", usage.webhooks(), plan.maxWebhooks())));
  }

  private Future<Void> judge(SqlClient tx, Account account, String what, long used, Optional<Integer> max) {
    String kind = "plan." + what;
    if (!isNear(used, max)) {
      return PlanUsageStore.end(tx, account.id(), kind);
    }
    return PlanUsageStore.begin(tx, account.id(), kind).compose(isNew -> !isNew ? Future.succeededFuture()
        : alerts.raise(tx, account.id(), Cause.PLAN_LIMIT, List.of("Your account uses "
            + (used < max.get() ? used + " of the " : "all ") + max.get() + " " + what + " of the plan " + account.plan())));
  }

  /** A plan that has none at all has no limit to come near. */
  static boolean isNear(long used, Optional<Integer> max) {
    return max.isPresent() && max.get() > 0 && used * 100 >= (long) max.get() * PERCENT;
  }
}
