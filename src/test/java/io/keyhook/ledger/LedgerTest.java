package io.keyhook.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever breaks, and under load: what was acknowledged arrives; only what was in flight arrives twice, with the same
 * bytes; the log has each attempt that arrived; a license expires once; and nothing is stuck. Prints a row for each fault,
 * also to {@code target/ledger.txt}; what nodes print is in {@code target/ledger/}. More rounds, of some of the faults:
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
  private static Rig rig;
  private static Rig small;

  static Stream<Fault> faults() {
    if (FAULTS.isEmpty()) {
      return Stream.of(Fault.values());
    }
    List<String> chosen = List.of(FAULTS.split(","));
    assertThat(Arrays.stream(Fault.values()).map(Fault::label)).as("faults").containsAll(chosen);
    return Arrays.stream(Fault.values()).filter(fault -> chosen.contains(fault.label()));
  }

  @AfterAll
  static void close() throws IOException, SQLException {
    for (Rig used : Stream.of(rig, small).filter(used -> used != null).toList()) {
      used.close();
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void nothingIsLost(Fault fault) throws IOException {
    Rig struck = rigFor(fault);
    Count count = Count.NONE;
    try {
      for (int round = 0; round < ROUNDS; round++) {
        struck.use(fault.nodes(), fault.environment(struck));
        count = count.plus(new Round(struck).play(fault));
      }
      fault.check(count);
    } finally {
      struck.recover();
      String row = count.row(fault.label());
      System.out.print(report.length() == Count.HEAD.length() ? Count.HEAD + row : row);
      Files.writeString(REPORT, report.append(row));
    }
  }

  private static Rig rigFor(Fault fault) throws IOException {
    Path directory = temporary.toRealPath();
    if (fault.isOnSmallDisk()) {
      small = small == null ? Rig.onSmallDisk(directory.resolve("small")) : small;
      return small;
    }
    rig = rig == null ? Rig.in(directory.resolve("usual")) : rig;
    return rig;
  }
}
