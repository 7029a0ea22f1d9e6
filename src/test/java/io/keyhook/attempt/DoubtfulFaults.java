package io.keyhook.attempt;

import static io.keyhook.attempt.Fault.CHUNKED;
import static io.keyhook.attempt.Fault.closed;
import static io.keyhook.attempt.Fault.kept;
import static io.keyhook.attempt.Fault.left;
import static io.keyhook.attempt.Fault.then;

import java.util.List;
import java.util.stream.Stream;

/** Responses whose status is clear, and not much else: the status decides. */
final class DoubtfulFaults {
  private static final String FIRST = "5\r\nfirst\r\n0\r\n\r\n";

  static final List<Fault> ALL = Stream.of(doubtful(), unread()).flatMap(List::stream).toList();

  private DoubtfulFaults() {}

  /** A clear status line and a clear end, among lines that nobody can read for sure. */
  private static List<Fault> doubtful() {
    String rest = "\r\nContent-Length: 5\r\n\r\nfirst";
    return List.of(
        left("has a line without a colon among its headers", "HTTP/1.1 200 OK\r\nPHP Warning" + rest),
        left("has a header without a name", "HTTP/1.1 200 OK\r\n: x" + rest),
        left("has a space in a header name", "HTTP/1.1 200 OK\r\nX Sum: 1" + rest),
        left("has a header name in Latin-1", "HTTP/1.1 200 OK\r\nX-\u00dcber: x" + rest),
        left("has a NUL in a header", "HTTP/1.1 200 OK\r\nX-Nul: a\u0000b" + rest),
        left("has a NUL in a header name", "HTTP/1.1 200 OK\r\nX\u0000Nul: a" + rest),
        left("has a bare CR in a header", "HTTP/1.1 200 OK\r\nX-Cr: a\rb" + rest),
        left("has a control character in a header", "HTTP/1.1 200 OK\r\nX-Esc: \u001b[1m\u007f" + rest),
        left("folds the line behind its status", "HTTP/1.1 200 OK\r\n folded\r\n more" + rest),
        left("ends its lines with CR CR LF", ("HTTP/1.1 200 OK\r\nX-A: b" + rest).replace("\r\n", "\r\r\n")),
        left("has thousands of lines that are no headers", "HTTP/1.1 200 OK\r\n" + "x\n".repeat(20_000) + "X: x" + rest),
        left("has a line in its trailers that is no header", CHUNKED + "5\r\nfirst\r\n0\r\nno trailer\r\nX: x\r\n\r\n"),
        left("has a bad header in an interim response", "HTTP/1.1 103 Early Hints\r\nno header\r\n\r\nHTTP/1.1 200 OK" + rest),
        left("has a body in an interim response", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nother"
            + "HTTP/1.1 200 OK" + rest),
        left("has chunks in an interim response", "HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nother\r\n0\r\n\r\nHTTP/1.1 200 OK" + rest),
        kept("has a bad Content-Length in an interim response", "HTTP/1.1 102 Processing\r\nContent-Length: x\r\n\r\n"
            + "HTTP/1.1 200 OK" + rest, 200, "first"),
        left("names chunks twice in one header", CHUNKED.replace("chunked", "chunked, chunked") + FIRST),
        left("names chunks in two headers", CHUNKED.replace("chunked", "chunked\r\nTransfer-Encoding: chunked") + FIRST),
        left("names another coding behind chunks", CHUNKED.replace("chunked", "chunked, identity") + FIRST),
        left("names no coding but identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity" + rest),
        closed("has a bad header and ends its body by closing", then(c -> c.write(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nno header\r\n\r\nfirst")), 200, null, "first"),
        kept("has a header in Latin-1", "HTTP/1.1 200 OK\r\nX-Name: \u00dcber" + rest, 200, "first"),
        kept("has a reason phrase with control characters", "HTTP/1.1 200 O\u0000\rK\u001b\r" + rest, 200, "first"),
        kept("asks for a keep-alive that is no number", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=99999999999999999999, max=x"
            + rest, 200, "first"));
  }

  /** Nobody can tell where the response ends: it is not read further than it is clear. */
  private static List<Fault> unread() {
    return List.of(
        unread("has a Content-Length that is not a number", "200 OK\r\nContent-Length: abc\r\n\r\nfirst"),
        unread("has a negative Content-Length", "200 OK\r\nContent-Length: -1\r\n\r\nfirst"),
        unread("has a Content-Length with a plus sign", "200 OK\r\nContent-Length: +2\r\n\r\nab"),
        unread("has two Content-Lengths", "200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
        unread("has two Content-Lengths in one header", "200 OK\r\nContent-Length: 2, 3\r\n\r\nabc"),
        unread("has a bad Content-Length and chunks",
            "200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"),
        unread("has a NUL in its Content-Length", "200 OK\r\nContent-Length: 5\u0000\r\n\r\nfirst"),
        unread("has a bad header and no Content-Length", "200 OK\r\nno header\r\n\r\nfirst"),
        unread("sends a body with 205", "205 Reset Content\r\nContent-Length: 5\r\n\r\nfirst"),
        unread("sends an empty chunk with 205", "205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        unread("announces a body with 205", "205 Reset Content\r\nContent-Length: 5\r\n\r\n"),
        unread("announces a body with 304", "304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        unread("has a bad Content-Length with 204", "204 No Content\r\nContent-Length: x\r\n\r\n"),
        unread("switches protocols and announces a body", "101 Switching Protocols\r\nContent-Length: 5\r\n\r\n"),
        unread("returns 500 with a bad Content-Length", "500 Oops\r\nContent-Length: x\r\n\r\nfirst"),
        closed("sends a bad chunk", then(c -> {
          c.write(CHUNKED + "5\r\nfirst\r\nzz\r\nx\r\n");
          c.awaitClose();
        }), 200, null, "first"),
        closed("ends a chunk too late", then(c -> {
          c.write(CHUNKED + "5\r\nfirst and more\r\n0\r\n\r\n");
          c.awaitClose();
        }), 200, null, "first"),
        unread("ends a chunk's line with a bare LF", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nfirst\n0\n\n"),
        unread("sends a chunk size that overflows an integer",
            "200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n"));
  }

  /** Ends without a body, and never used again. */
  private static Fault unread(String name, String response) {
    return closed(name, then(c -> {
      c.write("HTTP/1.1 " + response);
      c.awaitClose();
    }), Integer.valueOf(response.substring(0, 3)), null, "");
  }
}
