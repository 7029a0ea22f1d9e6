package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The file of licenses that the dashboard saves. */
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
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
    tab.visit("Licenses");
    assertThat(page.getByText("José")).isVisible();
    Download file = page.waitForDownload(() -> tab.button("Export").click());
    assertThat(Files.readString(file.path())).startsWith("\ufeffname,").contains("José");
  }
}
