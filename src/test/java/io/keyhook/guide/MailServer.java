package io.keyhook.guide;

import io.keyhook.testing.Waiting;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Takes mail by SMTP, one at a time, and keeps it. */
final class MailServer implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  private final BlockingQueue<String> mails = new LinkedBlockingQueue<>();
  private final Thread thread = new Thread(this::serve, "mail server of a test");

  MailServer() throws IOException {
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  /** The next mail, head and body. */
  String take() {
    return Waiting.next(mails, "a mail");
  }

  boolean isEmpty() {
    return mails.isEmpty();
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        socket.setSoTimeout((int) Waiting.LONG.toMillis());
        talk(socket);
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private void talk(Socket socket) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    say(socket, "220 here");
    for (String line; (line = in.readLine()) != null; ) {
      String command = line.substring(0, Math.min(4, line.length()));
      if (command.equalsIgnoreCase("DATA")) {
        say(socket, "354 go on");
        mails.add(data(in));
      }
      say(socket, command.equalsIgnoreCase("QUIT") ? "221 bye" : "250 ok");
    }
  }

  private static String data(BufferedReader in) throws IOException {
    StringBuilder data = new StringBuilder();
    for (String line; !(line = in.readLine()).equals("."); ) {
      data.append(line).append('\n');
    }
    return data.toString();
  }

  private static void say(Socket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
