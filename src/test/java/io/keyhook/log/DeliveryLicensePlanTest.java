package io.keyhook.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Naming the licenses of a page costs as much among 100,000 events and licenses as among few, and on many days as on one. */
@OnlyOnPostgresql
class DeliveryLicensePlanTest {
  private static final String ACCOUNT = "00000000-0000-7000-8000-000000000001";
  private static final int PAGE = 50;
  /** For which there are partitions, from the retention of 30 days on. */
  private static final int DAYS = 30;
  private static final Pattern BUFFERS = Pattern.compile("Buffers: shared hit=(\\d+)(?: read=(\\d+))?");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  /** Read once, for midnight may pass. */
  private static LocalDate today;

  @BeforeAll
  static void fill() {
    today = LocalDate.parse(keyhook.database().value("SELECT (now() AT TIME ZONE 'UTC')::date"));
    keyhook.database().update("""
        INSERT INTO keyhook.license (account_id, key, name, max_activations)
        SELECT '%s', 'PLAN-' || n, 'L', 1 FROM generate_series(1, 100000) n""".formatted(ACCOUNT));
    keyhook.database().update("""
        INSERT INTO keyhook.event (account_id, event_id, keep_until, data)
        SELECT '%s', keyhook.uuid_v7(), date '%s' + CASE WHEN n %% 2 = 0 THEN 90 ELSE 30 + n / 2 %% %d END,
          '{"licenseId":"lic_x","licenseKey":"K","licenseName":"L"}'
        FROM generate_series(1, 100000) n""".formatted(ACCOUNT, today, DAYS));
    keyhook.database().update("ANALYZE keyhook.license");
    keyhook.database().update("ANALYZE keyhook.event");
  }

  private static String plan(String sql) {
    return String.join("\n", keyhook.database().column("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + sql));
  }

  private static String ofEvents(Map<String, List<String>> days) {
    String sql = DeliveryLicenseStore.ofEvents(days.size());
    int at = 2;
    for (Map.Entry<String, List<String>> day : days.entrySet()) {
      sql = sql.replace("$" + at++ + "::date", "'" + day.getKey() + "'::date").replace("$" + at++ + "::uuid[]", ids(day.getValue()));
    }
    return sql.replace("$1", "'" + ACCOUNT + "'::uuid");
  }

  private static String ids(List<String> ids) {
    return ids.stream().map(id -> "'" + id + "'::uuid").collect(Collectors.joining(",", "ARRAY[", "]"));
  }

  private static List<String> newest(String column, String table) {
    return keyhook.database().column("SELECT %s FROM keyhook.%s WHERE account_id = '%s' ORDER BY 1 DESC LIMIT %d"
        .formatted(column, table, ACCOUNT, PAGE));
  }

  private static String day(int days) {
    return today.plusDays(days).toString();
  }

  private static String partition(int days) {
    return "event_" + today.plusDays(days).format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  private static int buffers(String plan) {
    Matcher top = BUFFERS.matcher(plan);
    assertThat(top.find()).as(plan).isTrue();
    return Integer.parseInt(top.group(1)) + (top.group(2) == null ? 0 : Integer.parseInt(top.group(2)));
  }

  @Test
  void eventsAndLicensesOfAPageAreLookedUpByTheirKeys() {
    String events = plan(ofEvents(Map.of(day(90), newest("event_id", "event"))));
    String licenses = plan(DeliveryLicenseStore.LICENSES.replace("$1", "'" + ACCOUNT + "'::uuid")
        .replace("$2::uuid[]", ids(newest("license_id", "license"))));
    assertThat(List.of(events, licenses)).allSatisfy(plan -> assertThat(plan).contains("_pkey").doesNotContain("Seq Scan"));
    assertThat(events).as("only the day of the page").contains(partition(90)).doesNotContain(partition(30));
  }

  @Test
  void anEventIsLookedUpOnItsDayOnly() {
    Map<String, List<String>> days = keyhook.database().column("""
        SELECT keep_until || ' ' || event_id FROM keyhook.event WHERE account_id = '%s' AND keep_until < date '%s' + 60
        ORDER BY event_id DESC LIMIT %d""".formatted(ACCOUNT, today, 2 * DAYS)).stream().map(event -> event.split(" "))
        .collect(Collectors.groupingBy(event -> event[0], Collectors.mapping(event -> event[1], Collectors.toList())));
    assertThat(days).hasSize(DAYS);
    String plan = plan(ofEvents(days));
    assertThat(plan).doesNotContain("Seq Scan");
    assertThat(buffers(plan)).as(plan).isLessThan(10 * 2 * DAYS);
  }
}
