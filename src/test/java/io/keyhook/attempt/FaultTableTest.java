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
import org.junit.jupiter.api.Test;

/** The guide's list of endpoint faults is generated from the faults that the tests cover. */
class FaultTableTest {
  private static final String NAMES_END = "when DNS gives up, after 10 s at most";

  /** What is the same for several. */
  private record Outcome(boolean answered, AttemptError error, String ends, boolean delivered) {
  }

  private static final class Row {
    private final Set<String> receivers = new LinkedHashSet<>();
    private final Set<Integer> statuses = new TreeSet<>();

    private void add(String receiver, Collection<Integer> seen) {
      receivers.add(receiver);
      statuses.addAll(seen);
    }
  }

  static String list() {
    Map<Outcome, Row> rows = new LinkedHashMap<>();
    for (NetworkFault fault : NetworkFault.values()) {
      String ends = fault.waitsForNames() ? NAMES_END : ends(fault.error());
      boolean delivered = fault.error() == null;
      rows.computeIfAbsent(new Outcome(delivered, fault.error(), ends, delivered), outcome -> new Row())
          .add(fault.receiver(), delivered ? List.of(200) : List.of());
    }
    for (Fault fault : Fault.ALL) {
      boolean answered = fault.status() != null;
      rows.computeIfAbsent(new Outcome(answered, fault.error(), ends(fault.error()), fault.isSuccess()),
          outcome -> new Row()).add(fault.name(), answered ? List.of(fault.status()) : List.of());
    }
    rows.get(new Outcome(true, null, ends(null), false)).add("redirects to any URL", Fault.REDIRECTS);
    return rows.entrySet().stream().map(entry -> section(entry.getKey(), entry.getValue())).collect(Collectors.joining());
  }

  private static String ends(AttemptError error) {
    return error == AttemptError.TIMEOUT ? "after 10 s" : "immediately";
  }

  private static String section(Outcome outcome, Row row) {
    String statuses = row.statuses.stream().map(String::valueOf).collect(Collectors.joining(", ")).replaceFirst(", (?=\\d+$)", " or ");
    String status = statuses.isEmpty() ? "" : " with status " + statuses;
    String id = (outcome.error() == null ? outcome.delivered() ? "delivered" : "status" : outcome.error().wireName())
        + (outcome.answered() && outcome.error() != null ? "-with-status" : "") + (outcome.ends().equals(NAMES_END) ? "-of-names" : "");
    String title = outcome.delivered() ? "Delivered" : outcome.error() == null ? "Failed by its status"
        : "<code>" + outcome.error().wireName() + "</code>" + status;
    String result = outcome.delivered() ? "the delivery succeeds" + status
        : "the attempt fails " + outcome.ends() + (outcome.error() == null ? status : "") + ", and the delivery is retried";
    return row.receivers.stream().map(receiver -> "<li>" + receiver + "</li>\n").collect(Collectors.joining("",
        "<h3 id=\"" + id + "\">" + title + "</h3>\n<p>If your endpoint does this, " + result + ":</p>\n<ul class=\"entries\">\n", "</ul>\n"));
  }

  @Test
  void theGuideListsTheFaultsThatTheTestsGoBy() throws IOException {
    Files.writeString(Path.of("target", "endpoint-faults.html"), list());
    assertThat(Files.readString(Guide.DIRECTORY.resolve("endpoints.html"))).as("it is in target/endpoint-faults.html")
        .contains(list());
  }
}
