package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLSocket;

/** A receiver on a raw socket, which does to each connection what no HTTP server would. */
public final class RawReceiver implements AutoCloseable {
  private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");
  private static final int SEND_BUFFER = 64 * 1024;

  private final ServerSocket server;
  private final Thread acceptor;
  private final boolean ssl;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final AtomicInteger accepted = new AtomicInteger();
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong written = new AtomicLong();
  private volatile Script script;

  /** What is done to one connection, on a thread of its own; it is closed afterwards, if it is not yet. */
  @FunctionalInterface
  public interface Script {
    void run(Connection connection) throws IOException;
  }

  public RawReceiver(Script script) {
    this(script, InetAddress.getLoopbackAddress(), 0);
  }

  /** At another address of this machine, such as 127.0.0.2, and at the port of another receiver. */
  public RawReceiver(Script script, InetAddress address, int port) {
    this(script, ServerSocketFactory.getDefault(), false, address, port);
  }

  /** Behind TLS. */
  public RawReceiver(Script script, ServerSocketFactory tls) {
    this(script, tls, InetAddress.getLoopbackAddress(), 0);
  }

  public RawReceiver(Script script, ServerSocketFactory tls, InetAddress address, int port) {
    this(script, tls, true, address, port);
  }

  private RawReceiver(Script script, ServerSocketFactory sockets, boolean ssl, InetAddress address, int port) {
    this.script = script;
    this.ssl = ssl;
    try {
      server = sockets.createServerSocket(port, 50, address);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    acceptor = start(this::accept);
  }

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task, "raw-receiver");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        Connection connection = new Connection(socket, accepted.incrementAndGet());
        open.add(connection);
        start(() -> serve(connection));
      }
    } catch (IOException closed) {
      // the end of it
    }
  }

  private void serve(Connection connection) {
    try (Socket socket = connection.socket) {
      socket.setSendBufferSize(SEND_BUFFER);
      script.run(connection);
    } catch (IOException gone) {
      // the sender closed it: what most scripts wait for
    } finally {
      open.remove(connection);
      connection.closed.countDown();
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  public String url() {
    return url("127.0.0.1");
  }

  public String url(String host) {
    return url(host, "/hook");
  }

  public String url(String host, String path) {
    return (ssl ? "https://" : "http://") + host + ":" + port() + path;
  }

  /** For connections that are made from now on. */
  public void behave(Script script) {
    this.script = script;
  }

  /** Heads of all requests that came whole. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  public int accepted() {
    return accepted.get();
  }

  /** Waits until all connections are closed, which most scripts leave to the sender. */
  public void awaitClosed() {
    for (Connection connection : open) {
      try {
        assertThat(connection.closed.await(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).as("the socket is closed")
            .isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  /** Bytes that the system took from this receiver, on all connections. */
  public long written() {
    return written.get();
  }

  @Override
  public void close() {
    stopListening();
  }

  /**
   * As {@link #close}: connections that are open stay so, and new ones are refused. The system listens until nobody waits
   * in {@code accept} any more.
   */
  public void stopListening() {
    try {
      server.close();
      acceptor.join(Waiting.LONG.toMillis());
      assertThat(acceptor.isAlive()).as("still listening").isFalse();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The receiver's end of one connection. Where its sender has closed it, all of this fails. */
  public final class Connection {
    private static final int DRIP_MILLIS = 20;

    private final Socket socket;
    private final int number;
    private final CountDownLatch closed = new CountDownLatch(1);
    private PushbackInputStream in;

    private Connection(Socket socket, int number) {
      this.socket = socket;
      this.number = number;
    }

    /** From 1, in the order in which they came. */
    public int number() {
      return number;
    }

    private PushbackInputStream in() throws IOException {
      if (in == null) {
        in = new PushbackInputStream(socket.getInputStream());
      }
      return in;
    }

    /** Reads a request to its end, and returns its head. */
    public String request() throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      String head;
      do {
        bytes.write(read());
        head = bytes.toString(StandardCharsets.ISO_8859_1);
      } while (!head.endsWith("\r\n\r\n"));
      Matcher length = CONTENT_LENGTH.matcher(head);
      if (length.find()) {
        in().readNBytes(Integer.parseInt(length.group(1)));
      }
      requests.add(head);
      return head;
    }

    /** One byte. */
    public int read() throws IOException {
      int read = in().read();
      if (read < 0) {
        throw new IOException("closed by the sender");
      }
      return read;
    }

    public void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void write(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      written.addAndGet(bytes.length);
    }

    /** Over and over, until it is closed by the sender. */
    public void flood(String text) throws IOException {
      byte[] much = text.repeat(1 + 16 * 1024 / text.length()).getBytes(StandardCharsets.ISO_8859_1);
      while (true) {
        write(much);
      }
    }

    /** Over and over with pauses, until it is closed by the sender. */
    public void drip(String text) throws IOException {
      socket.setSoTimeout(DRIP_MILLIS);
      while (true) {
        write(text);
        try {
          read();
        } catch (SocketTimeoutException open) {
          // still there
        }
      }
    }

    /** Says nothing for so long, or until the next request begins. */
    public void pause(int millis) throws IOException {
      if (millis > 0) {
        socket.setSoTimeout(millis);
        try {
          in().unread(read());
        } catch (SocketTimeoutException quiet) {
          // no request came
        }
        socket.setSoTimeout(0);
      }
    }

    /** Says nothing any more, until it is closed by the sender. */
    public void awaitClose() throws IOException {
      in().transferTo(OutputStream.nullOutputStream());
    }

    /** Says that it will send no more, and still reads. */
    public void halfClose() throws IOException {
      socket.shutdownOutput();
    }

    /** Behind TLS 1.3: asks for new keys, over and over, until the sender closes the connection. */
    public void updateKeysWithoutEnd() throws IOException {
      while (true) {
        ((SSLSocket) socket).startHandshake();
      }
    }

    /** Behind TLS: when the session was negotiated that this connection has, or resumes; epoch milliseconds. */
    public long sessionBegan() {
      return ((SSLSocket) socket).getSession().getCreationTime();
    }

    /** Behind TLS: the name in the certificate that the sender has shown. */
    public String peer() throws IOException {
      return ((SSLSocket) socket).getSession().getPeerPrincipal().getName();
    }

    /** Waits until it is closed. */
    public void awaitClosed() {
      try {
        assertThat(closed.await(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).as("connection %d is closed", number).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    /** Closes it as a crash does. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }
}
