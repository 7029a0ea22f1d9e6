package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.guide.Guide;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The guide's table of endpoint faults is generated from the faults that the tests cover. */
class FaultTableTest {
  private static final String HEAD = """
      <table>
      <thead>
      <tr>
      <th>your endpoint</th>
      <th>status</th>
      <th>error</th>
      <th>ends</th>
      <th>the delivery</th>
      </tr>
      </thead>
      <tbody>
      """;
  private static final String TAIL = """
      </tbody>
      </table>
      """;

  /** What is the same for several. */
  private record Outcome(boolean answered, String error, String ends, String delivery) {
    static Outcome of(boolean answered, AttemptError error, String ends, boolean delivered) {
      return new Outcome(answered, error == null ? "" : "<code>" + error.wireName() + "</code>", ends,
          delivered ? "delivered" : "is retried");
    }
  }

  private static final class Row {
    private final Set<String> receivers = new LinkedHashSet<>();
    private final Set<Integer> statuses = new TreeSet<>();

    private void add(String receiver, Collection<Integer> seen) {
      receivers.add(receiver);
      statuses.addAll(seen);
    }
  }

  static String table() {
    Map<Outcome, Row> rows = new LinkedHashMap<>();
    for (NetworkFault fault : NetworkFault.values()) {
      String ends = fault.waitsForNames() ? "when DNS gives up, 10 s at most" : ends(fault.error());
      boolean delivered = fault.error() == null;
      rows.computeIfAbsent(Outcome.of(delivered, fault.error(), ends, delivered), outcome -> new Row())
          .add(fault.receiver(), delivered ? List.of(200) : List.of());
    }
    for (Fault fault : Fault.ALL) {
      boolean answered = fault.status() != null;
      rows.computeIfAbsent(Outcome.of(answered, fault.error(), ends(fault.error()), fault.isSuccess()),
          outcome -> new Row()).add(fault.name(), answered ? List.of(fault.status()) : List.of());
    }
    rows.get(Outcome.of(true, null, ends(null), false)).add("redirects to any URL", Fault.REDIRECTS);
    return rows.entrySet().stream().map(entry -> row(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining("", HEAD, TAIL));
  }

  private static String ends(AttemptError error) {
    return error == AttemptError.TIMEOUT ? "after 10 s" : "immediately";
  }

  private static String row(Outcome outcome, Row row) {
    String statuses = row.statuses.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return Stream.of(String.join("; ", row.receivers), statuses, outcome.error(), outcome.ends(), outcome.delivery())
        .map(cell -> "<td>" + cell + "</td>\n").collect(Collectors.joining("", "<tr>\n", "</tr>\n"));
  }

  @Test
  void theGuideHasTheTableThatTheTestsGoBy() throws IOException {
    Files.writeString(Path.of("target", "endpoint-faults.html"), table());
    assertThat(Files.readString(Guide.DIRECTORY.resolve("endpoints.html"))).as("it is in target/endpoint-faults.html")
        .contains(table());
  }
}
