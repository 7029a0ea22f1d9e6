package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.LoadGenerator;
import io.keyhook.bench.PostgresServer;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a delivered event costs with 1, 2 and 4 nodes on one database: CPU time of all nodes and of PostgreSQL. */
public final class Nodes implements Scenario {
  private static final List<Integer> NODES = List.of(1, 2, 4);
  /** The load of each node as nodes are added, and the load that all share: the same with the most nodes. */
  private static final int RATE_PER_NODE = 750;
  private static final int RATE = 3000;
  /** A JVM that has just started spends CPU time on compiling, so each node warms up alone at the rate of all. */
  private static final int WARM_UP_SECONDS = 25;
  private static final int SECONDS = 15;
  private static final Duration DRAIN = Duration.ofMinutes(2);

  @Override
  public String name() {
    return "nodes";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Table table = new Table("nodes", "events a second", "of each node", "Keyhook, µs", "PostgreSQL, µs", "together, µs",
        "more than one node at this rate of each", "more than one node at this rate");
    Map<Integer, Double> ofOneNode = new HashMap<>();
    PostgresServer.Database database = lab.postgres().create("nodes");
    List<Installation> nodes = new ArrayList<>();
    try {
      nodes.add(Installation.start(lab, database));
      Installation.Account account = nodes.get(0).account(lab.settings().licenses());
      nodes.get(0).webhook(account, lab.receivers().url("ok/nodes"), true);
      nodes.get(0).analyze();
      warmUp(lab, nodes.get(0), account);
      for (int count : NODES) {
        while (nodes.size() < count) {
          Installation node = Installation.start(lab, database);
          nodes.add(node);
          warmUp(lab, node, account);
        }
        for (int rate : IntStream.of(RATE, RATE_PER_NODE * count).distinct().toArray()) {
          Cpu cost = cost(lab, nodes, account, rate);
          double together = cost.keyhook() + cost.postgres();
          if (count == 1) {
            ofOneNode.put(rate, together);
          }
          table.row(count, count(rate), count(1.0 * rate / count), number(cost.keyhook(), 0), number(cost.postgres(), 0),
              number(together, 0), growth(together, rate == RATE_PER_NODE * count ? ofOneNode.get(RATE_PER_NODE) : null),
              growth(together, ofOneNode.get(rate)));
        }
      }
    } finally {
      nodes.forEach(Installation::close);
    }
    return new Section("Nodes", "Validations at a constant rate, sent to all nodes in turn, each with a delivered event. CPU is"
        + " that of validation and delivery together, per delivered event.", table, List.of());
  }

  private static void warmUp(Lab lab, Installation node, Installation.Account account) throws Exception {
    lab.load().openLoop(lab, node, account, RATE, WARM_UP_SECONDS);
  }

  private static String growth(double cost, Double ofOneNode) {
    return ofOneNode == null ? "" : number(100 * (cost / ofOneNode - 1), 1) + "%";
  }

  /** CPU time of a delivered event, in microseconds. */
  private static Cpu cost(Lab lab, List<Installation> nodes, Installation.Account account, int rate) throws Exception {
    nodes.get(0).drain(DRAIN);
    lab.receivers().reset();
    Cpu cpu = lab.cpu(nodes);
    LoadGenerator.Result result = lab.load().openLoop(lab, nodes, account, rate, lab.settings().seconds(SECONDS));
    if (result.errors() > 0 || !nodes.get(0).drain(DRAIN)) {
      throw new IllegalStateException("Not all were validated and delivered: " + result);
    }
    return lab.cpu(nodes).since(cpu).times(1e6 / lab.receivers().stats("ok").unique());
  }
}
