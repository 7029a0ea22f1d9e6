package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The forms of a license save what they show. */
class LicenseEditTest extends Visit {
  private static final String EXPIRY = "2031-03-01T12:00:00.000Z";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private String path;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void visitALicense() {
    enterAsOwner();
    String id = keyhook.license(new JsonObject().put("name", "Edited").put("maxActivations", 2).put("expiresAt", EXPIRY)).id();
    path = "/api/licenses/" + id;
    page.evaluate("path => { location.hash = path; }", "/licenses/" + id);
    assertThat(tab.heading("Edited")).isVisible();
  }

  private static String policy(String name) {
    return keyhook.api().post("/api/policies", new JsonObject().put("name", name).put("maxActivations", 7)
        .put("durationSeconds", 3600)).expect(201).json().getString("id");
  }

  private static JsonObject get(String path) {
    return keyhook.api().get(path).expect(200).json();
  }

  private Locator conflict() {
    return tab.dialog().getByRole(AriaRole.ALERT);
  }

  @Test
  void aChosenPolicyLeavesTheLimitAndTheExpiryThatTheFormShows() {
    String trial = policy("Trial");
    tab.button("Edit").click();
    tab.field("Policy").selectOption(trial);
    assertThat(tab.field("Activation limit")).hasValue("2");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    JsonObject saved = get(path);
    assertThat(saved.getString("policyId")).isEqualTo(trial);
    assertThat(saved.getInteger("maxActivations")).isEqualTo(2);
    assertThat(saved.getString("expiresAt")).isEqualTo(EXPIRY);
    assertThat(saved.getJsonArray("inherited")).isEmpty();

    String full = policy("Full");
    tab.button("Edit").click();
    tab.field("Policy").selectOption(full);
    tab.field("Activation limit").fill("");
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).hasCount(0);
    page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Full")).click();
    assertThat(tab.button("Only Full")).isVisible();
    assertThat(page.locator("tbody tr")).hasCount(1);
    JsonObject moved = get(path);
    assertThat(moved.getString("policyId")).isEqualTo(full);
    assertThat(moved.getInteger("maxActivations")).isEqualTo(7);
    assertThat(moved.getString("expiresAt")).isEqualTo(EXPIRY);
    assertThat(moved.getJsonArray("inherited")).isEqualTo(JsonArray.of("maxActivations"));
  }

  @Test
  void aTermOfYearsEndsOnTheSameDay() {
    tab.button("Extend").click();
    assertThat(tab.field("Expires")).hasValue("2032-03-01T12:00");
    tab.dialogButton("By 2 years").click(); // with a leap day
    assertThat(tab.field("Expires")).hasValue("2033-03-01T12:00");
    assertThat(tab.dialog()).containsText("Your time zone: UTC.");
    tab.dialogButton("Extend").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(get(path).getString("expiresAt")).isEqualTo("2033-03-01T12:00:00.000Z");
  }

  @Test
  void theirShorterExpiryIsTakenInsteadOfAnExtension() {
    tab.button("Extend").click();
    keyhook.api().patch(path, new JsonObject().put("expiresAt", "2031-01-15T12:00:00Z")).expect(200);
    tab.dialogButton("Extend").click();
    assertThat(conflict()).containsText("Choose Extend again to replace their changes with yours");
    assertThat(conflict()).containsText("Jan 15, 2031, 12:00:00 UTC");
    tab.dialogButton("Use theirs: Expires").click();
    tab.dialogButton("Extend").click();
    assertThat(tab.dialog()).hasCount(0);
    assertThat(get(path).getString("expiresAt")).isEqualTo("2031-01-15T12:00:00.000Z");
  }

  @Test
  void whatSomebodyElseDeletedIsNoLongerListedAndDeletingItSucceeds() {
    String first = policy("First");
    String second = policy("Second");
    tab.visit("Policies");
    page.getByLabel("Edit First").click();
    tab.field("Name").fill("Renamed");
    keyhook.api().delete("/api/policies/" + first).expect(204);
    tab.dialogButton("Save").click();
    assertThat(tab.dialog()).containsText("Someone deleted this while you were editing it");
    tab.dialogButton("Cancel").click();
    assertThat(page.getByLabel("Edit First")).hasCount(0);
    page.getByLabel("Delete Second").click();
    keyhook.api().delete("/api/policies/" + second).expect(204);
    tab.dialogButton("Delete policy").click();
    assertThat(page.getByText("Policy deleted")).isVisible();
    assertThat(page.getByLabel("Delete Second")).hasCount(0);
  }

  @Test
  void aConflictNamesAPolicyThatWasCreatedSince() {
    String mine = policy("Mine");
    tab.button("Edit").click();
    tab.field("Policy").selectOption(mine);
    keyhook.api().patch(path, new JsonObject().put("policyId", policy("Created since"))).expect(200);
    tab.dialogButton("Save").click();
    assertThat(conflict()).containsText("Created since");
  }
}
