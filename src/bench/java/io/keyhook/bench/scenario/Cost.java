package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Disk;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.LoadGenerator;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What one validation costs whose event is stored, delivered and logged: bytes and CPU time. */
public final class Cost implements Scenario {
  private static final int RATE = 3000;
  private static final int WARM_UP_SECONDS = 10;
  private static final Duration DRAIN = Duration.ofMinutes(2);

  @Override
  public String name() {
    return "cost";
  }

  @Override
  public Section run(Lab lab) throws Exception {
    try (Installation installation = Installation.start(lab, "cost")) {
      Installation.Account account = installation.account(lab.settings().licenses());
      installation.webhook(account, lab.receivers().url("ok/cost"), true);
      installation.analyze();
      lab.load().openLoop(lab, installation, account, RATE, WARM_UP_SECONDS);
      installation.drain(DRAIN);
      lab.receivers().reset();
      Disk disk = Disk.of(installation.database());
      Cpu cpu = lab.cpu(installation);
      LoadGenerator.Result result = lab.load().openLoop(lab, installation, account, RATE, lab.settings().seconds(15));
      boolean drained = installation.drain(DRAIN);
      cpu = lab.cpu(installation).since(cpu);
      disk = Disk.of(installation.database()).since(disk);
      return section(result, lab.receivers().stats("ok").unique(), drained, cpu, disk);
    }
  }

  private static Section section(LoadGenerator.Result result, long delivered, boolean drained, Cpu cpu, Disk disk) {
    Table table = new Table("a delivered event costs", "table", "indexes", "together");
    row(table, "bytes on disk", disk.tableBytes(), disk.indexBytes(), delivered);
    for (Map.Entry<String, Disk.Size> entry : disk.tables().entrySet()) {
      Disk.Size size = entry.getValue();
      if (size.table() + size.indexes() != 0) {
        row(table, "... of these, " + entry.getKey(), size.table(), size.indexes(), delivered);
      }
    }
    table.row("bytes of WAL", "", "", number(1.0 * disk.wal() / delivered, 0))
        .row("CPU of Keyhook, microseconds", "", "", number(1e6 * cpu.keyhook() / delivered, 0))
        .row("CPU of PostgreSQL, microseconds", "", "", number(1e6 * cpu.postgres() / delivered, 0));
    return new Section("Cost", count(RATE) + " validations a second, open loop, each with a delivered event: "
        + count(result.ok()) + " answered 200, " + count(result.unavailable()) + " 503, " + count(result.otherStatus())
        + " otherwise, " + count(result.unanswered()) + " not; " + count(delivered)
        + " events delivered" + (drained ? "" : ", NOT ALL IN TIME") + ". CPU is that of validation and delivery together.",
        table, List.of("No target: reported, to be brought down."));
  }

  private static void row(Table table, String what, long tables, long indexes, long delivered) {
    table.row(what, number(1.0 * tables / delivered, 0), number(1.0 * indexes / delivered, 0),
        number(1.0 * (tables + indexes) / delivered, 0));
  }
}
