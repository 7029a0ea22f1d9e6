package io.keyhook;

import io.keyhook.config.KeyhookOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/** Opens the sockets of {@link Doctor}, through {@code delivery.proxy} if it is set, as deliveries go. Blocks. */
record Tunnel(Optional<KeyhookOptions.Proxy> proxy) {
  private static final int MAX_HEAD = 16 * 1024;

  static Tunnel of(KeyhookOptions.Delivery options) {
    return new Tunnel(options.proxy());
  }

  /**
   * Returns a socket whose other end is the address. The caller closes it.
   *
   * @param patience for the connection, and for each read
   * @throws IOException also if the proxy refuses; the message says whose error it is
   */
  Socket open(InetSocketAddress address, Duration patience) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setSoTimeout((int) patience.toMillis());
      if (proxy.isEmpty()) {
        socket.connect(address, (int) patience.toMillis());
      } else {
        through(proxy.get(), socket, address, patience);
      }
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static void through(KeyhookOptions.Proxy proxy, Socket socket, InetSocketAddress address, Duration patience)
      throws IOException {
    String where = "the proxy at " + proxy.host() + ":" + proxy.port();
    try {
      socket.connect(new InetSocketAddress(proxy.host(), proxy.port()), (int) patience.toMillis());
    } catch (IOException e) {
      throw new IOException(where + " cannot be reached: " + e.getMessage(), e);
    }
    String authority = literal(address.getAddress()) + ":" + address.getPort();
    String credentials = proxy.username().map(user -> "Proxy-Authorization: Basic " + Base64.getEncoder().encodeToString(
        (user + ":" + proxy.password().orElse("")).getBytes(StandardCharsets.UTF_8)) + "\r\n").orElse("");
    socket.getOutputStream().write(("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n" + credentials + "\r\n")
        .getBytes(StandardCharsets.US_ASCII));
    String head = head(socket.getInputStream());
    if (!head.startsWith("HTTP/1.") || !head.startsWith(" 2", "HTTP/1.1".length())) {
      throw new IOException(where + " refused the connection: " + head.lines().findFirst().orElse("no response"));
    }
  }

  private static String literal(InetAddress address) {
    String text = address.getHostAddress();
    return text.indexOf(':') < 0 ? text : "[" + text + "]";
  }

  /** Byte by byte: what follows belongs to TLS. */
  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    for (int next; head.length() < MAX_HEAD && !ends(head) && (next = in.read()) >= 0; ) {
      head.append((char) next);
    }
    return head.toString();
  }

  private static boolean ends(StringBuilder head) {
    int length = head.length();
    return length >= 4 && head.substring(length - 4).equals("\r\n\r\n");
  }
}
