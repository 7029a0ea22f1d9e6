package io.keyhook.dashboard;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Route;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Installation.Webhook;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The form of each call in the reference, which sends it to the server that serves the page. */
class TryItTest extends Visit {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final String WITHOUT_FORM = "You cannot try this call here";

  private final List<Request> requests = new ArrayList<>();

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void watch() {
    page.onRequest(requests::add);
  }

  /** The call's form, open. */
  private Locator form(String operationId) {
    page.navigate(keyhook.node().uri() + "/docs/reference#" + operationId);
    page.reload(); // another hash is no other page
    Locator call = page.locator("#" + operationId);
    call.getByText("Try it").click();
    assertThat(call.locator(".try-form")).isVisible();
    return call.locator(".try-form");
  }

  private static void send(Locator form) {
    form.locator(".try-send button").click();
  }

  private static void assertStatus(Locator form, String status) {
    assertThat(form.locator("[role=status]")).hasText(Pattern.compile(status + " · \\d+ ms · \\d.*B"));
  }

  /** The calls of a path that were sent, by their methods. */
  private List<String> sent(String path) {
    return requests.stream().filter(request -> request.url().endsWith(path)).map(Request::method).toList();
  }

  @Test
  void aValidationIsSentWithoutAKeyAndItsAnswerShown() {
    License license = keyhook.license(2);
    Locator form = form("validateLicense");
    assertThat(form.locator("input[type=password]")).hasCount(0);
    Locator body = form.getByLabel("Body, application/json");
    assertThat(body).hasValue(Pattern.compile("\"licenseKey\""));
    body.fill(new JsonObject().put("licenseKey", license.key()).put("fingerprint", "device-1").encode());
    body.press("Control+Enter");
    assertStatus(form, "200 OK");
    assertThat(form.locator(".try-result figure").last()).containsText("\"valid\": true");
    form.getByText("Headers").click();
    assertThat(form.locator(".try-result details")).containsText("x-request-id: ");
    body.fill("{\"licenseKey\":1}");
    send(form);
    assertStatus(form, "400 Bad Request");
    assertThat(form.locator(".try-result figure").last()).containsText("\"valid\": false");
  }

  @Test
  void aListIsSentWithTheKeyAndTheFieldsOfTheReader() {
    keyhook.license(new JsonObject().put("name", "Painter & friends"));
    keyhook.license(new JsonObject().put("name", "Editor"));
    Locator form = form("listLicenses");
    send(form);
    assertThat(form.getByLabel("API key")).isFocused(); // the browser asks for it
    form.getByLabel("API key").fill(Node.API_KEY);
    form.getByLabel("search").fill("painter & f");
    form.getByLabel("status").selectOption("active");
    form.getByLabel("search").press("Enter");
    assertStatus(form, "200 OK");
    assertThat(form.locator(".try-result figure").last()).containsText("\"name\": \"Painter & friends\"");
    assertThat(form.locator(".try-result figure").last()).not().containsText("Editor");
    assertThat(requests).noneMatch(request -> request.url().contains(Node.API_KEY));
    assertThat((Boolean) page.evaluate("key => JSON.stringify([{...localStorage}, {...sessionStorage}]).includes(key)",
        Node.API_KEY)).isFalse();
  }

  @Test
  void aKeyIsEnteredOnceForAllCallsAndAWrongOneGets401() {
    Locator form = form("getAccount");
    form.getByLabel("API key").fill("kh_wrong");
    send(form);
    assertStatus(form, "401 Unauthorized");
    assertThat(form.locator(".try-result figure").last()).containsText("\"code\": \"");
    Locator other = page.locator("#listWebhooks");
    other.locator("> summary").click();
    other.getByText("Try it").click();
    assertThat(other.getByLabel("API key")).hasValue("kh_wrong");
    other.getByLabel("API key").fill(Node.API_KEY);
    send(form);
    assertStatus(form, "200 OK");
    page.reload();
    assertThat(form("getAccount").getByLabel("API key")).hasValue("");
  }

  @Test
  void aDestructiveCallIsSentOnlyWhenConfirmed() {
    License license = keyhook.license(2);
    String path = "/api/licenses/" + license.id();
    Locator form = form("deleteLicense");
    form.getByLabel("API key").fill(Node.API_KEY);
    form.getByLabel("id").fill(license.id());
    send(form);
    assertThat(tab.dialog()).containsText("DELETE " + path);
    assertThat(tab.dialog()).containsText("Deletes it with its activations");
    assertThat(tab.dialogButton("Cancel")).isFocused();
    page.keyboard().press("Enter");
    assertThat(tab.dialog()).hasCount(0);
    assertThat(sent(path)).isEmpty();
    keyhook.api().get(path).expect(200);
    send(form);
    page.keyboard().press("Escape");
    assertThat(tab.dialog()).hasCount(0);
    assertThat(sent(path)).isEmpty();
    send(form);
    page.keyboard().press("Tab");
    page.keyboard().press("Enter");
    assertThat(form.locator("[role=status]")).hasText(Pattern.compile("204 No Content · \\d+ ms · 0 B"));
    assertThat(sent(path)).containsExactly("DELETE");
    keyhook.api().get(path).expect(404);
  }

