package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** How the connections of a node are divided. */
class SharesTest {
  /** PostgreSQL's default of 100, of which 3 are for superusers. */
  private static final int OF_POSTGRESQL = 97;
  private static final int DEFAULT = 45;
  private static final int POOL = 10;

  @Property
  void aNodeNeverHasMoreThanItMay(@ForAll @IntRange(min = Shares.MIN, max = 1000) int max,
      @ForAll @IntRange(min = 1, max = 200) int management, @ForAll @IntRange(min = 1, max = 128) int processors) {
    Shares shares = Shares.of(max, management, processors);
    assertThat(shares.total()).isLessThanOrEqualTo(max);
    assertThat(shares.management()).isBetween(1, management);
    assertThat(shares.loops()).isBetween(1, Math.min(8, processors));
    assertThat(shares.sender()).isBetween(1, 4);
    assertThat(shares.validator()).isBetween(1, 4);
  }

  @Property
  void twoNodesOfAnySizeFitPostgreSqlsDefault(@ForAll @IntRange(min = 1, max = 128) int processors) {
    assertThat(2 * Shares.of(DEFAULT, POOL, processors).total()).isLessThan(OF_POSTGRESQL);
  }

  /** As the README has it. */
  @Test
  void theDefaultIsDividedAsDocumented() {
    assertThat(Shares.of(DEFAULT, POOL, 2)).isEqualTo(new Shares(10, 2, 4, 4));
    assertThat(Shares.of(DEFAULT, POOL, 4)).isEqualTo(new Shares(10, 4, 3, 3));
    assertThat(Shares.of(DEFAULT, POOL, 8)).isEqualTo(new Shares(10, 8, 1, 2));
    assertThat(Shares.of(Shares.MIN, POOL, 8)).isEqualTo(new Shares(4, 2, 1, 1));
  }
}
