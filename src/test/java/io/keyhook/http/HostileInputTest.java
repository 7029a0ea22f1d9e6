package io.keyhook.http;

import static io.keyhook.testing.LinearWork.assertLinear;
import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.account.Jwts;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LinearWork;
import io.keyhook.testing.Node;
import io.keyhook.testing.RawReceiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What callers and receivers send is handled in time linear in its size, whatever it holds. */
class HostileInputTest {
  /** Of a body: as much as is taken. */
  private static final int BODY = JsonBody.MAX_BYTES - 1024;
  /** Of all headers, and of a request line, likewise. */
  private static final int HEADERS = 15 * 1024;
  private static final int LINE = 7 * 1024;
  /** A head is too short for one of them to show. */
  private static final int HEADS = 40;
  /** Of a receiver's head: nearly as much as is read. */
  private static final int FOLDED = 120 * 1024;
  /** For 30 deliveries, which take that long without work that is quadratic. */
  private static final Duration DELIVERED = LinearWork.LIMIT.multipliedBy(3);
  /** For a file of 10,000 licenses, which the database takes that long to write. */
  private static final Duration IMPORTED = LinearWork.LIMIT.multipliedBy(3);
  private static final String BEARER = "Authorization: Bearer " + Node.API_KEY;
  private static final String LAST = "GET /health/live HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("http", new JsonObject().put("trustedProxies", new JsonArray().add("127.0.0.0/8").add("10.0.0.0/8"))));

  private static Wire wire() {
    return new Wire(keyhook.node().uri());
  }

  /** Pieces one after the other, as many as there is room for. */
  private static String fill(int size, IntFunction<String> piece) {
    StringBuilder text = new StringBuilder(size);
    for (int i = 0; ; i++) {
      String next = piece.apply(i);
      if (text.length() + next.length() > size) {
        return text.toString();
      }
      text.append(next);
    }
  }

  private static String fill(int size, String piece) {
    return fill(size, i -> piece);
  }

  /** Different names of the same {@link String#hashCode}, or of the same hash with another factor. */
  private static String colliding(int number, String zero, String one) {
    return IntStream.range(0, 17).mapToObj(bit -> (number >> bit & 1) == 0 ? zero : one).collect(Collectors.joining());
  }

