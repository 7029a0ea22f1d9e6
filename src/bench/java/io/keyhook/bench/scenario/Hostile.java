package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Attack;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.vertx.core.json.JsonObject;
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
  /** Until what the attackers call is compiled, as it is in a server that has run for a while. */
  private static final int COMPILE_SECONDS = 50;
  private static final Duration DRAIN = Duration.ofSeconds(60);

  @Override
  public String name() {
    return "hostile";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Neighbours neighbours = new Neighbours();
    Neighbours control = new Neighbours();
    JsonObject answers;
    Manager alone = new Manager();
    Manager beside = new Manager();
    try (Installation installation = Installation.start(lab, lab.postgres().create("hostile"),
            Map.of("KEYHOOK_HTTP_TRUSTED_PROXIES", "[\"127.0.0.1\"]"));
        Attack attack = lab.attack()) {
      List<Installation.Account> others = installation.accounts(OTHERS, LICENSES);
      for (Installation.Account account : others) {
        installation.webhook(account, lab.receivers().url("ok/" + account.name()), true);
      }
      attack.prepare(installation, lab, installation.account(LICENSES_TO_SEARCH));
      installation.analyze();
      Receivers.Stream stream = new Receivers.Stream("others", RATE, others, LICENSES);
      Neighbours.warmUp(lab, installation, others.get(0));
      attack.set(Attack.Mode.ATTACK);
      lab.receivers().openLoop(lab, installation, 0, lab.settings().seconds(COMPILE_SECONDS), DRAIN, List.of(stream));
      attack.set(Attack.Mode.REST);
      neighbours.measure(hostile -> {
        attack.set(hostile ? Attack.Mode.ATTACK : Attack.Mode.REST);
        Manager manager = hostile ? beside : alone;
        manager.begin(installation, others);
        try {
          return measured(lab, installation, stream);
        } finally {
          manager.end();
          attack.set(Attack.Mode.REST);
        }
      });
      control.measure(computing -> {
        attack.set(computing ? Attack.Mode.COMPUTE : Attack.Mode.REST);
        try {
          return measured(lab, installation, stream);
        } finally {
          attack.set(Attack.Mode.REST);
        }
      });
      answers = attack.set(Attack.Mode.REST);
    }
    Table table = neighbours.table(2)
        .row("calls of a dashboard: p50, ms", number(alone.percentile(50), 1), number(beside.percentile(50), 1), "", "")
        .row("calls of a dashboard: p99, ms", number(alone.percentile(99), 1), number(beside.percentile(99), 1), "", "")
        .row("calls of a dashboard failed", count(alone.failed()), count(beside.failed()), "", "0");
    control.control(table, "beside a process that only computes");
    return new Section("Hostile callers and receivers", "9 accounts with a webhook each have " + RATE
        + " validations a second together, open loop, and work with the dashboard: lists, searches and logins, some 10 a"
        + " second. Beside them, an anonymous caller sends bodies of 20,000 unknown fields,"
        + " wrong API keys and wrong passwords, from three addresses; a tenant keeps 40 searches over 200,000 licenses under"
        + " way, imports files of 10,000 lines, creates users, tests webhooks that hang and opens streams; and a receiver"
        + " answers with a Retry-After of 7,900 zeros, after interim responses. Nothing is limited by rate but logins. The"
        + " attackers' process runs while nobody else wants a processor (SCHED_IDLE, in a session of its own)."
        + " In turn with and without, three rounds of each. The last rows are a control: there, the same process calls nobody"
        + " and only computes, on as many threads as there are processors.",
        table, List.of("What the attackers were answered, by status: " + answers.encode() + "."));
  }

  private static JsonObject measured(Lab lab, Installation installation, Receivers.Stream stream) throws Exception {
    return lab.receivers().openLoop(lab, installation, WARM_UP_SECONDS, lab.settings().seconds(10), DRAIN, List.of(stream))
        .getJsonObject("others");
  }
}
