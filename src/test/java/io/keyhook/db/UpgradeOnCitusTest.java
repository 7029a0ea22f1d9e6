package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.Keyhook;
import io.keyhook.testing.CitusCluster;
import io.keyhook.testing.DailyWork;
import io.keyhook.testing.Installation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A database that an earlier version has distributed. */
@EnabledIfEnvironmentVariable(named = CitusCluster.VARIABLE, matches = ".+", disabledReason = "It names no Citus cluster")
class UpgradeOnCitusTest {
  @RegisterExtension
  static final Installation keyhook = Installation.onCitus();

  /** The first version that could be distributed. */
  private static final String FIRST = "15";
  private static final List<String> EVERYWHERE = List.of("license_key", "member", "api_key", "flyway_schema_history");
  private static final String OTHERS = """
      SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id'
      WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname NOT IN ('license_key', 'member', 'api_key') ORDER BY c.relname""";
  private static final String NOT_DISTRIBUTED = """
      SELECT c.relname FROM pg_class c
      WHERE c.relnamespace = 'keyhook'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = c.oid)""";

  @Test
  void aNewVersionDistributesTheTablesThatItAdds() {
    Migrations.run(keyhook.database().uri(), FIRST);
    keyhook.database().update("""
        DROP INDEX IF EXISTS keyhook.license_exact_key, keyhook.license_new_form;
        DROP TRIGGER IF EXISTS keep_license_key ON keyhook.license;
        DROP TRIGGER IF EXISTS keep_previous_secret ON keyhook.webhook""");
    EVERYWHERE.forEach(table -> keyhook.database().column("SELECT create_reference_table('keyhook." + table + "')"));
    keyhook.database().column(OTHERS).forEach(table ->
        keyhook.database().column("SELECT create_distributed_table('keyhook." + table + "', 'account_id')"));
    assertThat(keyhook.database().column(NOT_DISTRIBUTED)).isEmpty();
    Keyhook.migrate(keyhook.database().uri());
    assertThat(keyhook.database().column(NOT_DISTRIBUTED)).isEmpty();
    keyhook.start();
    DailyWork.of(keyhook);
  }
}
