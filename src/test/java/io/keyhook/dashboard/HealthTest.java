package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pages about one webhook or license follow what happens, and say the same as all other pages. */
class HealthTest extends Visit {
  private static final Page.GetByTextOptions EXACT = new Page.GetByTextOptions().setExact(true);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private Receiver receiver;
  private String webhook;
  private Installation.License license;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    receiver = keyhook.receiver();
    webhook = keyhook.webhook(receiver, "license.validated").id();
    license = keyhook.license(5);
    enterAsOwner();
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  private void visitPath(String path) {
    page.evaluate("path => { location.hash = path; }", path);
  }

  private Locator tile(String name) {
    return page.locator(".tiles > div").filter(new Locator.FilterOptions().setHas(page.getByText(name, EXACT)));
  }

  private String validate(String device) {
    keyhook.api().anonymous().validate(license.key(), device).expect(200);
    return receiver.take().id();
  }

  @Test
  void aWebhookHasAChartOfItsOwnAttempts() {
    validate("device-1");
    receiver.answer(Answer.status(500, "no"));
    validate("device-2");
    visitPath("/webhooks/" + webhook);
    Locator chart = page.getByRole(AriaRole.SLIDER, new Page.GetByRoleOptions()
        .setName(Pattern.compile("^Attempts in the last 24 hours")));
    assertThat(chart.locator("rect.bad")).hasCount(1); // both attempts are of this hour, unless the hour has just ended
    chart.focus();
    page.keyboard().press("ArrowLeft"); // to the last of the bars
    assertThat(chart).hasAttribute("aria-valuetext", Pattern.compile(".+: Succeeded \\d, Failed \\d"));
    assertThat(chart).hasAttribute("aria-valuenow", chart.getAttribute("aria-valuemax"));
    page.keyboard().press("Home");
    assertThat(chart).hasAttribute("aria-valuenow", "0");
  }

  @Test
  void theFiguresOfAWebhookMoveNothing() {
    for (int width : new int[] {1440, 360}) {
      page.setViewportSize(width, 900);
      visitPath("/webhooks");
      Tab.Held figures = tab.hold("**/health");
      Tab.Held chart = tab.hold("**/api/stats/webhooks");
      visitPath("/webhooks/" + webhook);
      assertThat(page.getByText("No deliveries yet")).isVisible();
      double top = tab.button("Recover").boundingBox().y;
      figures.release();
      chart.release();
      tab.settle();
      assertThat(tile("Last hour")).containsText("No attempts");
      assertThat(tab.button("Recover").boundingBox().y).isEqualTo(top);
    }
  }

  @Test
  void aWebhooksPageIsLive() {
    visitPath("/webhooks/" + webhook);
    assertThat(tile("Last hour")).containsText("No attempts");
    assertThat(page.getByText("No deliveries yet")).isVisible();
    String id = validate("device-1");
    assertThat(page.locator("tbody a[href$='" + id + "']")).isVisible();
    assertThat(tile("Last hour")).containsText("1 of 1");
    receiver.answer(Answer.status(500, "no"));
    validate("device-1");
    assertThat(page.locator(".page-title .badge")).hasText("Failing");
    assertThat(tile("Consecutive failures")).containsText("1");
    assertThat(page.locator("tbody .badge").getByText("Retrying")).isVisible();
  }

  @Test
  void aLicensesPageIsLive() {
    visitPath("/licenses/" + license.id());
    assertThat(page.getByText("No devices yet")).isVisible();
    assertThat(page.getByText("0 of 5")).isVisible();
    String id = validate("device-1");
    assertThat(page.getByText("1 of 5")).isVisible();
    assertThat(page.getByRole(AriaRole.ROW).getByText("device-1")).isVisible();
    assertThat(page.locator("tbody a[href$='" + id + "']")).isVisible();
    keyhook.deleteWebhooks(); // without a webhook there is no event to hear of
    keyhook.api().anonymous().validate(license.key(), "device-2").expect(200);
    assertThat(page.getByText("2 of 5")).isVisible();
  }