  static Stream<Arguments> bodies() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("unknown fields", fill(BODY, i -> ",\"k" + i + "\":0"));
    fields.put("unknown fields of one hash", fill(BODY, i -> ",\"" + colliding(i, "Aa", "BB") + "\":0"));
    fields.put("unknown fields of one hash of the parser's", fill(BODY, i -> ",\"" + colliding(i, "Ab", "BA") + "\":0"));
    fields.put("unknown fields beyond ASCII", fill(BODY / 3, i -> ",\"\u20ac" + i + "\":0"));
    fields.put("a field over and over", fill(BODY, ",\"a\":0"));
    fields.put("fields of metadata", ",\"metadata\":{\"x\":0" + fill(BODY, i -> ",\"k" + i + "\":0") + "}");
    fields.put("lists in lists", ",\"metadata\":{\"x\":" + fill(BODY, "["));
    fields.put("objects in objects", ",\"metadata\":" + fill(BODY, "{\"a\":"));
    fields.put("short lists", ",\"metadata\":{\"x\":[0" + fill(BODY, ",[[[[]]]]") + "]}");
    fields.put("a number of a megabyte", ",\"maxActivations\":" + fill(BODY, "9"));
    fields.put("a fraction of a megabyte", ",\"maxActivations\":0." + fill(BODY, "1"));
    fields.put("an exponent of a megabyte", ",\"maxActivations\":1e" + fill(BODY, "9"));
    for (String number : List.of("0e999999999", "1e999999999", "-1e999999999", "1e-999999999", "9e2147483647")) {
      fields.put(number, ",\"maxActivations\":" + number + ",\"count\":" + number + ",\"x\":0");
    }
    fields.put("huge numbers", ",\"metadata\":{\"x\":[0" + fill(BODY, ",1e999999999,1e-999999999,9e2147483647") + "]}");
    fields.put("long numbers", ",\"metadata\":{\"x\":[0" + fill(BODY, "," + "9".repeat(100)) + "]}");
    fields.put("long fractions", ",\"metadata\":{\"x\":[0" + fill(BODY, ",0." + "3".repeat(97)) + "]}");
    for (Map.Entry<String, String> text : Map.of("spaces", fill(BODY, " "), "at signs", fill(BODY, "@"), "letters",
        fill(BODY, "a"), "escapes", fill(BODY, "\\u0041"), "surrogates", fill(BODY, "\\ud83d\\ude00"), "lone surrogates",
        fill(BODY, "\\ud83d"), "digits", fill(BODY, "0"), "dots", fill(BODY, "a."), "colons", fill(BODY, "[:"),
        "a time", "2030-01-31T12:00:00." + fill(BODY, "0")).entrySet()) {
      for (String field : List.of("name", "key", "email", "customerEmail", "password", "licenseKey", "fingerprint", "expiresAt",
          "url", "plan", "webhookId")) {
        fields.put(text.getKey() + " as " + field, ",\"" + field + "\":\"" + text.getValue() + '"');
      }
    }
    fields.put("a long list of events", ",\"url\":\"https://a.example\",\"events\":[\"x\"" + fill(BODY, i -> ",\"e" + i + '"') + "]");
    fields.put("a long list of ids", ",\"ids\":[\"x\"" + fill(BODY, i -> ",\"e" + i + '"') + "]");
    return fields.entrySet().stream().map(field -> Arguments.of(field.getKey(),
        "{" + field.getValue().substring(1) + (field.getValue().endsWith("[") || field.getValue().endsWith(":") ? "" : "}")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bodies")
  void aBodyTakesLinearTime(String what, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    for (String path : List.of("/api/validate", "/api/deactivate", "/api/auth/login", "/api/licenses", "/api/licenses/bulk", "/api/webhooks",
        "/api/deliveries/redeliver")) {
      assertLinear(path + " with " + what, () -> assertThat(wire().send("POST", path, bytes, BEARER,
          "Content-Type: application/json").status()).isBetween(400, 499));
    }
  }

  static Stream<Arguments> files() {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("unknown columns", fill(BODY, i -> "k" + i + ","));
    files.put("columns without a name", fill(BODY, ","));
    files.put("the same column", fill(BODY, "name,"));
    files.put("empty lines", "name\n" + fill(BODY, "\n"));
    files.put("lines that are wrong", "name,maxActivations\n" + fill(BODY, "A,0\n"));
    files.put("lines that are wrong in all", "name,key,maxActivations,expiresAt,customerEmail\n" + fill(BODY, ",x,x,x,x\n"));
    files.put("lines of another length", "name\n" + fill(BODY, "A,B\n"));
    files.put("lines of one key", "name,key\n" + fill(BODY, "A,ABCD-EFGH-JKLM-NPQR\n"));
    files.put("lines that have expired", "name,expiresAt\n" + "A,2001-01-01T00:00:00Z\n".repeat(10_000));
    files.put("a line of cells", "name\n" + fill(BODY, ","));
    files.put("quotes", "name\n" + fill(BODY, "\""));
    files.put("quoted lines", "name\n" + fill(BODY, "\"\n\""));
    files.put("a quote that never ends", "name\n\"" + fill(BODY, "A\n"));
    files.put("apostrophes", "name\n" + fill(BODY, "'"));
    files.put("carriage returns", "name" + fill(BODY, "\r"));
    return files.entrySet().stream().map(file -> Arguments.of(file.getKey(), file.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void aFileTakesLinearTime(String what, String file) {
    byte[] bytes = file.getBytes(StandardCharsets.UTF_8);
    assertLinear("a file of " + what, IMPORTED, () -> assertThat(wire().send("POST", "/api/licenses/import", bytes, BEARER,
        "Content-Type: text/csv").status()).isBetween(200, 499));
  }

  static Stream<Arguments> heads() {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("many headers", fill(HEADERS, i -> "k" + i + ":\r\n"));
    headers.put("many headers of one hash", fill(HEADERS, i -> "k" + colliding(i, "aa", "bB") + ":\r\n"));
    headers.put("one header many times", fill(HEADERS, "a:\r\n"));
    headers.put("many cookies", "Cookie: " + fill(HEADERS, i -> "k" + i + "=;"));
    headers.put("one cookie many times", "Cookie: " + fill(HEADERS, "keyhook_session=a;"));
    headers.put("cookies without a name", "Cookie: " + fill(HEADERS, "=;"));
    headers.put("a cookie of quotes", "Cookie: a=" + fill(HEADERS, "\""));
    headers.put("many hops", "X-Forwarded-For: 1.1.1.1" + fill(HEADERS, ",10.0.0.1"));
    headers.put("many lines of hops", fill(HEADERS, "X-Forwarded-For: 10.0.0.1\r\n"));
    headers.put("no hops", "X-Forwarded-For: " + fill(HEADERS, ","));
    for (Map.Entry<String, String> hop : Map.of("dots", ".", "colons", ":", "digits", "1", "groups", "1:", "octets", "1.",
        "slashes", "/", "stars", "*", "brackets", "[", "percents", "%", "hyphens", "1-2.").entrySet()) {
      headers.put("a hop of " + hop.getKey(), "X-Forwarded-For: " + fill(HEADERS, hop.getValue()));
    }
    headers.put("protocols", "X-Forwarded-Proto: " + fill(HEADERS, ","));
    headers.put("hosts", "X-Forwarded-Host: " + fill(HEADERS, "a,"));
    headers.put("an origin of dots", "Sec-Fetch-Site: \r\nOrigin: http://" + fill(HEADERS, "a."));
    headers.put("an origin of brackets", "Origin: http://" + fill(HEADERS, "["));
    headers.put("an origin of groups", "Origin: http://[" + fill(HEADERS, "1:"));
    headers.put("an origin of colons", "Origin: " + fill(HEADERS, ":"));
    headers.put("an origin of escapes", "Origin: http://" + fill(HEADERS, "%41"));
    headers.put("tags", "If-None-Match: " + fill(HEADERS, "\"a\","));
    headers.put("weak tags", "If-None-Match: " + fill(HEADERS, "W/"));
    headers.put("no tags", "If-None-Match: " + fill(HEADERS, " ,"));
    headers.put("codings", "Accept-Encoding: " + fill(HEADERS, "gzip;q=0,"));
    headers.put("a coding of zeros", "Accept-Encoding: gzip;q=0." + fill(HEADERS, "0") + "x");
    headers.put("a coding of spaces", "Accept-Encoding: gzip" + fill(HEADERS, " ") + ";");
    headers.put("a type of spaces", "Content-Type: a" + fill(HEADERS, " ") + "x");
    headers.put("a type of quotes", "Content-Type: " + fill(HEADERS, "\""));
    headers.put("a type of parameters", "Content-Type: application/json;" + fill(HEADERS, "a=b;"));
    headers.put("a boundary", "Content-Type: multipart/form-data; boundary=" + fill(HEADERS, "-"));
    headers.put("a form of boundaries", "Content-Type: multipart/form-data" + fill(HEADERS, ";boundary=a"));
    headers.put("connections", "Connection: " + fill(HEADERS, "a,"));
    headers.put("upgrades", "Connection: Upgrade\r\nUpgrade: " + fill(HEADERS, "a,"));
    headers.put("expectations", "Accept: " + fill(HEADERS, "*/*;q=0,"));
    for (Map.Entry<String, String> token : tokens().entrySet()) {
      headers.put("a token of " + token.getKey(), "Authorization: Bearer " + token.getValue());
    }
    return headers.entrySet().stream().map(header -> Arguments.of(header.getKey(), header.getValue().strip()));
  }

  private static Map<String, String> tokens() {
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put("dots", fill(LINE, "."));
    tokens.put("parts", fill(LINE, "a."));
    tokens.put("spaces", "a" + fill(LINE, " ") + "a");
    tokens.put("an API key", "kh_" + fill(LINE, "a"));
    int json = LINE * 3 / 4 - 200;
    for (Map.Entry<String, String> part : Map.of("lists", fill(json, "["), "objects", fill(json, "{\"a\":"), "digits",
        "{\"exp\":" + fill(json, "9") + "}", "an exponent", "{\"exp\":1e999999999}", "fields",
        "{\"a\":0" + fill(json, i -> ",\"k" + i + "\":0") + "}", "a list", "{\"aud\":[\"a\"" + fill(json, ",\"a\"") + "]}",
        "escapes", "{\"sub\":\"" + fill(json, "\\u0000") + "\"}", "no end", "{\"a\":\"" + fill(json, " ")).entrySet()) {
      tokens.put(part.getKey() + " in its header", base64(part.getValue()) + ".e30.a");
      tokens.put(part.getKey() + " in its claims", base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}") + '.'
          + base64(part.getValue()) + ".a");
    }
    JsonObject claims = new JsonObject().put("iss", "keyhook").put("exp", 4_000_000_000L).put("account", "x");
    tokens.put("a signed audience", Jwts.hs256(claims.copy().put("aud",
        new JsonArray(IntStream.range(0, json / 10).mapToObj(i -> "a" + i).toList())), Node.JWT_SECRET));
    tokens.put("a signed subject", Jwts.hs256(claims.copy().put("aud", "keyhook").put("sub", fill(json - 100, "\u0000 ")),
        Node.JWT_SECRET));
    return tokens;
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** So many requests on one connection, each answered with a refusal or with less. */
  private static void assertHeadsLinear(String what, String request) {
    assertLinear(HEADS + " requests with " + what, () -> assertThat(wire().statuses(request.repeat(HEADS) + LAST))
        .isNotEmpty().allMatch(status -> status < 500));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("heads")
  void headersTakeLinearTime(String what, String headers) {
    boolean authorized = headers.startsWith("Authorization");
    for (String call : List.of("GET /", "GET /api/account", "POST /api/auth/refresh", "POST /api/validate")) {
      assertHeadsLinear(what + " to " + call, call + " HTTP/1.1\r\nHost: k\r\nContent-Length: 0\r\nX-Keyhook-Session: 1\r\n"
          + (authorized ? "" : BEARER + "\r\n") + headers + "\r\n\r\n");
    }
  }

  /** Netty joins them in quadratic time, 20 ms for each of these. */
  @Test
  void foldedLinesTakeLinearTime() {
    for (String fold : List.of("\r\n a", "\n\t", "\r\n  ")) {
      String fields = "X-A: a" + fill(HEADERS, fold) + "\r\n\r\n";
      assertFoldLinear("folded headers", "GET / HTTP/1.1\r\nHost: k\r\n" + fields);
      assertFoldLinear("a folded trailer", "POST /api/validate HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + fields);
    }
  }

  private static void assertFoldLinear(String what, String request) {
    assertLinear(what, () -> {
      for (int i = 0; i < 4 * HEADS; i++) {
        assertThat(wire().statuses(request)).isSubsetOf(400);
      }
    });
  }

  static Stream<Arguments> targets() {
    Map<String, String> targets = new LinkedHashMap<>();
    for (Map.Entry<String, String> piece : Map.of("slashes", "/", "dots", "/.", "steps back", "/..", "steps aside", "/a/..",
        "escapes", "%41", "escaped dots", "/%2e%2e", "bad escapes", "%", "semicolons", ";", "segments", "/a", "ids",
        "/api/licenses").entrySet()) {
      targets.put("a path of " + piece.getKey(), "/api/licenses/" + fill(LINE, piece.getValue()));
      targets.put("a page of " + piece.getKey(), "/" + fill(LINE, piece.getValue()));
    }
    targets.put("unknown parameters", "/api/licenses?" + fill(LINE, i -> "k" + i + "&"));
    targets.put("unknown parameters of one hash", "/api/licenses?" + fill(LINE, i -> "k" + colliding(i, "aa", "bB") + "&"));
    targets.put("one parameter many times", "/api/licenses?" + fill(LINE, "search=a&"));
    targets.put("parameters without a name", "/api/licenses?" + fill(LINE, "&"));
    targets.put("parameters of equals signs", "/api/licenses?" + fill(LINE, "="));
    targets.put("escaped parameters", "/api/licenses?" + fill(LINE, "%41"));
    targets.put("a parameter that is no UTF-8", "/api/licenses?search=" + fill(LINE, "%ff"));
    for (String name : List.of("search", "cursor", "limit", "sort", "status")) {
      for (String piece : List.of("a", "0", "%20", "+", "%25", "_", "-")) {
        targets.put(name + " of " + piece, "/api/licenses?" + name + "=" + fill(LINE, piece));
      }
    }
    targets.put("a cursor in another order", "/api/licenses?sort=expiresAt&cursor=" + fill(LINE, "MDAwMDAw"));
    targets.put("a time", "/api/deliveries?from=2030-01-31T12:00:00." + fill(LINE, "0"));
    targets.put("an id", "/api/deliveries?licenseId=lic_" + fill(LINE, "0"));
    return targets.entrySet().stream().map(target -> Arguments.of(target.getKey(), target.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("targets")
  void aUrlTakesLinearTime(String what, String target) {
    assertHeadsLinear(what, "GET " + target + " HTTP/1.1\r\nHost: k\r\n" + BEARER + "\r\n\r\n");
  }

  @Test
  void aBodyInManyPiecesTakesLinearTime() {
    String head = "POST /api/validate HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (String chunk : List.of("1\r\n \r\n", "000000000001\r\n \r\n")) {
      assertLinear("chunks of " + chunk, () ->
          assertThat(wire().statuses(head + fill(BODY / chunk.length(), " ").replace(" ", chunk) + "0\r\n\r\n")).containsExactly(400));
    }
  }

  @Test
  void whatAReceiverAnswersTakesLinearTime() {
    for (String answer : List.of(
        "503 X\r\nRetry-After: " + fill(FOLDED, "0") + "x", "503 X\r\nRetry-After: " + fill(FOLDED, " ") + "x",
        "429 X\r\nRetry-After: Fri, " + fill(FOLDED, "0"), "200 " + fill(FOLDED / 2, " ") + "x",
        "200 X\r\n" + fill(FOLDED, i -> "k" + colliding(i, "aa", "bB") + ":\r\n") + "a: b",
        "200 X\r\nContent-Type: text/html; charset=" + fill(FOLDED, "\""),
        "200 X\r\nContent-Type: " + fill(FOLDED, "a;"), "200 X\r\nConnection: " + fill(FOLDED, "a,"),
        "301 X\r\nLocation: http://" + fill(FOLDED, "[1:"), "200 X\r\nSet-Cookie: " + fill(FOLDED, "a=;"),
        "200 X\r\nTransfer-Encoding: chunked\r\n\r\n0" + fill(FOLDED, ";a=b") + "\r\nX-Trailer: a",
        "200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + fill(FOLDED, "1 ;a=\"\u00e4\"\r\nx\r\n") + "0\r\nX-Trailer: a",
        "200 X\r\nTransfer-Encoding: chunked\r\n\r\n0" + fill(FOLDED, " ") + "\r\nX-Trailer: a",
        "200 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + fill(FOLDED, i -> "k" + i + ":\r\n") + "a: b",
        "200 X\r\nX-Folded: a" + fill(FOLDED, "\n "), "200 X\r\nX-Folded: " + fill(FOLDED / 2, "a") + fill(FOLDED / 2, "\r\n "))) {
      try (RawReceiver receiver = new RawReceiver(connection -> {
        while (true) {
          connection.request();
          connection.write("HTTP/1.1 " + answer + "\r\nContent-Length: 0\r\n\r\n");
        }
      })) {
        String id = keyhook.api().post("/api/webhooks", new JsonObject().put("url", receiver.url())
            .put("events", new JsonArray().add("license.disabled"))).expect(201).json().getString("id");
        JsonObject test = new JsonObject().put("webhookId", id);
        assertLinear(answer.substring(0, 20), DELIVERED, () -> Stream.generate(() -> keyhook.api().postAsync("/api/webhooks/test", test))
            .limit(30).toList().forEach(call -> Api.join(call).expect(200)));
        keyhook.api().delete("/api/webhooks/" + id).expect(204);
      }
    }
  }
}
