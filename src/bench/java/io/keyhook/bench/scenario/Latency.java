package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;

/** How soon after a validation's answer its delivery reaches the receiver, by one clock. */
public final class Latency implements Scenario {
  private static final int RATE = 1000;
  private static final int WARM_UP_SECONDS = 10;

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    JsonObject result;
    try (Installation installation = Installation.start(lab, "latency")) {
      Installation.Account account = installation.account(lab.settings().licenses());
      installation.webhook(account, lab.receivers().url("ok/latency"), true);
      installation.analyze();
      result = lab.receivers().openLoop(lab, installation, WARM_UP_SECONDS, lab.settings().seconds(15),
          Duration.ofSeconds(30), List.of(new Receivers.Stream("all", RATE, List.of(account), account.licenses())))
          .getJsonObject("all");
    }
    Table table = new Table("time", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "most ms", "target");
    row(table, "from when a validation was due to its answer", result.getJsonObject("validation"), "");
    row(table, "from its answer to the receiver's request", result.getJsonObject("delivery"), "p50 < 5, p99 < 50");
    row(table, "from when it was due to the receiver's request", result.getJsonObject("whole"), "");
    return new Section("From a validation to its delivery", count(RATE) + " validations a second, open loop, one webhook; "
        + count(result.getLong("due")) + " validations, " + result.getLong("failed") + " failed, "
        + result.getLong("missing") + " events missing. A delivery that was there before the answer counts as 0.", table,
        List.of());
  }

  private static void row(Table table, String what, JsonObject times, String target) {
    table.row(what, millis(times.getLong("p50")), millis(times.getLong("p90")), millis(times.getLong("p99")),
        millis(times.getLong("p999")), millis(times.getLong("max")), target);
  }
}
