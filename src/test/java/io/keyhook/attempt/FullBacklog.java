package io.keyhook.attempt;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A port of this machine that takes up no connection, and drops what is sent to it. */
final class FullBacklog implements AutoCloseable {
  private final ServerSocket server;
  private final List<SocketChannel> waiting = new ArrayList<>();

  /**
   * @param port 0: any that is free
   */
  FullBacklog(InetAddress address, int port) throws IOException {
    server = new ServerSocket(port, 1, address);
    for (int i = 0; i < 4; i++) { // more than the system queues: it drops the SYNs of the last
      SocketChannel channel = SocketChannel.open();
      channel.configureBlocking(false);
      channel.connect(new InetSocketAddress(address, server.getLocalPort()));
      waiting.add(channel);
    }
  }

  int port() {
    return server.getLocalPort();
  }

  /** Sockets of this machine that have sent a SYN to the port and wait; 0 where the system does not tell. */
  int connecting() throws IOException {
    int count = 0;
    String sent = ".*: \\S+ \\S+:%04X 02 .*".formatted(port());
    for (Path table : List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"))) {
      if (Files.exists(table)) {
        count += (int) Files.readAllLines(table).stream().filter(line -> line.matches(sent)).count();
      }
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    for (SocketChannel channel : waiting) {
      channel.close();
    }
    server.close();
  }
}
