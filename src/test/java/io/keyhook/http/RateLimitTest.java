package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Api;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import io.keyhook.testing.Receiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Validations per client address, and whose address that is. */
class RateLimitTest {
  private static final String WARNING = "exceed a rate limit";

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
      assertThat(answer.header("Access-Control-Expose-Headers")).isEqualToIgnoringCase("Retry-After");
    });
    assertThat(answers.stream().filter(answer -> answer.status() == 404)).hasSizeGreaterThanOrEqualTo(5);
  }

  @Test
  void sessionsOfPortalsAreLimitedAsValidationsAre() {
    Api page = keyhook.start().api().anonymous().header("X-Keyhook-Session", "1");
    assertThat(statuses(page, "/api/portal/refresh")).contains(401, 429).containsOnly(401, 429);
    Api leaving = keyhook.start().api().anonymous().header("X-Keyhook-Session", "1");
    assertThat(statuses(leaving, "/api/portal/logout")).contains(204, 429).containsOnly(204, 429);
  }

  private static List<Integer> statuses(Api page, String path) {
    return Stream.generate(() -> page.postAsync(path, new JsonObject())).limit(60).toList().stream().map(Api::join).map(Exchange::status)
        .toList();
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

  @Test
  void theAddressIsFoundInEveryFormThatProxiesWriteItIn() {
    Node node = keyhook.start(new JsonObject().put("validation", new JsonObject().put("rateLimit", 0)).put("http",
        new JsonObject().put("trustedProxies", new JsonArray().add("::ffff:127.0.0.1").add("::ffff:10.0.0.0/104")
            .add("10.0.0.3").add("2001:db8:ffff::/48"))));
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(node.api(), receiver, "license.activated");
    License license = keyhook.license(node.api(), new JsonObject().put("name", "L").put("maxActivations", 99));
    // ports, as Azure Application Gateway and IIS write them
    assertAddress(usual(node, "203.0.113.7:51234"), license, receiver, "203.0.113.7");
    assertAddress(usual(node, "[2001:db8::7]:51234"), license, receiver, "2001:db8::7");
    assertAddress(usual(node, "[2001:db8::7]"), license, receiver, "2001:db8::7");
    assertAddress(usual(node, "203.0.113.7:51234, 10.1.2.3:80 ,[2001:db8:ffff::1]:443"), license, receiver, "203.0.113.7");
    assertAddress(usual(node, "203.0.113.7,, ,10.1.2.3,"), license, receiver, "203.0.113.7");
    assertAddress(usual(node, "::ffff:203.0.113.7"), license, receiver, "203.0.113.7");
    assertAddress(usual(node, "203.0.113.7, ::ffff:10.0.0.3"), license, receiver, "203.0.113.7");
    assertAddress(usual(node, "203.0.113.7, [::ffff:a00:3]:99"), license, receiver, "203.0.113.7");
    for (String hidden : List.of("unknown", "_gazonk", "10.1", "010.1.1.1", "0x7f.1", "203.0.113.7:99999", "203.0.113.7:",
        "7.113.0.203.in-addr.arpa", "2001-db8--1.ipv6-literal.net", "fe80::1%eth0", "203.0.113.0/24", "203.0.113.*",
        "[203.0.113.7]:80", "2001:db8::7]:1", "\"", "::", "*")) {
      String expected = hidden.equals("::") ? "::" : "10.1.2.3";
      assertAddress(usual(node, "198.51.100.9, " + hidden + ", 10.1.2.3"), license, receiver, expected);
    }
  }

  @Test
  void theAddressIsReadOfForwarded() {
    Node node = keyhook.start(new JsonObject().put("validation", new JsonObject().put("rateLimit", 0)).put("http",
        new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.1").add("10.0.0.0/8"))));
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(node.api(), receiver, "license.activated");
    License license = keyhook.license(node.api(), new JsonObject().put("name", "L").put("maxActivations", 99));
    assertAddress(standard(node, "for=203.0.113.7"), license, receiver, "203.0.113.7");
    assertAddress(standard(node, "For=\"203.0.113.7:51234\";Proto=https;by=203.0.113.43"), license, receiver, "203.0.113.7");
    assertAddress(standard(node, "proto=http; For=\"[2001:db8:cafe::17]:4711\""), license, receiver, "2001:db8:cafe::17");
    assertAddress(standard(node, "for=\"203.0.113.7:_http\""), license, receiver, "203.0.113.7");
    assertAddress(standard(node, "for=\"203\\.0.113.7\""), license, receiver, "203.0.113.7");
    assertAddress(standard(node, "for=198.51.100.9, for=203.0.113.7;by=_a, for=10.1.2.3;host=\"a,b;for=x\""), license,
        receiver, "203.0.113.7");
    assertAddress(standard(node, "for=198.51.100.9").header("Forwarded", "for=203.0.113.7, for=10.1.2.3"), license, receiver,
        "203.0.113.7");
    // empty elements and pairs mean nothing
    for (String gaps : List.of(";for=203.0.113.7", "for=203.0.113.7;", " ; ;for=203.0.113.7;;proto=http; ;", ",, for=203.0.113.7;,",
        ";for=203.0.113.7, ,;for=10.1.2.3", "for=203.0.113.7 ;; by=10.0.0.1")) {
      assertAddress(standard(node, gaps), license, receiver, "203.0.113.7");
    }
    for (String empty : List.of("", " ", ",", " , ,")) {
      assertAddress(standard(node, "for=203.0.113.7").header("X-Forwarded-For", empty), license, receiver, "203.0.113.7");
    }
    // what hides an address, or is malformed, ends what is believed; a quote that never ends hides nothing right of it
    for (String hidden : List.of("for=unknown", "for=_hidden", "for=\"_SEVKISEK:80\"", "for=\"unknown:80\"", "by=203.0.113.43",
        "203.0.113.7", "for=203.0.113.7;for=203.0.113.8", "for=\"203.0.113.7", "for=203.0.113.7\"", "for", "=;=", "\\\"")) {
      assertAddress(standard(node, "for=198.51.100.9, " + hidden + ", for=10.1.2.3"), license, receiver, "10.1.2.3");
    }
  }

  @Test
  void aClientChoosesNoAddressWithTheHeaderThatItsProxyPassesOn() {
    Node node = behindProxy();
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(node.api(), receiver, "license.activated");
    License license = keyhook.license(node.api(), new JsonObject().put("name", "L").put("maxActivations", 9));
    assertAddress(usual(node, "203.0.113.7").header("Forwarded", "for=198.51.100.9"), license, receiver, "203.0.113.7");
    assertAddress(standard(node, "for=198.51.100.9").header("X-Forwarded-For", "203.0.113.7"), license, receiver, "203.0.113.7");
  }

  @Test
  void headersAsLongAsTheyMayBeTakeNoTime() {
    Api api = keyhook.start(new JsonObject().put("validation", new JsonObject().put("rateLimit", 0)).put("http",
        new JsonObject().put("trustedProxies", new JsonArray().add("0.0.0.0/0").add("::/0")))).api().anonymous();
    for (String piece : List.of("\"", "\\", "\\\"", ",", ";", "=", "for=\"", "for=1.1.1.1,", "1.1.1.1,", "[", "::1,", "\",", "a=b;")) {
      String value = piece.repeat(7000 / piece.length());
      api.header("Forwarded", value).validate("ABCD-1234-EFGH-5678", "f").expect(404);
      api.header("X-Forwarded-For", value).validate("ABCD-1234-EFGH-5678", "f").expect(404);
    }
  }

  @Test
  void aForgottenProxyIsWarnedOfOnceAndCounted() {
    Node node = keyhook.start();
    Api api = node.api().anonymous();
    assertThat(burst(api, 60)).anyMatch(answer -> answer.status() == 429);
    assertThat(limitedBehindUntrustedProxy(api)).isZero();
    int before = LogWatch.linesWith(WARNING).size();
    long refused = burst(api.header("X-Forwarded-For", "203.0.113.1"), 60).stream()
        .filter(answer -> answer.status() == 429).count();
    refused += burst(api.header("Forwarded", "for=203.0.113.2"), 60).stream()
        .filter(answer -> answer.status() == 429).count();
    assertThat(refused).isPositive();
    assertThat(limitedBehindUntrustedProxy(api)).isEqualTo(refused);
    List<String> warnings = LogWatch.linesWith(WARNING);
    assertThat(warnings).hasSize(before + 1);
    assertThat(warnings.get(before)).startsWith("WARN ").contains("127.0.0.1", "http.trustedProxies");
  }

  private static long limitedBehindUntrustedProxy(Api api) {
    return api.get("/metrics").expect(200).body().lines()
        .filter(line -> line.startsWith("keyhook_requests_limited_untrusted_proxy_total "))
        .mapToLong(line -> (long) Double.parseDouble(line.split(" ")[1])).sum();
  }

  private static Api usual(Node node, String value) {
    return node.api().header("X-Forwarded-For", value);
  }

  private static Api standard(Node node, String value) {
    return node.api().header("Forwarded", value);
  }

  private static void assertAddress(Api api, License license, Receiver receiver, String expected) {
    api.validate(license.key(), "device for " + receiver.all().size()).expect(200);
    assertThat(receiver.take().data().getString("ipAddress")).isEqualTo(expected);
  }
}
