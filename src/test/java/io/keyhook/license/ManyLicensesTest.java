package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.Id;
import io.keyhook.testing.Api;
import io.keyhook.testing.Clock;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many licenses in one call: made alike, read from a file, written to one. All are made, or none. */
class ManyLicensesTest {
  private static final String HEADER =
      "name,key,status,maxActivations,currentActivations,expiresAt,customerName,customerEmail,createdAt,metadata,disabledAt,"
          + "policyId,productId,heartbeatSeconds,entitlements,leaseSeconds,inherited,firstActivatedAt";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static Exchange bulk(Api api, int count) {
    return api.post("/api/licenses/bulk", new JsonObject().put("count", count).put("name", "Seat").put("maxActivations", 2)
        .put("expiresAt", "2099-01-01T00:00:00Z").put("metadata", new JsonObject().put("order", 7)));
  }

  private static Exchange load(Api api, String file) {
    return Api.join(api.header("Content-Type", "text/csv").send("POST", "/api/licenses/import", file));
  }

  private static String export(Api api, String query) {
    return api.get("/api/licenses/export" + query).expect(200).body();
  }

  private static long used(Api api) {
    return api.get("/api/account").json().getJsonObject("usage").getJsonObject("licenses").getLong("used");
  }

  @Test
  void manyAreMadeAlikeEachWithItsKey() {
    Api api = keyhook.account("enterprise");
    List<JsonObject> made = bulk(api, 1000).expect(201).data();
    assertThat(made).hasSize(1000);
    assertThat(made.stream().map(license -> license.getString("key")).distinct()).hasSize(1000);
    assertThat(made).allSatisfy(license -> assertThat(license.getJsonObject("metadata").getInteger("order")).isEqualTo(7));
    assertThat(api.get("/api/licenses/" + made.get(999).getString("id")).expect(200).json()).isEqualTo(made.get(999));
    assertThat(api.get("/api/audit?limit=100&action=license.created").data()).hasSize(100);
    api.validate(made.get(500).getString("key"), "device").expect(200);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license_expiry")).as("they will expire")
        .isGreaterThanOrEqualTo(1000);
  }

  @Test
  void aPlanTakesAllOfThemOrNone() {
    Api api = keyhook.account("free");
    assertThat(bulk(api, 6).expect(403, "PLAN_LIMIT_REACHED").json().getString("detail")).contains("5 are left");
    bulk(api, 3).expect(201);
    load(api, "name\nA\nB\nC\n").expect(403, "PLAN_LIMIT_REACHED");
    assertThat(used(api)).isEqualTo(3);
    load(api, "name\nA\nB\n").expect(200);
    bulk(api, 1).expect(403, "PLAN_LIMIT_REACHED");
    assertThat(used(api)).isEqualTo(5);
  }

  @Test
  void twentyWhoRaceForTheLastPlacesGetNoMore() {
    Api api = keyhook.account("starter");
    List<Exchange> answers = IntStream.range(0, 20).mapToObj(i -> api.postAsync("/api/licenses/bulk",
        new JsonObject().put("count", 3).put("name", "Seat"))).toList().stream().map(Api::join).toList();
    assertThat(answers.stream().filter(answer -> answer.status() == 201)).hasSize(3);
    assertThat(used(api)).isEqualTo(9);
  }

  @Test
  void licensesThatWouldHaveExpiredAreNotCreatedInBulk() {
    Api api = keyhook.account("enterprise");
    assertThat(api.post("/api/licenses/bulk", new JsonObject().put("count", 2).put("name", "Seat")
        .put("expiresAt", "2001-01-01T00:00:00Z")).expect(400).badFields()).containsExactly("expiresAt");
    assertThat(used(api)).isZero();
  }

