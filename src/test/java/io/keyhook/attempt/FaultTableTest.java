package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Test;

/** The README's table of what receivers do wrong is the one that the tests of it go by. */
class FaultTableTest {
  private static final String HEAD = """
      | a receiver that | status | error | ends | the delivery |
      |---|---|---|---|---|
      """;

  /** What is the same for several. */
  private record Outcome(boolean answered, String error, String ends, String delivery) {
    static Outcome of(boolean answered, AttemptError error, String ends, boolean delivered) {
      return new Outcome(answered, error == null ? "" : "`" + error.wireName() + "`", ends,
          delivered ? "delivered" : "is tried again");
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
    rows.get(Outcome.of(true, null, ends(null), false)).add("redirects, wherever to", Fault.REDIRECTS);
    return rows.entrySet().stream().map(entry -> row(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining("", HEAD, ""));
  }

  private static String ends(AttemptError error) {
    return error == AttemptError.TIMEOUT ? "after 10 s" : "at once";
  }

  private static String row(Outcome outcome, Row row) {
    String statuses = row.statuses.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return "| " + String.join(" | ", String.join("; ", row.receivers), statuses, outcome.error(), outcome.ends(),
        outcome.delivery()) + " |\n";
  }

  @Test
  void theReadmeHasTheTableThatTheTestsGoBy() throws IOException {
    Files.writeString(Path.of("target", "receiver-faults.md"), table());
    assertThat(Files.readString(Path.of("README.md"))).as("it is in target/receiver-faults.md").contains(table());
  }
}
