package io.keyhook.bench.scenario;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** An anonymous caller, a tenant and a receiver do their worst: do the others feel it? */
public final class Hostile implements Scenario {
  private static final int OTHERS = 9;
  private static final int LICENSES = 1000;
  private static final int LICENSES_TO_SEARCH = 200_000;
  private static final int RATE = 1000;
  private static final int WARM_UP_SECONDS = 3;
  private static final Duration DRAIN = Duration.ofSeconds(60);

  @Override
  public String name() {
    return "hostile";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Neighbours neighbours = new Neighbours();
    Map<String, Long> answers;
    try (Installation installation = Installation.start(lab, "hostile"); Attack attack = new Attack(installation, lab)) {
      List<Installation.Account> others = installation.accounts(OTHERS, LICENSES);
      for (Installation.Account account : others) {
        installation.webhook(account, lab.receivers().url("ok/" + account.name()), true);
      }
      attack.prepare(installation.account(LICENSES_TO_SEARCH));
      installation.analyze();
      Receivers.Stream stream = new Receivers.Stream("others", RATE, others, LICENSES);
      Neighbours.warmUp(lab, installation, others.get(0));
      neighbours.measure(hostile -> {
        attack.set(hostile);
        try {
          return lab.receivers().openLoop(lab, installation, WARM_UP_SECONDS, lab.settings().seconds(10), DRAIN,
              List.of(stream)).getJsonObject("others");
        } finally {
          attack.set(false);
        }
      });
      answers = attack.answers();
    }
    return new Section("Hostile callers and receivers", "9 accounts with a webhook each have " + RATE
        + " validations a second together, open loop. Beside them, an anonymous caller sends bodies of 20,000 unknown fields,"
        + " wrong API keys and wrong passwords; a tenant keeps 40 searches over 200,000 licenses under way, imports files of"
        + " 10,000 lines, creates users, tests webhooks that hang and opens streams; and a receiver answers with a"
        + " Retry-After of 7,900 zeros, after interim responses. In turn with and without, three rounds of each.",
        neighbours.table(2), List.of("What the attackers were answered, by status: " + answers + "."));
  }
}
