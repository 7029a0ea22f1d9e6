package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Licenses;
import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.OnlyOnPostgresql;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Licenses by a part of their name, key or customer: from an index where there is one, and within bounds where not. */
class SearchTest {
  private static final String ACCOUNT = "00000000-0000-7000-8000-000000000001";

  /** One connection for management calls: a search that took it would be in everybody's way. */
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("database", new JsonObject().put("poolSize", 1)));

  private static Api seller() {
    Api api = keyhook.account("enterprise");
    license(api, "Editor 100%", "Ada Lovelace", "ada@example.com");
    license(api, "Editor_Pro", "Grace Hopper", "GRACE@navy.example");
    license(api, "Back\\slash", null, null);
    license(api, "\u00C9t\u00E9 \uD83D\uDD11", "\u6771\u4EAC", null);
    license(keyhook.account("enterprise"), "Editor of another account", "Ada Lovelace", "ada@example.com");
    return api;
  }

  private static String license(Api api, String name, String customer, String email) {
    return keyhook.license(api, new JsonObject().put("name", name).put("customerName", customer).put("customerEmail", email))
        .key();
  }

  private static List<String> names(Api api, String search) {
    return api.get("/api/licenses?sort=name&search=" + URLEncoder.encode(search, StandardCharsets.UTF_8)).expect(200).data()
        .stream().map(license -> license.getString("name")).toList();
  }

  @Test
  void anyPartOfNameKeyAndCustomerIsFoundInAnyCase() {
    Api api = seller();
    assertThat(names(api, "EDITOR")).containsExactly("Editor 100%", "Editor_Pro");
    assertThat(names(api, "lovelace")).containsExactly("Editor 100%");
    assertThat(names(api, "e h")).containsExactly("Editor_Pro");
    assertThat(names(api, "grace@NAVY")).containsExactly("Editor_Pro");
    assertThat(names(api, " ada ")).containsExactly("Editor 100%");
    assertThat(names(api, "\u6771\u4EAC")).containsExactly("\u00C9t\u00E9 \uD83D\uDD11");
    assertThat(names(api, "\u00E9t\u00C9 \uD83D\uDD11")).containsExactly("\u00C9t\u00E9 \uD83D\uDD11");
    String key = license(api, "By key", null, null);
    assertThat(names(api, key.substring(3, 12).toLowerCase(java.util.Locale.ROOT))).containsExactly("By key");
    assertThat(names(api, "nobody has this")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"%, 1", "_, 1", "\\, 1", "a, 3", "t\u00E9, 1", "%%, 0", "___, 0", "100%, 1", "r_P, 1", "\\\\\\\\\\, 0"})
  void shortPartsAndWildcardsAreFoundAsTheyAre(String search, int found) {
    assertThat(names(seller(), search).stream().filter(name -> !search.equals("a") || name.startsWith("Editor")
        || name.startsWith("Back"))).hasSize(found);
  }

  @Test
  void aMatchIsInOneFieldAndNotAcrossTwo() {
    Api api = keyhook.account("enterprise");
    keyhook.license(api, new JsonObject().put("name", "abc").put("key", "DEF-1234-5678-90AB").put("customerName", "ghi"));
    assertThat(names(api, "abcdef")).isEmpty();
    assertThat(names(api, "90abghi")).isEmpty();
    assertThat(names(api, "def-1234")).containsExactly("abc");
  }

  @ParameterizedTest
  @ValueSource(strings = {"createdAt", "-createdAt", "name", "-name", "expiresAt", "-expiresAt"})
  void whatIsFoundComesPageByPage(String sort) {
    Api api = keyhook.account("enterprise");
    for (int i = 0; i < 7; i++) {
      license(api, (i % 2 == 0 ? "sought " : "other ") + i % 3, null, null);
    }
    // two letters that no generated key holds
    for (String search : List.of("sought", "ou")) {
      List<String> ids = new ArrayList<>();
      String cursor = "";
      while (cursor != null) {
        JsonObject page = api.get("/api/licenses?limit=1&status=active&search=" + search + "&sort=" + sort + cursor)
            .expect(200).json();
        page.getJsonArray("data").forEach(license -> ids.add(((JsonObject) license).getString("id")));
        cursor = page.getString("nextCursor") == null ? null : "&cursor=" + page.getString("nextCursor");
      }
      assertThat(ids).as(search).hasSize(4).doesNotHaveDuplicates().isEqualTo(api.get(
          "/api/licenses?search=sought&sort=" + sort).data().stream().map(license -> license.getString("id")).toList());
    }
  }

  /** Planned for its values, as a search is: in a large account beside many small ones, and in a small one. */
  @OnlyOnPostgresql
  @Test
  void anIndexFindsTheMatchesOfOneAccountAloneInAnyOrder() throws SQLException {
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("""
          INSERT INTO keyhook.license (account_id, name, key, max_activations)
          SELECT CASE WHEN i <= 20000 THEN '%s' ELSE gen_random_uuid() END, md5(i::text), 'a-common-key-' || i, 1
          FROM generate_series(1, 22000) i""".formatted(ACCOUNT));
      statement.execute("ANALYZE keyhook.license");
      statement.execute("SET LOCAL enable_seqscan = off");
      for (Licenses.Sort sort : Licenses.Sort.values()) {
        assertIndexFinds(statement, sort);
      }
      connection.rollback();
    }
  }

  private static void assertIndexFinds(Statement statement, Licenses.Sort sort) throws SQLException {
    statement.execute("SET LOCAL plan_cache_mode = auto");
    LicenseListStore.Shape shape = new LicenseListStore.Shape(sort, null, true, false);
    String found = explain(statement, shape.indexed(), "%5f4dcc%");
    assertThat(found).as("%s", sort).contains("Bitmap Index Scan on license_search")
        .containsPattern("Index Cond: \\(\\(account_id = '" + ACCOUNT + "'::uuid\\) AND [^\\n]*~~\\* '%5f4dcc%'");
    assertThat(explain(statement, shape.recent(200), "%5f4dcc%")).as("%s", sort).contains("Limit").doesNotContain("license_search");
    for (String mode : List.of("force_custom_plan", "force_generic_plan")) {
      statement.execute("SET LOCAL plan_cache_mode = " + mode);
      assertThat(explain(statement, shape.scan(), "%5f%")).as("without trigrams: %s", sort).contains("Index Scan")
          .doesNotContain("license_search");
    }
    statement.execute("SET LOCAL plan_cache_mode = force_custom_plan");
    LicenseListStore.Shape ofSeveral = new LicenseListStore.Shape(sort, null, true, true);
    assertThat(explain(statement, ofSeveral.indexed(), "{%5f4dcc%,%99754106%}")).as("%s", sort)
        .contains("Bitmap Index Scan on license_search").containsPattern(
            "Index Cond: \\(\\(account_id = '" + ACCOUNT + "'::uuid\\) AND [^\\n]*~~\\* ANY \\('\\{%5f4dcc%,%99754106%\\}'");
  }

  @OnlyOnPostgresql
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anIndexFindsAWholeKey(boolean analyzed) throws SQLException {
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("""
          INSERT INTO keyhook.license (account_id, name, key, max_activations)
          SELECT '%s', 'L', 'a-common-key-' || i, 1 FROM generate_series(1, 5000) i""".formatted(ACCOUNT));
      if (analyzed) {
        statement.execute("ANALYZE keyhook.license");
      }
      statement.execute("SET LOCAL plan_cache_mode = force_custom_plan");
      assertThat(explain(statement, LicenseListStore.KEYS, "ACOMMONKEY4711"))
          .containsPattern("(Bitmap )?Index Scan (using|on) license_form");
      connection.rollback();
    }
  }

  @Test
  void aKeyIsFoundInEveryFormThatAValidationFinds() {
    Api api = seller();
    Api other = keyhook.account("enterprise");
    String key = license(api, "By key", null, null);
    license(api, "Renewal of " + key, null, null);
    license(api, "Another", null, null);
    for (String form : List.of("KEY", "key", "NOHYPHENS", "nohyphens", "SPACES", "FULLWIDTH", "\u00a0KEY\u202f",
        "\ufeffKEY\u200b", "\u200eKEY\u200f", "HYPHEN\u2010", "HYPHEN\u2011", "HYPHEN\u2013", "HYPHEN\u2212", "HYPHEN\u00ad",
        "HYPHEN\u00a0", "HYPHEN - ")) {
      String entered = PastedKeyTest.pasted(key, form);
      keyhook.api().anonymous().validate(entered, "device").expect(200);
      assertThat(names(api, entered)).as(form).containsExactly("By key", "Renewal of " + key);
      assertThat(names(other, entered)).as("in another account").isEmpty();
      assertThat(api.get("/api/licenses?status=disabled&search=" + URLEncoder.encode(entered, StandardCharsets.UTF_8)).data())
          .isEmpty();
    }
  }

  @Test
  void aPartOfAKeyIsFoundWithTypographicHyphensAndInFullWidth() {
    Api api = seller();
    String key = license(api, "By key", null, null);
    String part = key.substring(2, 12);
    assertThat(names(api, part.replace('-', '\u2011'))).containsExactly("By key");
    assertThat(names(api, "\u200b" + part.replace('-', '\u2013') + "\u00a0")).containsExactly("By key");
    assertThat(names(api, PastedKeyTest.fullWidth(part))).containsExactly("By key");
    assertThat(names(api, part.substring(1, 4).replace('-', '\u2011'))).contains("By key");
  }

  @Test
  void aPartOfAKeyThatSpansGroupsIsFoundWithoutItsHyphens() {
    Api api = seller();
    license(api, "Another", null, null);
    String key = license(api, "By key", null, null);
    String plain = key.replace("-", "");
    for (int length : List.of(7, 8, 11, 15)) {
      for (int from = 0; from + length <= plain.length(); from++) {
        String part = plain.substring(from, from + length);
        assertThat(names(api, part)).as("%s of %s", part, key).containsExactly("By key");
      }
    }
    assertThat(names(api, plain.substring(2, 7))).contains("By key");
    assertThat(names(api, key.substring(6, 14).replace('-', ' '))).containsExactly("By key");
    assertThat(names(api, key.substring(1, 9).toLowerCase(java.util.Locale.ROOT).replace('-', '\u00a0'))).containsExactly("By key");
    assertThat(names(api, PastedKeyTest.fullWidth(plain.substring(3, 11)))).containsExactly("By key");
  }

  @Test
  void invisibleMarksAloneFindNothing() {
    assertThat(names(seller(), "\u200b\u00a0")).isEmpty();
  }

  @Test
  void textIsFoundAsItIsStoredAndNotOnlyAsAKeyboardGivesIt() {
    Api api = keyhook.account("enterprise");
    license(api, "Suite 2019\u20132024", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", null);
    license(api, "Suite 2019-2024", null, null);
    assertThat(names(api, "2019\u20132024")).containsExactlyInAnyOrder("Suite 2019\u20132024", "Suite 2019-2024");
    assertThat(names(api, "2019-2024")).containsExactly("Suite 2019-2024");
    assertThat(names(api, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")).containsExactly("Suite 2019\u20132024");
  }

  private static String explain(Statement statement, String search, String pattern) throws SQLException {
    statement.execute("PREPARE search AS " + search);
    StringBuilder plan = new StringBuilder();
    try (ResultSet rows =
        statement.executeQuery("EXPLAIN (COSTS OFF) EXECUTE search ('%s', '%s')".formatted(ACCOUNT, pattern))) {
      while (rows.next()) {
        plan.append(rows.getString(1)).append('\n');
      }
    }
    statement.execute("DEALLOCATE search");
    return plan.toString();
  }

  /** A lock on the table stands for a million licenses: whoever holds it makes each search take too long. */
  @OnlyOnPostgresql
  @ParameterizedTest
  @CsvSource({"a long text, true, at least 3 letters", "x, true, at least 3 letters", "a long text, false, pg_trgm"})
  void aSearchThatTakesTooLongEndsAndSaysWhatToDo(String search, boolean withIndex, String advice) throws SQLException {
    Api api = keyhook.account("enterprise");
    String rename = "ALTER INDEX keyhook.%s RENAME TO %s";
    try (Connection connection = keyhook.database().connect(); Statement statement = connection.createStatement()) {
      if (!withIndex) {
        statement.execute(rename.formatted("license_search", "not_there"));
      }
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE keyhook.license IN ACCESS EXCLUSIVE MODE");
      List<CompletableFuture<Exchange>> searches = IntStream.range(0, 3).mapToObj(i -> api.send("GET",
          "/api/licenses?search=" + search.replace(' ', '+'), null)).toList();
      for (int i = 0; i < 5; i++) {
        api.get("/api/auth/me").expect(200);
      }
      for (CompletableFuture<Exchange> answer : searches) {
        Exchange refused = Api.join(answer).expect(400, "INVALID_REQUEST");
        assertThat(refused.badFields()).containsExactly("search");
        assertThat(refused.json().getString("detail")).contains(advice);
      }
      connection.rollback();
      connection.setAutoCommit(true);
      if (!withIndex) {
        statement.execute(rename.formatted("not_there", "license_search"));
      }
    }
    assertThat(names(api, search)).isEmpty();
  }
}
