package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.megabytes;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Waiting;
import io.keyhook.bench.Watch;
import java.time.Duration;
import java.util.List;

/** Ten thousand deliveries to receivers that are slow but answer, all at once, in little memory and with no more threads. */
public final class InFlight implements Scenario {
  private static final int ACCOUNTS = 4;
  private static final int WEBHOOKS = 50;
  private static final int VALIDATIONS = 50;
  private static final long DELIVERIES = (long) ACCOUNTS * WEBHOOKS * VALIDATIONS;
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String FIRST_ATTEMPT = """
      SELECT count(*) FROM keyhook.delivery WHERE status = 1 AND jsonb_array_length(attempts) = 1""";

  @Override
  public String name() {
    return "inflight";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    try (Installation installation = Installation.start(lab, "inflight", "-Xmx256m")) {
      List<Installation.Account> accounts = installation.accounts(ACCOUNTS, 1);
      for (Installation.Account account : accounts) {
        for (int i = 0; i < WEBHOOKS; i++) {
          installation.webhook(account, lab.receivers().url("delay/9000/" + account.name() + "/" + i), true);
        }
      }
      lab.receivers().reset();
      Watch.Reading rest = Watch.read(installation);
      try (Watch watch = Watch.on(installation)) {
        long start = System.nanoTime();
        int sequence = lab.sequences(VALIDATIONS * ACCOUNTS);
        for (int i = 0; i < VALIDATIONS; i++) {
          for (Installation.Account account : accounts) {
            installation.validate(account, sequence++);
          }
        }
        double accepted = (System.nanoTime() - start) / 1e9;
        boolean all = Waiting.until(LIMIT, () -> lab.receivers().stats("delay").unique() >= DELIVERIES)
            && installation.drain(LIMIT);
        double seconds = (System.nanoTime() - start) / 1e9;
        Receivers.Stats stats = lab.receivers().stats("delay");
        Watch.Reading peak = watch.peak();
        return section(installation.database().number(FIRST_ATTEMPT), all, accepted, seconds, stats, rest, peak);
      }
    }
  }

  private static Section section(long first, boolean all, double accepted, double seconds, Receivers.Stats stats,
      Watch.Reading rest, Watch.Reading peak) {
    Table table = new Table("figure", "measured", "target")
        .row("delivered on the first attempt", count(first) + " of " + count(DELIVERIES), "all")
        .row("requests at the receiver, those repeated", count(stats.requests()) + ", " + stats.retries(), "10,000, 0")
        .row("at the receiver at once, at most", count(stats.peakWaiting()), "10,000")
        .row("from the first validation to the last result in the log, s", number(seconds, 1), "")
        .row("threads at rest, at most", count(rest.threads()) + ", " + count(peak.threads()), "no more than at rest")
        .row("heap used at most, MB, of 268 (-Xmx256m)", megabytes(peak.heap()), "< 256")
        .row("memory of the process at rest, at most, MB", megabytes(rest.resident()) + ", " + megabytes(peak.resident()),
            "");
    return new Section("In flight at once", count(DELIVERIES) + " deliveries, 50 each to 200 endpoints of 4 accounts, raised"
        + " by 200 validations within " + number(accepted, 1) + " s; every receiver answers after 9 s."
        + (all ? "" : " NOT ALL WERE OVER IN TIME."), table, List.of());
  }
}
