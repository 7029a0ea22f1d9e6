package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Medians;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The same burst over HTTP and over HTTPS, to one host, on the same Keyhook: what does encryption cost? */
public final class Https implements Scenario {
  private static final int WEBHOOKS = 20;
  private static final int LICENSES = 100;
  private static final int EVENTS = 20_000;
  private static final int CONNECTIONS = 64;
  private static final int WARM_UPS = 2;
  private static final int ROUNDS = 5;
  private static final Duration DRAIN = Duration.ofSeconds(30);

  /** One burst. */
  private record Burst(double rate, double p99, double cpu, long connections, long missing) {}

  @Override
  public String name() {
    return "https";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    List<Burst> plain = new ArrayList<>();
    List<Burst> secure = new ArrayList<>();
    Burst cold;
    try (Installation installation = Installation.start(lab, "https")) {
      List<Installation.Account> overHttp = installation.accounts(WEBHOOKS, LICENSES);
      List<Installation.Account> overHttps = installation.accounts(WEBHOOKS, LICENSES);
      for (int i = 0; i < WEBHOOKS; i++) {
        installation.webhook(overHttp.get(i), lab.receivers().plainUrl("ok/" + i), true);
        installation.webhook(overHttps.get(i), lab.receivers().secureUrl("ok/" + i), true);
      }
      installation.analyze();
      cold = burst(lab, installation, overHttps);
      for (int i = 0; i < WARM_UPS; i++) {
        burst(lab, installation, overHttp);
        burst(lab, installation, overHttps);
      }
      for (int i = 0; i < ROUNDS; i++) {
        plain.add(burst(lab, installation, overHttp));
        secure.add(burst(lab, installation, overHttps));
      }
    }
    Table table = new Table("figure", "HTTP", "HTTPS", "ratio of the medians", "target");
    row(table, "deliveries/s", plain, secure, Burst::rate, "at least 0.8", Table::count);
    row(table, "p99 from sending to arrival, ms", plain, secure, Burst::p99, "at most 2", Table::millis);
    row(table, "CPU of Keyhook per delivery, microseconds", plain, secure, Burst::cpu, "at most 1.5", Table::count);
    table.row("connections made to the host", "", all(secure, Burst::connections, Table::count), "", "");
    table.row("events missing", all(plain, Burst::missing, Table::count),
        all(secure, Burst::missing, Table::count), "", "0");
    return new Section("HTTPS", count(EVENTS) + " validations over " + CONNECTIONS + " connections, closed loop, of "
        + WEBHOOKS + " accounts with a webhook each, all at one host. In turn over HTTP and HTTPS, " + ROUNDS
        + " rounds of each on a warm Keyhook.", table,
        List.of("The first burst of this Keyhook, over HTTPS: " + count(cold.rate) + " deliveries/s, p99 "
            + millis(cold.p99) + " ms, " + count(cold.cpu) + " microseconds of CPU per delivery, " + count(cold.connections)
            + " connections."));
  }

  private static Burst burst(Lab lab, Installation installation, List<Installation.Account> accounts) throws Exception {
    lab.receivers().reset();
    Cpu cpu = lab.cpu(installation);
    JsonObject result = lab.receivers().burst(lab, installation, EVENTS, CONNECTIONS, DRAIN, accounts, LICENSES);
    installation.drain(DRAIN);
    return new Burst(EVENTS / result.getDouble("seconds"), result.getJsonObject("whole").getDouble("p99"),
        1e6 * lab.cpu(installation).since(cpu).keyhook() / EVENTS, lab.receivers().connections(),
        result.getLong("missing") + result.getLong("failed"));
  }

  private interface Format {
    String of(double value);
  }

  private static void row(Table table, String what, List<Burst> plain, List<Burst> secure, ToDoubleFunction<Burst> figure,
      String target, Format format) {
    table.row(what, all(plain, figure, format), all(secure, figure, format),
        number(median(secure, figure) / median(plain, figure), 2), target);
  }

  private static String all(List<Burst> bursts, ToDoubleFunction<Burst> figure, Format format) {
    return String.join(" / ", bursts.stream().map(burst -> format.of(figure.applyAsDouble(burst))).toList());
  }

  private static double median(List<Burst> bursts, ToDoubleFunction<Burst> figure) {
    return Medians.of(bursts.stream().mapToDouble(figure).boxed().toList());
  }
}
