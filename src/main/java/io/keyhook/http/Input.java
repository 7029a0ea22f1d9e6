package io.keyhook.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.Field;
import io.keyhook.bus.Licenses;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads a JSON body field by field, strictly: fields that are of the wrong type, unknown, duplicate or out of range are reported
 * by name, all together.
 */
final class Input extends FieldReader {
  /** No valid body has more values, names and brackets: metadata can have as many as it has characters. */
  private static final int MAX_TOKENS = Licenses.METADATA + 1000;
  private static final ObjectReader READER = JsonMapper.builder(JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder()
              .maxNestingDepth(20).maxNumberLength(100).maxTokenCount(MAX_TOKENS).build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // all callers share the table of names: with names of equal hashes, one caller could make it refuse another's
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build())
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .build().readerFor(JsonNode.class);
  private static final char BYTE_ORDER_MARK = '\ufeff';
  private static final BigDecimal MAX_INTEGER = BigDecimal.valueOf(Integer.MAX_VALUE);
  private static final OffsetDateTime LAST = OffsetDateTime.of(9999, 12, 31, 23, 59, 59, 999_999_999, ZoneOffset.UTC);

  private final ObjectNode fields;

  private Input(ObjectNode fields) {
    super("body");
    this.fields = fields;
  }

  /**
   * @param body null or {@linkplain JsonBody#isEmpty empty}: an object without fields
   */
  static Input of(Buffer body) {
    if (JsonBody.isEmpty(body)) {
      return new Input(JsonNodeFactory.instance.objectNode());
    }
    try {
      JsonNode json = READER.readValue(decode(body.getBytes())); // Jackson would guess UTF-16, and take overlong forms
      if (json instanceof ObjectNode object) {
        return new Input(object);
      }
      throw Check.invalid("body", "is not a JSON object");
    } catch (StreamConstraintsException e) {
      throw Check.invalid("body", "has too many values, is nested too deeply, or has a name or number that is too long");
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? ""
          : " at line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
      String why = String.valueOf(e.getOriginalMessage());
      throw Check.invalid("body", why.startsWith("Duplicate field") ? "names a field twice" + where
          : "is not well-formed JSON" + where);
    } catch (IOException e) { // not UTF-8
      throw Check.invalid("body", "is not well-formed JSON in UTF-8");
    }
  }

  private static String decode(byte[] utf8) throws CharacterCodingException {
    String text = new String(utf8, StandardCharsets.UTF_8);
    String exact = text.indexOf(REPLACEMENT) < 0 ? text // nothing had to be replaced
        : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    return exact.charAt(0) == BYTE_ORDER_MARK ? exact.substring(1) : exact; // RFC 8259, 8.1: a reader may ignore it
  }

  @Override
  String text(String name) {
    return read(name, "text", node -> node.isTextual() ? node.textValue() : null);
  }

  Integer integer(String name) {
    BigDecimal value = read(name, "a whole number", node -> node.isNumber() ? whole(node.decimalValue()) : null);
    if (value == null) {
      return null;
    }
    return saturated(value);
  }

  /** Returns the nearest integer: every field has limits within those of integers, and its check names them. */
  static int saturated(BigDecimal whole) {
    return whole.min(MAX_INTEGER).max(MAX_INTEGER.negate()).intValue();
  }

  /** Returns an integer as in JSON Schema: a number without a fraction, such as 1.0 or 1e2. Null for others. */
  private static BigDecimal whole(BigDecimal number) {
    return number.stripTrailingZeros().scale() <= 0 ? number : null;
  }

  Boolean bool(String name) {
    return read(name, "true or false", node -> node.isBoolean() ? node.booleanValue() : null);
  }

  Instant time(String name) {
    return read(name, "a time such as 2030-01-31T12:00:00Z", node -> node.isTextual() ? parseTime(node.textValue()) : null);
  }

  /** Returns null if the text is not a time of the years 1 to 9999. */
  static Instant parseTime(String text) {
    try {
      OffsetDateTime time = OffsetDateTime.parse(text);
      return time.getYear() < 1 || time.isAfter(LAST) ? null : time.toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  List<String> texts(String name) {
    return read(name, "a list of strings", node -> {
      if (!node.isArray()) {
        return null;
      }
      List<String> texts = new ArrayList<>();
      for (JsonNode item : node) {
        if (!item.isTextual()) {
          return null;
        }
        texts.add(item.textValue());
      }
      return texts;
    });
  }

  /** Reads an object of texts and nulls, in order, whose problems are reported under its name and that of the text. */
  Map<String, String> textsByName(String name) {
    return read(name, "an object", node -> {
      if (!node.isObject()) {
        return null;
      }
      Map<String, String> texts = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> entry : node.properties()) {
        if (entry.getValue().isTextual() || entry.getValue().isNull()) {
          texts.put(entry.getKey(), entry.getValue().textValue());
        } else {
          error(name + "." + shown(entry.getKey()), "is not text");
        }
      }
      return texts;
    });
  }

  /** Reads an object whose problems are reported under its name and that of the field. Null if it is absent or null. */
  <T> T inside(String name, Function<Input, T> reader) {
    ObjectNode node = read(name, "an object", value -> value instanceof ObjectNode object ? object : null);
    if (node == null) {
      return null;
    }
    Input inner = new Input(node);
    try {
      return inner.into(() -> reader.apply(inner));
    } catch (FailureException e) {
      if (!(e.failure() instanceof Failure.Invalid invalid)) {
        throw e;
      }
      invalid.errors().forEach(problem -> error(name + "." + problem.field(), problem.message()));
      return null;
    }
  }

  Map<String, Object> object(String name) {
    return read(name, "an object, with numbers that a double can hold", node -> node.isObject() ? map(node) : null);
  }

  /** Returns null if the text is not a JSON object, or a number in it is out of range. */
  static Map<String, Object> parseObject(String json) {
    try {
      return READER.readValue(json) instanceof ObjectNode object ? map(object) : null;
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /** Returns null if a number in it is out of range. */
  private static Map<String, Object> map(JsonNode node) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      Object value = value(entry.getValue());
      if (value == null && !entry.getValue().isNull()) {
        return null;
      }
      map.put(entry.getKey(), value);
    }
    return map;
  }

  private static Object value(JsonNode node) {
    if (node.isObject()) {
      return map(node);
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      for (JsonNode item : node) {
        Object value = value(item);
        if (value == null && !item.isNull()) {
          return null;
        }
        list.add(value);
      }
      return list;
    }
    if (node.isIntegralNumber()) {
      return node.canConvertToLong() ? (Object) node.longValue() : null;
    }
    if (node.isNumber()) {
      double number = node.doubleValue();
      return Double.isFinite(number) ? number : null;
    }
    return node.isBoolean() ? (Object) node.booleanValue() : node.textValue();
  }

  /** A field of a partial change: absent is not the same as null. */
  <T> Field<T> change(String name, Function<String, T> reader) {
    boolean present = fields.has(name);
    T value = reader.apply(name);
    return present ? Field.of(value) : Field.absent();
  }

  private <T> T read(String name, String what, Function<JsonNode, T> reader) {
    known(name);
    JsonNode node = fields.get(name);
    if (node == null || node.isNull()) {
      return null;
    }
    T value = reader.apply(node);
    if (value == null) {
      error(name, "is not " + what);
    }
    return value;
  }

  @Override
  Iterable<String> given() {
    return fields::fieldNames;
  }
}
