package io.keyhook.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A value for one field of a request.
 *
 * @param value JSON, or what pretends to be; null: the field is left out
 */
record FieldCase(Operation operation, String field, String what, String value) {
  private static final String NUL = "\"a\\u0000b\"";
  private static final String SURROGATE = "\"a\\ud800b\"";
  private static final List<String> NO_INTEGERS = List.of("\"1\"", "true", "[]", "{}", "1.5", "1e400", "-1e400", "1e-2");
  private static final List<String> HUGE = List.of("2147483648", "-2147483649", "9223372036854775808", "9".repeat(99));
  private static final List<String> NO_TIMES = List.of("\"soon\"", "\"\"", "\"2030-13-01T00:00:00Z\"", "\"2030-01-01\"",
      "\"2030-01-01T00:00:00\"", "\"99999-01-01T00:00:00Z\"", "\"+99999-01-01T00:00:00Z\"", "\"-2030-01-01T00:00:00Z\"",
      "\"9999-12-31T23:59:59-18:00\"", "1893456000", "\"2001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\"");

  /** Every way of getting every field of every request wrong, by the schemas of the document. */
  static Stream<FieldCase> bad() {
    return each(FieldCase::bad);
  }

  /** The least and the most that every limited field takes. */
  static Stream<FieldCase> atTheLimit() {
    return each(FieldCase::atTheLimit);
  }

  private interface Cases {
    void add(Operation operation, String field, JsonNode schema, boolean required, Map<String, String> values);
  }

  private static Stream<FieldCase> each(Cases cases) {
    List<FieldCase> all = new ArrayList<>();
    for (Operation operation : Document.operations()) {
      JsonNode request = Document.resolve(operation.requestSchema());
      Set<String> required = Set.copyOf(Document.items(request.path("required")).stream().map(JsonNode::asText).toList());
      request.path("properties").properties().forEach(property -> {
        Map<String, String> values = new LinkedHashMap<>();
        cases.add(operation, property.getKey(), Document.resolve(property.getValue()),
            required.contains(property.getKey()), values);
        values.forEach((what, value) -> all.add(new FieldCase(operation, property.getKey(), what, value)));
      });
    }
    return all.stream();
  }

  private static void bad(
      Operation operation, String field, JsonNode schema, boolean required, Map<String, String> values) {
    if (required) {
      values.put("missing", null);
    }
    if (!types(schema).contains("null")) {
      values.put("null", "null");
    }
    switch (types(schema).get(0)) {
      case "string" -> badStrings(operation, schema, values);
      case "integer" -> {
        NO_INTEGERS.forEach(value -> values.put("no integer " + value, value));
        HUGE.forEach(value -> values.put("huge " + value.length(), value));
        values.put("negative", "-1");
        values.put("too small", Long.toString(schema.path("minimum").asLong() - 1));
        values.put("too large", Long.toString(schema.path("maximum").asLong() + 1));
      }
      case "boolean" -> List.of("\"true\"", "1", "0", "[]", "{}").forEach(value -> values.put("no boolean " + value,
          value));
      case "array" -> List.of("\"x\"", "1", "{}", schema.path("minItems").asInt() > 0 ? "[]" : "[1,2]", "[1]", "[null]", "[[]]", "[\"license.sold\"]",
          "[\"webhook.test\"]",
          "[\"license.expired\",\"License.Expired\"]", "[" + NUL + "]", "[" + SURROGATE + "]")
          .forEach(value -> values.put("no list " + value, value));
      case "object" -> {
        List.of("\"x\"", "1", "[]", "true").forEach(value -> values.put("no object " + value, value));
        List.of("1e400", "9223372036854775808", NUL, SURROGATE, "[1e400]", "{\"b\":" + SURROGATE + "}")
            .forEach(value -> values.put("holds " + value, "{\"a\":" + value + "}"));
        values.put("NUL in a name", "{\"\\u0000\":1}");
        values.put("too large", object(8193));
      }
      default -> throw new AssertionError(schema);
    }
  }

  private static void badStrings(Operation operation, JsonNode schema, Map<String, String> values) {
    List.of("1", "true", "[]", "{}", "[\"x\"]").forEach(value -> values.put("no string " + value, value));
    if (schema.path("format").asText().equals("date-time")) {
      NO_TIMES.forEach(value -> values.put("no time " + value, value));
    }
    if (schema.has("enum")) {
      values.put("none of the choices", "\"other\"");
    }
    if (schema.path("pattern").asText().equals("\\S")) {
      values.put("blank", "\" \\t\"");
    }
    if (schema.has("maxLength")) {
      values.put("too long", text(operation, schema, schema.path("maxLength").asInt() + 1));
    }
    if (schema.path("minLength").asInt() > 0) {
      values.put("too short", text(operation, schema, schema.path("minLength").asInt() - 1));
    }
    values.put("NUL", NUL);
    values.put("a lone surrogate", SURROGATE);
    values.put("a lone low surrogate", "\"\\udc00\"");
  }

  private static void atTheLimit(
      Operation operation, String field, JsonNode schema, boolean required, Map<String, String> values) {
    if (schema.has("maxLength")) {
      int most = schema.path("maxLength").asInt();
      values.put("longest", field.equals("licenseKey") ? '"' + "a".repeat(128) + " ".repeat(most - 128) + '"'
          : text(operation, schema, most));
      if (!schema.has("format") && !field.equals("licenseKey") && Set.of("", "\\S").contains(schema.path("pattern").asText())) {
        values.put("longest in emoji", '"' + "\uD83D\uDD11".repeat(schema.path("maxLength").asInt()) + '"');
      }
    }
    if (schema.path("minLength").asInt() > 0) {
      values.put("shortest", text(operation, schema, schema.path("minLength").asInt()));
    }
    if (schema.has("maximum")) {
      values.put("least", schema.path("minimum").asText());
      values.put("most", schema.path("maximum").asText());
    }
    if (types(schema).contains("null")) {
      values.put("null", "null");
    }
    if (field.equals("metadata")) {
      values.put("largest", object(8192));
    }
    if (field.equals("expiresAt")) {
      values.put("last", "\"9999-12-31T23:59:59.999Z\"");
    }
  }

  private static List<String> types(JsonNode schema) {
    if (schema.has("anyOf")) {
      return Document.items(schema.path("anyOf")).stream().flatMap(one -> types(Document.resolve(one)).stream()).toList();
    }
    JsonNode type = schema.path("type");
    return type.isArray() ? Document.items(type).stream().map(JsonNode::asText).toList() : List.of(type.asText());
  }

  private static String text(Operation operation, JsonNode schema, int length) {
    String start = schema.path("format").asText().equals("uri") ? "http://127.0.0.1:9/" : "";
    String end = schema.path("pattern").asText().contains("@") ? '@' + operation.id() : "";
    return '"' + start + "a".repeat(length - start.length() - end.length()) + end + '"';
  }

  /** So many characters. */
  private static String object(int length) {
    return "{\"a\":\"" + "b".repeat(length - "{\"a\":\"\"}".length()) + "\"}";
  }

  @Override
  public String toString() {
    return operation + " with " + field + ' ' + what;
  }
}
