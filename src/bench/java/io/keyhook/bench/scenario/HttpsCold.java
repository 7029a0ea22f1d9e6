package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Medians;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Waiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One delivery over HTTPS to each of a thousand hosts that have no connection: how long does it take beside the handshakes
 * alone, and do deliveries on connections that there are feel it, or restarts of their receivers?
 */
public final class HttpsCold implements Scenario {
  private static final int ACCOUNTS = 20;
  private static final int WEBHOOKS = 50;
  private static final int HOSTS = ACCOUNTS * WEBHOOKS;
  private static final int OTHERS = 20;
  private static final int LICENSES = 100;
  private static final int RATE = 500;
  private static final int ROUNDS = 5;
  private static final int WARM_UP_SECONDS = 3;
  private static final int RESTART_SECONDS = 10;
  private static final int WARM_UPS = 3;
  private static final int WARM_UP_EVENTS = 20_000;
  private static final int CONNECTIONS = 64;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Override
  public String name() {
    return "https-cold";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Receivers receivers = lab.receivers();
    Receivers cold = lab.startReceivers();
    List<Integer> ports = cold.hosts(HOSTS);
    ExecutorService beside = Executors.newSingleThreadExecutor();
    try (Installation installation = Installation.start(lab, "https-cold")) {
      List<Installation.Account> others = installation.accounts(OTHERS, LICENSES);
      for (Installation.Account account : others) {
        installation.webhook(account, receivers.secureUrl("ok/" + account.name()), true);
      }
      List<Installation.Account> accounts = installation.accounts(ACCOUNTS, 1);
      for (int i = 0; i < HOSTS; i++) {
        installation.webhook(accounts.get(i / WEBHOOKS), cold.secureUrl(ports.get(i), "cold/" + i), true);
      }
      installation.analyze();
      for (int i = 0; i < WARM_UPS; i++) {
        receivers.burst(lab, installation, WARM_UP_EVENTS, CONNECTIONS, LIMIT, others, LICENSES);
      }
      installation.drain(LIMIT);
      List<Double> bare = new ArrayList<>();
      List<Double> delivered = new ArrayList<>();
      for (int i = 0; i < ROUNDS; i++) {
        bare.add(cold.handshakes(ports));
        delivered.add(deliver(lab, cold, installation, accounts));
      }
      Receivers.Stream stream = new Receivers.Stream("others", RATE, others, LICENSES);
      int seconds = lab.settings().seconds(20);
      Callable<JsonObject> measure = () -> receivers.openLoop(lab, installation, WARM_UP_SECONDS, seconds, LIMIT,
          List.of(stream)).getJsonObject("others");
      JsonObject alone = measure.call();
      Future<JsonObject> during = beside.submit(measure);
      int times = 0;
      for (; !during.isDone(); times++) {
        deliver(lab, cold, installation, accounts);
      }
      JsonObject withCold = during.get();
      during = beside.submit(measure);
      int bareTimes = 0;
      for (; !during.isDone(); bareTimes++) {
        cold.handshakes(ports);
      }
      JsonObject withBare = during.get();
      receivers.reset();
      during = beside.submit(measure);
      int restarts = 0;
      for (long start = System.nanoTime(); !during.isDone(); Thread.sleep(50)) {
        if (System.nanoTime() - start > (1 + restarts) * RESTART_SECONDS * 1_000_000_000L) {
          restarts++;
          receivers.disconnect();
        }
      }
      JsonObject withRestarts = during.get();
      long connections = receivers.connections();
      Table table = new Table("figure", "measured", "beside", "ratio", "target");
      table.row(count(HOSTS) + " deliveries on cold connections, the handshakes alone, s", all(delivered), all(bare),
          number(Medians.of(delivered) / Medians.of(bare), 2), "at most 2");
      row(table, "others' deliveries with " + times + " times " + count(HOSTS) + " handshakes, alone: p99, ms", withCold, alone);
      row(table, "the same with " + bareTimes + " times " + count(HOSTS) + " handshakes of the bare client", withBare, alone);
      row(table, "others' deliveries with " + restarts + " restarts, alone: p99, ms", withRestarts, alone);
      table.row("others' connections with " + restarts + " restarts, webhooks", count(connections), count(OTHERS), "", "");
      table.row("others' events missing", count(withCold.getLong("missing") + withRestarts.getLong("missing")), "", "", "0");
      return new Section("HTTPS on cold connections", count(HOSTS) + " hosts, one webhook each, of " + ACCOUNTS
          + " accounts; one delivery to each. A bare client of Vert.x sends as many requests to the same hosts. Others: "
          + OTHERS + " webhooks at one host have " + RATE + " deliveries a second on warm connections, open loop.",
          table, List.of());
    } finally {
      beside.shutdownNow();
    }
  }

  private static void row(Table table, String what, JsonObject beside, JsonObject alone) {
    double one = alone.getJsonObject("whole").getDouble("p99");
    double other = beside.getJsonObject("whole").getDouble("p99");
    table.row(what, millis(other), millis(one), number(other / one, 2), "at most 2");
  }

  private static String all(List<Double> seconds) {
    return String.join(" / ", seconds.stream().map(value -> number(value, 2)).toList());
  }

  /** Seconds from the first validation to the last arrival. */
  private static double deliver(Lab lab, Receivers cold, Installation installation, List<Installation.Account> accounts)
      throws Exception {
    cold.disconnectHosts();
    long before = cold.stats("cold").unique();
    long start = System.nanoTime();
    for (Installation.Account account : accounts) {
      installation.validate(account, lab.sequences(1));
    }
    Waiting.expect("all are delivered", LIMIT, () -> cold.stats("cold").unique() - before == HOSTS);
    return (System.nanoTime() - start) / 1e9;
  }
}
