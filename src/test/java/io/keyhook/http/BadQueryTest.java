package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters of a query are read as strictly as fields of a body. */
@ExtendWith(BlockedThreads.class)
class BadQueryTest {
  @RegisterExtension
  @Order(1)
  static final Installation keyhook = Installation.withNode();

  @RegisterExtension
  @Order(2)
  static final Subject subject = new Subject(keyhook);

  static Stream<Operation> lists() {
    return Document.operations().stream().filter(operation -> parameters(operation).contains("cursor"));
  }

  static Stream<Arguments> bad() {
    return lists().flatMap(list -> {
      List<Arguments> cases = new ArrayList<>();
      for (String name : parameters(list)) {
        values(name).forEach(value -> cases.add(Arguments.of(list, name, value)));
      }
      return cases.stream();
    });
  }

  private static List<String> parameters(Operation operation) {
    return operation.parameters().stream().filter(parameter -> parameter.path("in").asText().equals("query"))
        .map(parameter -> parameter.path("name").asText()).toList();
  }

  private static List<String> values(String parameter) {
    return switch (parameter) {
      case "limit" -> List.of("0", "101", "-1", "abc", "1.5", "1e1", "", "%2010", "99999999999999999999", "%D9%A1");
      case "cursor" -> List.of("x", "", "!", "AAAA", "A".repeat(21), "A".repeat(23), "%00".repeat(16),
          "A".repeat(3000));
      case "search" -> List.of("%00", "a".repeat(201), "%FF", "%ED%A0%80");
      case "email" -> List.of("%00", "a".repeat(321), "%FF", "%ED%A0%80");
      case "subjectId" -> List.of("%00", "a".repeat(201), "%FF", "%ED%A0%80");
      case "action" -> List.of("", "license", "LICENSE_CREATED", "license.validated", "%00");
      case "sort" -> List.of("", "createdat", "NAME", "key", "--name", "name,createdAt", "%00");
      case "status" -> List.of("", "other", "ACTIVE", "active,disabled", "%00");
      case "webhookId" -> List.of("", "x", "webhook_", "lic_01jhsqm7r3fwdb1n9y2c5x8g4k",
          "WEBHOOK_01jhsqk2v8g5a1d7r0x4n6t9qe", "%00", "%FF", "a".repeat(3000));
      case "licenseId" -> List.of("", "x", "lic_", "webhook_01jhsqk2v8g5a1d7r0x4n6t9qe",
          "lic_01jhsqm7r3fwdb1n9y2c5x8g4%25", "%00", "%FF", "a".repeat(3000));
      case "policyId", "productId" -> List.of("", "x", "policy_", "product_", "lic_01jhsqm7r3fwdb1n9y2c5x8g4k",
          "policy_01jhsqm7r3fwdb1n9y2c5x8g4%25", "%00", "%FF", "a".repeat(3000));
      case "customer" -> List.of("%00", "a".repeat(101), "%FF", "%ED%A0%80");
      case "event" -> List.of("", "license.sold", "LICENSE.EXPIRED", "%00");
      case "failing", "paused" -> List.of("", "yes", "TRUE", "1", "true,false", "%00");
      case "from", "to", "attemptedFrom", "attemptedTo" -> List.of("", "yesterday", "2025-01-01", "2025-13-01T00:00:00Z", "%2B99999-01-01T00:00:00Z",
          "99999-01-01T00:00:00Z", "1735689600", "2025-01-01T00:00:00", "%00");
      default -> throw new AssertionError(parameter);
    };
  }

  @ParameterizedTest(name = "{0} with {1}={2}")
  @MethodSource("bad")
  void aBadParameterIsRefusedByItsName(Operation list, String name, String value) {
    Subject.assertRefused(subject.unchanged(() -> get(list, name + '=' + value)), name);
  }

  @ParameterizedTest
  @MethodSource("lists")
  void anUnknownParameterIsRefusedByItsName(Operation list) {
    Subject.assertRefused(get(list, "colour=red"), "colour");
    Subject.assertRefused(get(list, "Limit=1"), "Limit");
    Subject.assertRefused(get(list, "limit=1&page=2"), "page");
  }

  static Stream<Operation> calls() {
    return Document.operations().stream().filter(call -> call.path().startsWith("/api/") && !call.method().equals("OPTIONS"));
  }

  /** Also by a call that takes none. */
  @ParameterizedTest
  @MethodSource("calls")
  void everyCallRefusesAnUnknownParameterByItsName(Operation call) {
    Exchange refused = subject.unchanged(() -> subject.wire().send(call.method(), subject.path(call) + "?colour=red",
        new byte[0], "Authorization: Bearer " + (call.isOperators() ? Node.OPERATOR_KEY : Node.API_KEY)));
    assertThat(refused.expect(400).body()).contains("colour");
    if (!Subject.isOfDevices(call.path())) {
      Subject.assertRefused(refused, "colour");
    }
  }

  @ParameterizedTest
  @MethodSource("lists")
  void aParameterThatIsGivenTwiceIsRefused(Operation list) {
    for (String name : parameters(list)) {
      Subject.assertRefused(get(list, name + "=1&" + name + "=1"), name);
    }
  }

  @ParameterizedTest
  @MethodSource("lists")
  void aBrokenEscapeIsRefused(Operation list) {
    for (String query : List.of("limit=%", "limit=%z", "limit=%zz", "%zz=1", "cursor=%u0041")) {
      get(list, query).expect(400, "INVALID_REQUEST");
    }
  }

  @ParameterizedTest
  @MethodSource("lists")
  void theLeastAndTheMostAreTaken(Operation list) {
    assertThat(get(list, "limit=1").expect(200).data()).hasSizeLessThanOrEqualTo(1);
    get(list, "limit=100").expect(200);
    get(list, "").expect(200);
    if (parameters(list).contains("search")) {
      get(list, "search=" + "a".repeat(200)).expect(200);
      get(list, "search=%25_%5C'%22%3B--").expect(200);
    }
  }

  @Test
  void nothingWasDeliveredBeforeThereWasTime() {
    String log = "/api/webhooks/" + subject.webhookId() + "/deliveries";
    assertThat(subject.api().get(log + "?to=9999-12-31T23:59:59Z").expect(200).data()).hasSize(1);
    assertThat(subject.api().get(log + "?from=0001-01-01T00:00:00Z").expect(200).data()).hasSize(1);
    assertThat(subject.api().get(log + "?to=0001-01-01T00:00:00Z").expect(200).data()).isEmpty();
    assertThat(subject.api().get(log + "?from=9999-12-31T23:59:59Z").expect(200).data()).isEmpty();
  }

  private static Exchange get(Operation list, String query) {
    return subject.wire().send("GET", subject.path(list) + '?' + query, new byte[0],
        "Authorization: Bearer " + (list.isOperators() ? Node.OPERATOR_KEY : Node.API_KEY));
  }
}
