package io.keyhook.testing;

import io.keyhook.bus.Id;
import java.time.Duration;
import java.util.List;

/** Turns time by shifting what the database has stored, so that no test waits for it. */
public final class Clock {
  private final TestDatabase database;

  Clock(TestDatabase database) {
    this.database = database;
  }

  /** Everything in the queue comes this much nearer: what is waiting, and the ends of leases. */
  public void advanceQueue(Duration by) {
    // Nodes lock rows in an order of their own: all of them at once would be locked in another.
    database.update("""
        DO $$ BEGIN
          LOCK TABLE keyhook.delivery_queue IN SHARE ROW EXCLUSIVE MODE;
          UPDATE keyhook.delivery_queue SET due_at = %s;
        END $$""".formatted(earlier("due_at").replace("?", Double.toString(seconds(by)))));
  }

  /** One delivery's next attempt, or its lease's end, comes this much nearer. */
  public void advance(String deliveryId, Duration by) {
    database.update("UPDATE keyhook.delivery_queue SET due_at = %s WHERE delivery_id = ?".formatted(earlier("due_at")),
        seconds(by), Id.DELIVERY.parse(deliveryId));
  }

  /** A license's expiry comes this much nearer, and was set this much earlier. */
  public void advanceExpiry(String licenseId, Duration by) {
    database.update("UPDATE keyhook.license SET expires_at = %s WHERE license_id = ?".formatted(earlier("expires_at")),
        seconds(by), Id.LICENSE.parse(licenseId));
    database.update("UPDATE keyhook.license_expiry SET due_at = %s, set_at = %s WHERE license_id = ?"
        .formatted(earlier("due_at"), earlier("set_at")), seconds(by), seconds(by), Id.LICENSE.parse(licenseId));
  }

  /** Everything about a license that follows from its policy was so much longer ago: its creation, first activation and expiry. */
  public void advanceLicense(String licenseId, Duration by) {
    database.update("UPDATE keyhook.license SET created_at = %s, first_activated_at = %s, expires_at = %s WHERE license_id = ?"
        .formatted(earlier("created_at"), earlier("first_activated_at"), earlier("expires_at")),
        seconds(by), seconds(by), seconds(by), Id.LICENSE.parse(licenseId));
    database.update("""
        UPDATE keyhook.license_expiry e SET due_at = l.expires_at FROM keyhook.license l
        WHERE l.account_id = e.account_id AND l.license_id = e.license_id AND l.license_id = ?""", Id.LICENSE.parse(licenseId));
  }

  /** The overlap of every rotation comes this much nearer to its end. */
  public void advanceRotations(Duration by) {
    database.update("""
        UPDATE keyhook.webhook SET previous_secret_until = %s, interim_secret_until = %s,
          previous_secrets_until = ARRAY(SELECT %s
            FROM unnest(previous_secrets_until) WITH ORDINALITY q (until, ord) ORDER BY q.ord), version = version + 1"""
            .formatted(earlier("previous_secret_until"), earlier("interim_secret_until"), earlier("q.until")),
        seconds(by), seconds(by), seconds(by));
  }

  /** What was done, and what came of it, is so much longer ago: a webhook's last change, and its attempts that count. */
  public void advanceHealth(String webhookId, Duration by) {
    for (String column : List.of("webhook SET updated_at", "attempt_count SET minute")) {
      database.update("UPDATE keyhook.%s = %s WHERE webhook_id = ?".formatted(column, earlier(column.replaceAll(".* ", ""))),
          seconds(by), Id.WEBHOOK.parse(webhookId));
    }
  }

  /** A time of the zone UTC, so many seconds earlier: Citus takes this in an update, but not what depends on the session's zone. */
  public static String earlier(String time) {
    return "(%s AT TIME ZONE 'UTC' - make_interval(secs => ?)) AT TIME ZONE 'UTC'".formatted(time);
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }
}
