package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.megabytes;
import static io.keyhook.bench.Table.millis;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.LoadGenerator;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Waiting;
import io.keyhook.bench.Watch;
import java.time.Duration;
import java.util.List;

/** Three times what it can do, for a minute: what it refuses and how, and that it keeps what it accepted. */
public final class Overload implements Scenario {
  private static final int FACTOR = 3;
  private static final int CAPACITY_CONNECTIONS = 1024;
  private static final int CONNECTIONS = 12_000;
  private static final int WARM_UP_SECONDS = 8;
  private static final int CAPACITY_SECONDS = 5;
  private static final int LOW_RATE = 200;
  private static final int LOW_SECONDS = 5;
  private static final Duration DRAIN = Duration.ofMinutes(5);

  @Override
  public String name() {
    return "overload";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    int seconds = lab.settings().seconds(60);
    try (Installation installation = Installation.start(lab, "overload", "-Xmx256m")) {
      Installation.Account account = installation.account(lab.settings().licenses());
      installation.webhook(account, lab.receivers().url("ok/overload"), true);
      installation.analyze();
      lab.load().closedLoop(lab, installation, account, WARM_UP_SECONDS, CAPACITY_CONNECTIONS);
      installation.drain(DRAIN);
      double capacity = lab.load().closedLoop(lab, installation, account, CAPACITY_SECONDS, CAPACITY_CONNECTIONS)
          .throughput();
      installation.drain(DRAIN);
      lab.receivers().reset();
      int rate = (int) (FACTOR * capacity);
      try (Watch watch = Watch.on(installation)) {
        LoadGenerator.Result result = lab.load().openLoop(lab, installation, account, rate, seconds, CONNECTIONS);
        boolean arrived = Waiting.until(DRAIN, () -> lab.receivers().missing("ok", result) == 0);
        long missing = arrived ? 0 : lab.receivers().missing("ok", result);
        boolean drained = installation.drain(DRAIN);
        Watch.Reading peak = watch.peak();
        LoadGenerator.Result after = lab.load().openLoop(lab, installation, account, LOW_RATE, LOW_SECONDS);
        return section(capacity, rate, seconds, result, missing, drained, peak, after);
      }
    }
  }

  private static Section section(double capacity, int rate, int seconds, LoadGenerator.Result result, long missing,
      boolean drained, Watch.Reading peak, LoadGenerator.Result after) {
    Table table = new Table("figure", "measured", "target")
        .row("validations due", count(result.due()), "")
        .row("answered 200", count(result.ok()), "")
        .row("answered 503 with Retry-After", count(result.unavailable()), "what is not 200")
        .row("answered otherwise", count(result.otherStatus()), "0")
        .row("not answered in 30 s, or cut", count(result.unanswered()), "0")
        .row("not sent, for too many were waiting", count(result.unsent()), "")
        .row("answered 200, a second, to the last answer", count(result.throughput()), "")
        .row("200s: p50, p99 from due to answer, ms", millis(result.p50()) + ", " + millis(result.p99()), "")
        .row("accepted, but the event has not come", count(missing), "0")
        .row("heap used at most, garbage as well, MB, of 268 (-Xmx256m)", megabytes(peak.heap()), "stays")
        .row("memory of the process at most, MB", megabytes(peak.resident()), "")
        .row("afterwards, at " + LOW_RATE + "/s, answered 200", count(after.ok()) + " of " + count(after.due()), "all");
    return new Section("Past the limit", "With a webhook, " + count(capacity) + " validations a second were possible"
        + " (closed loop, " + CAPACITY_CONNECTIONS + " connections). Then " + count(rate) + "/s were due for " + seconds + " s, open loop, on " + CONNECTIONS
        + " connections." + (drained ? "" : " THE QUEUE WAS NOT EMPTY IN THE END."), table, List.of());
  }
}
