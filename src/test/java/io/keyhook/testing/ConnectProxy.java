package io.keyhook.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/** An HTTP proxy that makes tunnels (CONNECT), and notes what it was asked for. */
public final class ConnectProxy implements AutoCloseable {
  private final ServerSocket server;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile String refusal;
  private volatile boolean hangs;
  private volatile Breach breach;

  /** How it ends a connection in the place of a response. */
  public enum Breach {
    /** In order. */
    CLOSE,
    /** With a reset, as after a crash. */
    RESET
  }

  public ConnectProxy() {
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(() -> {
      while (true) {
        Socket client = server.accept();
        open.add(client);
        start(() -> serve(client));
      }
    });
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread = new Thread(() -> {
      try {
        work.run();
      } catch (IOException closed) {
        // the end of it
      }
    }, "connect-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve(Socket client) throws IOException {
    try (client) {
      String head = head(client.getInputStream());
      requests.add(head);
      if (hangs) {
        client.getInputStream().transferTo(OutputStream.nullOutputStream());
        return;
      }
      Breach end = breach;
      if (end != null) {
        client.setSoLinger(end == Breach.RESET, 0);
        return;
      }
      String status = refusal;
      Socket target = null;
      if (status == null) {
        String authority = head.split(" ")[1];
        int colon = authority.lastIndexOf(':');
        try {
          target = new Socket(authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1)));
          status = "200 Connection established";
        } catch (IOException e) {
          status = "502 Bad Gateway";
        }
      }
      client.getOutputStream().write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      if (target != null) {
        open.add(target);
        Socket far = target;
        start(() -> pipe(far, client));
        pipe(client, far);
      }
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("closed");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static void pipe(Socket from, Socket to) throws IOException {
    try (from; to) {
      OutputStream out = to.getOutputStream();
      from.getInputStream().transferTo(out);
    }
  }

  /** Refuses from now on, with a status line such as {@code 403 Forbidden}; null: makes tunnels. */
  public void refuse(String status) {
    refusal = status;
  }

  /** Accepts connections from now on, and answers nothing. */
  public void hang() {
    hangs = true;
  }

  /** Accepts connections from now on, and ends them so when they ask for a tunnel. */
  public void breakOff(Breach how) {
    breach = how;
  }

  /** The heads of all requests. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  /** What tunnels were asked for to, as {@code host:port}. */
  public Stream<String> targets() {
    return requests.stream().map(head -> head.split(" ")[1]);
  }

  public int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