  @Test
  void aFileIsRead() {
    Api api = keyhook.account("enterprise");
    String key = "OWN-KEY-" + System.nanoTime() + "-0001";
    assertThat(load(api, "\ufeffname,key,maxActivations,expiresAt,customerName,customerEmail\r\n"
        + "\"Editor, \"\"Pro\"\"\"," + key + ",3,2099-01-01T00:00:00Z,\"Ada\nLovelace\",ada@example.com\r\n"
        + "\r\n'=1+1,,,,,\r\n").expect(200).json()).isEqualTo(new JsonObject().put("created", 2));
    List<JsonObject> made = api.get("/api/licenses?sort=name").data();
    assertThat(made.get(0).getString("name")).isEqualTo("=1+1");
    JsonObject editor = made.get(1);
    assertThat(editor.getString("name")).isEqualTo("Editor, \"Pro\"");
    assertThat(editor.getString("key")).isEqualTo(key);
    assertThat(editor.getInteger("maxActivations")).isEqualTo(3);
    assertThat(editor.getString("expiresAt")).isEqualTo("2099-01-01T00:00:00.000Z");
    assertThat(editor.getString("customerName")).isEqualTo("Ada\nLovelace");
    assertThat(api.get("/api/audit?action=license.created").data()).hasSize(2);
  }