  @Test
  void aWebhookHasOneVerdictOnAllPages() {
    receiver.answer(Answer.status(500, "no"));
    keyhook.awaitAttempts(validate("device-1"), 1);
    tab.visit("Webhooks");
    assertThat(page.locator("tbody .badge")).hasText("Failing");
    visitPath("/webhooks/" + webhook);
    assertThat(page.locator(".page-title .badge")).hasText("Failing");
    tab.visit("Overview");
    assertThat(page.locator(".edge-bad .badge")).hasText("Failing");
    assertThat(page.getByText("The last attempt failed")).isVisible();
    assertThat(page.locator(".causes > li")).containsText("1 retrying");
    assertThat(page.locator(".causes > li").getByText("Recover")).hasCount(0); // before it has failed
    page.getByText("View failures").click();
    assertThat(tab.heading("Deliveries")).isVisible();
    assertThat(page.getByLabel("Status").locator("option:checked")).hasText("Failed or retrying");
    assertThat(page.locator("tbody tr")).hasCount(1);
    receiver.answer(Answer.OK);
    validate("device-2"); // 1 of 2: it works now, and does not often enough
    keyhook.awaitStatus(keyhook.api().get("/api/deliveries?limit=1").data().get(0).getString("id"), "delivered");
    tab.visit("Webhooks");
    assertThat(page.locator("tbody .badge")).hasText("Unreliable");
    visitPath("/webhooks/" + webhook);
    assertThat(page.locator(".page-title .badge")).hasText("Unreliable");
    tab.visit("Overview");
    assertThat(page.locator(".edge-bad .badge")).hasText("Unreliable");
    page.getByText("View webhook").click(); // perhaps no delivery of it is failing any more
    assertThat(page.locator(".page-title .badge")).hasText("Unreliable");
  }

  @Test
  void testsAreInTheLogAndCountNowhere() {
    visitPath("/webhooks/" + webhook);
    receiver.answer(Answer.status(500, "no"));
    tab.button("Send test event").click();
    assertThat(page.locator(".test-result").getByText("HTTP 500")).isVisible();
    receiver.take();
    assertThat(page.locator("tbody tr")).hasCount(1);
    assertThat(page.getByText("Test deliveries are listed below but not counted here.")).isVisible();
    assertThat(tile("Last hour")).containsText("No attempts");
    assertThat(tile("Response time")).containsText("–");
    assertThat(tile("Last failure")).containsText("None in the last 7 days");
    assertThat(page.locator(".page-title .badge")).hasText("Active");
    JsonObject health = keyhook.api().get("/api/webhooks/" + webhook + "/health").expect(200).json();
    assertThat(health.getJsonObject("responseTime").getValue("p95")).isNull();
    assertThat(health.getJsonObject("lastDay").getLong("count")).isZero();
    tab.button("Recover").click();
    tab.dialogButton("Recover").click();
    assertThat(page.getByText("does not recover test deliveries")).isVisible();
  }

  @Test
  void theSnippetsAreTheGuidesInAllLanguages() {
    visitPath("/webhooks/" + webhook);
    assertThat(tab.heading("Verification code")).isVisible();
    Tab guide = new Tab(page.context());
    guide.page().navigate(keyhook.node().uri() + "/docs/security");
    for (String language : List.of("Node.js", "Python", "PHP", "Java", "Go", "Ruby", "C#")) {
      page.getByLabel(language, new Page.GetByLabelOptions().setExact(true)).check();
      String shown = page.locator("pre[aria-label='verification in " + language + "']").textContent();
      assertThat(shown).containsIgnoringCase("tolerance");
      assertThat(guide.page().locator("figure[data-label='" + language + "'] pre").first()).hasText(shown);
    }
  }
}
