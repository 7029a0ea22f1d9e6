package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Naming the licenses of a page costs as much among 100,000 events and licenses as among few. */
class DeliveryLicensePlanTest {
  private static final String ACCOUNT = "00000000-0000-7000-8000-000000000001";
  private static final int PAGE = 50;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @BeforeAll
  static void fill() {
    keyhook.database().update("""
        INSERT INTO keyhook.license (account_id, key, name, max_activations)
        SELECT '%s', 'PLAN-' || n, 'L', 1 FROM generate_series(1, 100000) n""".formatted(ACCOUNT));
    keyhook.database().update("""
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT '%s', keyhook.uuid_v7(), CASE WHEN n %% 2 = 0 THEN current_date + 30 ELSE current_date + 90 END, '{"licenseId":"lic_x","licenseKey":"K","licenseName":"L"}'
        FROM generate_series(1, 100000) n""".formatted(ACCOUNT));
    keyhook.database().update("ANALYZE keyhook.license");
    keyhook.database().update("ANALYZE keyhook.event");
  }

  private static String plan(String sql, String ids) {
    return String.join("\n", keyhook.database().column("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + sql
        .replace("$1", "'" + ACCOUNT + "'::uuid").replace("$2", ids)
        .replace("$3", "ARRAY[current_date + 90]")));
  }

  private static String newest(String column, String table) {
    return keyhook.database().column("SELECT %s FROM keyhook.%s WHERE account_id = '%s' ORDER BY 1 DESC LIMIT %d"
        .formatted(column, table, ACCOUNT, PAGE)).stream().map(id -> "'" + id + "'::uuid")
        .collect(Collectors.joining(",", "ARRAY[", "]"));
  }

  private static String partition(int days) {
    return keyhook.database().value("SELECT 'event_' || to_char(current_date + %d, 'YYYYMMDD')".formatted(days));
  }

  @Test
  void eventsAndLicensesOfAPageAreLookedUpByTheirKeys() {
    List<String> plans = new ArrayList<>(List.of(
        plan(DeliveryLicenseStore.OF_EVENTS, newest("event_id", "event")),
        plan(DeliveryLicenseStore.LICENSES, newest("license_id", "license"))));
    assertThat(plans).allSatisfy(plan -> assertThat(plan).contains("_pkey").doesNotContain("Seq Scan"));
    assertThat(plans.get(0)).as("only the day of the page").contains(partition(90)).doesNotContain(partition(30));
    plans.forEach(plan -> System.out.println(plan.substring(plan.lastIndexOf("Execution Time"))));
  }
}
