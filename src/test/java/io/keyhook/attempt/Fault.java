package io.keyhook.attempt;

import static io.keyhook.attempt.AttemptError.CONNECTION_RESET;
import static io.keyhook.attempt.AttemptError.PROTOCOL_ERROR;
import static io.keyhook.attempt.AttemptError.TIMEOUT;

import io.keyhook.testing.RawReceiver.Script;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * One way in which a receiver misbehaves, and how the attempt must end.
 *
 * @param script what it does to a connection
 * @param status null: none is seen
 * @param error null: none, and the status decides
 * @param body that the log keeps; null: none
 * @param kept whether the next attempt uses the same connection; it is closed otherwise
 */
record Fault(String name, Script script, Integer status, AttemptError error, String body, boolean kept) {
  static final Script OK = answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

  static final List<Integer> REDIRECTS = List.of(301, 302, 303, 307, 308);

  static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final String FOLDED = "\r\nX-Folded: a" + "\n ".repeat(20_000) + "\r\n\r\n";
  private static final String FOUR_KB = "x".repeat(4096);

  static final List<Fault> HOSTILE = Stream.of(hanging(), flooding(), malformed(), broken()).flatMap(List::stream).toList();
  static final List<Fault> ANSWERING = answering();
  static final List<Fault> ALL = Stream.of(HOSTILE, ANSWERING).flatMap(List::stream).toList();

  /** Takes requests and answers each in the same way. */
  static Script answer(String response) {
    return connection -> {
      while (true) {
        connection.request();
        connection.write(response);
      }
    };
  }

  /** Takes a request, and then does something else than answering. */
  static Script then(Script next) {
    return connection -> {
      connection.request();
      next.run(connection);
    };
  }

  private static List<Fault> hanging() {
    return List.of(
        closed("accepts and never responds", then(c -> c.awaitClose()), null, TIMEOUT, null),
        closed("accepts and drips interim responses", then(c -> c.drip("HTTP/1.1 100 Continue\r\n\r\n")),
            null, TIMEOUT, null),
        closed("drips its headers", then(c -> {
          c.write("HTTP/1.1 200 OK\r\nX-Drip: ");
          c.drip("x");
        }), null, TIMEOUT, null),
        closed("drips a body", then(c -> {
          c.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst");
          c.drip("");
        }), 200, TIMEOUT, "first"),
        closed("drips chunks and never the last", then(c -> {
          c.write(CHUNKED + "5\r\nfirst\r\n");
          c.drip("0");
        }), 200, TIMEOUT, "first"));
  }

