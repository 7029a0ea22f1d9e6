package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.options.AriaRole;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Several tabs of one browser share what they can: the stream of deliveries. */
class TabsTest extends Visit {
  /** One more than the connections that a browser opens to a host. */
  private static final int TABS = 7;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private final List<Request> streams = new ArrayList<>();
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
    page.context().onRequest(request -> {
      if (request.url().contains("/api/deliveries/stream")) {
        streams.add(request);
      }
    });
    page.context().onRequestFailed(streams::remove);
    page.context().onRequestFinished(streams::remove);
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Overview")).isVisible();
    tab.visit("Licenses"); // the overview reads the stream until the first validation
  }

  @AfterEach
  void leave() {
    keyhook.deleteWebhooks();
  }

  private Tab openDeliveries() {
    Tab other = new Tab(page.context());
    other.page().navigate(keyhook.node().uri() + "/#/deliveries");
    assertLive(other.page());
    return other;
  }

  private static void assertLive(Page page) {
    assertThat(page.getByText("Live", new Page.GetByTextOptions().setExact(true))).isVisible();
  }

  /** Raises a delivery and waits for it in the list of a tab that was not loaded again. */
  private void assertHears(Tab... listening) {
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    String id = receiver.take().id();
    for (Tab one : listening) {
      assertThat(one.page().locator("tbody a[href$='" + id + "']")).isVisible();
    }
  }

  /** Chromium without a window shows every tab, so the page itself says that it is hidden. */
  private static void show(Tab tab, boolean visible) {
    tab.page().evaluate("""
        state => {
          Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }""", visible ? "visible" : "hidden");
  }

  @Test
  void moreTabsThanConnectionsAreAllLive() {
    List<Tab> tabs = new ArrayList<>();
    for (int i = 0; i < TABS; i++) {
      tabs.add(openDeliveries());
    }
    assertHears(tabs.toArray(Tab[]::new));
    assertThat(streams).hasSize(1);
  }

  @Test
  void anotherTabGoesOnWhenTheOneThatReadsTheStreamIsClosed() {
    Tab first = openDeliveries();
    Tab second = openDeliveries();
    second.page().waitForRequest("**/api/deliveries/stream", () -> first.page().close());
    assertLive(second.page());
    assertHears(second);
  }

  @Test
  void aHiddenTabReadsNoStreamAndIsUpToDateOnceItIsVisible() {
    Tab hidden = openDeliveries();
    show(hidden, false);
    page.waitForCondition(streams::isEmpty);
    keyhook.api().anonymous().validate(key, "device-1").expect(200);
    String missed = receiver.take().id();
    show(hidden, true);
    assertThat(hidden.page().locator("tbody a[href$='" + missed + "']")).isVisible();
    assertLive(hidden.page());
    assertThat(hidden.page().getByRole(AriaRole.SWITCH)).isChecked();
    assertHears(hidden);
  }

  @Test
  void loggingOutInOneTabEndsAllAndLoggingInBringsThemBack() {
    Tab other = openDeliveries();
    tab.button("Log out").click();
    assertThat(tab.heading("Log in to Keyhook")).isVisible();
    assertThat(other.heading("Log in to Keyhook")).isVisible();
    assertThat(other.page().getByRole(AriaRole.TABLE)).hasCount(0);
    tab.logIn(Node.EMAIL, Node.PASSWORD);
    assertThat(tab.heading("Licenses")).isVisible();
    assertThat(other.heading("Deliveries")).isVisible();
    assertHears(other);
  }
}