  @Test
  void theConfirmationShowsWhoSendsWhat() {
    enterAsOwner();
    Locator form = form("eraseCustomer");
    form.getByLabel("Body").fill("{\"customerEmail\": \"ada@example.com\"}");
    send(form);
    assertThat(tab.dialog()).containsText("POST /api/customers/erase");
    assertThat(tab.dialog()).containsText("As " + Node.EMAIL + ", with your dashboard login to ");
    assertThat(tab.dialog().locator("pre")).hasText("{\"customerEmail\": \"ada@example.com\"}");
    tab.dialogButton("Cancel").click();
    form.getByLabel("API key").fill(Node.API_KEY);
    send(form);
    assertThat(tab.dialog()).containsText("With the API key that you entered.");
    assertThat(tab.dialog()).not().containsText(Node.EMAIL);
    tab.dialogButton("Cancel").click();
    assertThat(sent("/api/customers/erase")).isEmpty();
  }

  @Test
  void noCallChangesTheLoginOfTheDashboard() {
    enterAsOwner();
    Locator form = form("openSession");
    List<String> before = cookies();
    assertThat(before).isNotEmpty();
    form.getByLabel("Body").fill(new JsonObject().put("email", Node.EMAIL).put("password", Node.PASSWORD).encode());
    send(form);
    assertStatus(form, "200 OK");
    assertThat(cookies()).isEqualTo(before);
    for (String call : List.of("refreshSession", "endSession")) {
      page.navigate(keyhook.node().uri() + "/docs/reference#" + call);
      page.reload();
      assertThat(page.locator("#" + call)).containsText(WITHOUT_FORM);
      assertThat(page.locator("#" + call + " .try")).hasCount(0);
    }
  }

  private List<String> cookies() {
    return page.context().cookies().stream().map(cookie -> cookie.name + "=" + cookie.value).sorted().toList();
  }

  @Test
  void anErrorThatEndsWithAPeriodGetsNoOther() {
    enterAsOwner();
    Locator form = form("deleteLicense");
    form.getByLabel("id").fill("lic_x");
    page.route("**/api/auth/refresh", Route::abort);
    send(form);
    assertThat(form.locator("[role=status]")).hasText(Pattern.compile(".*: Can’t reach Keyhook\\. Check your connection\\."));
    assertThat(tab.dialog()).hasCount(0);
    page.unroute("**/api/auth/refresh");
    send(form);
    assertThat(tab.dialog()).isVisible();
    tab.dialogButton("Cancel").click();
  }

  @Test
  void whoIsLoggedInNeedsNoKey() {
    enterAsOwner();
    Locator form = form("getMe");
    assertThat(form).containsText("Leave it empty to use your dashboard login");
    send(form);
    assertStatus(form, "200 OK");
    assertThat(form.locator(".try-result figure").last()).containsText(Node.EMAIL);
    page.navigate(keyhook.node().uri().toString());
    assertThat(tab.heading("Overview")).isVisible(); // the session goes on
  }

  @Test
  void aStreamIsShownAsItComesUntilItIsCanceled() {
    Locator form = form("streamDeliveries");
    form.getByLabel("API key").fill(Node.API_KEY);
    send(form);
    assertThat(form.locator("[role=status]")).hasText(Pattern.compile("200 OK · .*"));
    assertThat(form.locator(".try-send button")).hasText("Cancel");
    Locator block = form.locator(".try-result figure").last();
    page.evaluate("""
        () => {
          window.block = document.querySelector('.try-result > figure');
          window.announced = 0;
          new MutationObserver(() => { window.announced += 1; })
            .observe(document.querySelector('.try-form [role=status]'), { childList: true, characterData: true, subtree: true });
        }""");
    Receiver receiver = keyhook.receiver();
    Webhook webhook = keyhook.webhook(receiver, "license.activated");
    for (String device : List.of("device-1", "device-2")) {
      keyhook.api().anonymous().validate(keyhook.license(1).key(), device).expect(200);
      assertThat(block).containsText(receiver.take().id());
    }
    assertThat((Boolean) page.evaluate("window.block.isConnected && window.announced === 0")).isTrue();
    send(form);
    assertThat(form.locator("[role=status]")).hasText("Canceled.");
    assertThat(block).containsText("data: ");
    keyhook.api().delete("/api/webhooks/" + webhook.id()).expect(204);
    assertThat(form.locator(".try-send button")).hasText("Send");
  }

  @Test
  void everyCallHasAFormAndNoneIsLoadedBeforeItIsOpened() {
    page.navigate(keyhook.node().uri() + "/docs/reference");
    assertThat(page.locator(".call").first()).isVisible();
    int calls = (Integer) page.evaluate("""
        () => {
          const calls = [...document.querySelectorAll('.call')].filter((call) => call.querySelector('.method')
            && call.querySelector('.method').textContent !== 'EVENT');
          calls.forEach((call) => { call.open = true; });
          return calls.length;
        }""");
    int withoutForm = page.getByText(WITHOUT_FORM).count();
    assertThat(withoutForm).as("refresh and log out of a session, and of a portal").isEqualTo(4);
    assertThat(page.locator(".try")).hasCount(calls - withoutForm);
    assertThat(requests).noneMatch(request -> request.url().contains("/try.js") || request.url().contains("/api.js"));
    page.locator(".try > summary").first().click();
    assertThat(page.locator(".try-form")).hasCount(1);
    page.evaluate("document.querySelectorAll('.try').forEach((form) => { form.open = true; })");
    assertThat(page.locator(".try-form")).hasCount(calls - withoutForm);
  }
}
