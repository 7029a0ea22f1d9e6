package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.LoadGenerator;
import io.keyhook.bench.Medians;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Waiting;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Is it slower with a long log? Two installations on one PostgreSQL, one with millions of deliveries in its log. */
public final class Growth implements Scenario {
  private static final int WEBHOOKS = 50;
  private static final int PIECE = 500_000;
  private static final int PAGES = 200;
  private static final int PAGES_WARM_UP = 50;
  private static final int WARM_UP_SECONDS = 30;
  private static final Duration DRAIN = Duration.ofMinutes(2);
  /** As deliveries of the last day would have left it: ids in the order of time, webhooks in turn. */
  private static final String LOG = """
      WITH webhook AS (
        SELECT account_id, array_agg(webhook_id ORDER BY webhook_id) AS ids FROM keyhook.webhook GROUP BY account_id
      ), made AS MATERIALIZED (
        SELECT account_id, ids[n % cardinality(ids) + 1] AS webhook_id,
          uuidv7(make_interval(secs => 86400 * (n / ?::float8 - 1))) AS event_id,
          uuidv7(make_interval(secs => 86400 * (n / ?::float8 - 1))) AS delivery_id,
          (now() AT TIME ZONE 'UTC')::date + 90 AS keep_until, n
        FROM webhook, generate_series(?::bigint, ?::bigint) n
      ), stored AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT account_id, event_id, keep_until, '{"licenseId":"lic_' || substr(md5(n::text), 1, 26)
          || '","licenseKey":"BNCH-0001-' || lpad((n % 10000)::text, 4, '0') || '-0000","licenseName":"License ' || n
          || '","fingerprint":"device-abc-123","deviceName":"MacBook Pro","deviceType":"bench-0",'
          || '"ipAddress":"127.0.0.1","currentActivations":1,"maxActivations":5}'
        FROM made
      )
      INSERT INTO keyhook.delivery (account_id, delivery_id, webhook_id, event_id, keep_until, type, status, attempts)
      SELECT account_id, delivery_id, webhook_id, event_id, keep_until, 1, 1, jsonb_build_array(jsonb_build_object(
        'at', (extract(epoch FROM now()) * 1000)::bigint, 'ms', 1 + n % 40, 'status', 200))
      FROM made""";
  /** The counts behind a webhook's health that these deliveries would have left. */
  private static final String COUNTS = """
      INSERT INTO keyhook.attempt_count
        (account_id, webhook_id, minute, keep_until, succeeded, failed, failed_since, last_success_at)
      SELECT account_id, webhook_id, minute, (now() AT TIME ZONE 'UTC')::date + 31, 70, 0, 0, minute
      FROM keyhook.webhook, generate_series(date_trunc('minute', now()) - interval '1 day',
        date_trunc('minute', now()) - interval '1 minute', interval '1 minute') minute""";

  @Override
  public String name() {
    return "growth";
  }

  /** What a round is slow for, if it is: an attempt that failed. */
  private static final String RETRIED = """
      SELECT attempts FROM keyhook.delivery WHERE jsonb_array_length(attempts) > 1 ORDER BY delivery_id DESC LIMIT 3""";

