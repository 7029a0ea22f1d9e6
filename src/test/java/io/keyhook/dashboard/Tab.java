package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** One page in a profile of its own, and all that it complains of. */
final class Tab implements AutoCloseable {
  private static final String FAILED = "Failed to load resource:";

  private final BrowserContext context;
  private final Page page;
  private final List<String> complaints = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();

  Tab(BrowserContext context) {
    this.context = context;
    context.setDefaultTimeout(Chromium.PATIENCE);
    this.page = context.newPage();
    page.onConsoleMessage(message -> {
      if (message.type().equals("error") || message.type().equals("warning")) {
        (message.text().startsWith(FAILED) ? refusals : complaints).add(message.type() + ": " + message.text());
      }
    });
    page.onPageError(error -> complaints.add("uncaught: " + error));
    page.onRequest(request -> {
      String host = URI.create(request.url().startsWith("http") ? request.url() : "http://127.0.0.1/").getHost();
      if (!host.equals("127.0.0.1") && !host.equals("localhost")) { // passkeys need a name
        complaints.add("foreign host: " + request.url());
      }
    });
  }

  Page page() {
    return page;
  }

  /** Errors, warnings, violations of the content security policy, and requests to foreign hosts, up to now. */
  List<String> complaints() {
    return complaints;
  }

  /** Requests that were answered with a status of 400 or more, or not at all. */
  List<String> refusals() {
    return refusals;
  }

  Locator heading(String name) {
    return page.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  Locator button(String name) {
    return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  /** The dialog that is open. */
  Locator dialog() {
    return page.getByRole(AriaRole.DIALOG);
  }

  /** A button of the dialog that is open. */
  Locator dialogButton(String name) {
    return dialog().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
  }

  /** By its label, of letters and spaces, which the word "optional" may follow. */
  Locator field(String label) {
    return page.getByLabel(Pattern.compile("^" + label + "( optional)?$"));
  }

  /** In the main navigation. */
  void visit(String name) {
    page.getByRole(AriaRole.NAVIGATION, new Page.GetByRoleOptions().setName("Main"))
        .getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName(name).setExact(true)).click();
    assertThat(heading(name)).isVisible();
  }

  /** Holds requests to a URL, a glob, back from now on. */
  Held hold(String url) {
    List<Route> routes = new ArrayList<>();
    page.route(url, routes::add);
    return () -> {
      page.waitForCondition(() -> !routes.isEmpty()); // a page shows that it asks before the request is seen here
      page.unroute(url);
      routes.forEach(Route::resume);
    };
  }

  /** Requests that do not get to Keyhook yet. */
  interface Held {
    /** Waits for at least one, and lets them go on. */
    void release();
  }

  void logIn(String email, String password) {
    field("E-mail").fill(email);
    field("Password").fill(password);
    button("Log in").click();
  }

  /** Waits until the page has all that it loads at first. */
  void settle() {
    assertThat(page.locator("h1")).isVisible();
    assertThat(page.locator(".skeleton")).hasCount(0);
    assertThat(page.locator("[aria-busy=true]")).hasCount(0);
  }

  @Override
  public void close() {
    context.close();
  }
}
