package io.keyhook.bench.scenario;

import io.keyhook.bench.Http;
import io.keyhook.bench.Installation;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What the dashboard of an honest account calls, one after another, and how long that takes. */
final class Manager {
  private static final int PAUSE_MILLIS = 100;
  private static final List<String> PATHS =
      List.of("/api/licenses", "/api/licenses?search=License%2042", "/api/deliveries", "/api/webhooks", "/api/account");

  private final Histogram micros = new Histogram(60_000_000L, 3); // guarded by this
  private int failed; // guarded by this

  private Thread thread;
  private volatile boolean over;

  /** Calls until it is ended. */
  void begin(Installation installation, List<Installation.Account> accounts) {
    over = false;
    thread = new Thread(() -> run(installation, accounts), "manager");
    thread.start();
  }

  void end() throws InterruptedException {
    over = true;
    thread.join();
  }

  private void run(Installation installation, List<Installation.Account> accounts) {
    try {
      for (int i = 0; !over; i++) {
        Installation.Account account = accounts.get(i % accounts.size());
        int step = i % (8 * PATHS.size() + 1); // few logins: so many a minute are allowed
        long start = System.nanoTime();
        Http.Answer answer = step > 0 ? installation.call(account, "GET", PATHS.get(step % PATHS.size()), null)
            : installation.login(account);
        note((System.nanoTime() - start) / 1000, answer.status());
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
    } catch (IOException e) {
      note(0, 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void note(long micros, int status) {
    if (status == 200) {
      this.micros.recordValue(micros);
    } else {
      failed++;
    }
  }

  synchronized int failed() {
    return failed;
  }

  /** In milliseconds, of those that were answered 200. */
  synchronized double percentile(double percent) {
    return micros.getValueAtPercentile(percent) / 1000.0;
  }
}
