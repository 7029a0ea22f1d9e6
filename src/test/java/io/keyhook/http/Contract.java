package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keyhook.testing.Exchange;
import io.keyhook.testing.ExchangeCheck;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Holds what a node answers against the document: status, headers, content type and body. And where a call succeeded, its
 * request, so that the document does not forbid what is taken. Every exchange of every test goes through here.
 */
public final class Contract implements ExchangeCheck {
  /** The code of each status with which any path may answer. */
  private static final Map<Integer, String> ANYWHERE = Map.of(400, "INVALID_REQUEST", 404, "NOT_FOUND", 405,
      "METHOD_NOT_ALLOWED", 413, "PAYLOAD_TOO_LARGE", 414, "INVALID_REQUEST", 415, "UNSUPPORTED_MEDIA_TYPE", 417,
      "INVALID_REQUEST", 431, "INVALID_REQUEST");
  /** What an operation itself has to list, if it gives it. */
  private static final Set<Integer> LISTED = Set.of(405, 415);
  /** Schemas that several responses share; in these members, a response is as one of its examples. */
  private static final Set<String> SHARED = Set.of("Problem", "ValidLicense", "InvalidLicense", "Readiness");
  private static final Set<String> AS_IN_AN_EXAMPLE = Set.of("valid", "status", "code");
  private static final Pattern DATE = Pattern.compile(
      "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT");
  private static final Map<String, String> ALWAYS = Map.of("X-Content-Type-Options", "nosniff", "Cache-Control",
      "no-store", "Referrer-Policy", "no-referrer", "Content-Security-Policy",
      "default-src 'none'; frame-ancestors 'none'");

  @Override
  public void check(Exchange exchange) {
    String path = normalized(exchange.path());
    if (isOfPages(path) && exchange.status() != 404) {
      return; // WebPagesTest is about these
    }
    Optional<Operation> operation = Document.find(method(exchange), path);
    JsonNode response = operation.map(found -> found.response(exchange.status())).filter(JsonNode::isObject)
        .orElseGet(() -> elsewhere(exchange, path));
    assertThat(response.isObject()).as("%s is a status that the document has for %s %s, which answered %s",
        exchange.status(), exchange.method(), exchange.path(), exchange.body()).isTrue();
    ALWAYS.forEach((name, value) -> {
      if (!response.path("headers").has(name)) {
        assertThat(exchange.headers().allValues(name)).as("%s of %s", name, exchange).containsExactly(value);
      }
    });
    checkDate(exchange);
    checkHeaders(exchange, response);
    checkBody(exchange, response);
    if (exchange.status() < 300) {
      operation.ifPresent(found -> checkRequest(exchange, found));
    }
  }

  /** HEAD is answered as GET, but for the body (RFC 9110, 9.3.2). */
  private static String method(Exchange exchange) {
    return exchange.method().equals("HEAD") ? "GET" : exchange.method();
  }

  private static boolean isOfPages(String path) {
    return path.equals("/") || path.equals("/docs") || path.startsWith("/docs/") || path.startsWith("/assets/");
  }

