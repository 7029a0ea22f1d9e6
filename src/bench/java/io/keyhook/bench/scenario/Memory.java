package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Watch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How much memory the process has in use, with and without a size of the heap: at a steady rate, and after each peak. */
public final class Memory implements Scenario {
  private static final int WEBHOOKS = 20;
  private static final int LICENSES = 100;
  private static final int RATE = 1_000;
  private static final int WARM_UP_SECONDS = 3;
  private static final int EVENTS = 20_000;
  private static final int CONNECTIONS = 64;
  private static final int BURSTS = 3;
  private static final int LATER_ACCOUNTS = 50;
  private static final int IDLE_SECONDS = 75;
  private static final Duration DRAIN = Duration.ofSeconds(60);
  private static final double MB = 1_000_000;

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Table table = new Table("memory of the process, MB", "started", RATE + " events/s over HTTPS",
        "after bursts of " + count(EVENTS), "after " + LATER_ACCOUNTS + " accounts", "idle for " + IDLE_SECONDS + " s", "target");
    row(lab, table, "no options", "at most 300 at " + count(RATE) + "/s");
    row(lab, table, "-Xmx256m", "", "-Xmx256m");
    return new Section("Memory", "VmRSS. " + WEBHOOKS + " accounts with a webhook each, all at one host over HTTPS. First "
        + count(RATE) + " validations/s, then " + BURSTS + " bursts over " + CONNECTIONS + " connections, then the creation of "
        + LATER_ACCOUNTS + " accounts, which hashes as many passwords.", table, List.of());
  }

  private static void row(Lab lab, Table table, String what, String target, String... jvmOptions) throws Exception {
    List<String> cells = new ArrayList<>(List.of(what));
    try (Installation installation = Installation.start(lab, "memory" + jvmOptions.length, jvmOptions)) {
      cells.add(resident(installation));
      List<Installation.Account> accounts = installation.accounts(WEBHOOKS, LICENSES);
      for (Installation.Account account : accounts) {
        installation.webhook(account, lab.receivers().secureUrl("ok/" + account.name()), true);
      }
      installation.analyze();
      lab.receivers().openLoop(lab, installation, WARM_UP_SECONDS, lab.settings().seconds(60), DRAIN,
          List.of(new Receivers.Stream("steady", RATE, accounts, LICENSES)));
      cells.add(resident(installation));
      for (int i = 0; i < BURSTS; i++) {
        lab.receivers().burst(lab, installation, EVENTS, CONNECTIONS, DRAIN, accounts, LICENSES);
      }
      cells.add(resident(installation));
      installation.accounts(LATER_ACCOUNTS, 1);
      cells.add(resident(installation));
      Thread.sleep(Duration.ofSeconds(IDLE_SECONDS).toMillis());
      cells.add(resident(installation));
    }
    cells.add(target);
    table.row(cells.toArray());
  }

  private static String resident(Installation installation) throws Exception {
    return count(Math.round(Watch.read(installation).resident() / MB));
  }
}
