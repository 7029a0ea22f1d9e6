package io.keyhook.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.StreamSupport;

/** The type of a key's values. */
enum Kind {
  STRING("a string"),
  OPTIONAL_STRING("a string or null"),
  NUMBER("a whole number"),
  OPTIONAL_NUMBER("a whole number or null"),
  BOOLEAN("true or false"),
  STRINGS("a JSON array of strings, as [\"a\",\"b\"]"),
  PLANS("a JSON object of plans by name");

  private final String description;

  Kind(String description) {
    this.description = description;
  }

  /** The type that a default shows. A default of null is a string that there need not be. */
  static Kind of(JsonNode value) {
    return value.isNull() ? OPTIONAL_STRING
        : value.isTextual() ? STRING
        : value.isBoolean() ? BOOLEAN
        : value.isArray() ? STRINGS
        : NUMBER;
  }

  boolean accepts(JsonNode value) {
    return switch (this) {
      case STRING -> value.isTextual();
      case OPTIONAL_STRING -> value.isTextual() || value.isNull();
      case NUMBER -> value.isIntegralNumber();
      case OPTIONAL_NUMBER -> value.isIntegralNumber() || value.isNull();
      case BOOLEAN -> value.isBoolean();
      case STRINGS -> value.isArray() && StreamSupport.stream(value.spliterator(), false).allMatch(JsonNode::isTextual);
      case PLANS -> value.isObject();
    };
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
