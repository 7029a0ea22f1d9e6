package io.keyhook;

import io.keyhook.fair.Admission;
import io.keyhook.fair.FairShare;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.UUID;

/**
 * What tenants take turns for on a node.
 *
 * @param management calls that use the shared connections, by account or client address
 * @param searches searches of licenses, which have connections of their own
 * @param tests test deliveries, which wait for a receiver
 * @param uploads files that are read
 */
record Admissions(
    Admission<Object> management, Admission<UUID> searches, Admission<UUID> tests, Admission<UUID> uploads) {
  /** Shared connections that management calls leave to the node's own work. */
  private static final int BACKGROUND = 2;
  /** As many as there are connections for searches: one account alone has two. */
  private static final int SEARCHES = 3;
  /** Each search ends within two seconds. */
  private static final Duration SEARCH_PATIENCE = Duration.ofSeconds(10);
  /** A test uses next to nothing while it waits. */
  private static final int TESTS = 128;
  /** One account alone has 26. */
  private static final double TESTS_FACTOR = 0.25;
  private static final int UPLOADS = 1;
  private static final int MAX_WAITING = 1000;
  /** Less than a client waits. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  static Admissions of(Vertx vertx, int poolSize, MeterRegistry meters) {
    return new Admissions(
        new Admission<>(vertx, "management calls", Math.max(1, poolSize - BACKGROUND), MAX_WAITING, PATIENCE)
            .meteredBy(meters),
        new Admission<UUID>(vertx, "searches", SEARCHES, MAX_WAITING, SEARCH_PATIENCE).meteredBy(meters),
        new Admission<UUID>(vertx, "webhook tests", new FairShare<>(TESTS, TESTS_FACTOR), TESTS, PATIENCE)
            .meteredBy(meters),
        new Admission<UUID>(vertx, "uploads", UPLOADS, MAX_WAITING, PATIENCE).meteredBy(meters));
  }
}
