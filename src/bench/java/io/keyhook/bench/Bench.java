package io.keyhook.bench;

import io.keyhook.bench.scenario.Citus;
import io.keyhook.bench.scenario.ColdStart;
import io.keyhook.bench.scenario.Cost;
import io.keyhook.bench.scenario.Curve;
import io.keyhook.bench.scenario.Expiry;
import io.keyhook.bench.scenario.Flood;
import io.keyhook.bench.scenario.Growth;
import io.keyhook.bench.scenario.Hang;
import io.keyhook.bench.scenario.Hostile;
import io.keyhook.bench.scenario.Https;
import io.keyhook.bench.scenario.HttpsCold;
import io.keyhook.bench.scenario.InFlight;
import io.keyhook.bench.scenario.Latency;
import io.keyhook.bench.scenario.Memory;
import io.keyhook.bench.scenario.Nodes;
import io.keyhook.bench.scenario.Overload;
import io.keyhook.bench.scenario.Start;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The load test: {@code mvn -Pbench verify}. Runs the scenarios one after the other, prints a table for each and keeps all
 * in {@code report.md}. Fails where something could not be measured; what a figure should be stands beside it.
 */
public final class Bench {
  private static final List<Scenario> ALL = List.of(new Start(), new Latency(), new Curve(), new InFlight(), new Hang(),
      new Https(), new HttpsCold(), new ColdStart(), new Flood("flood", 200), new Flood("flood-hard", 500), new Hostile(), new Cost(),
      new Nodes(), new Citus(), new Expiry(), new Overload(), new Growth(), new Memory());

  private Bench() {}

  public static void main(String[] args) throws Exception {
    Settings settings = Settings.ofSystemProperties();
    List<Scenario> chosen = choose(settings.scenarios());
    Path report = Files.createDirectories(settings.output()).resolve("report.md");
    boolean failed = false;
    try (Lab lab = Lab.open(settings)) {
      StringBuilder text = new StringBuilder("# Keyhook's load test\n\n")
          .append(lab.machine()).append(".\n")
          .append("Keyhook, PostgreSQL, the receivers and the load generator share these cores.\n");
      System.out.println(text);
      for (Scenario scenario : chosen) {
        long start = System.nanoTime();
        String section;
        try {
          section = scenario.run(lab).markdown();
        } catch (Exception e) {
          failed = true;
          e.printStackTrace();
          System.err.println("The last Keyhook's last words:\n" + lab.lastWords());
          section = "## " + scenario.name() + "\n\nCould not be measured: " + e + "\n";
        }
        System.out.printf("%s%n(%s: %.0f s)%n%n", section, scenario.name(), (System.nanoTime() - start) / 1e9);
        Files.writeString(report, text.append('\n').append(section));
      }
    }
    System.out.println("All of it: " + report.toAbsolutePath());
    System.exit(failed ? 1 : 0);
  }

  private static List<Scenario> choose(List<String> names) {
    List<Scenario> chosen = new ArrayList<>();
    for (String name : names) {
      chosen.add(ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst().orElseThrow(() ->
          new IllegalArgumentException("There is no scenario " + name + ", but: "
              + String.join(", ", ALL.stream().map(Scenario::name).toList()))));
    }
    return chosen.isEmpty() ? ALL : chosen;
  }
}
