package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Validations per client address, and whose address that is. */
class RateLimitTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(
      new JsonObject().put("validation", new JsonObject().put("rateLimit", 5)));

  private static Node behindProxy() {
    return keyhook.start(new JsonObject().put("http",
        new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8").add("10.0.0.0/8"))));
  }

  private static List<Exchange> burst(Api api, int count) {
    return IntStream.range(0, count).mapToObj(i -> api.validateAsync("ABCD-1234-EFGH-5678", "f")).toList().stream()
        .map(Api::join).toList();
  }

  @Test
  void whoAsksTooOftenIsToldWhenToComeBack() {
    List<Exchange> answers = burst(keyhook.start().api().anonymous(), 60);
    List<Exchange> refused = answers.stream().filter(answer -> answer.status() == 429).toList();
    assertThat(refused).isNotEmpty().allSatisfy(answer -> {
      assertThat(answer.json().getString("code")).isEqualTo("RATE_LIMITED");
      assertThat(answer.json().getBoolean("valid")).isFalse();
      assertThat(Integer.parseInt(answer.header("Retry-After"))).isPositive();
      assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
    });
    assertThat(answers.stream().filter(answer -> answer.status() == 404)).hasSizeGreaterThanOrEqualTo(5);
  }

  @Test
  void managementCallsHaveNoLimit() {
    for (int i = 0; i < 40; i++) {
      keyhook.api().get("/api/account").expect(200);
    }
  }

  @Test
  void eachClientBehindATrustedProxyHasItsOwnLimit() {
    Api api = behindProxy().api().anonymous();
    for (int client = 1; client <= 40; client++) {
      api.header("X-Forwarded-For", "203.0.113." + client).validate("ABCD-1234-EFGH-5678", "f").expect(404);
    }
    assertThat(burst(api.header("X-Forwarded-For", "203.0.113.1"), 40)).anyMatch(answer -> answer.status() == 429);
  }

  @Test
  void aClientCannotChooseItsAddress() {
    Api api = keyhook.api().anonymous();
    List<Exchange> answers = IntStream.range(0, 40)
        .mapToObj(i -> api.header("X-Forwarded-For", "203.0.113." + i).validateAsync("ABCD-1234-EFGH-5678", "f")).toList()
        .stream().map(Api::join).toList();
    assertThat(answers).anyMatch(answer -> answer.status() == 429);
  }

  @Test
  void theAddressIsTheFirstFromTheRightThatNoTrustedProxyHas() {
    Node node = behindProxy();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(node.api(), receiver, "license.activated");
    License license = keyhook.license(node.api(), new JsonObject().put("name", "L").put("maxActivations", 9));
    assertAddress(node.api().header("X-Forwarded-For", "198.51.100.9, 203.0.113.7, 10.1.2.3"), license, receiver, "203.0.113.7");
    assertAddress(node.api().header("X-Forwarded-For", "203.0.113.7, junk, 10.1.2.3"), license, receiver, "10.1.2.3");
    assertAddress(node.api().header("X-Forwarded-For", "2001:DB8:0::1"), license, receiver, "2001:db8::1");
    assertAddress(node.api(), license, receiver, "127.0.0.1");
  }

  @Test
  void theHeaderIsIgnoredWhereNoProxyIsTrusted() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.activated");
    License license = keyhook.license(9);
    Node unlimited = keyhook.start(new JsonObject().put("validation", new JsonObject().put("rateLimit", 0)));
    assertAddress(unlimited.api().header("X-Forwarded-For", "203.0.113.7"), license, receiver, "127.0.0.1");
  }

  private static void assertAddress(Api api, License license, Receiver receiver, String expected) {
    api.validate(license.key(), "device for " + receiver.all().size()).expect(200);
    assertThat(receiver.take().data().getString("ipAddress")).isEqualTo(expected);
  }
}
