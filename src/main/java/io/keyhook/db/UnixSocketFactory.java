package io.keyhook.db;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** The JDK's Unix sockets for the JDBC driver, which names this class and knows only {@link Socket}. */
public final class UnixSocketFactory extends DriverSocketFactory {
  /** Of the driver's writes. */
  private static final int BUFFER = 8192;

  private final UnixDomainSocketAddress address;

  /**
   * @param path of the socket
   */
  public UnixSocketFactory(String path) {
    address = UnixDomainSocketAddress.of(path);
  }

  @Override
  public Socket createSocket() throws IOException {
    return new UnixSocket(SocketChannel.open(StandardProtocolFamily.UNIX), address);
  }

  /** What the options of TCP ask for has no meaning here, and reads have no timeout. */
  private static final class UnixSocket extends Socket {
    private final SocketChannel channel;
    private final UnixDomainSocketAddress address;

    UnixSocket(SocketChannel channel, UnixDomainSocketAddress address) {
      this.channel = channel;
      this.address = address;
    }

    @Override
    public void connect(SocketAddress ignored, int timeout) throws IOException {
      channel.connect(address);
    }

    @Override
    public boolean isConnected() {
      return channel.isConnected();
    }

    @Override
    public boolean isClosed() {
      return !channel.isOpen();
    }

    @Override
    public InputStream getInputStream() {
      return Channels.newInputStream(channel);
    }

    @Override
    public OutputStream getOutputStream() {
      return Channels.newOutputStream(channel);
    }

    @Override
    public void setTcpNoDelay(boolean on) {}

    @Override
    public void setKeepAlive(boolean on) {}

    @Override
    public void setSoTimeout(int timeout) {}

    @Override
    public int getSoTimeout() {
      return 0;
    }

    @Override
    public int getSendBufferSize() {
      return BUFFER;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
