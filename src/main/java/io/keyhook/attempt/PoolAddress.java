package io.keyhook.attempt;

// Vert.x keeps connections by address, and only an address that equals nothing else keeps the connections of two pools
// apart while a proxy is asked for the plain address.
import io.vertx.core.net.impl.SocketAddressImpl;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * The address that a {@link Sender.Pool} connects to, equal only to itself. Vert.x keeps connections by address, host, port and
 * scheme, so a request never gets a connection of another account, of another URL, or of a pool that was forgotten. It
 * carries no name, so that a proxy is asked for the address.
 */
final class PoolAddress extends SocketAddressImpl {
  PoolAddress(InetAddress address, int port) {
    super(new InetSocketAddress(withoutName(address), port));
  }

  private static InetAddress withoutName(InetAddress address) {
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // an address has the length of one
    }
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
