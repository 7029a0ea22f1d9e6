package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.keyhook.target.RefusedTargetException.Stage;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.RawReceiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator allows and denies holds when a URL is registered, before every attempt, and for the test call. */
class OperatorTargetsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  private final TargetPolicy policy = Policies.of(false,
      List.of("receiver", "*.svc", "*.corp.example.com", "10.1.0.0/16", "fd00::/8", "64:ff9b::/96"),
      List.of("10.1.2.0/24", "*.denied.example.com", "bad.corp.example.com", "bad.svc", "93.184.215.0/24"));

  @ParameterizedTest
  @ValueSource(strings = {
    "https://receiver/", "https://RECEIVER./", "https://hooks.team.svc/", "https://a.b.c.svc:8443/",
    "https://hooks.corp.example.com/", "https://denied.example.com/", "https://10.1.3.3/", "https://[fd00::7]/",
    "https://hooks.example.com/"})
  void whatIsAllowedIsATarget(String url) {
    assertThatCode(() -> policy.check(url)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "NAME,    https://svc/",
    "NAME,    https://receivers/",
    "NAME,    https://hooks.lan/",
    "NAME,    https://bad.corp.example.com/",
    "NAME,    https://BAD.corp.example.com./",
    "NAME,    https://bad.svc/",
    "NAME,    https://hooks.denied.example.com/",
    "NAME,    https://a.b.denied.example.com/",
    "LITERAL, https://10.2.0.1/",
    "LITERAL, https://10.1.2.3/",
    "LITERAL, https://93.184.215.14/",
    "LITERAL, https://[::ffff:10.1.3.3]/",
    "LITERAL, https://[64:ff9b::10.1.2.3]/",
    "LITERAL, https://10.1.771/",
    "LITERAL, https://0xa.1.3.3/",
    "PARSE,   https://user@receiver/",
    "PARSE,   https://receiver/#fragment",
    "PARSE,   https://re_ceiver/",
    "PORT,    https://receiver:8080/",
    "SCHEME,  http://receiver/"})
  void whatIsDeniedOddOrNotNamedIsNone(Stage stage, String url) {
    RefusedTargetException refused = catchThrowableOfType(RefusedTargetException.class, () -> policy.check(url));
    assertThat(refused).as(url).isNotNull();
    assertThat(refused.stage()).isEqualTo(stage);
  }

  @Test
  void anAllowedNameMayLeadInsideButNeverToWhatIsDenied() {
    Target allowed = policy.check("https://hooks.team.svc/");
    Target other = policy.check("https://hooks.example.com/");
    assertThat(policy.pick(allowed, List.of(address("10.9.9.9")))).containsExactly(address("10.9.9.9"));
    assertThat(policy.pick(other, List.of(address("10.1.3.3")))).containsExactly(address("10.1.3.3"));
    assertRefused(other, "10.9.9.9");
    for (String denied : List.of("10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::1", "93.184.215.14")) {
      assertRefused(allowed, denied);
      assertRefused(other, denied);
    }
  }

  @Test
  void thisMachinesOwnAddressesAreNotPublic() {
    TargetPolicy own = new TargetPolicy(false, true, Policies.PORTS, List.of("93.184.215.15"), List.of(),
        List.of(address("93.184.215.14"), address("93.184.215.15"), address("2606:4700::1111")));
    for (String url : List.of("https://93.184.215.14/", "https://[2606:4700::1111]/")) {
      assertThatThrownBy(() -> own.check(url)).isInstanceOf(RefusedTargetException.class);
      assertThatCode(() -> Policies.strict().check(url)).doesNotThrowAnyException();
    }
    assertThatThrownBy(() -> own.pick(own.check("https://hooks.example.com/"), List.of(address("2606:4700::1111"))))
        .isInstanceOf(RefusedTargetException.class);
    assertThat(own.check("https://93.184.215.15/").host()).as("unless they are allowed").isEqualTo("93.184.215.15");
  }

  @Test
  void registrationAttemptAndTestCallAskTheSameRules() {
    try (RawReceiver receiver = new RawReceiver(c -> c.read())) { // no TLS: it shows who connects, and hears nothing
      String url = receiver.url("127.0.0.1").replace("http:", "https:");
      Node open = keyhook.start(
          rules(receiver.port(), List.of("127.0.0.0/8"), List.of("127.0.0.9", "*.denied.example")));
      for (String refused : List.of("https://10.0.0.1/", "https://127.0.0.9:" + receiver.port() + "/",
          "https://hooks.denied.example/", "https://127.0.0.1:1/", "https://localhost/")) {
        assertThat(open.api().post("/api/webhooks", webhook(refused)).expect(400).badFields()).containsExactly("url");
      }
      String webhook = open.api().post("/api/webhooks", webhook(url)).expect(201).json().getString("id");
      assertThat(open.api().patch("/api/webhooks/" + webhook, new JsonObject().put("url", "https://127.0.0.9/"))
          .expect(400).badFields()).containsExactly("url");
      assertThat(test(open, webhook)).isEqualTo("tls_failure");
      License license = keyhook.license(5);
      assertThat(attempt(open, license, webhook, "device-1")).isEqualTo("tls_failure");
      assertThat(receiver.accepted()).isEqualTo(2);
      open.stop();

      Node closed = keyhook.start(rules(receiver.port(), List.of("127.0.0.0/8"), List.of("127.0.0.1")));
      assertThat(test(closed, webhook)).isEqualTo("target_refused");
      assertThat(attempt(closed, license, webhook, "device-2")).isEqualTo("target_refused");
      assertThat(receiver.accepted()).isEqualTo(2);
    }
  }

  private static JsonObject rules(int port, List<String> allowed, List<String> denied) {
    return new JsonObject().put("delivery", new JsonObject().put("allowInsecureTargets", false)
        .put("retryDelays", new JsonArray()).put("allowedPorts", new JsonArray().add(443).add(port))
        .put("allowedTargets", new JsonArray(allowed)).put("deniedTargets", new JsonArray(denied)));
  }

  private static JsonObject webhook(String url) {
    return new JsonObject().put("url", url).put("events", new JsonArray().add("license.activated"));
  }

  private static String test(Node node, String webhook) {
    return node.api().post("/api/webhooks/test", new JsonObject().put("webhookId", webhook)).expect(200).json()
        .getString("error");
  }

  /** The error of the one attempt that a new device's event gets. */
  private static String attempt(Node node, License license, String webhook, String device) {
    node.api().validate(license.key(), device).expect(200);
    keyhook.awaitEmptyQueue();
    String id = node.api().get("/api/webhooks/" + webhook + "/deliveries?event=license.activated").expect(200).data()
        .get(0).getString("id");
    return keyhook.awaitStatus(id, "failed").getJsonArray("attempts").getJsonObject(0).getString("error");
  }

  private void assertRefused(Target target, String address) {
    assertThatThrownBy(() -> policy.pick(target, List.of(address(address)))).as(address)
        .isInstanceOf(RefusedTargetException.class);
  }

  /** Of an address in text, so that nothing is looked up. */
  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  @Test
  void throughAProxyEvenInsecureTargetsAreHttps() {
    TargetPolicy proxied = new TargetPolicy(true, false, Policies.PORTS, List.of(), List.of(), List.of());
    assertThat(proxied.check("https://localhost:9443/a").port()).isEqualTo(9443);
    assertThatThrownBy(() -> proxied.check("http://localhost/a")).isInstanceOf(RefusedTargetException.class)
        .hasMessage("must be https");
  }
}
