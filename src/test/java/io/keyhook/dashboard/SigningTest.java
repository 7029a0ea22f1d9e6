package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.FilePayload;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Statement;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Signing keys are rotated and deleted in the settings, and license files are created on the page of their license. */
class SigningTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    enterAsOwner();
  }

  private void visitPath(String path) {
    page.evaluate("path => { location.hash = path; }", path);
  }

  private Locator badges() {
    return page.getByLabel("Signing keys").locator("tbody .badge");
  }

  @Test
  void aKeyIsRotatedAndDeleted() {
    visitPath("/settings");
    assertThat(badges()).hasText(new String[] {"Signs"});
    tab.button("Rotate key").click();
    tab.field("Overlap in hours").fill("x");
    tab.dialogButton("Rotate key").click();
    assertThat(tab.dialog()).containsText("Enter a number of hours from 0 to 8760");
    tab.field("Overlap in hours").fill("24");
    tab.dialogButton("Rotate key").click();
    assertThat(tab.dialog()).isHidden();
    assertThat(badges()).hasText(new String[] {"Next", "Signs"});
    assertThat(page.locator("pre").getByText("\"kty\": \"OKP\"").first()).isVisible();
    page.getByLabel("Signing keys").locator("tbody button").last().click();
    assertThat(tab.dialog()).containsText("Another key signs immediately");
    tab.dialogButton("Delete signing key").click();
    assertThat(tab.dialog()).isHidden();
    assertThat(badges()).hasText(new String[] {"Signs"});
    assertThat(tab.complaints()).isEmpty();
  }

  @Test
  void aLicenseFileIsCreatedFromARequestFileAndSaved() throws IOException {
    License license = keyhook.license(1);
    visitPath("/licenses/" + license.id());
    tab.button("License file").click();
    page.locator("#request-file").setInputFiles(new FilePayload("request.json", "application/json", new JsonObject()
        .put("licenseKey", license.key().toLowerCase()).put("fingerprint", "controller-7").put("deviceName", "Line 2").encode()
        .getBytes(StandardCharsets.UTF_8)));
    assertThat(tab.dialog().getByLabel("Device fingerprint")).hasValue("controller-7");
    Download file = page.waitForDownload(() -> tab.dialogButton("Create and download").click());
    assertThat(file.suggestedFilename()).isEqualTo("lease.json");
    JsonObject claims = Statement.of(new JsonObject(Files.readString(file.path())).getString("statement")).claims();
    assertThat(claims.getString("fingerprint")).isEqualTo("controller-7");
    assertThat(claims.getString("key")).isEqualTo(license.key().toLowerCase());
    assertThat(page.getByText("Line 2")).isVisible();
    assertThat(tab.complaints()).isEmpty();
  }
}
