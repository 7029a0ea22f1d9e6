package io.keyhook.bench.scenario;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Waiting;
import io.keyhook.bench.Watch;
import java.time.Duration;
import java.util.List;

/** One customer's server takes every connection and never answers, with a long queue before it: do the others feel it? */
public final class Hang implements Scenario {
  private static final int OTHERS = 49;
  private static final int LICENSES = 100;
  private static final int RATE = 1000;
  private static final int QUEUED = 20_000;
  private static final int WARM_UP_SECONDS = 3;
  private static final Duration SETTLE = Duration.ofSeconds(40);
  private static final String HELD = "keyhook_deliveries_held";
  /** As the outbox leaves what it has no room to lease. */
  private static final String QUEUE = """
      WITH made AS MATERIALIZED (
        SELECT w.account_id, w.webhook_id, uuidv7() AS event_id, uuidv7() AS delivery_id,
          (now() AT TIME ZONE 'UTC')::date + 90 AS keep_until
        FROM keyhook.webhook w JOIN keyhook.account USING (account_id), generate_series(1, ?) WHERE account.name = ?
      ), stored AS (
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT account_id, event_id, keep_until, '{"licenseId":"lic_00000000000000000000000000"}' FROM made
      )
      INSERT INTO keyhook.delivery_queue (account_id, delivery_id, webhook_id, event_id, keep_until, type, leased, due_at)
      SELECT account_id, delivery_id, webhook_id, event_id, keep_until, 1, false, now() FROM made""";

  @Override
  public String name() {
    return "hang";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Neighbours neighbours = new Neighbours();
    try (Installation installation = Installation.start(lab, "hang")) {
      List<Installation.Account> others = installation.accounts(OTHERS, LICENSES);
      for (Installation.Account account : others) {
        installation.webhook(account, lab.receivers().url("ok/" + account.name()), true);
      }
      Installation.Account hanging = installation.account(1);
      String webhook = installation.webhook(hanging, lab.receivers().url("hang/it"), true);
      installation.analyze();
      Receivers.Stream stream = new Receivers.Stream("others", RATE, others, LICENSES);
      Neighbours.warmUp(lab, installation, others.get(0));
      neighbours.measure(neighbour -> {
        prepare(lab, installation, hanging, webhook, neighbour);
        return lab.receivers().openLoop(lab, installation, WARM_UP_SECONDS, lab.settings().seconds(20), SETTLE,
            List.of(stream)).getJsonObject("others");
      });
    }
    return new Section("A neighbour that hangs", "50 accounts with a webhook each. " + RATE + " validations a second over 49 of"
        + " them, open loop; the webhook of the 50th takes every connection and never answers, with 20,000 deliveries"
        + " queued as each round begins. In turn with and without, three rounds of each.", neighbours.table(1.5),
        List.of());
  }

  /** Until there is nothing left of the round before, and this one's hanging has begun. */
  private static void prepare(
      Lab lab, Installation installation, Installation.Account hanging, String webhook, boolean neighbour)
      throws Exception {
    installation.setActive(hanging, webhook, false); // which cancels what is queued
    Waiting.expect("nothing hangs any more", SETTLE, () -> Watch.value(installation.metrics(), HELD) == 0);
    if (neighbour) {
      installation.setActive(hanging, webhook, true);
      installation.database().run(QUEUE, QUEUED, hanging.name());
      Waiting.expect("the endpoint hangs", SETTLE, () -> lab.receivers().stats("hang").waiting() > 0);
    }
  }
}
