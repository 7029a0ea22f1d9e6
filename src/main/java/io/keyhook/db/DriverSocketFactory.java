package io.keyhook.db;

import java.net.InetAddress;
import java.net.Socket;
import javax.net.SocketFactory;

/** What the JDBC driver wants of a factory: only sockets that are not connected yet. */
abstract class DriverSocketFactory extends SocketFactory {
  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException();
  }
}
