package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.options.FilePayload;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files of licenses that the dashboard saves and imports keep all letters. */
class ExportTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Override
  Installation installation() {
    return keyhook;
  }

  @Test
  void excelReadsTheSavedFileAsUtf8() throws IOException {
    keyhook.api().post("/api/licenses", new JsonObject().put("name", "José")).expect(201);
    enterAsOwner();
    tab.visit("Licenses");
    assertThat(page.getByText("José")).isVisible();
    Download file = page.waitForDownload(() -> tab.button("Export").click());
    assertThat(Files.readString(file.path())).startsWith("\ufeffname,").contains("José");
  }

  @Test
  void aFileInAnotherEncodingIsNotImportedWithOtherLetters() {
    enterAsOwner();
    tab.visit("Licenses");
    tab.button("Import").click();
    choose(Charset.forName("windows-1252")); // as Excel saves CSV in Western Europe
    assertThat(tab.dialog()).containsText("The file is not in UTF-8");
    assertThat(keyhook.api().get("/api/licenses?search=Licence").expect(200).data()).isEmpty();
    choose(StandardCharsets.UTF_8);
    assertThat(page.getByText("1 license imported")).isVisible();
    assertThat(page.getByText("Licence de Zoë")).isVisible();
  }

  private void choose(Charset encoding) {
    page.setInputFiles("#import-file", new FilePayload("licenses.csv", "text/csv", "name\nLicence de Zoë\n".getBytes(encoding)));
    tab.dialogButton("Import").click();
  }
}
