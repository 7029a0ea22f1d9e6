package io.keyhook.db;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/** Sockets of the JDBC driver, which names this class, that connect to one address whatever name the driver resolves. */
public final class AddressSocketFactory extends DriverSocketFactory {
  private final InetAddress address;

  /**
   * @param address in digits
   */
  public AddressSocketFactory(String address) throws UnknownHostException {
    this.address = InetAddress.getByName(address);
  }

  @Override
  public Socket createSocket() {
    return new Socket() {
      @Override
      public void connect(SocketAddress named, int timeout) throws IOException {
        super.connect(new InetSocketAddress(address, ((InetSocketAddress) named).getPort()), timeout);
      }
    };
  }
}
