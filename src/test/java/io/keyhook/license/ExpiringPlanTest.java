package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.PlannedStatement.Session;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a page of expiring licenses costs does not grow with the licenses that expire in the same instant. */
@OnlyOnPostgresql
class ExpiringPlanTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @Test
  void aPageBeginsWhereTheOneBeforeEndedAndSortsNothing() throws SQLException {
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      statement.execute("""
          INSERT INTO keyhook.license_expiry (account_id, license_id, due_at)
            SELECT gen_random_uuid(), gen_random_uuid(), '2030-01-01Z' FROM generate_series(1, 20000);
          ANALYZE keyhook.license_expiry""");
      for (String setting : Session.KEYHOOK.settings()) {
        statement.execute("SET " + setting);
      }
      statement.execute("PREPARE page AS " + ExpiringStore.DUE);
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = statement.executeQuery("""
          EXPLAIN EXECUTE page (7, '2029-12-25Z', gen_random_uuid(), gen_random_uuid(), '2029-12-26Z', 250)""")) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      assertThat(plan.toString()).contains("Index Cond: ((ROW(due_at, account_id, license_id) > ROW(").doesNotContain("Sort");
    }
  }
}
