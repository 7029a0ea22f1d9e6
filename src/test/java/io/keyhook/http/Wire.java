package io.keyhook.http;

import io.keyhook.testing.Exchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Sends bytes that no HTTP client would, and holds the answer against the {@link Contract}. */
final class Wire {
  private static final int TIMEOUT_MILLIS = 30_000;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([0-9]{3}) ");

  private final URI node;

  Wire(URI node) {
    this.node = node;
  }

  /**
   * @param target path and query as they stand on the request line
   * @param headers whole lines
   */
  Exchange send(String method, String target, byte[] body, String... headers) {
    StringBuilder head = new StringBuilder(method + ' ' + target + " HTTP/1.1\r\nHost: keyhook\r\nConnection: close\r\n");
    Arrays.stream(headers).forEach(header -> head.append(header).append("\r\n"));
    if (body.length > 0) {
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    head.append("\r\n");
    try (Socket socket = new Socket(node.getHost(), node.getPort())) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      write(socket, body);
      Exchange exchange = parse(method, target, readAll(socket.getInputStream()));
      new Contract().check(exchange);
      return exchange;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What one connection is told when it says this, until it is closed from the other side; waits for that. */
  List<Integer> statuses(String bytes) {
    try (Socket socket = new Socket(node.getHost(), node.getPort())) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      write(socket, bytes.getBytes(StandardCharsets.ISO_8859_1));
      String answers = new String(readAll(socket.getInputStream()), StandardCharsets.UTF_8);
      return STATUS.matcher(answers).results().map(found -> Integer.valueOf(found.group(1))).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Socket socket, byte[] body) throws IOException {
    try {
      socket.getOutputStream().write(body);
      socket.getOutputStream().flush();
    } catch (SocketException answeredEarlier) {
      // a body that is refused by its length need not be read to the end
    }
  }

  private static byte[] readAll(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] piece = new byte[8192];
    try {
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        all.write(piece, 0, n);
      }
    } catch (SocketException reset) {
      if (all.size() == 0) {
        throw reset;
      }
    }
    return all.toByteArray();
  }

  private static Exchange parse(String method, String target, byte[] answer) {
    String text = new String(answer, StandardCharsets.UTF_8).replaceFirst("^HTTP/1\\.1 100 Continue\r\n\r\n", "");
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      throw new AssertionError("Not an answer to " + method + ' ' + target + ": " + text);
    }
    String[] lines = text.substring(0, end).split("\r\n");
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int i = 1; i < lines.length; i++) {
      String[] header = lines[i].split(":", 2);
      headers.computeIfAbsent(header[0], name -> new ArrayList<>()).add(header[1].strip());
    }
    return new Exchange(method, target, HttpHeaders.of(Map.of(), (name, value) -> true), null,
        Integer.parseInt(lines[0].split(" ")[1]), HttpHeaders.of(headers, (name, value) -> true),
            text.substring(end + 4));
  }
}
