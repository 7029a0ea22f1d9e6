package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever breaks, and under load: what was acknowledged arrives; only what was in flight arrives twice, with the same
 * bytes; the log has each attempt that arrived; a license expires once; and nothing is stuck. Prints a row for each
 * fault, also to {@code target/ledger.txt}; what nodes print is in {@code target/ledger/}. More rounds, of some of the faults:
 *
 * <pre>mvn test -Dtest=LedgerTest -Dkeyhook.ledger.rounds=100 -Dkeyhook.ledger.faults=keyhook-killed,node-paused</pre>
 *
 * <p>Leases of the dead are turned to their end; {@code -Dkeyhook.ledger.leases=real} waits for it, up to 30 s a round.
 */
class LedgerTest {
  private static final int ROUNDS = Integer.getInteger("keyhook.ledger.rounds", 1);
  private static final String FAULTS = System.getProperty("keyhook.ledger.faults", "");
  private static final Path REPORT = Path.of("target", "ledger.txt");

  @TempDir
  static Path temporary;
  private static final StringBuilder report = new StringBuilder(Count.HEAD);
  private static final Map<Lane.Kind, Lane> lanes = new EnumMap<>(Lane.Kind.class);
  private static final Map<Fault, CompletableFuture<Count>> counts = new EnumMap<>(Fault.class);

  static List<Fault> faults() {
    List<String> all = Arrays.stream(Fault.values()).map(Fault::label).toList();
    List<String> chosen = FAULTS.isEmpty() ? all : List.of(FAULTS.split(","));
    assertThat(all).as("faults").containsAll(chosen);
    return Arrays.stream(Fault.values()).filter(fault -> chosen.contains(fault.label())).toList();
  }

  @BeforeAll
  static void begin() throws IOException {
    System.out.print(Count.HEAD);
    Path directory = temporary.toRealPath();
    for (Fault fault : faults()) {
      Lane lane = lanes.computeIfAbsent(fault.lane(),
          kind -> new Lane(kind, directory.resolve(kind.name().toLowerCase(Locale.ROOT))));
      counts.put(fault, lane.submit(rig -> play(fault, rig)));
    }
  }

  @AfterAll
  static void close() throws IOException, SQLException {
    counts.values().forEach(count -> count.handle((done, e) -> done).join());
    for (Lane lane : lanes.values()) {
      lane.close();
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void nothingIsLost(Fault fault) throws Throwable {
    try {
      assertThat(counts.get(fault).join().rounds()).isEqualTo(ROUNDS);
    } catch (CompletionException e) {
      throw e.getCause();
    }
  }

  private static Count play(Fault fault, Rig rig) {
    Count count = Count.NONE;
    String outcome = "FAILED in the next round: ";
    try {
      for (int round = 0; round < ROUNDS; round++) {
        rig.use(fault.nodes(), fault.environment(rig));
        count = count.plus(new Round(rig).play(fault));
      }
      outcome = "";
      return count;
    } finally {
      rig.recover();
      report(outcome + count.row(fault.label()));
    }
  }

  private static synchronized void report(String row) {
    System.out.print(row);
    try {
      Files.writeString(REPORT, report.append(row));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