  @Test
  void aFileOfThousandsIsReadAndWrittenPageByPage() {
    Api api = keyhook.account("enterprise");
    load(api, "name\n" + IntStream.range(0, 2500).mapToObj(i -> "L" + i).collect(Collectors.joining("\n"))).expect(200);
    assertThat(export(api, "").lines()).hasSize(2501);
    String many = "name\n" + String.join("\n", Collections.nCopies(10_001, "L"));
    assertThat(load(api, many).expect(400).badFields()).containsExactly("body");
    assertThat(used(api)).isEqualTo(2500);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "name,maxActivations\\nA,1\\nB,0\\nC,x\\n,1|line 3: maxActivations;line 4: maxActivations;line 5: name",
      "name,expiresAt\\nA,tomorrow|line 2: expiresAt",
      "name,customerEmail\\nA,nobody|line 2: customerEmail",
      "name,key\\nA,short|line 2: key",
      "name,key\\nA,SAME-KEY-OF-BOTH-1\\n\"B\\nB\",\\nC,same-key-of-both-1|line 5: key",
      "name,colour\\nA,red|line 1: colour",
      "name,name\\nA,B|line 1: name",
      "key\\nABCD-1234-EFGH-5678|line 1: name",
      "name;key\\nA;B|line 2: key",
      "name\tkey\\nA\tB|line 2: key",
      "name:key\\nA:B|line 1: name:key",
      "name,status\\nA,sold|line 2: status",
      "name,metadata\\nA,[]|line 2: metadata",
      "name,key\\nA,SAME-KEY-OF-BOTH-1\\nB,SAMEKEY-OFBOTH1|line 3: key",
      "name,status\\nA,expired|line 2: status",
      "name,disabledAt\\nA,2020-01-01T00:00:00Z|line 2: disabledAt",
      "name,status,disabledAt\\nA,expired,2020-01-01T00:00:00Z|line 2: disabledAt",
      "name,status,disabledAt\\nA,active,2020-01-01T00:00:00Z\\nB,disabled,today|line 2: disabledAt;line 3: disabledAt",
      "name,status,expiresAt\\nA,active,\\nB,expired,2099-01-01T00:00:00Z\\nC,Expired,|line 3: status;line 4: status",
      "name,customerName\\nA,\"Ada\\nB,\\nC,|line 2",
      "name,customerName\\n\"A\\nA\",\"Ada \"\"L\"\"\\nB,\\nC,|line 3",
      "name\\r\\n\\r\\nA\\r\"B\\r\\nC|line 4",
      "\"name\\nA\\nB|line 1",
      "name,customerName\\nA,\"Ada\" L\\nB,|line 2",
      "name,customerName\\nA,\"Ada\" \\nB,|line 2",
      "name,customerName\\nA, \"Lovelace, Ada\"\\nB,|line 2",
      "name,inherited\\nA,maxActivations|line 2: inherited",
      "name,inherited,policyId\\nA,limit,policy_01jhsqc4m2x8v6t0r5w9k3n7ba|line 2: inherited",
      "name,firstActivatedAt\\nA,never|line 2: firstActivatedAt",
      "name,leaseSeconds\\nA,0|line 2: leaseSeconds",
      "sep=;\\nname,key\\nA,B|line 2: name,key",
      "sep=;\\nname;key\\nA;short|line 3: key",
      "sep=;\\n\"name|line 2",
      "sep=:\\nname|line 1",
      "sep=;|line 1: name",
      "name,key\\nA|line 2",
      "name\\nA,B|line 2",
      "|line 1: name"})
  void whatIsWrongIsToldByItsLine(String file, String fields) {
    Api api = keyhook.account("enterprise");
    List<String> bad = load(api, file == null ? "" : file.replace("\\n", "\n").replace("\\r", "\r")).expect(400)
        .badFields();
    assertThat(String.join(";", bad)).contains(fields);
    assertThat(used(api)).isZero();
  }

  @Test
  void aQuoteThatIsNeverClosedIsToldByItsLineAndLosesNoLicense() {
    Api api = keyhook.account("enterprise");
    assertThat(load(api, "name,customerName\r\nA,Ada\r\nB,\"Bob\r\nC,Cy\r\nD,Di\r\n").expect(400).json().getString("detail"))
        .isEqualTo("line 3 opens a quote that is never closed");
    assertThat(used(api)).isZero();
    load(api, "name,customerName\nA,5\" disk\nB,\"5\"\" disk\"\nC,\"\"\n").expect(200);
    assertThat(byName(api).get("A").getString("customerName")).isEqualTo("5\" disk")
        .isEqualTo(byName(api).get("B").getString("customerName"));
    assertThat(byName(api).get("C").getString("customerName")).isNull();
  }

  @Test
  void expiredLicensesOfAllBatchesAreToldByTheirLines() {
    Api api = keyhook.account("enterprise");
    assertThat(load(api, "name,status\nA,expired\n" + "B,active\n".repeat(1500) + "C,expired\n").expect(400).badFields())
        .containsExactly("line 2: status", "line 1503: status");
    assertThat(used(api)).isZero();
  }

  @Test
  void aLicenseThatExpiredSinceTheFileWasWrittenComesBackAsExpired() {
    Api api = keyhook.account("enterprise");
    load(api, "name,status,expiresAt\nA,active,2001-01-01T00:00:00Z\nB,expired,2001-01-01T00:00:00Z\n").expect(200);
    String exported = export(api, "?sort=name");
    assertThat(byName(api).values()).allSatisfy(license -> assertThat(license.getString("status")).isEqualTo("expired"));
    api.get("/api/licenses").data().forEach(license -> api.delete("/api/licenses/" + license.getString("id")).expect(204));
    load(api, exported).expect(200);
    assertThat(withoutCreation(export(api, "?sort=name"))).isEqualTo(withoutCreation(exported));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "sep=;\\r\\n|;", "\ufeffsep=;\\n|;", "SEP=,\\r\\n|,", "\"sep=;\"\\r\\n|;", "sep=TAB\\n|TAB", "sep=,\\r|,", "sep=;\\n\\n|;"})
  void theFirstLineMayNameTheSeparator(String line, String separator) {
    Api api = keyhook.account("enterprise");
    String file = "%sname|customerName\r\nA|\"Ada, Bo; Cy\tDi\"\r\n".formatted(line.replace("\\r", "\r").replace("\\n", "\n"))
        .replace("|", separator).replace("TAB", "\t");
    load(api, file).expect(200);
    assertThat(byName(api).get("A").getString("customerName")).isEqualTo("Ada, Bo; Cy\tDi");
  }

  @Test
  void theFirstHundredThatAreWrongAreTold() {
    Api api = keyhook.account("enterprise");
    assertThat(load(api, "name,maxActivations\n" + "A,0\n".repeat(500)).expect(400).badFields()).hasSize(100);
  }

  @Test
  void aKeyThatIsTakenIsToldByItsLine() {
    Api api = keyhook.account("enterprise");
    String taken = keyhook.license(1).key();
    assertThat(load(api, "name,key\nA,\nB," + taken.toLowerCase(java.util.Locale.ROOT) + "\n").expect(400).badFields())
        .containsExactly("line 3: key");
    assertThat(used(api)).isZero();
  }

  @Test
  void anythingButCsvIsRefused() {
    Api api = keyhook.account("enterprise");
    for (String type : List.of("application/json", "text/plain", "multipart/form-data; boundary=x", "text/csv; charset=utf-16")) {
      Api.join(api.header("Content-Type", type).send("POST", "/api/licenses/import", "name\nA\n"))
          .expect(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    Api.join(api.send("POST", "/api/licenses/import", "name\nA\n")).expect(415);
    load(api, "name\n" + "A".repeat(1024 * 1024)).expect(413);
    Api.join(api.header("Content-Type", "text/csv; charset=\"UTF-8\"").send("POST", "/api/licenses/import", "name\nA\n"))
        .expect(200);
  }

  @Test
  void whatIsExportedCanBeImported() {
    Api api = keyhook.account("enterprise");
    List<String> names = List.of("=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", "\tTab", "'=x", "''=x", "'plain",
        "Comma, \"quote\"\nline");
    names.forEach(name -> keyhook.license(api, new JsonObject().put("name", name).put("customerEmail", "=a@example.com")
        .put("expiresAt", "2099-01-01T00:00:00Z")));
    Exchange exported = api.get("/api/licenses/export").expect(200);
    assertThat(exported.header("Content-Type")).isEqualTo("text/csv; charset=utf-8");
    assertThat(exported.body()).startsWith(HEADER + "\r\n").contains("\r\n'+1,", "\r\n'-1,", "\r\n'@SUM(A1),",
        "\r\n'\tTab,", "\r\n''=x,", ",'=a@example.com,", "\r\n'plain,");
    assertThat(exported.body()).doesNotContainPattern("(?m)^[=+@-]");
    api.get("/api/licenses").data().forEach(license -> api.delete("/api/licenses/" + license.getString("id")).expect(204));
    assertThat(load(api, exported.body()).expect(200).json().getInteger("created")).isEqualTo(names.size());
    assertThat(api.get("/api/licenses").data().stream().map(license -> license.getString("name")))
        .containsExactlyInAnyOrderElementsOf(names);
    assertThat(withoutCreation(export(api, ""))).isEqualTo(withoutCreation(exported.body()));
  }

  /** A license that is created again gets the time of its creation anew. */
  private static List<String> withoutCreation(String file) {
    return file.replaceAll("[0-9T:.-]+Z(?=,(\"\\{.*\\}\")?,([0-9T:.-]+Z)?,,,,,,,\r\n)", "").lines().sorted().toList();
  }

  @Test
  void anImportBringsBackWhatWasThere() {
    Api api = keyhook.account("enterprise");
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(api, receiver, "license.expired", "license.disabled");
    String disabled = keyhook.license(api, new JsonObject().put("name", "disabled")).id();
    api.post("/api/licenses/" + disabled + "/disable").expect(200);
    keyhook.database().update("UPDATE keyhook.license SET disabled_at = '2020-02-29 10:00:00.123+00' WHERE license_id = ?",
        Id.LICENSE.parse(disabled));
    receiver.take();
    String expired = keyhook.license(api, new JsonObject().put("name", "expired").put("expiresAt", "2099-01-01T00:00:00Z")
        .put("metadata", new JsonObject().put("order", "A, \"7\"").put("seats", 3))).id();
    keyhook.clock().advanceExpiry(expired, Duration.ofDays(40_000));
    receiver.take();
    keyhook.license(api, new JsonObject().put("name", "active"));
    String exported = export(api, "?sort=name");
    Map<String, JsonObject> before = byName(api);
    before.values().forEach(license -> api.delete("/api/licenses/" + license.getString("id")).expect(204));

    load(api, exported).expect(200);

    assertThat(withoutCreation(export(api, "?sort=name"))).isEqualTo(withoutCreation(exported));
    Map<String, JsonObject> after = byName(api);
    assertThat(after.get("expired").getJsonObject("metadata")).isEqualTo(before.get("expired").getJsonObject("metadata"));
    assertThat(after.get("disabled").getString("disabledAt")).isEqualTo("2020-02-29T10:00:00.123Z");
    api.anonymous().validate(after.get("disabled").getString("key"), "device").expect(403, "LICENSE_DISABLED");
    api.anonymous().validate(after.get("expired").getString("key"), "device").expect(403, "LICENSE_EXPIRED");
    api.anonymous().validate(after.get("active").getString("key"), "device").expect(200);
    assertThat(keyhook.database().number("SELECT count(*) FROM keyhook.license_expiry e JOIN keyhook.license l USING "
        + "(account_id, license_id) WHERE l.name = 'expired'")).as("announced again").isZero();
    assertThat(receiver.untaken()).isZero();
  }

  /** Everything of it that a file holds. */
  private static JsonObject filed(JsonObject license) {
    JsonObject filed = license.copy();
    List.of("id", "updatedAt", "sequence", "currentActivations").forEach(filed::remove);
    if (!license.getJsonArray("inherited").contains("expiresAt")) {
      filed.remove("createdAt");
    }
    return filed;
  }

  @Test
  void licensesOfPoliciesComeBackAsTheyWere() {
    Api api = keyhook.account("enterprise");
    String productId = api.post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json().getString("id");
    JsonObject terms = new JsonObject().put("durationSeconds", 20 * 86_400).put("maxActivations", 3);
    String yearly = api.post("/api/policies", terms.copy().put("name", "Yearly")).expect(201).json().getString("id");
    String trial = api.post("/api/policies", terms.copy().put("name", "Trial").put("expiryBasis", "first_activation")).expect(201)
        .json().getString("id");
    for (String policyId : List.of(yearly, trial)) {
      JsonObject fields = new JsonObject().put("policyId", policyId);
      keyhook.license(api, fields.copy().put("name", "all of " + policyId));
      keyhook.license(api, fields.copy().put("name", "limit of " + policyId).put("maxActivations", 3).put("productId", productId));
      keyhook.license(api, fields.copy().put("name", "expiry of " + policyId).put("expiresAt", "2099-01-01T00:00:00Z")
          .put("heartbeatSeconds", 900).put("leaseSeconds", 3600).put("entitlements", new JsonObject().putNull("export").put("projects", 2.5)));
      keyhook.license(api, fields.copy().put("name", "none of " + policyId).put("expiresAt", "2099-01-01T00:00:00Z").put("maxActivations", 1));
      License begun = keyhook.license(api, fields.copy().put("name", "begun of " + policyId));
      api.anonymous().validate(begun.key(), "device").expect(200);
      License never = keyhook.license(api, fields.copy().put("name", "never of " + policyId));
      api.patch("/api/licenses/" + never.id(), new JsonObject().put("inherited", new JsonArray().add("maxActivations")).putNull("expiresAt"))
          .expect(200);
    }
    String account = " WHERE account_id = (SELECT account_id FROM keyhook.policy WHERE policy_id = ?)";
    for (String column : List.of("created_at", "first_activated_at", "expires_at")) {
      keyhook.database().update("UPDATE keyhook.license SET " + column + " = " + Clock.earlier(column) + account
          + (column.equals("expires_at") ? " AND expiry_of_policy" : ""), 5 * 86_400, Id.POLICY.parse(trial));
    }
    Map<String, JsonObject> before = byName(api);
    String exported = export(api, "?sort=name");
    before.values().forEach(license -> api.delete("/api/licenses/" + license.getString("id")).expect(204));

    load(api, exported).expect(200);

    Map<String, JsonObject> after = byName(api);
    assertThat(after.keySet()).isEqualTo(before.keySet());
    before.forEach((name, license) -> assertThat(filed(after.get(name))).as(name).isEqualTo(filed(license)));
    JsonObject begun = after.get("begun of " + trial);
    assertThat(api.anonymous().validate(begun.getString("key"), "another").expect(200).json().getJsonObject("license").getString("expiresAt"))
        .as("a trial begins once").isEqualTo(begun.getString("expiresAt"));
    api.patch("/api/policies/" + yearly, new JsonObject().put("durationSeconds", 30 * 86_400)).expect(200);
    assertThat(byName(api).get("all of " + yearly).getString("expiresAt")).as("it follows its policy")
        .isEqualTo(Instant.parse(before.get("all of " + yearly).getString("expiresAt")).plus(Duration.ofDays(10)).toString()
            .replaceFirst("(?<=:\\d\\d)Z", ".000Z"));
    List<String> inOrder = api.get("/api/licenses?sort=createdAt").data().stream().map(license -> license.getString("createdAt")).toList();
    assertThat(inOrder).isSorted();
  }

  @Test
  void aFileOfBeforeIsReadAsItWas() {
    Api api = keyhook.account("enterprise");
    String policyId = api.post("/api/policies", new JsonObject().put("name", "P").put("durationSeconds", 86_400).put("maxActivations", 3))
        .expect(201).json().getString("id");
    load(api, HEADER.replaceFirst(",leaseSeconds.*", "") + "\nown,,,3,0,2099-01-01T00:00:00.000Z,,,2001-01-01T00:00:00.000Z,,," + policyId
        + ",,,\ntaken,,,,0,,,,2001-01-01T00:00:00.000Z,,," + policyId + ",,,\n").expect(200);
    JsonObject own = byName(api).get("own");
    assertThat(own.getJsonArray("inherited")).isEmpty();
    assertThat(own.getString("expiresAt")).isEqualTo("2099-01-01T00:00:00.000Z");
    JsonObject taken = byName(api).get("taken");
    assertThat(taken.getJsonArray("inherited")).containsExactly("maxActivations", "expiresAt");
    assertThat(taken.getString("createdAt")).isGreaterThan("2025");
    assertThat(taken.getString("status")).isEqualTo("active");
  }

  @Test
  void aLicenseIsDisabledFromNowOnWhereTheFileGivesNoTimeThatHasPassed() {
    Api api = keyhook.account("enterprise");
    Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    load(api, "name,status,disabledAt\nA,disabled,\nB,disabled,2099-01-01T00:00:00Z\nC,active,\nD,disabled,2020-01-01T01:00:00.1239+01:00\n")
        .expect(200);
    Map<String, JsonObject> made = byName(api);
    for (String name : List.of("A", "B")) {
      assertThat(Instant.parse(made.get(name).getString("disabledAt"))).isBetween(before, Instant.now());
    }
    assertThat(made.get("C").getString("disabledAt")).isNull();
    assertThat(made.get("D").getString("disabledAt")).isEqualTo("2020-01-01T00:00:00.123Z");
  }

  @Test
  void anEmptyTextComesBackAsNone() {
    Api api = keyhook.account("enterprise");
    String id = keyhook.license(api, new JsonObject().put("name", "L").put("customerName", "")).id();
    String exported = export(api, "");
    api.delete("/api/licenses/" + id).expect(204);
    load(api, exported).expect(200);
    assertThat(byName(api).get("L").getString("customerName")).isNull();
  }

  private static Map<String, JsonObject> byName(Api api) {
    return api.get("/api/licenses").data().stream()
        .collect(Collectors.toMap(license -> license.getString("name"), license -> license));
  }

  @Test
  void aFileOfAnySpreadsheetIsRead() {
    Api api = keyhook.account("enterprise");
    load(api, "name;customerName;maxActivations\r\n\"A; B\";Jos\u00e9, Ana;3\r\n").expect(200);
    load(api, "name\tmaxActivations\nC\t2\n").expect(200);
    Map<String, JsonObject> made = byName(api);
    assertThat(made.get("A; B").getString("customerName")).isEqualTo("Jos\u00e9, Ana");
    assertThat(made.get("C").getInteger("maxActivations")).isEqualTo(2);
    assertThat(export(api, "?bom=true")).isEqualTo("\ufeff" + export(api, ""));
    assertThat(export(api, "?bom=false")).isEqualTo(export(api, ""));
    assertThat(api.get("/api/licenses/export?bom=1").expect(400).badFields()).containsExactly("bom");
  }

  @Test
  void namedLicensesAreExportedInTheirOrderAndNoOthers() {
    Api api = keyhook.account("enterprise");
    String a = keyhook.license(api, new JsonObject().put("name", "A")).id();
    keyhook.license(api, new JsonObject().put("name", "B"));
    String c = keyhook.license(api, new JsonObject().put("name", "C")).id();
    String nobodys = "lic_" + "0".repeat(26);
    assertThat(export(api, "?ids=" + c + "," + nobodys + "," + a).lines().skip(1).map(line -> line.split(",")[0]))
        .containsExactly("C", "A");
    assertThat(export(keyhook.account("enterprise"), "?ids=" + c).lines()).as("of another account").hasSize(1);
    String tooMany = String.join(",", Collections.nCopies(101, a));
    for (String bad : List.of("", "x", a + ",", a + "&status=active", a + "&search=A", tooMany)) {
      assertThat(api.get("/api/licenses/export?ids=" + bad).expect(400).badFields()).as(bad).containsExactly("ids");
    }
    assertThat(export(api, "?ids=" + String.join(",", Collections.nCopies(100, a))).lines()).as("the longest").hasSize(2);
  }

  @Test
  void anExportHoldsWhatAListWould() {
    Api api = keyhook.account("enterprise");
    for (String name : List.of("b", "a", "other")) {
      keyhook.license(api, new JsonObject().put("name", name).put("customerName", name.equals("other") ? null : "Ada"));
    }
    String disabled = keyhook.license(api, new JsonObject().put("name", "c").put("customerName", "Ada")).id();
    api.post("/api/licenses/" + disabled + "/disable").expect(200);
    assertThat(export(api, "?search=ada&status=active&sort=name").lines().map(line -> line.replaceFirst(",.*", "")))
        .containsExactly("name", "a", "b");
    assertThat(export(keyhook.account("free"), "")).isEqualTo(HEADER + "\r\n");
    assertThat(api.get("/api/licenses/export?sort=key").expect(400).badFields()).containsExactly("sort");
    assertThat(api.get("/api/licenses/export?limit=1").expect(400).badFields()).containsExactly("limit");
  }

  private static JsonObject check(Api api, String id, String fingerprint) {
    return api.post("/api/licenses/" + id + "/check", new JsonObject().put("fingerprint", fingerprint)).expect(200).json();
  }

  private static void assertCheck(JsonObject check, String code, boolean known, boolean wouldActivate, int activations) {
    assertThat(check.getBoolean("valid")).isEqualTo(code == null);
    assertThat(check.getString("code")).isEqualTo(code);
    assertThat(check.getString("error") == null).isEqualTo(code == null);
    assertThat(check.getBoolean("knownDevice")).isEqualTo(known);
    assertThat(check.getBoolean("wouldActivate")).isEqualTo(wouldActivate);
    assertThat(check.getInteger("currentActivations")).isEqualTo(activations);
  }

  @Test
  void aCheckSaysWhatAValidationWouldAndChangesNothing() {
    Api api = keyhook.api();
    Installation.License license = keyhook.license(new JsonObject().put("name", "L").put("expiresAt", "2099-01-01T00:00:00Z"));
    assertCheck(check(api, license.id(), "one"), null, false, true, 0);
    assertCheck(check(api, license.id(), "one"), null, false, true, 0);
    assertThat(api.get("/api/licenses/" + license.id() + "/activations").data()).isEmpty();
    api.validate(license.key(), "one").expect(200);
    assertCheck(check(api, license.id(), "one"), null, true, false, 1);
    assertCheck(check(api, license.id(), "two"), "MAX_ACTIVATIONS_REACHED", false, false, 1);
    keyhook.clock().advanceExpiry(license.id(), Duration.ofDays(40_000));
    assertCheck(check(api, license.id(), "one"), "LICENSE_EXPIRED", true, false, 1);
    api.post("/api/licenses/" + license.id() + "/disable").expect(200);
    JsonObject disabled = check(api, license.id(), "one");
    assertCheck(disabled, "LICENSE_DISABLED", true, false, 1);
    JsonObject refused = api.anonymous().validate(license.key(), "one").expect(403).json();
    assertThat(disabled.getString("code")).isEqualTo(refused.getString("code"));
    assertThat(disabled.getString("error")).isEqualTo(refused.getString("error"));
  }
}
