package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Medians;
import io.keyhook.bench.PostgresServer;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A burst of validations with a delivery each as soon as a node is ready, beside the same burst on the warm node. */
public final class ColdStart implements Scenario {
  private static final int WEBHOOKS = 20;
  private static final int LICENSES = 100;
  private static final int EVENTS = 20_000;
  private static final int CONNECTIONS = 64;
  private static final int WARM_UPS = 4;
  private static final int STARTS = 5;
  private static final Duration DRAIN = Duration.ofSeconds(60);

  private record Burst(double rate, double p99) {}

  @Override
  public String name() {
    return "cold-start";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    PostgresServer.Database database = lab.postgres().create("cold_start");
    List<Installation.Account> accounts;
    try (Installation installation = Installation.start(lab, database)) {
      accounts = installation.accounts(WEBHOOKS, LICENSES);
      for (Installation.Account account : accounts) {
        installation.webhook(account, lab.receivers().url("ok/" + account.name()), true);
      }
      installation.analyze();
    }
    List<Burst> cold = new ArrayList<>();
    List<Burst> warm = new ArrayList<>();
    for (int i = 0; i < STARTS; i++) {
      try (Installation installation = Installation.start(lab, database)) {
        cold.add(burst(lab, installation, accounts));
        for (int j = 0; j < WARM_UPS; j++) {
          burst(lab, installation, accounts);
        }
        warm.add(burst(lab, installation, accounts));
      }
    }
    Table table = new Table("figure", "first burst", "warm", "ratio of the medians", "target");
    double rate = median(cold.stream().map(Burst::rate).toList());
    table.row("deliveries/s", all(cold.stream().map(burst -> count(burst.rate)).toList()),
        all(warm.stream().map(burst -> count(burst.rate)).toList()),
        number(rate / median(warm.stream().map(Burst::rate).toList()), 2), "at least 0.7");
    table.row("p99 from sending to arrival, ms", all(cold.stream().map(burst -> millis(burst.p99)).toList()),
        all(warm.stream().map(burst -> millis(burst.p99)).toList()), "", "under 50 in the first burst");
    return new Section("A cold start", count(EVENTS) + " validations with a delivery each, over " + CONNECTIONS
        + " connections, as soon as a new process is ready, and again after " + WARM_UPS + " more such bursts. " + STARTS
        + " starts.", table, List.of());
  }

  private static Burst burst(Lab lab, Installation installation, List<Installation.Account> accounts) throws Exception {
    lab.receivers().reset();
    JsonObject result = lab.receivers().burst(lab, installation, EVENTS, CONNECTIONS, DRAIN, accounts, LICENSES);
    if (result.getLong("missing") + result.getLong("failed") > 0) {
      throw new IllegalStateException("Events are missing, or validations failed: " + result.encode());
    }
    installation.drain(DRAIN);
    return new Burst(EVENTS / result.getDouble("seconds"), result.getJsonObject("whole").getDouble("p99"));
  }

  private static double median(List<Double> values) {
    return Medians.of(values);
  }

  private static String all(List<String> values) {
    return String.join(" / ", values);
  }
}
