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

/** What a license costs, and a validation without an event and with one that is stored, delivered and logged: bytes and CPU. */
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
      installation.analyze();
      Table table = new Table("what it costs", "table", "indexes", "together");
      licenses(table, Disk.of(installation.database()), account.licenses());
      validations(table, lab, installation, account);
      installation.webhook(account, lab.receivers().url("ok/cost"), true);
      return events(table, lab, installation, account);
    }
  }

  private static void licenses(Table table, Disk disk, int licenses) {
    Disk.Size license = disk.tables().get("license");
    Disk.Size activation = disk.tables().get("activation");
    row(table, "a license: bytes on disk", license.table(), license.indexes(), licenses);
    row(table, "an activated device: bytes on disk", activation.table(), activation.indexes(), licenses);
  }

  private static void validations(Table table, Lab lab, Installation installation, Installation.Account account)
      throws Exception {
    lab.load().openLoop(lab, installation, account, RATE, WARM_UP_SECONDS);
    Cpu cpu = lab.cpu(installation);
    LoadGenerator.Result result = lab.load().openLoop(lab, installation, account, RATE, lab.settings().seconds(15));
    cpu(table, "a validation without an event", lab.cpu(installation).since(cpu), result.ok());
  }

  private static Section events(Table table, Lab lab, Installation installation, Installation.Account account)
      throws Exception {
    lab.load().openLoop(lab, installation, account, RATE, WARM_UP_SECONDS);
    installation.drain(DRAIN);
    lab.receivers().reset();
    Disk disk = Disk.of(installation.database());
    Cpu cpu = lab.cpu(installation);
    LoadGenerator.Result result = lab.load().openLoop(lab, installation, account, RATE, lab.settings().seconds(15));
    boolean drained = installation.drain(DRAIN);
    cpu = lab.cpu(installation).since(cpu);
    disk = Disk.of(installation.database()).since(disk);
    long delivered = lab.receivers().stats("ok").unique();
    row(table, "a delivered event: bytes on disk", disk.tableBytes(), disk.indexBytes(), delivered);
    for (Map.Entry<String, Disk.Size> entry : disk.tables().entrySet()) {
      Disk.Size size = entry.getValue();
      if (size.table() + size.indexes() != 0) {
        row(table, "... of these, " + entry.getKey(), size.table(), size.indexes(), delivered);
      }
    }
    table.row("a delivered event: bytes of WAL", "", "", number(1.0 * disk.wal() / delivered, 0));
    cpu(table, "a validation with a delivered event", cpu, delivered);
    return new Section("Cost", count(RATE) + " validations a second, open loop, without a webhook and then with one. With one, "
        + count(result.ok()) + " were answered 200, " + count(result.unavailable()) + " 503, " + count(result.otherStatus())
        + " otherwise, " + count(result.unanswered()) + " not; " + count(delivered)
        + " events were delivered" + (drained ? "" : ", NOT ALL IN TIME") + ".",
        table, List.of("No target: reported, to be brought down."));
  }

  private static void cpu(Table table, String what, Cpu cpu, long count) {
    table.row(what + ": CPU of Keyhook, microseconds", "", "", number(1e6 * cpu.keyhook() / count, 0))
        .row(what + ": CPU of PostgreSQL, microseconds", "", "", number(1e6 * cpu.postgres() / count, 0));
  }

  private static void row(Table table, String what, long tables, long indexes, long count) {
    table.row(what, number(1.0 * tables / count, 0), number(1.0 * indexes / count, 0),
        number(1.0 * (tables + indexes) / count, 0));
  }
}
