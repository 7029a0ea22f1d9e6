package io.keyhook.bus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;

/** Records as compact JSON: fields in their order, nulls kept, times as {@code 2025-01-03T14:25:30.000Z}. Any thread. */
public final class JsonText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
          // all parsers share the table of names: names with equal hashes could make it refuse other input
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES).build())
      .addModule(new SimpleModule().addSerializer(Instant.class, new JsonSerializer<>() {
        @Override
        public void serialize(Instant value, JsonGenerator out, SerializerProvider provider) throws IOException {
          out.writeString(time(value));
        }
      }).addSerializer(Enum.class, new LowerCase()))
      .build();

  private JsonText() {}

  /** Enums are in lower case in JSON. */
  @SuppressWarnings("rawtypes")
  private static final class LowerCase extends JsonSerializer<Enum> {
    @Override
    public void serialize(Enum value, JsonGenerator out, SerializerProvider provider) throws IOException {
      out.writeString(value.name().toLowerCase(java.util.Locale.ROOT));
    }
  }

  public static String of(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /**
   * Reads JSON from outside. By default, Vert.x and Jackson keep its field names in a table that all
   * parsers share.
   *
   * @throws IllegalArgumentException if the text is not JSON
   */
  public static JsonNode read(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON", e);
    }
  }

  /**
   * Reads JSON as {@link #read} does, into a map of maps, lists and values.
   *
   * @throws IllegalArgumentException if the text is not a JSON object
   */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> map(String json) {
    try {
      return MAPPER.readValue(json, LinkedHashMap.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON object", e);
    }
  }

  public static String time(Instant value) {
    return TIME.format(value);
  }
}