  /** As the router reads a path: its dots and its double and trailing slashes mean nothing. */
  private static String normalized(String target) {
    String path = target.replaceFirst("\\?.*", "").replaceAll("(?i)%2e", ".").replaceAll("/+", "/");
    try {
      path = path.startsWith("/") ? URI.create(path).normalize().getRawPath() : path;
    } catch (IllegalArgumentException e) {
      return path; // what is no path is no operation's either
    }
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /** What any request may be answered with. */
  private static JsonNode elsewhere(Exchange exchange, String path) {
    if (Subject.isOfDevices(path) && exchange.status() == 405) {
      boolean validates = path.equals("/api/validate");
      ObjectNode refused = anywhere("application/json", validates ? "InvalidLicense" : "NotDeactivated",
          Document.JSON.createObjectNode().put(validates ? "valid" : "deactivated", false).put("code", "INVALID_REQUEST"));
      refused.withObject("/headers/Access-Control-Allow-Origin").put("$ref", "#/components/headers/AnyOrigin");
      return allowing(refused);
    }
    boolean known = !Document.at(path).isEmpty();
    if (known && exchange.status() == 404 || !known && exchange.status() == 405
        || Document.find(method(exchange), path).isPresent() && LISTED.contains(exchange.status())) {
      return Document.JSON.missingNode();
    }
    if (!ANYWHERE.containsKey(exchange.status())) {
      return Document.JSON.missingNode();
    }
    ObjectNode problem = anywhere("application/problem+json", "Problem", Document.JSON.createObjectNode()
        .put("status", exchange.status()).put("code", ANYWHERE.get(exchange.status())));
    return exchange.status() == 405 ? allowing(problem) : problem;
  }

  private static ObjectNode anywhere(String type, String schema, ObjectNode example) {
    ObjectNode response = Document.JSON.createObjectNode();
    ObjectNode media = response.putObject("content").putObject(type);
    media.putObject("schema").put("$ref", "#/components/schemas/" + schema);
    media.set("example", example);
    return response;
  }

  private static ObjectNode allowing(ObjectNode response) {
    response.withObject("/headers/Allow").put("required", true).withObject("/schema").put("type", "string");
    return response;
  }

  /** One, in the form that senders use (RFC 9110, 5.6.7). */
  private static void checkDate(Exchange exchange) {
    assertThat(exchange.headers().allValues("Date")).as("Date of %s", exchange).singleElement().asString().matches(DATE);
  }

  private static void checkHeaders(Exchange exchange, JsonNode response) {
    for (Map.Entry<String, JsonNode> header : response.path("headers").properties()) {
      JsonNode documented = Document.resolve(header.getValue());
      String value = exchange.header(header.getKey());
      if (value == null) {
        assertThat(documented.path("required").asBoolean()).as("%s is missing from %s", header.getKey(),
            exchange).isFalse();
      } else {
        JsonNode schema = documented.path("schema");
        boolean number = schema.path("type").asText().equals("integer");
        assertThat(Document.faults(schema, number ? JsonNodeFactory.instance.numberNode(Long.parseLong(value))
            : JsonNodeFactory.instance.textNode(value))).as("%s of %s", header.getKey(), exchange).isEmpty();
      }
    }
  }

  private static void checkBody(Exchange exchange, JsonNode response) {
    JsonNode content = response.path("content");
    if (content.isMissingNode() || exchange.method().equals("HEAD")) {
      assertThat(exchange.body()).as("the body of %s", exchange).isEmpty();
      return;
    }
    String type = String.valueOf(exchange.header("Content-Type")).replaceFirst(";.*", "");
    assertThat(content.has(type)).as("%s is a content type that the document has for %s", type, exchange).isTrue();
    if (type.endsWith("json")) {
      JsonNode media = content.path(type);
      JsonNode body = json(exchange.body());
      assertThat(Document.faults(media.path("schema"), body))
          .as("what is wrong with the answer of %s %s: %s", exchange.method(), exchange.path(),
              exchange.body()).isEmpty();
      if (SHARED.contains(media.path("schema").path("$ref").asText().replaceFirst(".*/", ""))) {
        assertThat(Document.examples(media).stream().map(Contract::kind)).as("%s is of a kind that the examples show",
            exchange).contains(kind(body));
      }
    }
  }

  private static ObjectNode kind(JsonNode body) {
    return body.<ObjectNode>deepCopy().retain(AS_IN_AN_EXAMPLE);
  }

  private static void checkRequest(Exchange exchange, Operation operation) {
    JsonNode schema = operation.requestSchema();
    if (!schema.isMissingNode() && exchange.requestBody() != null && !exchange.requestBody().isEmpty()) {
      assertThat(Document.faults(schema, json(exchange.requestBody())))
          .as("what the document has against the request %s %s, which succeeded", operation,
              exchange.requestBody()).isEmpty();
    }
  }

  private static JsonNode json(String text) {
    try {
      return Document.JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("Not JSON: " + text, e);
    }
  }
}
