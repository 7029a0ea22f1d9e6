package io.keyhook.fair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.LogWatch;
import org.junit.jupiter.api.Test;

/** The connections of clients leave file descriptors to everything else. */
class ClientConnectionsTest {
  @Test
  void theyTakeThreeQuartersOfTheFilesAtMostAndTheLogSaysSo() {
    assertThat(Admissions.connections(2, 40_000)).isEqualTo(20_000);
    assertThat(Admissions.connections(2, Long.MAX_VALUE)).isEqualTo(20_000);
    assertThat(LogWatch.linesWith("Clients may have 20000 connections")).isEmpty();
    assertThat(Admissions.connections(2, 1026)).isEqualTo(769);
    assertThat(LogWatch.linesWith("Clients may have 769 connections instead of 20000")).singleElement().asString()
        .startsWith("WARN").contains("open 1026 files", "26668");
    assertThat(Admissions.connections(2, 1)).isEqualTo(1);
  }
}
