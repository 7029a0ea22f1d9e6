package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.PostgresServer;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a validation and a delivered event cost on a Citus cluster, and on a plain database of its coordinator: CPU time. */
public final class Citus implements Scenario {
  private static final List<Integer> SHARDS = List.of(2, 32);
  private static final String PLAIN = "keyhook_plain";
  private static final int ACCOUNTS = 8;
  private static final int LICENSES = 1000;
  private static final int RATE = 500;
  private static final int WARM_UP_SECONDS = 30;
  private static final int SECONDS = 15;
  private static final Duration DRAIN = Duration.ofMinutes(2);
  private static final String POSTMASTER = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)";
  private static final String SERVERS = "SELECT nodename, nodeport FROM pg_dist_node WHERE isactive AND groupid <> 0";

  @Override
  public String name() {
    return "citus";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    Table table = new Table("database", "a validation: Keyhook, µs", "PostgreSQL, µs", "against plain",
        "a validation with a delivered event: Keyhook, µs", "PostgreSQL, µs", "against plain");
    String how = ACCOUNTS + " accounts have " + RATE + " validations a second together, open loop, first without webhooks and"
        + " then with one each. The plain database is on the coordinator, and CPU time is that of all servers.";
    List<String> notes = new ArrayList<>();
    if (lab.settings().citus().isEmpty()) {
      notes.add("Not measured: bench.citus names no cluster.");
    } else {
      measure(lab, new PostgresServer.Database(lab.settings().citus()), table);
    }
    return new Section("Citus", how, table, notes);
  }

  private static void measure(Lab lab, PostgresServer.Database cluster, Table table) throws Exception {
    List<Long> postmasters = postmasters(cluster);
    cluster.run("DROP DATABASE IF EXISTS " + PLAIN + " WITH (FORCE)");
    cluster.run("CREATE DATABASE " + PLAIN);
    PostgresServer.Database plain = new PostgresServer.Database(cluster.uri().replaceFirst("[^/]*$", PLAIN));
    List<Double> single = measure(lab, plain, postmasters);
    row(table, "plain PostgreSQL", single, single);
    cluster.run("DROP DATABASE " + PLAIN + " WITH (FORCE)");
    for (int shards : SHARDS) {
      cluster.run("DROP SCHEMA IF EXISTS keyhook CASCADE");
      cluster.run("ALTER DATABASE " + cluster.text("SELECT quote_ident(current_database())") + " SET citus.shard_count = " + shards);
      for (String command : List.of("migrate", "distribute")) {
        lab.run(Installation.environment(cluster), command);
      }
      row(table, shards + " shards", measure(lab, cluster, postmasters), single);
    }
    cluster.run("DROP SCHEMA keyhook CASCADE");
  }

  /** Of the coordinator and the workers. */
  private static List<Long> postmasters(PostgresServer.Database cluster) throws SQLException {
    List<Long> postmasters = new ArrayList<>(List.of(Long.valueOf(cluster.text(POSTMASTER))));
    for (Object[] server : cluster.rows(SERVERS)) {
      postmasters.add(Long.valueOf(new PostgresServer.Database(
          cluster.uri().replaceFirst("@[^/]*/", "@" + server[0] + ":" + server[1] + "/")).text(POSTMASTER)));
    }
    return postmasters;
  }

  /** Microseconds: Keyhook and PostgreSQL for a validation, and the same with an event. */
  private static List<Double> measure(Lab lab, PostgresServer.Database database, List<Long> postmasters) throws Exception {
    try (Installation installation = Installation.start(lab, database, Map.of())) {
      List<Installation.Account> accounts = new ArrayList<>();
      for (int i = 0; i < ACCOUNTS; i++) {
        accounts.add(installation.importedAccount(LICENSES));
      }
      installation.analyze();
      List<Double> figures = new ArrayList<>(load(lab, installation, accounts, postmasters, Duration.ZERO));
      for (Installation.Account account : accounts) {
        installation.webhook(account, lab.receivers().url("ok/" + account.name()), true);
      }
      figures.addAll(load(lab, installation, accounts, postmasters, DRAIN));
      return figures;
    }
  }

  private static List<Double> load(Lab lab, Installation installation, List<Installation.Account> accounts,
      List<Long> postmasters, Duration drain) throws IOException, InterruptedException {
    Receivers.Stream stream = new Receivers.Stream("all", RATE, accounts, LICENSES);
    lab.receivers().openLoop(lab, installation, 0, WARM_UP_SECONDS, drain, List.of(stream));
    int seconds = lab.settings().seconds(SECONDS);
    Cpu cpu = lab.cpu(List.of(installation), postmasters);
    JsonObject result = lab.receivers().openLoop(lab, installation, 0, seconds, drain, List.of(stream)).getJsonObject("all");
    cpu = lab.cpu(List.of(installation), postmasters).since(cpu).times(1e6 / (RATE * seconds));
    if (result.getInteger("failed") > 0 || !drain.isZero() && result.getInteger("missing") > 0) {
      throw new IllegalStateException("Not all were validated and delivered: " + result);
    }
    return List.of(cpu.keyhook(), cpu.postgres());
  }

  private static void row(Table table, String what, List<Double> figures, List<Double> plain) {
    table.row(what, number(figures.get(0), 0), number(figures.get(1), 0), number(figures.get(1) / plain.get(1), 1),
        number(figures.get(2), 0), number(figures.get(3), 0), number(figures.get(3) / plain.get(3), 1));
  }
}
