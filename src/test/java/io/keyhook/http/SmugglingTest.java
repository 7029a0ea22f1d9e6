package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.BlockedThreads;
import io.keyhook.testing.Installation;
import io.keyhook.testing.LogWatch;
import io.keyhook.testing.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests whose end a proxy and a server can see in different places: behind each stands another one, and it must never be
 * answered.
 */
@ExtendWith(BlockedThreads.class)
class SmugglingTest {
  private static final String HIDDEN = "GET /health/live HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n";
  private static final String POST = "POST /api/licenses HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\n"
      + "Authorization: Bearer " + Node.API_KEY + "\r\n";
  private static final String BODY = "{\"name\":\"A\"}";
  private static final String CHUNKED_BODY = "c\r\n" + BODY + "\r\n0\r\n\r\n";

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static String length(String headers) {
    return POST + headers + "\r\n\r\n" + BODY;
  }

  private static String chunked(String headers) {
    return POST + headers + "\r\n\r\n" + CHUNKED_BODY;
  }

  private static String chunks(String chunks) {
    return POST + "Transfer-Encoding: chunked\r\n\r\n" + chunks;
  }

  static Stream<Arguments> unclear() {
    Map<String, String> forms = new LinkedHashMap<>();
    forms.put("two lengths", length("Content-Length: 12\r\nContent-Length: 5"));
    forms.put("the same length twice", length("Content-Length: 12\r\nContent-Length: 12"));
    forms.put("a list of lengths", length("Content-Length: 12, 12"));
    forms.put("a length with a sign", length("Content-Length: +12"));
    forms.put("a negative length", length("Content-Length: -12"));
    forms.put("a length in hexadecimal", length("Content-Length: 0xc"));
    forms.put("a length past 64 bits", length("Content-Length: 99999999999999999999"));
    forms.put("a length before chunks", chunked("Content-Length: 5\r\nTransfer-Encoding: chunked"));
    forms.put("a length after chunks", chunked("Transfer-Encoding: chunked\r\nContent-Length: 5"));
    forms.put("xchunked", chunked("Transfer-Encoding: xchunked"));
    forms.put("chunked, identity", chunked("Transfer-Encoding: chunked, identity"));
    forms.put("identity, chunked", chunked("Transfer-Encoding: identity, chunked"));
    forms.put("gzip, chunked", chunked("Transfer-Encoding: gzip, chunked"));
    forms.put("chunked twice", chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"));
    forms.put("chunked and identity", chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"));
    forms.put("identity with a length", length("Transfer-Encoding: identity\r\nContent-Length: 12"));
    forms.put("an empty coding", chunked("Transfer-Encoding: "));
    forms.put("a vertical tab", chunked("Transfer-Encoding:\u000bchunked"));
    forms.put("a quoted coding", chunked("Transfer-Encoding: \"chunked\""));
    forms.put("a folded coding", chunked("Transfer-Encoding:\r\n chunked"));
    forms.put("chunked in HTTP/1.0", chunked("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0"));
    forms.put("a space before the colon", length("Content-Length : 12"));
    forms.put("a space before the colon of a coding", chunked("Transfer-Encoding : chunked"));
    forms.put("bare LF everywhere", length("Content-Length: 12").replace("\r\n", "\n"));
    forms.put("one bare LF", length("X-A: 1\nContent-Length: 12"));
    forms.put("one bare CR", length("X-A: 1\rContent-Length: 12"));
    forms.put("NUL in a value", length("X-A: a\0b\r\nContent-Length: 12"));
    forms.put("NUL in a name", length("X\0A: 1\r\nContent-Length: 12"));
    forms.put("no size of a chunk", chunks("zz\r\n{}\r\n0\r\n\r\n"));
    forms.put("a negative chunk", chunks("-1\r\n{}\r\n0\r\n\r\n"));
    forms.put("a huge chunk", chunks("7fffffffffffffff1\r\n{}\r\n0\r\n\r\n"));
    forms.put("a chunk's size with 0x", chunks("0xc\r\n" + BODY + "\r\n0\r\n\r\n"));
    forms.put("an extension that ends with LF", chunks("c;\n" + BODY + "\r\n0\r\n\r\n"));
    forms.put("a chunk without its end", chunks("c\r\n" + BODY + "0\r\n\r\n"));
    forms.put("chunks that end with LF", chunks(CHUNKED_BODY.replace("\r\n", "\n")));
    forms.put("a folded line", length("X-A: 1\r\n folded\r\nContent-Length: 12"));
    forms.put("a line folded with a tab", length("X-A: 1\r\n\tfolded\r\nContent-Length: 12"));
    forms.put("a first line with a space before it", length("Content-Length: 12").replace("\r\nHost", "\r\n Host"));
    forms.put("an empty line, then a folded one", "\r\n" + length("X-A: 1\r\n folded\r\nContent-Length: 12"));
    forms.put("a trailer that is folded", chunks("c\r\n" + BODY + "\r\n0\r\nX-A: 1\r\n folded\r\n\r\n"));
    forms.put("two hosts", length("Host: other\r\nContent-Length: 12"));
    forms.put("the same host twice", length("Host: k\r\nContent-Length: 12"));
    forms.put("no host", length("Content-Length: 12").replace("Host: k\r\n", ""));
    for (String host : List.of("", ":80", "a b", "a/b", "user@k", "k:80:80", "k:x", "k:65536", "[::1", "[k]", "k, other", "k\u00e9")) {
      forms.put("host " + host, length("Content-Length: 12").replace("Host: k\r\n", "Host: " + host + "\r\n"));
    }
    forms.put("two hosts in HTTP/1.0", length("Host: other\r\nContent-Length: 12").replace("HTTP/1.1", "HTTP/1.0"));
    forms.put("an upgrade to HTTP/2", length("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nTransfer-Encoding: h2c"));
    forms.put("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    forms.put("HTTP/0.9", "GET /health/live\r\n\r\n");
    forms.put("HTTP/9.9", "GET /health/live HTTP/9.9\r\nHost: k\r\n\r\n");
    forms.put("TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n");
    return forms.entrySet().stream().map(form -> Arguments.of(form.getKey(), form.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unclear")
  void whatIsUnclearIsRefusedAndTheConnectionClosed(String what, String request) {
    long before = keyhook.database().count("license");
    assertThat(new Wire(keyhook.node().uri()).statuses(request + HIDDEN)).isSubsetOf(400).hasSizeLessThanOrEqualTo(1);
    assertThat(keyhook.database().count("license")).isEqualTo(before);
  }

  static Stream<Arguments> malformed() {
    Map<String, String> forms = new LinkedHashMap<>();
    forms.put("no size of a chunk", "zz\r\n");
    forms.put("no size after a good chunk", "2\r\n{}\r\nzz\r\n");
    forms.put("an empty size", "\r\n\r\n");
    forms.put("a negative chunk", "-1\r\n");
    forms.put("a huge chunk", "fffffffff\r\n");
    forms.put("a chunk without its end", "2\r\n{}0\r\n\r\n");
    forms.put("an extension that ends with LF", "2;\n{}\r\n0\r\n\r\n");
    forms.put("a trailer that is folded", "2\r\n{}\r\n0\r\nX-A: 1\r\n folded\r\n\r\n");
    forms.put("a trailer without a name", "2\r\n{}\r\n0\r\n: 1\r\n\r\n");
    forms.put("a trailer that is too long", "2\r\n{}\r\n0\r\nX-A: " + "a".repeat(17 * 1024) + "\r\n\r\n");
    return forms.entrySet().stream().map(form -> Arguments.of(form.getKey(), form.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("malformed")
  void aBodyThatCannotBeReadIsRefusedAndNotLogged(String what, String chunks) {
    List<String> before = logged();
    Wire wire = new Wire(keyhook.node().uri());
    for (String path : List.of("/api/licenses", "/api/validate")) {
      String request = chunks(chunks).replace("/api/licenses", path);
      assertThat(wire.statuses(request + HIDDEN)).as(path).containsExactly(400);
      assertThat(wire.statuses("GET /health/live HTTP/1.1\r\nHost: k\r\n\r\n" + request + HIDDEN)).as("behind another")
          .containsExactly(200, 400);
    }
    assertThat(wire.statuses(chunks(chunks).replace("/api/licenses", "/a"))).as("of no interest").hasSize(1)
        .isSubsetOf(404, 400);
    assertThat(logged()).isEqualTo(before);
  }

  /** Above DEBUG. */
  private static List<String> logged() {
    return LogWatch.linesWith("").stream().filter(line -> line.matches("(?s)(INFO|WARN|ERROR) .*")).toList();
  }

  @Test
  void aBodyThatCannotBeReadIsAProblemInTheFormOfTheCall() {
    Wire wire = new Wire(keyhook.node().uri());
    byte[] none = new byte[0];
    String[] chunks = {"Content-Type: application/json", "Transfer-Encoding: chunked", "", "zz"};
    assertThat(wire.send("POST", "/api/licenses", none, chunks).expect(400, "INVALID_REQUEST").header("Connection"))
        .isEqualTo("close");
    assertThat(wire.send("POST", "/api/validate", none, chunks).expect(400).json().getBoolean("valid")).isFalse();
  }

  static Stream<Arguments> chunked() {
    return Stream.of(
        Arguments.of("plain", chunked("Transfer-Encoding: chunked")),
        Arguments.of("in another case", chunked("transfer-encoding: Chunked")),
        Arguments.of("a length in the trailer", chunks("c\r\n" + BODY + "\r\n0\r\nContent-Length: 5\r\n\r\n")));
  }

  /** All of them are the last of their connection. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("chunked")
  void nothingBehindAChunkedRequestIsAnswered(String what, String request) {
    assertThat(new Wire(keyhook.node().uri()).statuses(request + HIDDEN)).containsExactly(201);
  }

  @Test
  void theNextRequestOfAConnectionIsAnsweredWhereTheEndIsClear() {
    Wire wire = new Wire(keyhook.node().uri());
    assertThat(wire.statuses(length("Content-Length: 12") + HIDDEN)).containsExactly(201, 200);
    assertThat(wire.statuses(length("Content-Length: 14").replace(BODY, "{\"name\":\n \"A\"}") + HIDDEN))
        .as("a body with lines that begin with a space").containsExactly(201, 200);
    for (String host : List.of("k:8080", "k:", "[::1]:8080", "a_name", "a.example", "127.0.0.1:80", "xn--e1afmkfd.example")) {
      assertThat(wire.statuses(length("Content-Length: 12").replace("Host: k", "Host: " + host) + HIDDEN)).as(host)
          .containsExactly(201, 200);
    }
    assertThat(wire.statuses("GET /health/live HTTP/1.0\r\n\r\n")).as("HTTP/1.0 without a host").containsExactly(200);
    assertThat(wire.statuses("\r\n" + length("Content-Length: 12").replace("\"A\"}", "\"A\",") + HIDDEN))
        .as("a body that is no JSON").containsExactly(400, 200);
    assertThat(wire.statuses(length("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 12") + HIDDEN))
        .as("an upgrade is not made").containsExactly(201, 200);
  }

  @Test
  void anUnclearHostIsAProblemInTheFormOfTheCall() {
    Wire wire = new Wire(keyhook.node().uri());
    assertThat(wire.send("GET", "/api/account", new byte[0], "Host: other").expect(400, "INVALID_REQUEST")
        .header("Connection")).isEqualTo("close");
    assertThat(wire.send("POST", "/api/validate", new byte[0], "Host: other").expect(400).json().getBoolean("valid")).isFalse();
  }

  @Test
  void whoWaitsForAContinueGetsOneAndWhoExpectsMoreIsRefused() {
    Wire wire = new Wire(keyhook.node().uri());
    assertThat(wire.statuses(length("Expect: 100-continue\r\nContent-Length: 12") + HIDDEN)).containsExactly(100, 201, 200);
    assertThat(wire.statuses(POST + "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n"))
        .as("before the body is sent").containsExactly(413);
    wire.send("POST", "/api/licenses", BODY.getBytes(java.nio.charset.StandardCharsets.UTF_8), "Expect: tea",
        "Content-Type: application/json").expect(417, "INVALID_REQUEST");
  }
}
