package io.keyhook.license;

import io.keyhook.alert.AlertRaiser;
import io.keyhook.bus.Alerts.Cause;
import io.keyhook.bus.JsonText;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Status;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Outbox.Written;
import io.keyhook.event.Raised;
import io.keyhook.license.ExpiringStore.Position;
import io.keyhook.license.ExpiringStore.Task;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises {@code license.expiring} at some numbers of days before a license expires, each once, and alerts team members. Every node
 * tries, and one at a time does it: a transaction finds licenses, commits their events and remembers how far it has come.
 */
public final class ExpiringVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ExpiringVerticle.class);
  /** From the end of a run to the next one. */
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  /** Licenses of one transaction. */
  private static final int BATCH = 250;
  private static final Duration DAY = Duration.ofDays(1);

  private final Database database;
  private final Outbox outbox;
  private final AlertRaiser alerts;
  private final List<Integer> days;
  private Chore chore;
  private boolean begun;

  /**
   * @param days before the expiry; empty: nothing is raised
   */
  public ExpiringVerticle(Database database, Outbox outbox, AlertRaiser alerts, Collection<Integer> days) {
    this.database = database;
    this.outbox = outbox;
    this.alerts = alerts;
    this.days = days.stream().sorted(Comparator.reverseOrder()).toList();
  }

  @Override
  public Future<?> start() {
    chore = Chore.every(vertx, log, "look for licenses that expire soon", INTERVAL,
        () -> begin().compose(ready -> eachOf(days, this::all)));
    if (!days.isEmpty()) {
      chore.start(Duration.ZERO);
    }
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }

  private Future<Void> begin() {
    return begun ? Future.succeededFuture()
        : eachOf(days, one -> ExpiringStore.begin(database.chores(), one)).onSuccess(done -> begun = true);
  }

  /** Goes on until all that is due is done. */
  private Future<Void> all(int days) {
    return chore.isStopped() ? Future.succeededFuture() : Database.transaction(database.chores(), tx -> ExpiringStore.lock(tx, days).compose(task ->
        task.isEmpty() ? Future.succeededFuture(new Step(Written.NOTHING, true)) : step(tx, days, task.get())))
        .compose(step -> {
          outbox.dispatch(step.written);
          return step.last ? Future.succeededFuture() : all(days);
        });
  }

  private record Step(Written written, boolean last) {}

  private Future<Step> step(SqlClient tx, int days, Task task) {
    return ExpiringStore.due(tx, days, task.notBefore(days), BATCH).compose(found -> {
      boolean last = found.size() < BATCH;
      Position done = last ? Position.after(task.until()) : found.get(found.size() - 1).position();
      // in one order on all nodes: two of them may have the jobs for two numbers of days, and both lock rows of these accounts
      Map<UUID, List<UUID>> byAccount = new TreeMap<>();
      found.forEach(due -> byAccount.computeIfAbsent(due.accountId(), id -> new ArrayList<>()).add(due.licenseId()));
      List<Raised> events = new ArrayList<>(found.size());
      return eachOf(byAccount.entrySet(), account -> LicenseStore.getAll(tx, account.getKey(), account.getValue())
          .compose(licenses -> raise(tx, account.getKey(), licenses, days, task.until(), events)))
          .compose(raised -> outbox.queue(tx, events))
          .compose(written -> ExpiringStore.done(tx, days, done).map(new Step(written, last)));
    });
  }

  private Future<Void> raise(SqlClient tx, UUID accountId, List<License> found, int days, OffsetDateTime now, List<Raised> events) {
    Instant latest = now.toInstant().plus(DAY.multipliedBy(days));
    // the expiry may have changed since it was found
    List<License> licenses = found.stream().filter(license -> license.status() == Status.ACTIVE && license.expiresAt() != null
        && !license.expiresAt().isAfter(latest)).toList();
    licenses.forEach(license ->
        events.add(new Raised(accountId, EventType.LICENSE_EXPIRING, EventData.expiring(license, days))));
    return alerts.raise(tx, accountId, Cause.LICENSE_EXPIRING,
        licenses.stream().map(license -> sentence(license, now.toInstant())).toList());
  }

  /** Tells the time that is left, which is less than the number of days after an outage. */
  static String sentence(License license, Instant now) {
    Duration left = Duration.between(now, license.expiresAt());
    String in = left.compareTo(DAY.minusHours(1)) < 0 ? count(left.plusMinutes(30).toHours(), "hour")
        : count(left.plusHours(12).toDays(), "day");
    return "The license “" + license.name() + "” (" + license.id() + ") expires in " + in + ", on "
        + JsonText.time(license.expiresAt()).substring(0, 10);
  }

  private static String count(long number, String unit) {
    return number < 1 ? "less than 1 " + unit : number == 1 ? "1 " + unit : number + " " + unit + "s";
  }

  private static <T> Future<Void> eachOf(Collection<T> items, Function<T, Future<Void>> work) {
    Future<Void> done = Future.succeededFuture();
    for (T item : items) {
      done = done.compose(before -> work.apply(item));
    }
    return done;
  }
}
