package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a webhook may be told of, and where, is said with the refusal. */
@ExtendWith(BlockedThreads.class)
class BadSubscriptionTest {
  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<Operation> calls() {
    return Stream.of(Document.find("POST", "/api/webhooks"), Document.find("PATCH", "/api/webhooks/x"))
        .map(found -> found.orElseThrow());
  }

  @ParameterizedTest
  @MethodSource("calls")
  void unknownTypesAreNamedWithThoseThatThereAre(Operation call) {
    Exchange exchange = subject.unchanged(() -> subject.send(call,
        "{\"url\":\"http://127.0.0.1:9/\",\"events\":[\"license.expired\",\"license.sold\",\"user.born\"]}"));
    Subject.assertRefused(exchange, "events");
    assertThat(exchange.json().getString("detail")).contains("license.sold", "user.born", "license.validated",
        "license.activated", "license.expired", "license.disabled", "license.deactivated",
        "license.created", "license.updated", "license.enabled", "license.deleted", "license.expiring", "webhook.failing",
        "webhook.recovered", "webhook.deactivated", "license.*").doesNotContain("webhook.test");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void onlyLicensesHaveAWildcard(Operation call) {
    Exchange exchange = subject.unchanged(() -> subject.send(call,
        "{\"url\":\"http://127.0.0.1:9/\",\"events\":[\"license.*\",\"*\",\"webhook.*\",\"license.act*\"]}"));
    Subject.assertRefused(exchange, "events");
    assertThat(exchange.json().getString("detail")).contains("unknown types: *, webhook.*, license.act*;");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void aSubscriptionToNothingIsRefused(Operation call) {
    Exchange exchange = subject.unchanged(() -> subject.send(call, "{\"url\":\"http://127.0.0.1:9/\",\"events\":[]}"));
    Subject.assertRefused(exchange, "events");
    assertThat(exchange.json().getString("detail")).contains("empty", "license.validated");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void unknownTypesAreNotRepeatedAtAnyLength(Operation call) {
    String many = "\"" + "x".repeat(1000) + "\",";
    Exchange exchange = subject.unchanged(() -> subject.send(call,
        "{\"url\":\"http://127.0.0.1:9/\",\"events\":[" + many.repeat(500) + "\"y\"]}"));
    Subject.assertRefused(exchange, "events");
    assertThat(exchange.body().length()).isLessThan(2000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "/hook", "hooks.example.com", "//hooks.example.com/", "ftp://hooks.example.com/",
      "file:///etc/passwd",
      "javascript:alert(1)", "http://", "http:/127.0.0.1/", "http://user:pw@127.0.0.1/", "http://127.0.0.1/#x",
      "http://127.0.0.1:0/",
      "http://127.0.0.1:99999/", "http://127.0.0.1/ a", "http://127.0.0.1/%zz", "http://127.0.0.1/\\u00e9",
      "http://127.0.0.1/\\n",
      "http://[::1", "http://exa\\u0000mple.com/", "http://127.0.0.1/\\ud800"})
  void whatIsNoUrlToSendToIsRefused(String url) {
    calls().forEach(call -> Subject.assertRefused(subject.unchanged(() -> subject.send(call,
        "{\"url\":\"" + url + "\",\"events\":[\"license.expired\"]}")), "url"));
  }

  @Test
  void withoutLeaveOnlyHttpsToPublicAddressesIsTaken() {
    Node strict = keyhook.start(new JsonObject().put("delivery", new JsonObject().put("allowInsecureTargets", false)));
    for (String url : List.of("http://hooks.example.com/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/", "https://localhost/", "https://hooks.example.com:22/",
        "https://0x7f.1/")) {
      Subject.assertRefused(subject.unchanged(() -> strict.api().post("/api/webhooks",
          "{\"url\":\"" + url + "\",\"events\":[\"license.expired\"]}")), "url");
    }
  }
}