  /** An installation, its account, and the webhook that its deliveries go to. */
  private record Side(Installation installation, Installation.Account account, String webhook, List<Double> validations,
      List<Double> deliveries, List<String> retries) {

    static Side of(Lab lab, Installation installation) throws Exception {
      Installation.Account account = installation.account(lab.settings().licenses());
      String webhook = installation.webhook(account, lab.receivers().url("ok/growth"), false);
      for (int i = 1; i < WEBHOOKS; i++) {
        installation.webhook(account, lab.receivers().url("ok/growth/" + i), false);
      }
      return new Side(installation, account, webhook, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  @Override
  public Section run(Lab lab) throws Exception {
    try (Installation first = Installation.start(lab, "growth_none");
        Installation second = Installation.start(lab, "growth_many")) {
      Side none = Side.of(lab, first);
      Side many = Side.of(lab, second);
      fill(second, lab.settings().deliveries());
      for (Side side : List.of(none, many)) {
        side.installation.analyze();
        lab.load().closedLoop(lab, side.installation, side.account, WARM_UP_SECONDS);
      }
      inTurn(lab, none, many, side -> side.validations.add(validations(lab, side)));
      for (Side side : List.of(none, many)) {
        side.installation.setActive(side.account, side.webhook, true);
        lab.load().closedLoop(lab, side.installation, side.account, WARM_UP_SECONDS);
        side.installation.drain(DRAIN);
      }
      inTurn(lab, none, many, side -> side.deliveries.add(deliveries(lab, side)));
      Table table = new Table("figure", "empty log", count(lab.settings().deliveries()) + " deliveries in the log",
          "ratio", "target");
      row(table, "validations a second", none.validations, many.validations);
      row(table, "deliveries a second", none.deliveries, many.deliveries);
      page(table, "first page of a webhook's log: p99 of 200, ms", many, "/deliveries");
      page(table, "a webhook's health: p99 of 200, ms", many, "/health");
      return new Section("Growth", "As many validations as there can be (closed loop), without and with an event delivered for"
          + " each, medians of " + lab.settings().rounds() + " rounds in turn on two installations of one PostgreSQL."
          + " Deliveries count where they arrive, until none is missing; what they add to both logs stays.", table,
          List.of("Rounds of validations: " + rounds(none.validations) + " and " + rounds(many.validations) + ".",
              "Rounds of deliveries: " + rounds(none.deliveries) + " and " + rounds(many.deliveries) + ".",
              "Attempts of deliveries that took more than one: " + none.retries + " and " + many.retries + "."));
    }
  }

  private static void fill(Installation installation, long deliveries) throws SQLException {
    for (long from = 0; from < deliveries; from += PIECE) {
      installation.database().run(LOG, deliveries, deliveries, from, Math.min(from + PIECE, deliveries) - 1);
    }
    installation.database().run(COUNTS);
  }

  /** Something to measure on one side. */
  private interface Measure {
    void of(Side side) throws Exception;
  }

  private static void inTurn(Lab lab, Side none, Side many, Measure measure) throws Exception {
    for (int i = 0; i < lab.settings().rounds(); i++) {
      for (Side side : i % 2 == 0 ? List.of(none, many) : List.of(many, none)) {
        measure.of(side);
      }
    }
  }

  private static LoadGenerator.Result load(Lab lab, Side side) throws Exception {
    LoadGenerator.Result result =
        lab.load().closedLoop(lab, side.installation, side.account, lab.settings().seconds(3));
    if (result.otherStatus() + result.unavailable() + result.unanswered() > 0) {
      throw new IllegalStateException("Validations failed: " + result);
    }
    return result;
  }

  private static double validations(Lab lab, Side side) throws Exception {
    return load(lab, side).throughput();
  }

  private static double deliveries(Lab lab, Side side) throws Exception {
    lab.receivers().reset();
    long accepted = load(lab, side).ok();
    Waiting.expect("every event has come", DRAIN, () -> lab.receivers().stats("ok").unique() >= accepted);
    Receivers.Stats stats = lab.receivers().stats("ok");
    side.installation.drain(DRAIN);
    if (stats.retries() > 0) {
      side.installation.database().rows(RETRIED).forEach(row -> side.retries.add(row[0].toString()));
    }
    return stats.unique() / stats.seconds();
  }

  private static void row(Table table, String what, List<Double> none, List<Double> many) {
    double ratio = Medians.of(many) / Medians.of(none);
    table.row(what, count(Medians.of(none)), count(Medians.of(many)), number(ratio, 2), "at least 0.9");
  }

  private static void page(Table table, String what, Side side, String path) throws Exception {
    List<Double> micros = new ArrayList<>();
    for (int i = 0; i < PAGES_WARM_UP + PAGES; i++) {
      micros.add(Medians.micros(() ->
          side.installation.call(side.account, "GET", "/api/webhooks/" + side.webhook + path, null).expect(200)));
    }
    double p99 = Medians.percentile(micros.subList(PAGES_WARM_UP, micros.size()), 99);
    table.row(what, "", millis(p99), "", "< 20");
  }

  private static String rounds(List<Double> values) {
    return String.join(" / ", values.stream().map(Table::count).toList());
  }
}
