package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.megabytes;
import static io.keyhook.bench.Table.millis;

import io.keyhook.bench.Cpu;
import io.keyhook.bench.Disk;
import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.LatencyChart;
import io.keyhook.bench.LoadGenerator;
import io.keyhook.bench.Receivers;
import io.keyhook.bench.Scenario;
import io.keyhook.bench.Section;
import io.keyhook.bench.Table;
import io.keyhook.bench.Watch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The public endpoint at increasing rates, with and without an HTTPS webhook that receives an event for each validation: how long
 * a response takes, and what it costs. A load ends at the first rate that Keyhook does not keep up with.
 */
public final class Curve implements Scenario {
  private static final double FOLLOWED = 0.95;
  private static final int WARM_UP_SECONDS = 8;
  private static final Duration DRAIN = Duration.ofMinutes(2);

  @Override
  public String name() {
    return "curve";
  }

  /** One rate. */
  private record Point(boolean webhook, int rate, LoadGenerator.Result result, Cpu cpu, double cpuSeconds,
      Watch.Reading peak, Disk disk, long missing) {}

  @Override
  public Section run(Lab lab) throws Exception {
    List<Point> points = new ArrayList<>();
    try (Installation installation = Installation.start(lab, "curve")) {
      Installation.Account account = installation.account(lab.settings().licenses());
      installation.analyze();
      lab.load().closedLoop(lab, installation, account, WARM_UP_SECONDS);
      climb(lab, installation, account, false, points);
      installation.webhook(account, lab.receivers().secureUrl("ok/curve"), true);
      lab.load().closedLoop(lab, installation, account, WARM_UP_SECONDS);
      installation.drain(DRAIN);
      climb(lab, installation, account, true, points);
    }
    draw(lab, points);
    Table table = new Table("webhook", "rate due /s", "answered 200 /s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "errors",
        "events missing", "CPU % of a core: Keyhook / PostgreSQL / receiver / load", "memory MB: heap / process",
        "MB written: WAL / tables / indexes");
    for (Point point : points) {
      LoadGenerator.Result result = point.result;
      table.row(point.webhook ? "yes" : "no", count(point.rate), count(result.throughput()), millis(result.p50()),
          millis(result.p90()), millis(result.p99()), millis(result.p999()), count(result.errors()),
          point.webhook ? count(point.missing) : "", point.cpu.percent(point.cpuSeconds),
          megabytes(point.peak.heap()) + " / " + megabytes(point.peak.resident()),
          megabytes(point.disk.wal()) + " / " + megabytes(point.disk.tableBytes()) + " / "
              + megabytes(point.disk.indexBytes()));
    }
    return new Section("Latency against rate", count(lab.settings().licenses()) + " licenses at random, on "
        + lab.settings().connections() + " connections, open loop: a time counts from when a validation was due. With a"
        + " webhook, each validation has an event that is durable, signed, delivered over HTTPS and logged.", table, List.of());
  }

  private static void climb(
      Lab lab, Installation installation, Installation.Account account, boolean webhook, List<Point> points)
      throws Exception {
    for (int rate : lab.settings().rates()) {
      Point point = measure(lab, installation, account, webhook, rate);
      points.add(point);
      if (point.result.throughput() < FOLLOWED * rate) {
        return;
      }
    }
  }

  private static Point measure(Lab lab, Installation installation, Installation.Account account, boolean webhook, int rate)
      throws Exception {
    int seconds = lab.settings().seconds(6);
    Receivers receivers = lab.receivers();
    receivers.reset();
    Disk disk = Disk.of(installation.database());
    try (Watch watch = Watch.on(installation)) {
      long start = System.nanoTime();
      Cpu cpu = lab.cpu(installation);
      LoadGenerator.Result result = lab.load().openLoop(lab, installation, account, rate, seconds);
      installation.drain(DRAIN);
      cpu = lab.cpu(installation).since(cpu);
      double cpuSeconds = (System.nanoTime() - start) / 1e9;
      long missing = webhook ? Math.max(0, result.ok() - receivers.stats("ok").unique()) : 0;
      return new Point(webhook, rate, result, cpu, cpuSeconds, watch.peak(),
          Disk.of(installation.database()).since(disk), missing);
    }
  }

  private static void draw(Lab lab, List<Point> points) throws Exception {
    List<LatencyChart.Line> lines = List.of(
        line("no webhook, p50", "#0969da", false, points),
        line("no webhook, p99", "#0969da", true, points),
        line("an event delivered over HTTPS for each, p50", "#bc4c00", false, points),
        line("an event delivered over HTTPS for each, p99", "#bc4c00", true, points));
    Path file = lab.settings().svg();
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(file, new LatencyChart(lines).svg("How long a validation takes, by how many there are a second",
        lab.machine().toString()));
    System.out.println("The curve: " + file.toAbsolutePath());
  }

  private static LatencyChart.Line line(String name, String color, boolean p99, List<Point> points) {
    boolean webhook = !name.startsWith("no webhook");
    return new LatencyChart.Line(name, color, p99, points.stream()
        .filter(point -> point.webhook == webhook && point.result.ok() > 0)
        .map(point -> new LatencyChart.Point(point.rate,
            Math.max(1, p99 ? point.result.p99() : point.result.p50()) / 1e3))
        .toList());
  }
}
