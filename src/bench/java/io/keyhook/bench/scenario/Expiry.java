package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.PostgresServer;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Waiting;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Licenses that expire: how many a second, and how long after their time their events are committed and arrive. */
public final class Expiry implements Scenario {
  /** Seeding takes a while. */
  private static final double LEAD_SECONDS = 4;
  private static final double SEEDED_PER_SECOND = 3000;
  private static final int WARM_UPS = 4;
  private static final int ROUNDS = 3;
  private static final int BURST = 20_000;
  private static final int UNHEARD = 100_000;
  private static final int FLOOD = 100_000;
  private static final int OTHERS = 9;
  private static final int OTHERS_RATE = 200;
  private static final int VALIDATIONS_RATE = 300;
  private static final int SUSTAINED_SECONDS = 10;
  private static final List<Integer> RATES = List.of(2000, 5000, 10_000);
  private static final Duration LIMIT = Duration.ofMinutes(3);
  /** As the API makes them, but for their devices: spread evenly over so many seconds, the first in so many. */
  private static final String LICENSES = """
      WITH made AS (
        INSERT INTO keyhook.license (account_id, key, name, max_activations, expires_at, customer_name, customer_email)
        SELECT account_id, 'EXPI-' || substr(md5(random()::text), 1, 4) || '-' || lpad((n / 10000)::text, 4, '0') || '-'
            || lpad((n % 10000)::text, 4, '0') || '-' || upper(substr(md5(random()::text || n), 1, 8)),
          'License ' || n, 5, date_trunc('milliseconds', now() + make_interval(secs => ? + n::float8 * ? / ?)),
          'A customer', 'customer@example.com'
        FROM keyhook.account, generate_series(0, ? - 1) n WHERE name = ?
        RETURNING account_id, license_id, expires_at)
      INSERT INTO keyhook.license_expiry (account_id, license_id, due_at) SELECT * FROM made""";
  private static final String DUE = "SELECT count(*) FROM keyhook.license_expiry WHERE due_at <= clock_timestamp()";
  private static final String LEFT = "SELECT count(*) FROM keyhook.license_expiry";
  /** An id holds the time at which its delivery was queued. */
  private static final String ANNOUNCED = """
      WITH delay AS (
        SELECT uuid_extract_timestamp(d.delivery_id) AS at, (e.data::json ->> 'expiresAt')::timestamptz AS due
        FROM keyhook.delivery d JOIN keyhook.event e USING (account_id, event_id, keep_until)
        WHERE d.account_id = (SELECT account_id FROM keyhook.account WHERE name = ?) AND d.type = 3
      )
      SELECT count(*), extract(epoch FROM max(at) - min(due))::float8,
        1e6 * extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY at - due))::float8,
        1e6 * extract(epoch FROM percentile_disc(0.99) WITHIN GROUP (ORDER BY at - due))::float8,
        1e6 * extract(epoch FROM max(at - due))::float8
      FROM delay""";

  @Override
  public String name() {
    return "expiry";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Table table = new Table("what expires", "nodes", "announced a second", "committed after p50 / p99 / max, ms",
        "arrived after p50 / p99 / max, ms", "CPU per license: Keyhook / PostgreSQL, µs", "duplicates");
    List<String> notes = new ArrayList<>();
    PostgresServer.Database database = lab.postgres().create("expiry");
    try (Installation one = Installation.start(lab, database)) {
      List<Installation> alone = List.of(one);
      bursts(lab, alone, table);
      for (int rate : RATES) {
        int seconds = lab.settings().seconds(SUSTAINED_SECONDS);
        burst(lab, alone, count(rate) + " a second for " + seconds + " s", rate * seconds, seconds, table);
      }
      burst(lab, alone, count(BURST) + " at once", BURST, 0, table);
      unheard(lab, one, table);
      neighbours(lab, one, notes);
      try (Installation two = Installation.start(lab, database)) {
        bursts(lab, List.of(one, two), table);
      }
    }
    return new Section("Expiries", "Licenses of one account expire, each with a customer and a webhook that answers at once."
        + " \"Committed\" is when a delivery was queued, \"arrived\" when the endpoint had read its body, both counted from"
        + " expiresAt.", table, notes);
  }

  /** The first ones warm up: until the compiler has done most of what it will do. */
  private static void bursts(Lab lab, List<Installation> nodes, Table table) throws Exception {
    for (int i = 0; i < WARM_UPS + ROUNDS; i++) {
      burst(lab, nodes, count(BURST) + " in one second", BURST, 1, i < WARM_UPS ? new Table() : table);
    }
  }

  private static double lead(int licenses) {
    return LEAD_SECONDS + licenses / SEEDED_PER_SECOND;
  }

  private static void seed(Installation installation, Installation.Account account, int licenses, double seconds)
      throws Exception {
    installation.database().run(LICENSES, lead(licenses), seconds, licenses, licenses, account.name());
    installation.analyze();
    if (installation.database().number(DUE) > 0) {
      throw new IllegalStateException("Licenses of " + account.name() + " expired before all were there");
    }
  }

