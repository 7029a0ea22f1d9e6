package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** One page in a profile of its own, and all that it complains of. */
final class Tab implements AutoCloseable {
  private static final String FAILED = "Failed to load resource:";

  /** A frame draws what a changed address asks for, loads begin behind it, and the next frame shows that they have. */
  private static final String SETTLED = """
      async () => {
        for (let frame = 0; frame < 3; frame++) {
          await new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)));
          if (document.querySelector('.skeleton, [aria-busy=true]')) {
            return false;
          }
        }
        return true;
      }""";

  /** Characters of a page that a failure repeats. */
  private static final int SHOWN = 6000;

  private final BrowserContext context;
  private final Page page;
  private final List<String> complaints = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();
  /** Those on their way: what is loaded later, such as a dialog, is drawn when its script has come. */
  private final Set<Request> scripts = new HashSet<>();

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
      if (request.isNavigationRequest() && request.frame() == page.mainFrame()) {
        scripts.clear();
      } else if (request.resourceType().equals("script")) {
        scripts.add(request);
      }
      String host = URI.create(request.url().startsWith("http") ? request.url() : "http://127.0.0.1/").getHost();
      if (!host.equals("127.0.0.1") && !host.equals("localhost")) { // passkeys need a name
        complaints.add("foreign host: " + request.url());
      }
    });
    page.onRequestFinished(scripts::remove);
    page.onRequestFailed(scripts::remove);
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

  /** Waits until the page has been drawn twice: what it changes when it is drawn is there, too. */
  void drawn() {
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(() => setTimeout(drawn)))))");
  }

  /** Waits until the page has begun what it loads at first, and has it. */
  void settle() {
    assertThat(page.locator("h1")).isVisible();
    page.waitForFunction(SETTLED);
    while (!scripts.isEmpty()) {
      page.waitForCondition(scripts::isEmpty);
      page.waitForFunction(SETTLED);
    }
  }

  boolean isClosed() {
    return page.isClosed();
  }

  /** What the page shows, and what did not work for it. */
  String describe() {
    String shown;
    try {
      shown = page.locator("body").ariaSnapshot(new Locator.AriaSnapshotOptions().setTimeout(5000));
    } catch (PlaywrightException e) {
      shown = e.getMessage();
    }
    return page.url() + " shows\n" + shown.substring(0, Math.min(shown.length(), SHOWN)) + "\nrefused: " + refusals
        + ", complaints: " + complaints;
  }

  @Override
  public void close() {
    context.close();
  }
}
