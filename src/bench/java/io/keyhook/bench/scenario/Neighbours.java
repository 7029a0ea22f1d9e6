package io.keyhook.bench.scenario;

import static io.keyhook.bench.Table.count;
import static io.keyhook.bench.Table.millis;
import static io.keyhook.bench.Table.number;

import io.keyhook.bench.Installation;
import io.keyhook.bench.Lab;
import io.keyhook.bench.Medians;
import io.keyhook.bench.Table;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The same stream of validations alone and beside a bad neighbour, in turn, each three times. */
final class Neighbours {
  static final int ROUNDS = 3;
  private static final int WARM_UP_SECONDS = 20;
  private static final Duration DRAIN = Duration.ofMinutes(2);

  private final List<JsonObject> alone = new ArrayList<>();
  private final List<JsonObject> beside = new ArrayList<>();

  /** Measures the stream for one round. */
  interface Round {
    /** Gives what the stream came to. */
    JsonObject measure(boolean neighbour) throws Exception;
  }

  /** Until the compiler has done most of what it will do. */
  static void warmUp(Lab lab, Installation installation, Installation.Account account) throws Exception {
    lab.load().closedLoop(lab, installation, account, WARM_UP_SECONDS);
    installation.drain(DRAIN);
  }

  void measure(Round round) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      for (boolean neighbour : i % 2 == 0 ? new boolean[] {false, true} : new boolean[] {true, false}) {
        (neighbour ? beside : alone).add(round.measure(neighbour));
      }
    }
  }

  Table table(double target) {
    Table table = new Table("figure", "alone", "beside the neighbour", "ratio of the medians", "target");
    row(table, "deliveries: p99 from due to arrival, ms", "whole", "p99", "at most " + target);
    row(table, "validations: p99 from due to answer, ms", "validation", "p99", "at most " + target);
    row(table, "deliveries: p50 from due to arrival, ms", "whole", "p50", "");
    row(table, "deliveries: p99 from answer to arrival, ms", "delivery", "p99", ""); // alone often 0: no ratio for a target
    return table.row("validations failed", count(sum(alone, "failed")), count(sum(beside, "failed")), "", "0")
        .row("events missing", count(sum(alone, "missing")), count(sum(beside, "missing")), "", "0");
  }

  /** Adds what the stream came to beside another neighbour than the one that the table is about. */
  void control(Table table, String beside) {
    row(table, "deliveries " + beside + ": p99 from due to arrival, ms", "whole", "p99", "");
    row(table, "validations " + beside + ": p99 from due to answer, ms", "validation", "p99", "");
  }

  private void row(Table table, String what, String times, String percentile, String target) {
    ToDoubleFunction<JsonObject> figure = result -> result.getJsonObject(times).getDouble(percentile);
    double ratio = median(beside, figure) / Math.max(1, median(alone, figure));
    table.row(what, all(alone, figure), all(beside, figure), number(ratio, 2), target);
  }

  private static double median(List<JsonObject> results, ToDoubleFunction<JsonObject> figure) {
    return Medians.of(results.stream().mapToDouble(figure).boxed().toList());
  }

  private static String all(List<JsonObject> results, ToDoubleFunction<JsonObject> figure) {
    return String.join(" / ", results.stream().map(result -> millis(figure.applyAsDouble(result))).toList());
  }

  private static long sum(List<JsonObject> results, String field) {
    return results.stream().mapToLong(result -> result.getLong(field)).sum();
  }
}
