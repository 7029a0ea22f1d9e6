package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Child;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Medians;
import io.keyhook.bench.PostgresServer;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** From {@code java -jar} to {@code /health/ready}, where the database was made before. */
public final class Start implements Scenario {
  private static final int TIMES = 5;

  @Override
  public String name() {
    return "start";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    PostgresServer.Database database = lab.postgres().create("start");
    Map<String, String> external = Map.of("KEYHOOK_DATABASE_URI", database.uri());
    Map<String, String> embedded = Map.of("KEYHOOK_DATABASE_DIRECTORY", lab.newDirectory().resolve("data").toString());
    Table table = new Table("database", "first start, which makes it, s", "starts after that, s", "median, s", "target");
    row(lab, table, "external", external, "< 2");
    row(lab, table, "embedded", embedded, "< 4");
    return new Section("Start", "From `java -jar` to the first 200 of `/health/ready`, asked every 20 ms.", table, List.of());
  }

  private static void row(Lab lab, Table table, String what, Map<String, String> environment, String target)
      throws Exception {
    double first = seconds(lab, environment);
    List<Double> later = new ArrayList<>();
    for (int i = 0; i < TIMES; i++) {
      later.add(seconds(lab, environment));
    }
    table.row(what, number(first, 2), String.join(" / ", later.stream().map(value -> number(value, 2)).toList()),
        number(Medians.of(later), 2), target);
  }

  private static double seconds(Lab lab, Map<String, String> database) throws Exception {
    Map<String, String> environment = Installation.environment();
    environment.putAll(database);
    int port = Lab.freePort();
    environment.put("KEYHOOK_HTTP_PORT", Integer.toString(port));
    long start = System.nanoTime();
    try (Child process = lab.keyhook(environment, List.of())) {
      Installation.awaitReady(process, port);
      return (System.nanoTime() - start) / 1e9;
    }
  }
}
