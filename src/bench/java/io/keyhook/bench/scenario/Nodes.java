package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.LoadGenerator;
import io.keyhook.bench.PostgresServer;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a delivered event costs with 1, 2 and 4 nodes on one database: CPU time of all nodes and of PostgreSQL. */
public final class Nodes implements Scenario {
  private static final List<Integer> NODES = List.of(1, 2, 4);
  private static final int RATE_PER_NODE = 750;
  private static final int RATE = 3000;
  /** A JVM that has just started spends CPU time on compiling, so each node is warmed up alone. */
  private static final int WARM_UP_SECONDS = 15;
  private static final int SECONDS = 12;
  private static final Duration DRAIN = Duration.ofMinutes(2);

  @Override
  public String name() {
    return "nodes";
  }

  /** Validations that the nodes are to answer, each with an event. */
  private interface Load {
    LoadGenerator.Result run(List<Installation> nodes, int seconds) throws Exception;
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Table table = new Table("load", "nodes", "events a second", "Keyhook, µs", "PostgreSQL, µs", "together, µs",
        "more than one node");
    PostgresServer.Database database = lab.postgres().create("nodes");
    List<Installation> nodes = new ArrayList<>();
    try {
      nodes.add(Installation.start(lab, database));
      Installation.Account account = nodes.get(0).account(lab.settings().licenses());
      nodes.get(0).webhook(account, lab.receivers().url("ok/nodes"), true);
      nodes.get(0).analyze();
      Map<String, Load> loads = new LinkedHashMap<>();
      loads.put(count(RATE_PER_NODE) + " a second for each node",
          (to, seconds) -> lab.load().openLoop(lab, to, account, RATE_PER_NODE * to.size(), seconds));
      loads.put(count(RATE) + " a second for all nodes", (to, seconds) -> lab.load().openLoop(lab, to, account, RATE, seconds));
      loads.put("as many as there can be", (to, seconds) -> lab.load().closedLoop(lab, to, account, seconds));
      Map<String, Double> ofOneNode = new HashMap<>();
      for (int count : NODES) {
        while (nodes.size() < count) {
          nodes.add(Installation.start(lab, database));
        }
        for (Installation node : nodes.subList(count / 2, count)) {
          lab.load().closedLoop(lab, node, account, WARM_UP_SECONDS);
        }
        for (Map.Entry<String, Load> load : loads.entrySet()) {
          measure(lab, nodes, load.getKey(), load.getValue(), ofOneNode, table);
        }
      }
    } finally {
      nodes.forEach(Installation::close);
    }
    return new Section("Nodes", "Validations, sent to all nodes in turn, each with a delivered event. CPU is that of validation and"
        + " delivery together, per delivered event.", table, List.of());
  }

  private static void measure(
      Lab lab, List<Installation> nodes, String what, Load load, Map<String, Double> ofOneNode, Table table)
      throws Exception {
    nodes.get(0).drain(DRAIN);
    lab.receivers().reset();
    Cpu cpu = lab.cpu(nodes);
    LoadGenerator.Result result = load.run(nodes, lab.settings().seconds(SECONDS));
    if (result.errors() > 0 || !nodes.get(0).drain(DRAIN)) {
      throw new IllegalStateException("Not all were validated and delivered: " + result);
    }
    Receivers.Stats stats = lab.receivers().stats("ok");
    cpu = lab.cpu(nodes).since(cpu).times(1e6 / stats.unique());
    double together = cpu.keyhook() + cpu.postgres();
    ofOneNode.putIfAbsent(what, together);
    table.row(what, nodes.size(), count(stats.unique() / stats.seconds()), number(cpu.keyhook(), 0),
        number(cpu.postgres(), 0), number(together, 0), number(100 * (together / ofOneNode.get(what) - 1), 1) + "%");
  }
}
