package io.keyhook.license;

import io.keyhook.db.Database;
import io.keyhook.db.Shares;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.keyhook.license.LicenseStore.LicenseId;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises {@code license.expired}, once per expiry: taking the expiry off the license and committing its event are one
 * transaction. What expired while nothing ran is still due when something does.
 */
public final class ExpiryVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ExpiryVerticle.class);
  /** Small, and no faster than some 11,000 a second: validations go in between. */
  private static final int BATCH = 100;
  private static final Duration INTERVAL = Duration.ofMillis(9);
  /** Another node may add a license that expires before all that this one knows of. */
  private static final Duration LONGEST_WAIT = Duration.ofMillis(400);
  /** Nothing was taken, or not much: another node is at it, or the rest is just becoming due. */
  private static final Duration ANOTHER_NODE = Duration.ofMillis(20);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
  private static final Comparator<LicenseId> LOCK_ORDER =
      Comparator.comparing(LicenseId::accountId).thenComparing(LicenseId::licenseId);

  private final Database database;
  private final Outbox outbox;
  private Pool connection;
  private Future<Void> running = Future.succeededFuture();
  private long timer;
  private boolean stopped;

  public ExpiryVerticle(Database database, Outbox outbox) {
    this.database = database;
    this.outbox = outbox;
  }

  @Override
  public Future<?> start() {
    connection = database.connections(Shares.EXPIRY);
    runAfter(Duration.ofMillis(1));
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return running.eventually(() -> database.release(connection));
  }

  private void runAfter(Duration delay) {
    if (!stopped) {
      timer = vertx.setTimer(Math.max(1, delay.toMillis()), t -> running = announce()
          .recover(e -> {
            log.warn("Expiries could not be announced; trying again: {}", e.getMessage());
            return Future.succeededFuture(AFTER_FAILURE);
          })
          .map(next -> {
            runAfter(next);
            return null;
          }));
    }
  }

  /** Announces a batch, and tells when to go on. */
  private Future<Duration> announce() {
    long asked = System.nanoTime();
    return LicenseStore.nextExpiry(connection).compose(next -> {
      double seconds = next.orElse(Double.MAX_VALUE);
      if (seconds > 0) {
        return Future.succeededFuture(seconds < LONGEST_WAIT.toMillis() / 1e3
            ? Duration.ofNanos((long) (seconds * 1e9) + 1_000_000) : LONGEST_WAIT);
      }
      return Database.transaction(connection, this::announceDue).map(written -> {
        outbox.dispatch(written);
        return written.events().size() < BATCH ? ANOTHER_NODE : outbox.isBusy() ? INTERVAL
            : INTERVAL.minusNanos(System.nanoTime() - asked);
      });
    });
  }

  private Future<Outbox.Written> announceDue(SqlConnection tx) {
    return LicenseStore.lockExpiry(tx)
        .compose(locked -> locked ? LicenseStore.dueExpiries(tx, BATCH) : Future.succeededFuture(List.of()))
        .map(due -> due.stream().sorted(LOCK_ORDER).toList())
        .compose(due -> due.isEmpty() ? Future.succeededFuture(List.<LicenseStore.OwnedLicense>of())
            : LicenseStore.takeExpiries(tx, due))
        .compose(licenses -> {
          List<Raised> events = new ArrayList<>(licenses.size());
          licenses.forEach(owned -> events.add(
              new Raised(owned.accountId(), EventType.LICENSE_EXPIRED, EventData.expired(owned.license()))));
          return outbox.write(tx, events);
        });
  }
}
