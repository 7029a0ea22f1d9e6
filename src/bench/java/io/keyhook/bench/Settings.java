package io.keyhook.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a run is told, by system properties that begin with {@code bench.}.
 *
 * @param scenarios names, in the order in which they run; empty: all
 * @param seconds of each measured stretch; 0: as long as the scenario takes by itself
 * @param licenses in the account that validations are of, where a scenario seeds many
 * @param rates of the curve, validations a second
 * @param connections of the load generator
 * @param https whether endpoints are sent to over HTTPS also in the scenarios that do not compare the two
 * @param rounds of {@code growth}; the others that compare take three
 * @param deliveries in the log of the large installation of {@code growth}
 * @param citus the URI of a database of a Citus cluster on this machine, as a superuser; its schema {@code keyhook} and the
 *     database {@code keyhook_plain} of its coordinator are dropped; empty: there is none
 * @param svg where the curve is drawn
 * @param output a directory for the report
 * @param jar of Keyhook
 * @param loadClasspath of the load generator, which has libraries of its own
 */
public record Settings(
    List<String> scenarios,
    int seconds,
    int licenses,
    List<Integer> rates,
    int connections,
    boolean https,
    int rounds,
    long deliveries,
    String citus,
    Path svg,
    Path output,
    Path jar,
    String loadClasspath) {

  static Settings ofSystemProperties() {
    Path output = Path.of(property("output", "target/bench"));
    return new Settings(
        list(property("scenarios", "")),
        Integer.parseInt(property("seconds", "0")),
        Integer.parseInt(property("licenses", "100000")),
        list(property("rates", "500,1000,2000,4000,8000,12000,16000")).stream().map(Integer::valueOf).toList(),
        Integer.parseInt(property("connections", "256")),
        Boolean.parseBoolean(property("https", "false")),
        Integer.parseInt(property("rounds", "7")),
        Long.parseLong(property("deliveries", "5000000")),
        property("citus", ""),
        Path.of(property("svg", output.resolve("latency.svg").toString())),
        output,
        Path.of(property("jar", "target/keyhook.jar")).toAbsolutePath(),
        property("loadClasspath", ""));
  }

  /** The length of a measured stretch. */
  public int seconds(int byDefault) {
    return seconds > 0 ? seconds : byDefault;
  }

  private static String property(String name, String byDefault) {
    String value = System.getProperty("bench." + name, "");
    return value.isBlank() ? byDefault : value.strip();
  }

  private static List<String> list(String value) {
    return Arrays.stream(value.split(",")).map(String::strip).filter(item -> !item.isEmpty()).toList();
  }
}
