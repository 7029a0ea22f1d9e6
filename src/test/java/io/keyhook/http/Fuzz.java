package io.keyhook.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.testing.Node;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Requests by the document and beside it: mostly of a form that is taken, and each part now and then of none. */
final class Fuzz {
  private static final int MAX_IDS = 50;
  private static final int LONG_TEXT = 40;

  /** A request as {@link Wire} sends it; {@code headers} are whole lines. */
  record Request(String method, String target, byte[] body, List<String> headers) {
    @Override
    public String toString() {
      return method + ' ' + target + ' ' + headers + ' ' + new String(body, StandardCharsets.UTF_8);
    }
  }

  private final Map<String, List<String>> ids = new ConcurrentHashMap<>();

  /** Things that there are, to ask for. */
  void add(String id) {
    List<String> known = ids.computeIfAbsent(kind(id), kind -> new ArrayList<>());
    if (known.size() == MAX_IDS) {
      known.remove(0);
    }
    known.add(id);
  }

  private static String kind(String id) {
    return id.substring(0, id.lastIndexOf('_') + 1);
  }

  private static <T> Arbitrary<T> often(Arbitrary<T> usual, Arbitrary<T> other) {
    return Arbitraries.frequencyOf(Tuple.of(24, usual), Tuple.of(1, other));
  }

