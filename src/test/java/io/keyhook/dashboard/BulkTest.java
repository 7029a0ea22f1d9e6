package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Several licenses at once: what can be undone has Undo, and what cannot is typed. */
class BulkTest extends Visit {
  private static final String EXPIRY = "2031-01-31T12:00:00.000Z";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void selectTwoOfThree() {
    licenses().forEach(license -> keyhook.api().delete("/api/licenses/" + license.getString("id")).expect(204));
    keyhook.license(new JsonObject().put("name", "Never expires"));
    keyhook.license(new JsonObject().put("name", "Expires").put("expiresAt", EXPIRY));
    keyhook.license(new JsonObject().put("name", "Not selected").put("expiresAt", EXPIRY));
    enterAsOwner();
    tab.visit("Licenses");
    for (String name : List.of("Never expires", "Expires")) {
      page.getByRole(AriaRole.CHECKBOX, new Page.GetByRoleOptions().setName("Select " + name).setExact(true)).check();
    }
    assertThat(selection()).containsText("2 licenses selected");
  }

  private static List<JsonObject> licenses() {
    return keyhook.api().get("/api/licenses?sort=createdAt").expect(200).data();
  }

  private static List<String> statuses() {
    return licenses().stream().map(license -> license.getString("status")).toList();
  }

  private Locator selection() {
    return page.getByRole(AriaRole.REGION, new Page.GetByRoleOptions().setName("Selection"));
  }

  private Locator action(String name) {
    return selection().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
  }

  @Test
  void whatMayHaveBeenDoneIsNotCalledFailed() {
    page.route("**/disable", route -> { // its response is lost
      route.fetch();
      route.abort();
    });
    action("Disable").click();
    assertThat(page.getByText("Disabled 0 licenses; 2 without a response: Can’t reach Keyhook")).isVisible();
    assertThat(statuses()).containsExactly("disabled", "disabled", "active");
    page.unroute("**/disable");
  }

  @Test
  void disablingIsUndoneByOneClick() {
    action("Disable").click();
    assertThat(page.getByText("Disabled 2 licenses")).isVisible();
    assertThat(statuses()).containsExactly("disabled", "disabled", "active");
    assertThat(page.getByRole(AriaRole.TABLE).getByText("Disabled")).hasCount(2);
    assertThat(action("Disable")).hasCount(0);
    tab.button("Undo").click();
    assertThat(page.getByText("Restored 2 licenses")).isVisible();
    assertThat(statuses()).containsOnly("active");
    action("Disable").click();
    action("Enable").click();
    assertThat(page.getByText("Enabled 2 licenses")).isVisible();
    assertThat(statuses()).containsOnly("active");
  }

  @Test
  void extendingLeavesLicensesThatNeverExpireAsTheyAre() {
    action("Extend").click();
    assertThat(tab.dialog()).containsText("1 selected license never expires and stays unchanged");
    tab.dialogButton("30 days").click();
    assertThat(page.getByText("Extended 1 license")).isVisible();
    assertThat(licenses()).extracting(license -> license.getString("expiresAt")).containsExactly(null,
        Instant.parse(EXPIRY).plus(Duration.ofDays(30)).toString().replace("Z", ".000Z"), EXPIRY);
    tab.button("Undo").click();
    assertThat(page.getByText("Restored 1 license")).isVisible();
    assertThat(licenses()).extracting(license -> license.getString("expiresAt")).containsExactly(null, EXPIRY, EXPIRY);
  }

  @Test
  void extendingByYearsEndsOnTheSameDay() {
    action("Extend").click();
    tab.dialogButton("2 years").click(); // with a leap day
    assertThat(page.getByText("Extended 1 license")).isVisible();
    assertThat(licenses()).extracting(license -> license.getString("expiresAt"))
        .containsExactly(null, EXPIRY.replace("2031", "2033"), EXPIRY);
  }

  @Test
  void anExtensionAddsToWhatSomebodyElseHasExtendedMeanwhile() {
    String path = "/api/licenses/" + licenses().get(1).getString("id");
    keyhook.api().patch(path, new JsonObject().put("expiresAt", EXPIRY.replace("2031", "2034"))).expect(200);
    action("Extend").click();
    tab.dialogButton("1 year").click();
    assertThat(page.getByText("Extended 1 license")).isVisible();
    assertThat(keyhook.api().get(path).expect(200).json().getString("expiresAt")).isEqualTo(EXPIRY.replace("2031", "2035"));
    tab.button("Undo").click();
    assertThat(page.getByText("Restored 1 license")).isVisible();
    assertThat(keyhook.api().get(path).expect(200).json().getString("expiresAt")).isEqualTo(EXPIRY.replace("2031", "2034"));
  }