  private static void burst(Lab lab, List<Installation> nodes, String what, int licenses, double seconds, Table table)
      throws Exception {
    Installation installation = nodes.get(0);
    Installation.Account account = installation.account(0);
    installation.webhook(account, lab.receivers().url("ok/" + account.name()), "license.expired", true);
    seed(installation, account, licenses, seconds);
    lab.receivers().reset();
    Cpu cpu = lab.cpu(nodes);
    Waiting.expect("every event has come", LIMIT, () -> lab.receivers().stats("ok").unique() >= licenses);
    installation.drain(LIMIT);
    cpu = lab.cpu(nodes).since(cpu);
    Receivers.Stats stats = lab.receivers().stats("ok");
    Object[] announced = installation.database().rows(ANNOUNCED, account.name()).get(0);
    Receivers.Delays arrived = stats.expired();
    table.row(what, nodes.size(), count(licenses / (double) announced[1]),
        millis((double) announced[2]) + " / " + millis((double) announced[3]) + " / " + millis((double) announced[4]),
        millis(arrived.p50()) + " / " + millis(arrived.p99()) + " / " + millis(arrived.max()),
        number(1e6 * cpu.keyhook() / licenses, 0) + " / " + number(1e6 * cpu.postgres() / licenses, 0),
        stats.requests() - stats.unique());
  }

  /** No webhook wants to know. */
  private static void unheard(Lab lab, Installation installation, Table table) throws Exception {
    Installation.Account account = installation.account(0);
    seed(installation, account, UNHEARD, 0);
    Waiting.expect("the first is due", LIMIT, () -> installation.database().number(DUE) > 0
        || installation.database().number(LEFT) < UNHEARD);
    long start = System.nanoTime();
    Cpu before = lab.cpu(installation);
    Waiting.expect("none is due", LIMIT, () -> installation.database().number(LEFT) == 0);
    double seconds = (System.nanoTime() - start) / 1e9;
    Cpu cpu = lab.cpu(installation).since(before);
    table.row(count(UNHEARD) + " at once, without a webhook", 1, count(UNHEARD / seconds), "", "",
        number(1e6 * cpu.keyhook() / UNHEARD, 0) + " / " + number(1e6 * cpu.postgres() / UNHEARD, 0), "");
  }

  /** Others' expiries and validations alone, and while one account's licenses expire. */
  private static void neighbours(Lab lab, Installation installation, List<String> notes) throws Exception {
    List<Installation.Account> others = installation.accounts(OTHERS, 1000);
    Installation.Account flooding = installation.account(0);
    installation.webhook(flooding, lab.receivers().url("delay/1/flood"), "license.expired", true);
    for (Installation.Account account : others) {
      installation.webhook(account, lab.receivers().url("ok/" + account.name()), "license.validated", true);
      installation.webhook(account, lab.receivers().url("status/200/" + account.name()), "license.expired", true);
    }
    Receivers.Stream stream = new Receivers.Stream("others", VALIDATIONS_RATE, others, 1000);
    int seconds = lab.settings().seconds(SUSTAINED_SECONDS);
    for (boolean flood : new boolean[] {false, true}) {
      for (Installation.Account account : others) {
        installation.database().run(LICENSES, lead(FLOOD), seconds, OTHERS_RATE * seconds / OTHERS,
            OTHERS_RATE * seconds / OTHERS, account.name());
      }
      if (flood) {
        installation.database().run(LICENSES, lead(FLOOD), 0, 1, FLOOD, flooding.name());
      }
      Waiting.expect("the first is due", LIMIT, () -> installation.database().number(DUE) > 0);
      lab.receivers().reset();
      JsonObject result = lab.receivers().openLoop(lab, installation, 0, seconds, LIMIT, List.of(stream))
          .getJsonObject("others");
      Waiting.expect("none is due", LIMIT, () -> installation.database().number(LEFT) == 0);
      installation.drain(LIMIT);
      Receivers.Delays delays = lab.receivers().stats("status").expired();
      JsonObject validation = result.getJsonObject("validation");
      notes.add((flood ? "Beside " + count(FLOOD) + " of one account at once (the last arrived after "
          + millis(lab.receivers().stats("delay").expired().max()) + " ms)" : "Alone")
          + ": " + count(OTHERS_RATE) + " expiries a second of " + OTHERS + " others arrived after "
          + millis(delays.p50()) + " / " + millis(delays.p99()) + " / " + millis(delays.max())
          + " ms (p50 / p99 / max); validations at " + VALIDATIONS_RATE + " a second took "
          + millis(validation.getLong("p50")) + " / " + millis(validation.getLong("p99")) + " ms (p50 / p99), "
          + result.getLong("failed") + " failed.");
    }
  }
}
