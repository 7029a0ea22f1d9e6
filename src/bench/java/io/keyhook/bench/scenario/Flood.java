package io.keyhook.bench.scenario;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One account raises nine events out of ten: do the others feel it? */
public final class Flood implements Scenario {
  private static final int OTHERS = 9;
  private static final int LICENSES = 1000;
  private static final int WARM_UP_SECONDS = 3;
  private static final Duration DRAIN = Duration.ofSeconds(60);

  private final String name;
  private final int rate;
  private final int floodRate;

  /**
   * @param rate of the others together, validations a second
   */
  public Flood(String name, int rate) {
    this.name = name;
    this.rate = rate;
    this.floodRate = 9 * rate;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Neighbours neighbours = new Neighbours();
    List<String> floods = new ArrayList<>();
    try (Installation installation = Installation.start(lab, name)) {
      List<Installation.Account> others = installation.accounts(OTHERS, LICENSES);
      Installation.Account flooding = installation.account(LICENSES);
      for (Installation.Account account : others) {
        installation.webhook(account, lab.receivers().url("ok/" + account.name()), true);
      }
      installation.webhook(flooding, lab.receivers().url("ok/flood"), true);
      installation.analyze();
      Receivers.Stream stream = new Receivers.Stream("others", rate, others, LICENSES);
      Receivers.Stream flood = new Receivers.Stream("flood", floodRate, List.of(flooding), LICENSES);
      Neighbours.warmUp(lab, installation, flooding);
      neighbours.measure(neighbour -> {
        JsonObject result = lab.receivers().openLoop(lab, installation, WARM_UP_SECONDS, lab.settings().seconds(20), DRAIN,
            neighbour ? List.of(stream, flood) : List.of(stream));
        if (neighbour) {
          floods.add(result.getJsonObject("flood").getJsonObject("whole").getLong("p99") / 1000 + " ms");
        }
        return result.getJsonObject("others");
      });
    }
    return new Section("A neighbour that floods", "9 accounts with a webhook each have " + rate + " validations a second"
        + " together, open loop; a tenth has " + floodRate + " of its own, nine in ten of all. In turn with and without,"
        + " three rounds of each.", neighbours.table(2),
        List.of("The flooding account's own deliveries, p99 from due to arrival: " + String.join(", ", floods) + "."));
  }
}