  @Test
  void undoingAnExtensionLeavesTheExpiryToThePolicyAgain() {
    String policy = keyhook.api().post("/api/policies", new JsonObject().put("name", "Subscription").put("durationSeconds", 34_560_000))
        .expect(201).json().getString("id");
    String path = "/api/licenses/" + keyhook.license(new JsonObject().put("name", "Of a policy").put("policyId", policy)).id();
    JsonObject before = keyhook.api().get(path).expect(200).json();
    selectOnly("Of a policy");
    action("Extend").click();
    tab.dialogButton("30 days").click();
    assertThat(page.getByText("Extended 1 license")).isVisible();
    tab.button("Undo").click();
    assertThat(page.getByText("Restored 1 license")).isVisible();
    JsonObject after = keyhook.api().get(path).expect(200).json();
    assertThat(after.getString("expiresAt")).isEqualTo(before.getString("expiresAt"));
    assertThat(after.getJsonArray("inherited")).isEqualTo(before.getJsonArray("inherited")).contains("expiresAt");
  }

  @Test
  void extendingWhatHasExpiredOffersNoUndo() {
    Api.join(keyhook.api().header("Content-Type", "text/csv").send("POST", "/api/licenses/import",
        "name,status,expiresAt\nHas expired,expired,2020-01-01T00:00:00Z\n")).expect(200);
    selectOnly("Has expired");
    action("Extend").click();
    assertThat(tab.dialog()).containsText("includes expired licenses, so you can’t undo it");
    tab.dialogButton("1 year").click();
    assertThat(page.getByText("Extended 1 license")).isVisible();
    assertThat(tab.button("Undo")).hasCount(0);
    assertThat(page.getByRole(AriaRole.TABLE).getByText("Expired", new Locator.GetByTextOptions().setExact(true))).hasCount(0);
  }

  private void selectOnly(String name) {
    page.reload();
    page.getByRole(AriaRole.CHECKBOX, new Page.GetByRoleOptions().setName("Select " + name).setExact(true)).check();
  }

  @Test
  void deletingIsTypedBecauseItCannotBeUndone() {
    action("Delete").click();
    assertThat(tab.dialogButton("Delete 2 licenses")).isDisabled();
    tab.dialog().getByLabel("Type delete 2 to confirm").fill("delete 2");
    tab.dialogButton("Delete 2 licenses").click();
    assertThat(page.getByText("Deleted 2 licenses")).isVisible();
    assertThat(tab.button("Undo")).hasCount(0);
    assertThat(licenses()).extracting(license -> license.getString("name")).containsExactly("Not selected");
    assertThat(selection()).hasCount(0);
  }

  @Test
  void theSelectedLicensesAreExportedAndNoOthers() throws IOException {
    Download file = page.waitForDownload(() -> action("Export").click());
    assertThat(Files.readString(file.path())).startsWith("\ufeffname,").contains("\nNever expires,", "\nExpires,")
        .doesNotContain("Not selected");
    assertThat(page.getByText("Exported as licenses.csv")).isVisible();
  }

  @Test
  void theOtherLicensesOfACustomerAreOneClickAway() {
    JsonObject ofAda = new JsonObject().put("customerName", "Ada Lovelace").put("customerEmail", "ada@example.com");
    keyhook.license(ofAda.copy().put("name", "First of Ada"));
    String id = keyhook.license(ofAda.copy().put("name", "Second of Ada")).id();
    page.navigate(keyhook.node().uri() + "/#/licenses/" + id);
    page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("ada@example.com")).click();
    assertThat(tab.heading("Licenses")).isVisible();
    assertThat(page.locator("tbody tr")).hasCount(2);
    assertThat(page.getByRole(AriaRole.TABLE)).containsText("First of Ada");
  }

  @Test
  void oneThatFailsStopsNoOther() {
    keyhook.api().delete("/api/licenses/" + licenses().get(0).getString("id")).expect(204); // by a colleague
    action("Disable").click();
    assertThat(page.getByText("Disabled 1 license; 1 failed: The license was deleted")).isVisible();
    assertThat(statuses()).containsExactly("disabled", "active");
  }
}
