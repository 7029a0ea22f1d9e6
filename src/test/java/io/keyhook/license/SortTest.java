package io.keyhook.license;

import static io.keyhook.bus.Licenses.Status.ACTIVE;
import static io.keyhook.bus.Licenses.Status.DISABLED;
import static io.keyhook.bus.Licenses.Status.EXPIRED;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Licenses;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
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

  /** Planned as Keyhook's own connections plan: many licenses in one account, beside many accounts with few. */
  @OnlyOnPostgresql
  @ParameterizedTest
  @EnumSource
  void eachOrderAndStatusIsReadFromAnIndexAndNotSorted(Licenses.Sort sort) throws SQLException {
    String account = "00000000-0000-7000-8000-000000000001";
    keyhook.database().update("""
        INSERT INTO keyhook.license (account_id, name, key, max_activations, expires_at, disabled_at)
        SELECT CASE WHEN i <= 5000 THEN '%s' ELSE gen_random_uuid() END, md5(i::text), 'key-of-%s-' || i, 1,
          now() + (i * 7919 %% 5000 - 2500) * interval '1 hour', CASE WHEN i %% 100 = 0 THEN now() END
        FROM generate_series(1, 7000) i""".formatted(account, sort));
    keyhook.database().update("ANALYZE keyhook.license");
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      statement.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
      for (Licenses.Status status : new Licenses.Status[] {null, ACTIVE, EXPIRED, DISABLED}) {
        for (boolean first : new boolean[] {true, false}) {
          String name = "list_" + first + status;
          statement.execute("PREPARE " + name + " AS " + new LicenseListStore.Shape(sort, status, first, false).list());
          String plan = plan(statement, "EXECUTE %s ('%s'%s)".formatted(name, account, first ? "" : after(sort)));
          assertThat(plan).contains("Index Scan").contains(" using " + index(sort, status) + " ").doesNotContain("Sort");
          assertThat(first || plan.matches("(?s).*Index Cond: [^\n]*license_id.*")).as(plan).isTrue();
          assertThat(status == null || !plan.contains("Filter:")).as("rows of another status are not read: " + plan).isTrue();
        }
      }
    }
    keyhook.database().update("DELETE FROM keyhook.license WHERE key LIKE 'key-of-%'");
  }

  private static String index(Licenses.Sort sort, Licenses.Status status) {
    return switch (sort) {
      case CREATED_AT, CREATED_AT_DOWN -> status == null ? "license_pkey" : "license_status";
      case NAME, NAME_DOWN -> "license_name_status";
      case EXPIRES_AT, EXPIRES_AT_DOWN -> "license_expires_status";
    };
  }

  private static String after(Licenses.Sort sort) {
    return ", '00000000-0000-7000-8000-000000000001'" + switch (sort) {
      case CREATED_AT, CREATED_AT_DOWN -> "";
      case NAME, NAME_DOWN -> ", 'n3'";
      case EXPIRES_AT -> ", '2001-01-01T00:00:00Z'";
      case EXPIRES_AT_DOWN -> ", 'infinity'";
    };
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

  @ParameterizedTest
  @ValueSource(strings = {"createdAt", "name", "expiresAt"})
  void eachStatusIsListedInEachOrder(String sort) {
    Api seller = keyhook.account("enterprise");
    String active = keyhook.license(seller, new JsonObject().put("name", "b")).id();
    String later = keyhook.license(seller, new JsonObject().put("name", "a").put("expiresAt", "2099-01-01T00:00:00Z")).id();
    String expired = keyhook.license(seller, new JsonObject().put("name", "c").put("expiresAt", "2098-01-01T00:00:00Z")).id();
    String disabled = keyhook.license(seller, new JsonObject().put("name", "d").put("expiresAt", "2097-01-01T00:00:00Z")).id();
    seller.post("/api/licenses/" + disabled + "/disable").expect(200);
    for (String over : List.of(expired, disabled)) {
      keyhook.clock().advanceExpiry(over, java.time.Duration.ofDays(40_000));
    }
    assertThat(ids(seller, "active", sort)).containsExactlyInAnyOrder(active, later);
    assertThat(ids(seller, "expired", sort)).containsExactly(expired);
    assertThat(ids(seller, "disabled", sort)).containsExactly(disabled);
  }

  private static List<String> ids(Api seller, String status, String sort) {
    List<String> up = field(seller.get("/api/licenses?status=" + status + "&sort=" + sort).expect(200).data(), "id");
    assertThat(field(seller.get("/api/licenses?status=" + status + "&sort=-" + sort).expect(200).data(), "id"))
        .containsExactlyInAnyOrderElementsOf(up);
    return up;
  }

  private static String cursor(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    return Base64.getUrlEncoder().withoutPadding()
        .encodeToString(ByteBuffer.allocate(16 + bytes.length).position(16).put(bytes).array());
  }
}
