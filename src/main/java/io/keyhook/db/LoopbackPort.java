package io.keyhook.db;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports of 127.0.0.1 for the embedded server. */
final class LoopbackPort {

  /** Below all systems' ranges for outgoing connections, one of which could take the port while the server restarts. */
  private static final int FIRST = 20_000;
  private static final int LAST = 32_000;
  private static final int TRIED = 100;

  private LoopbackPort() {}

  /** Any free port. */
  static int any() {
    return ThreadLocalRandom.current().ints(TRIED, FIRST, LAST).filter(LoopbackPort::isFree).findFirst()
        .orElseThrow(() -> new EmbeddedServerException("None of " + TRIED + " ports tried on 127.0.0.1 between " + FIRST
            + " and " + LAST + " is free: end what uses them, or name a database in database.uri"));
  }

  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
