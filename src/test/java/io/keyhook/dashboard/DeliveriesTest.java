package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import io.keyhook.bus.Id;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The log while it grows: every delivery is on one of its pages, and none is missed. */
class DeliveriesTest extends Visit {
  private static final int PAGE = 50;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private final List<String> ids = new ArrayList<>();
  private Receiver receiver;
  private String key;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void enter() {
    receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    key = keyhook.license(1).key();
    enterAsOwner();
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  /** Raises so many, each of them delivered. */
  private void deliver(int count) {
    Api software = keyhook.api().anonymous();
    for (int i = 0; i < count; i++) {
      software.validate(key, "device-1").expect(200);
    }
    receiver.take(count).forEach(delivery -> ids.add(delivery.id()));
    keyhook.awaitEmptyQueue();
  }

  /** The log of this test's webhook alone, live. */
  private void visitLog() {
    tab.visit("Deliveries");
    String webhook = keyhook.api().get("/api/webhooks").data().get(0).getString("id");
    page.waitForResponse(response -> response.url().contains("/api/deliveries?webhookId=" + webhook),
        () -> page.getByLabel("Webhook").selectOption(webhook));
    assertLive();
  }

  private void assertLive() {
    assertThat(page.getByText("Live", new Page.GetByTextOptions().setExact(true))).isVisible();
  }

  private void assertLists(String id) {
    assertThat(page.locator("tbody a[href$='" + id + "']")).isVisible();
  }

  private Locator rows() {
    return page.locator("tbody tr");
  }

  @SuppressWarnings("unchecked")
  private List<String> shown() {
    return (List<String>) page.locator("tbody a").evaluateAll("links => links.map(link => link.href.replace(/.*[/]/, ''))");
  }

  @Test
  void whatComesMeanwhileStaysWithinReach() {
    deliver(PAGE + 10);
    visitLog();
    assertThat(rows()).hasCount(PAGE);
    deliver(3);
    ids.subList(PAGE + 10, ids.size()).forEach(this::assertLists);
    List<String> all = new ArrayList<>(shown());
    tab.button("Next").click();
    assertThat(page.getByText("Page 2")).isVisible();
    assertThat(rows()).hasCount(ids.size() - all.size());
    all.addAll(shown());
    assertThat(all).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(page.getByText("newer deliveries")).hasCount(0);
    deliver(2);
    assertThat(page.getByText("2 newer deliveries")).isVisible();
    tab.button("Show newest").click();
    assertThat(page.getByText("newer deliveries")).hasCount(0);
    ids.subList(ids.size() - 2, ids.size()).forEach(this::assertLists);
  }

  @Test
  void whatChangesWhileItIsNotLiveIsThereOnceItIs() {
    deliver(1);
    visitLog();
    assertThat(rows()).hasCount(1);
    page.getByRole(AriaRole.SWITCH).uncheck();
    assertThat(page.getByText("Live updates are off")).isVisible();
    deliver(2);
    page.getByRole(AriaRole.SWITCH).check();
    assertThat(rows()).hasCount(3);
  }

  @Test
  void aWebhookThatIsNewHasItsName() {
    visitLog();
    tab.button("Clear filters").click();
    Receiver late = keyhook.receiver();
    keyhook.webhook(late, "license.validated");
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    String name = late.url().replace("http://", "");
    assertThat(rows().filter(new Locator.FilterOptions().setHasText(name))).hasCount(1);
    late.take();
  }

  @Test
  void theSelectionBelongsToTheFilter() {
    deliver(1);
    visitLog();
    page.getByLabel("Select all on this page").check();
    assertThat(page.getByText("1 delivery selected")).isVisible();
    tab.visit("Deliveries");
    assertThat(page.getByText("1 delivery selected")).hasCount(0);
  }

  @Test
  void oneIsLookedUpByItsId() {
    deliver(1);
    tab.visit("Deliveries");
    tab.field("Search").fill(" " + ids.get(0) + " ");
    tab.field("Search").press("Enter");
    assertThat(tab.heading("license.validated")).isVisible();
    assertThat(page.getByText(ids.get(0)).first()).isVisible();
  }

  @Test
  void aDeliveryWithMoreAttemptsThanAreKeptSaysSo() {
    deliver(1);
    keyhook.database().update("""
        UPDATE keyhook.delivery SET attempts = (
          SELECT jsonb_set(jsonb_agg(one), '{0,number}', '335')
          FROM (SELECT attempts -> 0 AS one FROM generate_series(1, 50)) a)
        WHERE delivery_id = ?""", Id.DELIVERY.parse(ids.get(0)));
    tab.visit("Deliveries");
    tab.field("Search").fill(ids.get(0));
    tab.field("Search").press("Enter");
    assertThat(page.getByText("Not shown: 334 earlier attempts.")).isVisible();
    assertThat(page.getByText("Attempt 335", new Page.GetByTextOptions().setExact(true))).isVisible();
    assertThat(page.getByText("Attempt 384", new Page.GetByTextOptions().setExact(true))).isVisible();
  }

  @Test
  void aSearchGoesOnWhereNothingIsFoundAtFirst() {
    AtomicReference<String> next = new AtomicReference<>("further");
    page.route("**/api/deliveries?**", route -> {
      if (route.request().url().contains("event=license.expired")) {
        route.fulfill(new Route.FulfillOptions().setContentType("application/json").setBody(
            new JsonObject().put("data", List.of()).put("nextCursor", next.get()).encode()));
      } else {
        route.resume();
      }
    });
    tab.visit("Deliveries");
    assertLive();
    page.getByLabel("Event", new Page.GetByLabelOptions().setExact(true)).selectOption("license.expired");
    assertThat(tab.heading("No matches so far")).isVisible();
    next.set(null);
    tab.button("Load older").click();
    assertThat(tab.heading("No more results")).isVisible();
    tab.button("Previous").click();
    assertThat(tab.heading("No matches")).isVisible();
  }

  private void search(String text) {
    tab.field("Search").fill(text);
    tab.field("Search").press("Enter");
  }

  @Test
  void aRangeThatEndsBeforeItBeginsSaysSo() {
    page.evaluate("() => { location.hash = '/deliveries?time=custom&from=2026-01-02T10:00&to=2026-01-01T10:00'; }");
    assertThat(tab.heading("From is later than To")).isVisible();
    tab.field("To").fill("2026-01-03T10:00");
    page.keyboard().press("Tab");
    assertThat(tab.heading("No matches")).isVisible();
  }

  @Test
  void aTimeOfTheUrlThatIsNoneIsNamed() {
    page.evaluate("() => { location.hash = '/deliveries?attemptedFrom=yesterday'; }");
    assertThat(page.getByText("Deliveries with an attempt from yesterday")).isVisible();
    assertThat(page.getByText("attemptedFrom is not a time")).isVisible();
    tab.button("Show all times").click();
    assertThat(page.getByText("attemptedFrom is not a time")).hasCount(0);
    assertThat(page).hasURL(Pattern.compile(".*#/deliveries"));
  }

  @Test
  void whatIsPastedIsFoundWhateverItIs() {
    deliver(1);
    String webhook = keyhook.api().get("/api/webhooks").data().get(0).getString("id");
    Installation.License adas = keyhook.license(new JsonObject().put("name", "Editor").put("customerName", "Ada Lovelace")
        .put("customerEmail", "ada@example.com"));
    keyhook.api().anonymous().validate(adas.key(), "device-1").expect(200);
    String id = receiver.take().id();
    keyhook.awaitEmptyQueue();
    tab.visit("Deliveries");
    String typed = " " + adas.key().toLowerCase(Locale.ROOT).replace("-", " ");
    for (String text : List.of(adas.key(), typed, "ada@example.com", "lovelace", adas.id())) {
      search(text);
      assertThat(rows()).hasCount(1);
      assertLists(id);
    }
    search("");
    assertLists(ids.get(0));
    search(webhook);
    assertThat(page.getByLabel("Webhook")).hasValue(webhook);
    assertThat(tab.field("Search")).hasValue("");
    assertThat(rows()).hasCount(2);
    for (String cut : List.of(webhook, adas.id())) {
      search(cut.substring(0, cut.length() - 5));
      assertThat(tab.heading(cut.equals(webhook) ? "No webhook has this ID" : "No license has this ID")).isVisible();
      assertThat(tab.button("Try again")).hasCount(0);
      tab.button("Clear filters").click();
      assertLists(id);
    }
    search(keyhook.node().uri() + "/#/deliveries/" + id);
    assertThat(tab.heading("license.validated")).isVisible();
    assertThat(page.getByText(id).first()).isVisible();
  }

  @Test
  void rowsOfAnotherFilterAreNeverLeftStanding() {
    deliver(1);
    visitLog();
    assertThat(rows()).hasCount(1);
    page.route("**/api/deliveries?*search=*", route -> route.fulfill(new Route.FulfillOptions().setStatus(503)
        .setContentType("application/problem+json").setBody("""
            {"code": "OVERLOADED", "detail": "Too much to do at the moment."}""")));
    search("whoever");
    assertThat(page.getByText("Too much to do at the moment.")).isVisible();
    assertThat(rows()).hasCount(0);
    page.unroute("**/api/deliveries?*search=*");
    tab.button("Try again").click();
    assertThat(tab.heading("No matches")).isVisible();
    search("webhook_nothing");
    assertThat(rows()).hasCount(0);
    Tab.Held held = tab.hold("**/api/deliveries?*webhookId=*");
    search("");
    page.getByLabel("Webhook").selectOption(keyhook.api().get("/api/webhooks").data().get(0).getString("id"));
    assertThat(rows()).hasCount(0);
    held.release();
    assertThat(rows()).hasCount(1);
  }

  @Test
  void aDeliveryThatIsTriedAgainIsRetryingAndSaysWhen() {
    deliver(1);
    receiver.answer(Answer.status(500, "no"));
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    String failing = receiver.take().id();
    keyhook.awaitAttempts(failing, 1);
    visitLog();
    Locator row = rows().filter(new Locator.FilterOptions().setHas(page.locator("a[href$='" + failing + "']")));
    assertThat(row.locator(".badge.warn")).hasText("Retrying");
    assertThat(row).containsText(Pattern.compile("Next attempt in (1 minute|[0-9]+ seconds)"));
    page.getByLabel("Status").selectOption("Pending");
    assertThat(tab.heading("No matches")).isVisible();
    for (String status : List.of("Retrying", "Failed or retrying")) {
      page.getByLabel("Status").selectOption(status);
      assertThat(rows()).hasCount(1);
      assertLists(failing);
    }
    page.setViewportSize(360, 800);
    BoundingBox link = page.locator("tbody a").boundingBox();
    BoundingBox status = page.locator("tbody td.badge-cell").boundingBox();
    assertThat(link.x + link.width).as("on a phone, beside its status").isLessThanOrEqualTo(status.x);
    page.locator("tbody a").click();
    assertThat(page.locator("header .badge.warn")).hasText("Retrying");
  }

  @Test
  void moreThanTheApiTakesAtOnceAreRedeliveredTogether() {
    deliver(2 * PAGE + 1);
    visitLog();
    assertThat(rows()).hasCount(PAGE);
    deliver(PAGE + 1);
    assertThat(rows()).hasCount(2 * PAGE + 1);
    page.getByLabel("Select all on this page").check();
    assertThat(page.getByText("101 deliveries selected", new Page.GetByTextOptions().setExact(true))).isVisible();
    tab.button("Redeliver").click();
    assertThat(page.getByText("Redelivering 101 deliveries")).isVisible();
    receiver.take(2 * PAGE + 1);
  }
}
