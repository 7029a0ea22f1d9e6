package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Licenses;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of licenses in each order, page by page: every license once, also where many are alike in it. */
class SortTest {
  private static final List<String> NAMES = List.of("beta", "Alpha", "beta", "gamma", "alpha", "Beta", "\uD83D\uDD11 key");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();
  static Api api;

  @BeforeAll
  static void make() {
    api = keyhook.account("enterprise");
    for (int i = 0; i < NAMES.size(); i++) {
      JsonObject license = new JsonObject().put("name", NAMES.get(i));
      if (i % 3 != 0) {
        license.put("expiresAt", "209" + i + "-01-01T00:00:00.123456Z");
      }
      keyhook.license(api, license);
    }
    keyhook.license(new JsonObject().put("name", "another account's"));
  }

  private static List<JsonObject> pages(String query, int limit) {
    List<JsonObject> all = new ArrayList<>();
    String cursor = "";
    do {
      JsonObject page = api.get("/api/licenses?limit=" + limit + query + cursor).expect(200).json();
      page.getJsonArray("data").forEach(license -> all.add((JsonObject) license));
      cursor = page.getString("nextCursor") == null ? null : "&cursor=" + page.getString("nextCursor");
    } while (cursor != null);
    return all;
  }

  private static List<String> field(List<JsonObject> licenses, String name) {
    return licenses.stream().map(license -> String.valueOf(license.getString(name)).toLowerCase(Locale.ROOT)).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"createdAt", "name", "expiresAt"})
  void thePagesOfEachOrderAreTheWholeListUpAndDown(String sort) {
    List<String> up = field(pages("&sort=" + sort, 100), "id");
    assertThat(up).hasSize(NAMES.size()).doesNotHaveDuplicates();
    List<String> down = new ArrayList<>(field(pages("&sort=-" + sort, 100), "id"));
    for (int limit = 1; limit <= 3; limit++) {
      assertThat(field(pages("&sort=" + sort, limit), "id")).isEqualTo(up);
      assertThat(field(pages("&sort=-" + sort, limit), "id")).isEqualTo(down);
    }
    java.util.Collections.reverse(down);
    assertThat(down).isEqualTo(up);
  }

  @Test
  void namesAreSortedInAnyCase() {
    assertThat(field(pages("&sort=name", 2), "name")).filteredOn(name -> !name.endsWith("key"))
        .containsExactly("alpha", "alpha", "beta", "beta", "beta", "gamma");
  }

  @Test
  void whatNeverExpiresDoesSoLast() {
    assertThat(field(pages("&sort=expiresAt", 2), "expiresAt").subList(4, 7)).containsOnly("null");
    assertThat(field(pages("&sort=expiresAt", 2), "expiresAt").subList(0, 4)).isSorted();
    assertThat(field(pages("&sort=-expiresAt", 2), "expiresAt").subList(0, 3)).containsOnly("null");
  }

  @Test
  void withoutAnOrderTheNewestComeFirst() {
    assertThat(field(pages("", 2), "id")).isEqualTo(field(pages("&sort=-createdAt", 100), "id"));
  }

  @ParameterizedTest
  @CsvSource({"name, 3", "-expiresAt, 3"})
  void searchAndStatusHoldInEachOrder(String sort, int found) {
    assertThat(field(pages("&search=BETA&status=active&sort=" + sort, 1), "name")).hasSize(found).containsOnly("beta");
    assertThat(pages("&status=disabled&sort=" + sort, 1)).isEmpty();
  }

  @Test
  void aCursorIsOfItsOrderAndNothingElse() {
    String byId = api.get("/api/licenses?limit=1").json().getString("nextCursor");
    String byName = api.get("/api/licenses?limit=1&sort=name").json().getString("nextCursor");
    for (String query : List.of("sort=name&cursor=" + byId, "cursor=" + byName, "sort=expiresAt&cursor=" + byName,
        "sort=expiresAt&cursor=" + cursor("+1000000000-12-31T23:59:59.999999999Z"), "sort=expiresAt&cursor=" + cursor("now"),
        "sort=name&cursor=" + cursor("a\0b"), "sort=name&cursor=" + cursor("n".repeat(201)))) {
      assertThat(api.get("/api/licenses?" + query).expect(400).badFields()).as(query).containsExactly("cursor");
    }
    api.get("/api/licenses?sort=expiresAt&cursor=" + cursor("infinity")).expect(200);
  }

  /** Planned as Keyhook's own connections plan, with many licenses in one account. */
  @ParameterizedTest
  @EnumSource
  void eachOrderIsReadFromAnIndexAndNotSorted(Licenses.Sort sort) throws SQLException {
    String account = "00000000-0000-7000-8000-000000000001";
    keyhook.database().update("""
        INSERT INTO keyhook.license (account_id, name, key, max_activations, expires_at)
        SELECT '%s', md5(i::text), 'key-of-%s-' || i, 1, now() + i * 7919 %% 5000 * interval '1 hour' FROM generate_series(1, 5000) i"""
        .formatted(account, sort));
    keyhook.database().update("ANALYZE keyhook.license");
    String index = switch (sort) {
      case CREATED_AT, CREATED_AT_DOWN -> "license_pkey";
      case NAME, NAME_DOWN -> "license_name";
      case EXPIRES_AT, EXPIRES_AT_DOWN -> "license_expires";
    };
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      statement.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
      for (boolean first : new boolean[] {true, false}) {
        String last = first ? "" : ", '%s'".formatted(account)
            + (index.equals("license_pkey") ? "" : index.equals("license_name") ? ", 'n3'" : ", 'infinity'");
        for (Licenses.Status status : new Licenses.Status[] {null, Licenses.Status.ACTIVE}) {
          String name = "list_" + first + status;
          statement.execute("PREPARE " + name + " AS " + LicenseListStore.statement(sort, status, false, first));
          String plan = plan(statement, "EXECUTE %s ('%s', NULL%s)".formatted(name, account, last));
          assertThat(plan).contains("Index Scan").contains(" using " + index + " ").doesNotContain("Sort");
          assertThat(first || plan.matches("(?s).*Index Cond: [^\n]*license_id.*")).as(plan).isTrue();
        }
      }
    }
    keyhook.database().update("DELETE FROM keyhook.license WHERE account_id = '%s'".formatted(account));
  }

  private static String plan(Statement statement, String execute) throws SQLException {
    StringBuilder plan = new StringBuilder();
    try (ResultSet rows = statement.executeQuery("EXPLAIN (COSTS OFF) " + execute)) {
      while (rows.next()) {
        plan.append(rows.getString(1)).append('\n');
      }
    }
    return plan.toString();
  }

  private static String cursor(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    return Base64.getUrlEncoder().withoutPadding()
        .encodeToString(ByteBuffer.allocate(16 + bytes.length).position(16).put(bytes).array());
  }
}
