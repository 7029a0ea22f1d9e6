package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.testing.ConnectProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code doctor} connects to is reached as deliveries reach it. */
class TunnelTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static Tunnel through(int port) {
    return new Tunnel(Optional.of(new KeyhookOptions.Proxy("127.0.0.1", port, Optional.of("user"), Optional.of("secret"))));
  }

  @Test
  void theProxyIsAskedForTheAddress() throws IOException {
    try (ConnectProxy proxy = new ConnectProxy(); ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
      try (Socket near = through(proxy.port()).open(address, PATIENCE); Socket far = server.accept()) {
        far.getOutputStream().write(7);
        assertThat(near.getInputStream().read()).isEqualTo(7);
      }
      assertThat(proxy.requests()).singleElement().asString()
          .startsWith("CONNECT 127.0.0.1:" + server.getLocalPort() + " HTTP/1.1\r\n").contains("Proxy-Authorization: Basic ");
      proxy.refuse("403 Forbidden");
      assertThatThrownBy(() -> through(proxy.port()).open(address, PATIENCE)).isInstanceOf(IOException.class)
          .hasMessage("the proxy at 127.0.0.1:" + proxy.port() + " refused the connection: HTTP/1.1 403 Forbidden");
    }
  }

  @Test
  void aProxyThatIsDownIsNamed() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    assertThatThrownBy(() -> through(port).open(new InetSocketAddress("127.0.0.1", 1), PATIENCE))
        .hasMessageStartingWith("the proxy at 127.0.0.1:" + port + " cannot be reached");
  }
}
