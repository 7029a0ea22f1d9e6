package io.keyhook.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** Reads JSON in which no key may occur twice and nothing may follow. */
final class StrictJson {
  private static final ObjectReader READER = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build()
      .reader();

  private StrictJson() {}

  static JsonNode read(String json) throws JsonProcessingException {
    return READER.readTree(json);
  }

  static JsonNode read(byte[] json) throws IOException {
    return READER.readTree(json);
  }

  /** What is wrong, and where. Never the parser's own message, for it quotes the text, which may be a secret. */
  static String describe(JsonProcessingException e) {
    String problem = e.getOriginalMessage().startsWith("Duplicate field") ? "a key that occurs twice" : "malformed JSON";
    JsonLocation location = e.getLocation();
    return location == null ? problem
        : problem + " at line " + location.getLineNr() + ", column " + location.getColumnNr();
  }
}
