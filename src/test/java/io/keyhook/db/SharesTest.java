package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.guide.Guide;
import java.util.List;
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

  @Test
  void theDefaultIsDividedAsTheGuideShows() {
    List<List<String>> rows = Guide.page("configuration").html().select("#connections ~ .table").first().select("tbody tr")
        .stream().map(row -> row.select("td").eachText()).toList();
    assertThat(rows).containsExactly(
        row("2", Shares.of(DEFAULT, POOL, 2)), row("4", Shares.of(DEFAULT, POOL, 4)),
        row("8 and more", Shares.of(DEFAULT, POOL, 8)));
    assertThat(Shares.of(DEFAULT, POOL, 128)).isEqualTo(Shares.of(DEFAULT, POOL, 8));
  }

  private static List<String> row(String processors, Shares shares) {
    return List.of(processors, "" + shares.management(), shares.loops() + " × " + shares.validator(),
        shares.loops() + " × " + shares.sender(),
        "" + (shares.total() - shares.management() - shares.loops() * (shares.validator() + shares.sender())), "" + shares.total());
  }

  @Test
  void aDefaultAndASmallestNodeAreDividedByProcessors() {
    assertThat(Shares.of(DEFAULT, POOL, 2)).isEqualTo(new Shares(10, 2, 4, 4));
    assertThat(Shares.of(DEFAULT, POOL, 4)).isEqualTo(new Shares(10, 4, 3, 3));
    assertThat(Shares.of(DEFAULT, POOL, 8)).isEqualTo(new Shares(10, 8, 1, 2));
    assertThat(Shares.of(Shares.MIN, POOL, 8)).isEqualTo(new Shares(3, 2, 1, 1));
  }
}