  private static List<Fault> flooding() {
    return List.of(
        closed("sends 102 without end", then(c -> c.flood("HTTP/1.1 102 Processing\r\n\r\n")),
            null, PROTOCOL_ERROR, null),
        closed("sends an endless body", then(c -> {
          c.write("HTTP/1.1 200 OK\r\n\r\n");
          c.flood("x");
        }), 200, null, FOUR_KB),
        closed("sends chunks without end", then(c -> {
          c.write(CHUNKED);
          c.flood("1\r\nx\r\n");
        }), 200, null, FOUR_KB),
        closed("sends a body of 1 GB", then(c -> {
          c.write("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
          c.flood("x");
        }), 200, null, FOUR_KB),
        closed("sends an endless error page", then(c -> {
          c.write("HTTP/1.1 500 Oops\r\n\r\n");
          c.flood("x");
        }), 500, null, FOUR_KB),
        closed("sends 100 without end", then(c -> c.flood("HTTP/1.1 100 Continue\r\n\r\n")),
            null, PROTOCOL_ERROR, null),
        closed("sends 103 without end", then(c -> c.flood("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
            null, PROTOCOL_ERROR, null),
        closed("sends empty lines without end", then(c -> c.flood("\r\n")), null, PROTOCOL_ERROR, null),
        closed("sends a line without end", then(c -> c.flood("HTTP/1.1 200 ")), null, PROTOCOL_ERROR, null),
        closed("sends one huge header", then(c -> {
          c.write("HTTP/1.1 200 OK\r\nX-Huge: ");
          c.flood("x");
        }), null, PROTOCOL_ERROR, null),
        closed("sends headers without end", then(c -> {
          c.write("HTTP/1.1 200 OK\r\n");
          c.flood("X-More: x\r\n");
        }), null, PROTOCOL_ERROR, null),
        closed("sends trailers without end", then(c -> {
          c.write(CHUNKED + "0\r\n");
          c.flood("X-More: x\r\n");
        }), 200, null, ""),
        closed("sends tiny chunks with long extensions", then(c -> {
          c.write(CHUNKED + "1000\r\n" + FOUR_KB + "\r\n");
          c.flood("1;" + "x".repeat(1000) + "\r\nx\r\n");
        }), 200, null, FOUR_KB),
        kept("sends a gzip bomb", encoded("200 OK", "gzip", gzip(new byte[10 * 1024 * 1024])), 200,
            "\uFFFD".repeat(4096)));
  }

  private static String encoded(String status, String encoding, String body) {
    return "HTTP/1.1 %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(status, encoding, body.length(), body);
  }

  private static String gzip(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  private static List<Fault> malformed() {
    return List.of(
        malformed("sends a status that is not a number", "HTTP/1.1 abc OK\r\n\r\n"),
        malformed("sends a negative status", "HTTP/1.1 -200 OK\r\n\r\n"),
        malformed("sends a status that overflows an integer", "HTTP/1.1 99999999999 OK\r\n\r\n"),
        malformed("writes its HTTP version in lower case", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        malformed("speaks SSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        malformed("speaks an unknown protocol", "\u0000\u0001\u0002\u00ff\u00fe nothing \r\n\r\n"),
        malformed("speaks HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  }

  private static Fault malformed(String name, String response) {
    return closed(name, then(c -> {
      c.write(response);
      c.awaitClose();
    }), null, PROTOCOL_ERROR, null);
  }

  private static List<Fault> broken() {
    return List.of(
        closed("closes after accept", c -> { }, null, CONNECTION_RESET, null),
        closed("resets after accept", c -> c.reset(), null, CONNECTION_RESET, null),
        closed("closes without a response", then(c -> { }), null, CONNECTION_RESET, null),
        closed("resets in the middle of the request", c -> {
          c.read();
          c.reset();
        }, null, CONNECTION_RESET, null),
        closed("closes within its headers", then(c -> c.write("HTTP/1.1 200 OK\r\nX-Half")), null, CONNECTION_RESET, null),
        closed("closes after an interim response", then(c -> c.write("HTTP/1.1 100 Continue\r\n\r\n")),
            null, CONNECTION_RESET, null),
        closed("sends HTTP/2 frames", // SETTINGS and GOAWAY: PROTOCOL_ERROR (RFC 9113, 6.5 and 6.8)
            then(c -> c.write("\0\0\0\4\0\0\0\0\0\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\1")), null, CONNECTION_RESET, null),
        closed("truncates a 200", then(c -> c.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")),
            200, CONNECTION_RESET, "first"),
        closed("truncates chunks", then(c -> c.write(CHUNKED + "5\r\nfirst\r\n")), 200, CONNECTION_RESET, "first"));
  }

  private static List<Fault> answering() {
    return Stream.of(replying(), framing(), DoubtfulFaults.ALL, describing(), Stream.of(400, 401, 404, 500).map(status -> kept(
            "returns " + status, "HTTP/1.1 " + status + " No\r\nContent-Length: 2\r\n\r\nno", status, "no")).toList())
        .flatMap(List::stream).toList();
  }

  /** What counts is the final response, and nothing after it. */
  private static List<Fault> replying() {
    return List.of(
            kept("sends status 99", "HTTP/1.1 99 What\r\nContent-Length: 4\r\n\r\nwhat", 99, "what"),
            kept("sends status 999", "HTTP/1.1 999 What\r\nContent-Length: 4\r\n\r\nwhat", 999, "what"),
            closed("sends a body with 204", then(c -> {
              c.write("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nfirst");
              c.awaitClose();
            }), 204, null, ""),
            kept("returns 205 without a Content-Length", "HTTP/1.1 205 Reset Content\r\n\r\n", 205, ""),
            kept("returns 204", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            kept("returns 304", "HTTP/1.1 304 Not Modified\r\n\r\n", 304, ""),
            closed("switches protocols", then(c -> {
              c.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx");
              c.awaitClose();
            }), 101, null, ""),
            closed("ends its body by closing", then(c -> c.write("HTTP/1.1 200 OK\r\n\r\nfirst")), 200, null, "first"),
            closed("announces that it closes", then(c -> {
              c.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfirst");
              c.awaitClose();
            }), 200, null, "first"),
            kept("sends interim responses first", "HTTP/1.1 100 Continue\r\n\r\n"
                + "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 104 Upload Resumption Supported\r\nContent-Length: 0\r\n\r\nHTTP/1.1 199 Nearly\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone", 200, "done"),
            closed("closes its half of the connection", then(c -> {
              c.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
              c.halfClose();
              c.awaitClose();
            }), 200, null, "first"),
            closed("resets after its response", then(c -> {
              c.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
              c.reset();
            }), 200, null, "first"),
            left("sends more than its Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst and more"),
            left("sends more than its last chunk", CHUNKED + "5\r\nfirst\r\n0\r\n\r\n\r\n"),
            left("sends a second response", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
                + "HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nsecond"),
            left("sends an interim response last", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
                + "HTTP/1.1 102 Processing\r\n\r\n"),
            closed("sends a body with 204 unannounced", then(c -> {
              c.write("HTTP/1.1 204 No Content\r\n\r\nfirst");
              c.awaitClose();
            }), 204, null, ""),
            closed("announces chunks with 204", then(c -> {
              c.write("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n");
              c.awaitClose();
            }), 204, null, ""),
            closed("sends a body with 304", then(c -> {
              c.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nfirst");
              c.awaitClose();
            }), 304, null, ""));
  }

  /** Unusual, and clear where the response ends. */
  private static List<Fault> framing() {
    return List.of(
        kept("has 64 KB of headers", "HTTP/1.1 200 OK\r\n" + ("Set-Cookie: " + "x".repeat(1000) + "\r\n").repeat(64)
            + "Content-Length: 5\r\n\r\nfirst", 200, "first"),
        kept("has a header of 64 KB", "HTTP/1.1 200 OK\r\nContent-Security-Policy: " + "x".repeat(64 * 1024)
            + "\r\nContent-Length: 5\r\n\r\nfirst", 200, "first"),
        kept("has a status line of 64 KB", "HTTP/1.1 200 " + "x".repeat(64 * 1024)
            + "\r\nContent-Length: 5\r\n\r\nfirst", 200, "first"),
        kept("has no reason phrase", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nfirst", 200, "first"),
        kept("has a space before a colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nfirst", 200, "first"),
        kept("folds a header", "HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 5\r\n\r\nfirst", 200, "first"),
        kept("ends its header lines with a bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\nfirst", 200, "first"),
        kept("repeats its Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nfirst",
            200, "first"),
        kept("sends chunk extensions", CHUNKED + "2;a=b\r\nfi\r\n3;c=\"d;e\";f\r\nrst\r\n0;g=h\r\n\r\n", 200, "first"),
        kept("sends chunk extensions in Latin-1", CHUNKED + "5;a=\"\u00e4\"\r\nfirst\r\n0\r\n\r\n", 200, "first"),
        kept("pads its chunk sizes with blanks", CHUNKED + "2 \r\nfi\r\n3  \t \r\nrst\r\n0  \r\n\r\n", 200, "first"),
        kept("sends trailers", CHUNKED + "5\r\nfirst\r\n0\r\nX-Sum: 1\r\n\r\n", 200, "first"),
        left("sends a Content-Length with chunks", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"),
        left("responds in HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfirst"),
        left("sends chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"),
        left("announces that it closes, among other options", "HTTP/1.1 200 OK\r\nConnection: x, close\r\n"
            + "Content-Length: 5\r\n\r\nfirst"),
        kept("folds its headers and trailers thousands of times", CHUNKED.replace("\r\n\r\n", FOLDED)
            + "5\r\nfirst\r\n0;x\r\nX-Trailer: a" + FOLDED, 200, "first"));
  }

  /** Not in plain UTF-8. */
  private static List<Fault> describing() {
    String page = "<h1>It is broken</h1>";
    return List.of(
        kept("compresses an error page", encoded("500 Oops", "gzip", gzip(page.getBytes(StandardCharsets.UTF_8))),
            500, page),
        kept("compresses an error page with an unsupported encoding", encoded("500 Oops", "br", "abcd"), 500,
            "(br-compressed body, 4 bytes)"),
        kept("writes an error page in UTF-16", "HTTP/1.1 500 Oops\r\nContent-Type: text/html; charset=utf-16le\r\n"
            + "Content-Length: 10\r\n\r\n" + "f\0i\0r\0s\0t\0", 500, "first"));
  }

  /** Delivered with "first" for a body, and never used again. */
  static Fault left(String name, String response) {
    return closed(name, then(c -> {
      c.write(response);
      c.awaitClose();
    }), 200, null, "first");
  }

  static Fault closed(String name, Script script, Integer status, AttemptError error, String body) {
    return new Fault(name, script, status, error, body, false);
  }

  static Fault kept(String name, String response, int status, String body) {
    return new Fault(name, answer(response), status, null, body, true);
  }

  boolean isSuccess() {
    return error == null && status / 100 == 2;
  }

  @Override
  public String toString() {
    return name;
  }
}
