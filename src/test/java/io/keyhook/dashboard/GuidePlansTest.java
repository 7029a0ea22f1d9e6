package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import io.keyhook.guide.Guide;
import io.keyhook.testing.Installation;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The table of plans, which has those of the server: here, those that the guide shows how to configure. */
class GuidePlansTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(shownConfiguration());

  private static JsonObject shownConfiguration() {
    return Guide.page("configuration").blocks().stream().map(Guide.Block::text).filter(text -> text.contains("\"plans\""))
        .map(JsonObject::new).findAny().orElseThrow();
  }

  @Override
  Installation installation() {
    return keyhook;
  }

  @Test
  void thePageShowsThePlansOfTheServer() {
    page.navigate(keyhook.node().uri() + "/docs/plans");
    assertThat(page.getByText("These are the plans of this server.")).isVisible();
    assertThat(page.locator("#plan-table tbody tr")).hasText(new String[] {"free5none30 days", "professional2001030 days",
        "team5002060 days", "enterpriseunlimited5090 days"});
  }

  @Test
  void withoutTheServersPlansThoseOfANewServerAreShown() {
    page.route("**/api/plans", route -> route.abort());
    page.navigate(keyhook.node().uri() + "/docs/plans");
    assertThat(page.getByText("Couldn’t load the plans of this server")).isVisible();
    assertThat(page.locator("#plan-table tbody tr").nth(1)).containsText("starter");
  }
}
