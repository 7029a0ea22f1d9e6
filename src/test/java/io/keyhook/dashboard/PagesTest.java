package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ScreenshotType;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every page, narrow and wide, light and dark: nothing sticks out, nothing complains, and all can be read by everybody. With
 * {@code -Dkeyhook.screenshots=true}, {@code target/screenshots} has a picture of each afterward.
 */
class PagesTest {
  private static final int[] WIDTHS = {360, 768, 1440};
  private static final boolean TAKES_SCREENSHOTS = Boolean.getBoolean("keyhook.screenshots");
  private static final Path SCREENSHOTS = Path.of("target/screenshots");
  /** Of JPEG, in which a browser writes a page of the guide, 20 megapixels, in half the time. */
  private static final int QUALITY = 90;
  /** The rules of axe-core that read colors. */
  private static final List<String> OF_COLORS = List.of("color-contrast", "link-in-text-block");

  /** Ends changes over time, such as those to the colors of another theme. */
  private static final String END_TRANSITIONS =
      "document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish())";

  /** What sticks out of a cell of the dashboard's tables, or of a table itself. */
  private static final String OUTSIDE_CELLS = """
      [...document.querySelectorAll('.table-wrap, .table-wrap td')]
        .filter(element => element.scrollWidth > element.clientWidth + 1)
        .map(element => element.textContent.slice(0, 100))""";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray().add("PT0.2S").add("PT30M")))
      .put("mail", new JsonObject().put("host", "127.0.0.1").put("from", "keyhook@example.com")
          .put("dashboardUrl", "https://keyhook.example.com")));
  @RegisterExtension
  static final Chromium chromium = new Chromium();
  private static final List<String> paths = new ArrayList<>(List.of("/", "/?range=30d", "/licenses", "/licenses?create=1",
      "/licenses?search=nothing-has-this", "/policies", "/webhooks", "/webhooks?create=1", "/deliveries", "/api-keys", "/people",
      "/audit", "/plan", "/settings", "/test-endpoint", "/portal-links", "/not-a-page"));
  private static String axe;

  @BeforeAll
  static void fill() throws IOException {
    try (InputStream in = PagesTest.class.getResourceAsStream("/axe.min.js")) {
      axe = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Api api = keyhook.api();
    Receiver good = keyhook.receiver();
    good.answer(Answer.status(200, "{\"ok\":true}"));
    Receiver bad = keyhook.receiver();
    Answer away = Answer.status(503, "<html><body>\nupstream is away, and this line goes on for longer than a phone is wide\n</body>");
    bad.answer(request -> {
      request.response().putHeader("Server", "nginx/1.24.0").putHeader("Set-Cookie", "session=1")
          .putHeader("X-Request-Id", request.getHeader("X-Webhook-Attempt") + "-6b6e2d5c1f0a4a539c505b9d2a7a0d7d");
      if (request.getHeader("X-Webhook-Attempt").equals("1")) {
        request.response().setStatusCode(502).end("<html><body>\nno upstream\n</body>");
      } else {
        away.to(request);
      }
    });
    keyhook.webhook(good, "license.validated", "license.activated", "license.disabled");
    String failing = keyhook.webhook(bad, "license.activated").id();
    api.patch("/api/webhooks/" + failing, new JsonObject().put("headers", new JsonObject().put("X-Api-Key", "a-key-of-the-gateway")
        .put("X-Environment", "live")).put("authentication", new JsonObject().put("type", "basic").put("username", "keyhook")
        .put("password", "a-password-of-the-gateway"))).expect(200);
    String url = "https://hooks.a-rather-long-subdomain.example.com/keyhook/deliveries/of/our/shop?source=keyhook&region=eu";
    api.post("/api/webhooks", new JsonObject().put("url", url).put("isActive", false)
        .put("description", "The shop’s, not in use yet").put("events", new JsonArray().add("license.expired"))).expect(201);
    api.post("/api/webhooks/test", new JsonObject().put("webhookId", api.post("/api/webhooks", new JsonObject()
        .put("url", api.post("/api/test-endpoint").expect(200).json().getString("url"))
        .put("events", new JsonArray().add("license.disabled"))).expect(201).json().getString("id"))).expect(200);
    api.post("/api/policies", new JsonObject().put("name", "Trial of everything, for two weeks").put("durationSeconds", 1_209_600)
        .put("expiryBasis", "first_activation").put("trial", true).put("graceSeconds", 86_400)).expect(201);
    api.post("/api/products", new JsonObject().put("name", "Studio")).expect(201);
    String license = null;
    for (int i = 0; i < 14; i++) {
      JsonObject fields = new JsonObject().put("name", List.of("Editor, team of Ada", "Viewer", "Studio Professional with "
          + "everything, for the whole department of mechanical engineering").get(i % 3) + " " + (i + 1))
          .put("maxActivations", 1 + i % 4).put("customerName", i % 2 == 0 ? "Ada Lovelace" : null)
          .put("customerEmail", i % 2 == 0 ? "ada@example.com" : null)
          .put("expiresAt", i % 3 == 0 ? "2031-01-31T12:00:00Z" : null)
          .put("metadata", new JsonObject().put("order", "A-10" + i));
      Installation.License made = keyhook.license(fields);
      license = made.id();
      for (int device = 0; device <= i % 3; device++) {
        api.anonymous().post("/api/validate", new JsonObject().put("licenseKey", made.key())
            .put("fingerprint", "device-" + device).put("deviceName", "Ada’s laptop").put("deviceType", "desktop"));
      }
    }
    api.post("/api/licenses/" + license + "/disable").expect(200);
    String colleague = api.post("/api/users", new JsonObject().put("email", "grace.brewster.murray.hopper@navy.example.com")
        .put("password", Node.PASSWORD).put("role", "member")).expect(201).json().getString("id");
    api.post("/api/invitations", new JsonObject().put("email", "katherine@langley.example.com").put("role", "support")).expect(201);
    keyhook.node().user().post("/api/users/" + colleague + "/password-reset", new JsonObject().put("currentPassword", Node.PASSWORD))
        .expect(201);
    String delivery = keyhook.awaitAttempts(api.get("/api/webhooks/" + failing + "/deliveries").data().get(0)
        .getString("id"), 2).getString("id");
    paths.addAll(List.of("/licenses/" + license, "/webhooks/" + failing, "/deliveries/" + delivery,
        "/deliveries?status=failing&open=" + delivery));
  }

  private static Tab open() {
    return chromium.open(new Browser.NewContextOptions().setViewportSize(1440, 900));
  }

  @Test
  void dashboard() {
    SoftAssertions all = new SoftAssertions();
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(keyhook.node().uri().toString());
      check(all, tab, "log-in");
      page.getByText("Forgot your password?").click();
      check(all, tab, "forgot-password");
      tab.field("E-mail").fill("nobody@example.com");
      tab.button("Send link").click();
      assertThat(tab.heading("Check your mail")).isVisible();
      check(all, tab, "forgot-password-sent");
      page.getByText("Back to login").click();
      tab.logIn(Node.EMAIL, Node.PASSWORD);
      assertThat(tab.heading("Overview")).isVisible();
      for (String path : paths) {
        page.navigate("about:blank"); // so that the page is drawn from nothing
        page.navigate(keyhook.node().uri() + "/#" + path);
        tab.settle();
        check(all, tab, path.equals("/") ? "overview" : path.substring(1).replaceAll("_.*", "").replaceAll("\\W+", "-"));
      }
      tab.visit("Settings");
      tab.button("Turn on").click();
      tab.field("Your password").fill(Node.PASSWORD);
      tab.dialogButton("Continue").click();
      assertThat(tab.dialog().locator("svg.qr")).isVisible();
      check(all, tab, "two-factor");
      page.keyboard().press("Escape");
      page.keyboard().press("Control+k");
      page.keyboard().insertText("e");
      assertThat(tab.dialog().getByText("All licenses that match")).isVisible();
      check(all, tab, "find");
      page.keyboard().press("Escape");
      page.keyboard().press("?");
      check(all, tab, "shortcuts");
      page.keyboard().press("Escape");
      page.navigate(keyhook.node().uri() + "/#" + paths.stream().filter(path -> path.startsWith("/deliveries/")).findFirst().orElseThrow());
      page.getByText("Response headers").first().click();
      check(all, tab, "response-headers");
      tab.button("Compare attempts").click();
      assertThat(tab.dialog().locator(".diff")).hasCount(2);
      check(all, tab, "compare");
      page.keyboard().press("Escape");
      page.navigate(keyhook.node().uri() + "/#" + paths.stream().filter(path -> path.startsWith("/webhooks/")).findFirst().orElseThrow());
      tab.button("Edit").click();
      tab.button("Add header").click();
      tab.button("Add header").scrollIntoViewIfNeeded();
      check(all, tab, "webhook-form");
      tab.field("URL").fill("https://hooks.example.com/moved");
      tab.field("Authentication").selectOption("bearer");
      tab.field("Token").scrollIntoViewIfNeeded();
      check(all, tab, "webhook-form-moved");
      all.assertThat(tab.complaints()).isEmpty();
      all.assertThat(tab.refusals()).as("who is not logged in yet is not told by an error").isEmpty();
    }
    all.assertAll();
  }

  @Test
  void administration() {
    SoftAssertions all = new SoftAssertions();
    String account = keyhook.api().get("/api/account").expect(200).json().getString("id");
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(keyhook.node().uri() + "/admin");
      check(all, tab, "admin-log-in");
      tab.field("Operator key").fill(Node.OPERATOR_KEY);
      tab.button("Log in").click();
      for (String path : List.of("/", "/accounts/" + account, "/node", "/not-a-page")) {
        page.evaluate("path => { location.hash = path; }", path);
        tab.settle();
        check(all, tab, "admin" + path.replaceAll("/acct_.*", "-account").replaceAll("\\W+", "-"));
      }
      page.evaluate("path => { location.hash = path; }", "/accounts/" + account);
      tab.button("Suspend").click();
      assertThat(tab.dialog()).isVisible();
      check(all, tab, "admin-suspend");
      all.assertThat(tab.complaints()).isEmpty();
      all.assertThat(tab.refusals()).isEmpty();
    }
    all.assertAll();
  }

  /** What a customer sees, and what is left of a link that ended. */
  @Test
  void portal() {
    SoftAssertions all = new SoftAssertions();
    JsonObject owner = new JsonObject().put("customer", "customer-1042")
        .put("customerFilters", new JsonObject().put("customerEmails", new JsonArray().add("ada@example.com")));
    Receiver receiver = keyhook.receiver();
    JsonObject webhook = keyhook.api().post("/api/webhooks", owner.copy().put("url", receiver.url()).put("description", "Our provisioning")
        .put("events", new JsonArray().add("license.created").add("license.expired"))).expect(201).json();
    receiver.trust(webhook.getString("secret"));
    keyhook.license(new JsonObject().put("name", "Editor, team of Ada").put("customerName", "Ada Lovelace").put("customerEmail", "ada@example.com"));
    String delivery = receiver.take().id();
    JsonObject link = keyhook.api().post("/api/portal-links", owner).expect(201).json();
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(keyhook.node().uri() + link.getString("path"));
      for (String path : List.of("/", "/webhooks/" + webhook.getString("id"), "/deliveries/" + delivery, "/not-a-page")) {
        page.evaluate("path => { location.hash = path; }", path);
        tab.settle();
        check(all, tab, "portal" + path.replaceAll("_.*", "").replaceAll("\\W+", "-"));
      }
      page.evaluate("path => { location.hash = path; }", "/");
      tab.button("Create webhook").click();
      assertThat(tab.dialog().locator("input[name=events]").first()).isVisible();
      check(all, tab, "portal-create");
      page.keyboard().press("Escape");
      all.assertThat(tab.complaints()).isEmpty();
      all.assertThat(tab.refusals()).isEmpty();
      keyhook.api().delete("/api/portal-links/" + link.getString("id")).expect(204);
      page.reload();
      assertThat(tab.heading("You are not logged in")).isVisible();
      check(all, tab, "portal-over");
    }
    keyhook.api().delete("/api/webhooks/" + webhook.getString("id")).expect(204);
    all.assertAll();
  }

  @Test
  void guide() {
    SoftAssertions all = new SoftAssertions();
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(keyhook.node().uri() + "/docs/");
      @SuppressWarnings("unchecked")
      List<String> links = (List<String>) page.evaluate("""
          [...new Set([...document.querySelectorAll('nav a')].map(a => a.href.replace(/#.*/, '')))]
            .filter(href => href.includes('/docs'))""");
      all.assertThat(links).hasSizeGreaterThan(9);
      for (String link : links) {
        page.navigate(link);
        tab.settle();
        check(all, tab, "docs" + link.replaceAll(".*/docs", "").replace('/', '-'));
      }
      tryCalls(all, tab);
      all.assertThat(tab.complaints()).isEmpty();
      all.assertThat(tab.refusals()).isEmpty();
    }
    all.assertAll();
  }

  /** A call that was sent, and one that is to be confirmed. */
  private static void tryCalls(SoftAssertions all, Tab tab) {
    Page page = tab.page();
    page.navigate(keyhook.node().uri() + "/docs/reference");
    Locator list = open(page, "listLicenses");
    list.getByLabel("API key").fill(Node.API_KEY);
    list.locator(".try-send button").click();
    assertThat(list.locator("[role=status]")).containsText("200 OK");
    list.locator(".try-result summary").click();
    check(all, tab, "docs-try-it");
    Locator update = open(page, "updateWebhook");
    update.getByLabel("id").fill("webhook_01jhsqk2v8g5a1d7r0x4n6t9qe");
    update.locator(".try-send button").click();
    assertThat(tab.dialog()).isVisible();
    check(all, tab, "docs-try-it-confirm");
  }

  /** The form of a call, and no other call. */
  private static Locator open(Page page, String operationId) {
    page.getByLabel("Find a call").fill(operationId);
    page.locator("#" + operationId + " > summary").click();
    page.locator("#" + operationId + " .try > summary").click();
    return page.locator("#" + operationId + " .try-form");
  }

  /** In both themes without loading it again: only colors differ, by the style sheets alone. */
  private static void check(SoftAssertions all, Tab tab, String name) {
    Page page = tab.page();
    for (int width : WIDTHS) {
      page.setViewportSize(width, 900);
      for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
        tab.drawn(); // some of it only where there is room
        page.evaluate(END_TRANSITIONS);
        String theme = scheme.name().toLowerCase(Locale.ROOT);
        String where = name + " at " + width + ", " + theme;
        all.assertThat(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
            .as("sticks out of %s", where).isEqualTo(0);
        all.assertThat(page.evaluate(OUTSIDE_CELLS)).as("stick out of cells or tables of %s", where).isEqualTo(List.of());
        if (width != 768) {
          if (TAKES_SCREENSHOTS) {
            page.screenshot(new Page.ScreenshotOptions().setFullPage(true).setType(ScreenshotType.JPEG).setQuality(QUALITY)
                .setPath(SCREENSHOTS.resolve(name + "-" + width + "-" + theme + ".jpg")));
          }
          all.assertThat(findings(page, scheme)).as(where).isEmpty();
        }
      }
    }
  }

  /** What is found each time: a list that loads again meanwhile is dimmed for a moment. */
  private static List<String> findings(Page page, ColorScheme scheme) {
    if (page.evaluate("'axe' in window").equals(false)) {
      page.evaluate(axe);
    }
    List<String> found = List.of("nothing was looked for");
    for (int look = 0; look < 3 && !found.isEmpty(); look++) {
      assertThat(page.locator("[aria-busy=true]")).hasCount(0);
      found = violations(page, scheme);
    }
    return found;
  }

  /** As axe-core has them: which rule, and where. In the dark, colors are all that differs. */
  @SuppressWarnings("unchecked")
  private static List<String> violations(Page page, ColorScheme scheme) {
    return (List<String>) page.evaluate("""
        async rules => (await axe.run(document, { resultTypes: ['violations'], ...(rules && { runOnly: rules }) })).violations
          .map(violation => violation.id + ': ' + violation.nodes.map(node => node.html.slice(0, 200)).join(' | '))""",
        scheme == ColorScheme.DARK ? OF_COLORS : null);
  }

  @Test
  void theFirstLoadIsSmallAndSoonThere() {
    try (Tab tab = open()) {
      Page page = tab.page();
      page.navigate(keyhook.node().uri().toString());
      assertThat(tab.field("E-mail")).isFocused();
      page.waitForLoadState();
      @SuppressWarnings("unchecked")
      Map<String, Object> load = (Map<String, Object>) page.evaluate("""
          () => {
            const entries = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));
            return {
              requests: entries.length,
              bytes: entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
              firstPaint: Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1),
              interactive: Math.round(performance.now()),
            };
          }""");
      System.out.println("First load of the dashboard: " + load);
      assertThat(((Number) load.get("bytes")).intValue()).isBetween(10_000, 120_000);
    }
  }

  /** The sum of the layout shifts, as the Core Web Vitals count them. */
  private static final String SHIFTS = """
      () => new Promise(done => new PerformanceObserver(list =>
          done(list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0)))
        .observe({ type: 'layout-shift', buffered: true }) || setTimeout(() => done(0), 500))""";

  /** Lets a test decide when the overview stops waiting for its slowest card. */
  private static final String WITHOUT_HURRY = """
      {
        const real = setTimeout;
        window.setTimeout = (action, pause, ...rest) => pause === 1000 ? (window.stopWaiting = action, 0) : real(action, pause, ...rest);
      }""";

  @Test
  void whatArrivesLaterMovesNothingOnTheOverview() {
    try (Tab tab = chromium.open(new Browser.NewContextOptions().setViewportSize(360, 740))) {
      Page page = tab.page();
      page.navigate(keyhook.node().uri().toString());
      tab.logIn(Node.EMAIL, Node.PASSWORD);
      assertThat(tab.heading("Overview")).isVisible();
      page.navigate("about:blank");
      page.addInitScript(WITHOUT_HURRY);
      Tab.Held webhooks = tab.hold("**/api/webhooks?**");
      Tab.Held causes = tab.hold("**/api/deliveries/causes?**");
      page.waitForResponse("**/api/stats?range=24h", () -> page.navigate(keyhook.node().uri().toString()));
      assertThat(page.locator(".skeleton").first()).isVisible();
      webhooks.release();
      causes.release();
      assertThat(tab.heading("Failures by cause")).isVisible();
      tab.settle();
      assertThat(((Number) page.evaluate(SHIFTS)).doubleValue()).isLessThan(0.05);

      causes = tab.hold("**/api/deliveries/causes?**");
      page.waitForResponse("**/api/stats?range=24h", page::reload);
      assertThat(tab.heading("Usage")).hasCount(0);
      page.waitForFunction("'stopWaiting' in window");
      page.evaluate("stopWaiting()");
      assertThat(tab.heading("Usage")).isVisible();
      assertThat(tab.heading("Failures by cause")).hasCount(0);
      causes.release();
      assertThat(tab.heading("Failures by cause")).isVisible();
    }
  }
}
