package io.keyhook.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/** The type of a key's values. */
enum Kind {
  STRING("a string"),
  OPTIONAL_STRING("a string or null"),
  NUMBER("a whole number"),
  FRACTION("a number"),
  OPTIONAL_NUMBER("a whole number or null"),
  BOOLEAN("true or false"),
  STRINGS("a JSON array of strings, as [\"a\",\"b\"]"),
  NUMBERS("a JSON array of whole numbers, as [1,2]"),
  PLANS("a JSON object of plans by name");

  private final String description;

  Kind(String description) {
    this.description = description;
  }

  /**
   * The type that a default shows. A default of null is a string that there need not be, an empty array one of strings, and one
   * with a decimal point a fraction.
   */
  static Kind of(JsonNode value) {
    return value.isNull() ? OPTIONAL_STRING
        : value.isTextual() ? STRING
        : value.isBoolean() ? BOOLEAN
        : value.isArray() ? value.path(0).isNumber() ? NUMBERS : STRINGS
        : value.isFloatingPointNumber() ? FRACTION
        : NUMBER;
  }

  boolean accepts(JsonNode value) {
    return switch (this) {
      case STRING -> value.isTextual();
      case OPTIONAL_STRING -> value.isTextual() || value.isNull();
      case NUMBER -> value.isIntegralNumber();
      case FRACTION -> value.isNumber();
      case OPTIONAL_NUMBER -> value.isIntegralNumber() || value.isNull();
      case BOOLEAN -> value.isBoolean();
      case STRINGS -> isArrayOf(value, JsonNode::isTextual);
      case NUMBERS -> isArrayOf(value, JsonNode::isIntegralNumber);
      case PLANS -> value.isObject();
    };
  }

  private static boolean isArrayOf(JsonNode value, Predicate<JsonNode> item) {
    return value.isArray() && StreamSupport.stream(value.spliterator(), false).allMatch(item);
  }

  /** Whether an environment variable holds such a value as it is, and not as JSON. */
  boolean isPlain() {
    return this == STRING || this == OPTIONAL_STRING;
  }

  @Override
  public String toString() {
    return description;
  }
}
