package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.keyhook.testing.PlannedStatement;
import io.keyhook.testing.PlannedStatement.Session;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a validation costs grows neither with the devices of its license nor with the webhooks of other accounts. */
@OnlyOnPostgresql
class LookUpPlanTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  /** Statistics by which all devices of a license, and all active webhooks, are a single row. */
  @BeforeAll
  static void fill() throws SQLException {
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      statement.execute("""
          INSERT INTO keyhook.license (account_id, license_id, key, name, max_activations)
            SELECT gen_random_uuid(), gen_random_uuid(), 'KEY-' || n, 'One', 1 FROM generate_series(1, 20000) n;
          INSERT INTO keyhook.activation (account_id, license_id, fingerprint)
            SELECT account_id, license_id, 'device' FROM keyhook.license;
          INSERT INTO keyhook.webhook (account_id, url, events, is_active)
            SELECT gen_random_uuid(), 'https://example.com', '{1}', n = 1 FROM generate_series(1, 20000) n;
          INSERT INTO keyhook.policy (account_id, name, expiry_basis, trial, max_activations, grace_seconds)
            SELECT gen_random_uuid(), 'P', 'creation', false, 1, 0 FROM generate_series(1, 20000) n;
          ANALYZE keyhook.license, keyhook.activation, keyhook.webhook, keyhook.policy""");
    }
  }

  @ParameterizedTest
  @EnumSource(Session.class)
  void eachTableIsReadByTheWholeKey(Session session) throws SQLException {
    try (Connection connection = keyhook.database().connect()) {
      PlannedStatement plan = PlannedStatement.of(connection, session, ValidationStore.LOOK_UP);
      assertIndexed(plan, "license", "upper");
      assertIndexed(plan, "activation", "account_id", "license_id", "fingerprint");
      assertIndexed(plan, "account", "account_id");
      assertIndexed(plan, "webhook", "account_id");
      assertThat(plan.scans("policy")).as("what few licenses have").isEmpty();
      plan = PlannedStatement.of(connection, session, ValidationStore.LOOK_UP_TERMS);
      assertIndexed(plan, "license", "upper");
      assertIndexed(plan, "activation", "account_id", "license_id", "fingerprint");
      assertIndexed(plan, "account", "account_id");
      assertIndexed(plan, "webhook", "account_id");
      assertIndexed(plan, "policy", "account_id", "policy_id");
    }
  }

  @Test
  void aLicenseWithoutAPolicyReadsNone() throws SQLException {
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      statement.execute("PREPARE look_up AS " + ValidationStore.LOOK_UP_TERMS);
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = statement.executeQuery(
          "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE look_up (ARRAY['KEY1', 'KEY2'], ARRAY['device', 'device'])")) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      assertThat(plan.toString().lines().filter(line -> line.contains(" on policy p"))).as(plan.toString()).isNotEmpty()
          .allMatch(line -> line.contains("(never executed)"));
      assertThat(plan.toString()).contains("Nested Loop");
    }
  }

  private static void assertIndexed(PlannedStatement plan, String table, String... columns) {
    List<JsonObject> scans = plan.scans(table);
    assertThat(scans).as(plan.toString()).hasSize(1);
    assertThat(scans.get(0).getString("Index Cond")).as(plan.toString()).contains(columns);
  }
}
