package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;

/**
 * A job that a node does again and again until it stops, one run after the other. A run that fails is logged, and the next one is an
 * interval later. Belongs to one event loop.
 */
public final class Chore {
  private final Vertx vertx;
  private final Logger log;
  private final String name;
  private final Duration interval;
  private final Supplier<Future<Duration>> run;
  private Future<Void> running = Future.succeededFuture();
  private boolean hurried;
  private boolean stopped;
  private long timer;

  private Chore(Vertx vertx, Logger log, String name, Duration interval, Supplier<Future<Duration>> run) {
    this.vertx = vertx;
    this.log = log;
    this.name = name;
    this.interval = interval;
    this.run = run;
  }

  /**
   * A job that says itself when it is to run again.
   *
   * @param log of failures
   * @param name what could not be done, in the log: "count the queue"
   * @param interval from the end of a run that failed to the next one
   * @param run returns the time from its end to the next run
   */
  public static Chore paced(Vertx vertx, Logger log, String name, Duration interval, Supplier<Future<Duration>> run) {
    return new Chore(vertx, log, name, interval, run);
  }

  /**
   * A job that runs at intervals.
   *
   * @param interval from the end of a run to the next one
   */
  public static Chore every(Vertx vertx, Logger log, String name, Duration interval, Supplier<Future<Void>> run) {
    return new Chore(vertx, log, name, interval, () -> run.get().map(interval));
  }

  /** Starts the first run after a delay. */
  public void start(Duration delay) {
    if (!stopped) {
      timer = vertx.setTimer(Math.max(1, delay.toMillis()), due -> run());
    }
  }

  private void run() {
    hurried = false;
    running = Future.succeededFuture().compose(begun -> run.get()).recover(e -> {
      log.atLevel(DatabaseError.of(e).level()).log("Could not {}; retrying in {}: {}", name, text(interval), e.getMessage());
      return Future.succeededFuture(interval);
    }).map(rest -> {
      start(hurried ? Duration.ZERO : rest);
      return null;
    });
  }

  private static String text(Duration interval) {
    return interval.compareTo(Duration.ofMinutes(2)) < 0 ? interval.toSeconds() + " s" : interval.toMinutes() + " min";
  }

  /** Lets the next run begin at once, or as soon as the current one has ended. */
  public void hurry() {
    if (running.isComplete()) {
      vertx.cancelTimer(timer);
      start(Duration.ZERO);
    } else {
      hurried = true;
    }
  }

  /** Whether a run is to end early. */
  public boolean isStopped() {
    return stopped;
  }

  /** Starts no more runs. Completes when a current one has ended. */
  public Future<Void> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return running;
  }
}