  Arbitrary<Request> requests() {
    List<Operation> ending = Document.operations().stream().filter(operation -> !operation.isStream()).toList();
    return Arbitraries.of(ending).flatMap(operation -> Combinators.combine(
        often(Arbitraries.just(operation.method()),
            Arbitraries.of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "X")),
        target(operation), body(operation), headers(operation)).as(Request::new));
  }

  private Arbitrary<String> target(Operation operation) {
    Arbitrary<String> path = Arbitraries.just("");
    for (String part : operation.path().substring(1).split("/")) {
      Arbitrary<String> next = part.startsWith("{") ? often(id(operation, part), encoded(junk())) : Arbitraries.just(part);
      path = Combinators.combine(path, next).as((left, right) -> left + '/' + right);
    }
    return Combinators.combine(path, query(operation)).as((left, right) -> right.isEmpty() ? left : left + '?' + right);
  }

  /** One that there is, of its kind or of another. */
  private Arbitrary<String> id(Operation operation, String part) {
    String name = part.substring(1, part.length() - 1);
    String example = operation.parameters().stream().filter(parameter -> parameter.path("name").asText().equals(name))
        .map(parameter -> Document.resolve(parameter.path("schema")).path("examples").path(0).asText()).findFirst().orElseThrow();
    return often(known(kind(example)), Arbitraries.of("lic_", "act_", "policy_", "product_", "webhook_", "key_", "delivery_", "acct_").flatMap(this::known));
  }

  private Arbitrary<String> known(String kind) {
    return Arbitraries.integers().between(0, MAX_IDS - 1).map(i -> {
      List<String> known = ids.getOrDefault(kind, List.of());
      return known.isEmpty() ? kind + "01jhsqm7r3fwdb1n9y2c5x8g4k" : known.get(i % known.size());
    });
  }

  private Arbitrary<String> query(Operation operation) {
    Arbitrary<String> query = often(Arbitraries.just(""), Combinators.combine(encoded(junk()), encoded(junk())).as((n, v) -> n + '=' + v));
    for (JsonNode parameter : operation.parameters()) {
      if (parameter.path("in").asText().equals("query")) {
        JsonNode schema = Document.resolve(parameter.path("schema"));
        Arbitrary<String> value = often(value(schema).map(json -> json.replaceAll("^\"|\"$", "")), junk());
        Arbitrary<String> given = encoded(value).map(text -> parameter.path("name").asText() + '=' + text);
        query = Combinators.combine(query, given.injectNull(0.6)).as((left, right) ->
            right == null ? left : left.isEmpty() ? right : left + '&' + right);
      }
    }
    return query;
  }

  private static Arbitrary<String> encoded(Arbitrary<String> text) {
    return text.map(raw -> URLEncoder.encode(raw, StandardCharsets.UTF_8));
  }

  private Arbitrary<byte[]> body(Operation operation) {
    if (operation.readsCsv()) {
      return Combinators.combine(Arbitraries.of("name", "name,key", "name,maxActivations,expiresAt", "key", "name,x", ""),
          junk().list().ofMaxSize(6)).as((header, cells) ->
              (header + "\r\n" + String.join(",", cells)).getBytes(StandardCharsets.UTF_8));
    }
    if (!operation.readsBody()) {
      return often(Arbitraries.just(new byte[0]), Arbitraries.bytes().array(byte[].class).ofMaxSize(20));
    }
    Arbitrary<byte[]> json = object(Document.resolve(operation.requestSchema()))
        .map(text -> text.getBytes(StandardCharsets.UTF_8));
    return often(json, Arbitraries.oneOf(anyJson().map(text -> text.getBytes(StandardCharsets.UTF_8)),
        Combinators.combine(json, Arbitraries.integers().between(0, 200), Arbitraries.bytes()).as(Fuzz::broken)));
  }

  /** Cut off, or with one byte changed. */
  private static byte[] broken(byte[] json, int at, byte value) {
    if (at >= json.length) {
      return java.util.Arrays.copyOf(json, json.length / 2);
    }
    byte[] changed = json.clone();
    changed[at] = value;
    return changed;
  }

  private Arbitrary<List<String>> headers(Operation operation) {
    String credential = operation.isOperators() ? Node.OPERATOR_KEY : Node.API_KEY;
    Arbitrary<String> type = often(
        Arbitraries.just(operation.readsCsv() ? "Content-Type: text/csv"
            : operation.readsBody() ? "Content-Type: application/json" : "Accept: */*"),
        Arbitraries.of("Content-Type: text/plain", "Content-Type: ", "Content-Type: application/json; charset=utf-8",
            "Content-Type: multipart/form-data; boundary=x", "Content-Type: multipart/form-data",
            "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip"));
    return Combinators.combine(type,
        often(Arbitraries.just("Authorization: Bearer " + credential), Arbitraries.of("Authorization: Bearer x",
            "Authorization: Bearer " + Node.OPERATOR_KEY, "Authorization: Bearer a.b.c", "Authorization: Basic eDp5")),
        often(Arbitraries.just("X-A: 1"), Arbitraries.of("X-Forwarded-For: \u00ff", "Accept: text/html;q=x", "Cookie: =;=",
            "Expect: 100-continue", "Expect: tea", "Range: bytes=0-1", "If-None-Match: *", "Upgrade: websocket",
            "Accept-Encoding: gzip", "Origin: null", "TE: trailers"))).as(List::of);
  }

  private Arbitrary<String> object(JsonNode schema) {
    Arbitrary<String> fields = often(Arbitraries.just(""), Combinators.combine(text(), anyJson()).as((n, v) -> n + ':' + v));
    for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
      boolean required = Document.items(schema.path("required")).stream().anyMatch(name -> name.asText().equals(property.getKey()));
      Arbitrary<String> value = often(property.getKey().equals("url") ? url() : value(Document.resolve(property.getValue())),
          property.getKey().equals("url") ? text() : anyJson());
      fields = Combinators.combine(fields, value.injectNull(required ? 0.03 : 0.5)).as((left, right) ->
          right == null ? left : left + (left.isEmpty() ? "" : ",") + '"' + property.getKey() + "\":" + right);
    }
    return fields.map(all -> '{' + all + '}');
  }

  /** Nobody is there, and nobody else is asked. */
  private static Arbitrary<String> url() {
    return Arbitraries.strings().alpha().numeric().ofMaxLength(LONG_TEXT).map(path -> "\"http://127.0.0.1:9/" + path + '"');
  }

  /** JSON that a schema takes, or almost. */
  private Arbitrary<String> value(JsonNode schema) {
    JsonNode type = schema.path("type");
    return switch (type.isArray() ? type.path(0).asText() : type.asText()) {
      case "integer" -> Arbitraries.longs().between(schema.path("minimum").asLong() - 1, schema.path("maximum").asLong() + 1)
          .map(String::valueOf);
      case "boolean" -> Arbitraries.of("true", "false");
      case "array" -> value(Document.resolve(schema.path("items"))).list().ofMaxSize(4)
          .map(items -> '[' + String.join(",", items) + ']');
      case "object" -> Combinators.combine(text(), anyJson()).as((name, value) -> '{' + name + ':' + value + '}');
      default -> string(schema);
    };
  }

  private Arbitrary<String> string(JsonNode schema) {
    if (schema.has("enum")) {
      return Arbitraries.of(Document.items(schema.path("enum")).stream().map(JsonNode::toString).toList());
    }
    if (schema.path("format").asText().equals("date-time")) {
      return Arbitraries.of("\"2099-01-01T00:00:00Z\"", "\"2024-02-29T23:59:59.999+14:00\"", "\"9999-12-31T23:59:59Z\"",
          "\"2030-02-30T00:00:00Z\"", "\"2100-06-30T23:59:60Z\"");
    }
    String example = schema.path("examples").path(0).asText();
    if (schema.path("pattern").asText().contains("_[")) {
      return known(kind(example)).map(id -> '"' + id + '"');
    }
    if (schema.path("pattern").asText().contains("@")) {
      return Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(LONG_TEXT).map(name -> '"' + name + "@example.com\"");
    }
    int most = Math.min(LONG_TEXT, schema.path("maxLength").asInt(LONG_TEXT));
    return Arbitraries.oneOf(text(), Arbitraries.strings().withCharRange('!', '~').excludeChars('"', '\\')
        .ofMinLength(Math.min(most, schema.path("minLength").asInt())).ofMaxLength(most).map(text -> '"' + text + '"'));
  }

  /** A string of JSON with anything in it: NUL and lone surrogates, too. */
  private static Arbitrary<String> text() {
    return junk().map(raw -> {
      StringBuilder json = new StringBuilder("\"");
      for (char c : raw.toCharArray()) {
        json.append(c >= ' ' && c < 127 && c != '"' && c != '\\' ? Character.toString(c) : String.format("\\u%04x", (int) c));
      }
      return json.append('"').toString();
    });
  }

  private static Arbitrary<String> junk() {
    return Arbitraries.oneOf(Arbitraries.strings().all().ofMaxLength(LONG_TEXT), Arbitraries.strings().ascii().ofMaxLength(LONG_TEXT),
        Arbitraries.of("", "..", "%00", "\0", "' OR 1=1 --", "${jndi:ldap://127.0.0.1:9/}", "{{7*7}}", "<script>", "null",
            "a".repeat(3000)));
  }

  private static Arbitrary<String> anyJson() {
    Arbitrary<String> leaf = Arbitraries.oneOf(text(), Arbitraries.of("null", "true", "0", "-0", "-1", "1.5", "1e400", "-1e400",
        "1E-999999999", "1e999999999", "2147483648", "9223372036854775808", "9".repeat(300), "[]", "{}", "NaN", "\"\\ud800\""));
    Arbitrary<String> nested = Combinators.combine(leaf, leaf).as((a, b) -> '[' + a + ',' + b + ']');
    Arbitrary<String> object = Combinators.combine(text(), leaf).as((name, value) -> '{' + name + ':' + value + '}');
    Arbitrary<String> deep = Arbitraries.integers().between(1, 2000).map(depth -> "[".repeat(depth) + "]".repeat(depth));
    return Arbitraries.frequencyOf(Tuple.of(6, leaf), Tuple.of(2, nested), Tuple.of(2, object), Tuple.of(1, deep));
  }
}
