package io.keyhook.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Takes mail by SMTP, one at a time, and keeps it. */
public final class MailServer implements AutoCloseable {
  private final ServerSocket server;
  private final BlockingQueue<String> mails = new LinkedBlockingQueue<>();
  private final Thread thread = new Thread(this::serve, "mail server of a test");
  /** The argument of AUTH PLAIN; null: no login is asked for. */
  private final String login;

  public MailServer() {
    this(null);
  }

  private MailServer(String login) {
    try {
      server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.login = login;
    thread.setDaemon(true);
    thread.start();
  }

  /** One that refuses mail without this login (RFC 4616). */
  public static MailServer withLogin(String user, String password) {
    return new MailServer(Base64.getEncoder().encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8)));
  }

  public int port() {
    return server.getLocalPort();
  }

  /** The next mail, head and body. */
  public String take() {
    return Waiting.next(mails, "a mail");
  }

  public boolean isEmpty() {
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
    boolean known = login == null;
    for (String line; (line = in.readLine()) != null; ) {
      String command = line.substring(0, Math.min(4, line.length())).toUpperCase(Locale.ROOT);
      if (command.equals("EHLO") && login != null) {
        say(socket, "250-here");
        say(socket, "250 AUTH PLAIN");
      } else if (command.equals("AUTH")) {
        known = line.equals("AUTH PLAIN " + login);
        say(socket, known ? "235 welcome" : "535 wrong");
      } else if (command.equals("MAIL") && !known) {
        say(socket, "530 log in first");
      } else if (command.equals("DATA")) {
        say(socket, "354 go on");
        mails.add(data(in));
        say(socket, "250 ok");
      } else if (command.equals("QUIT")) {
        say(socket, "221 bye");
        return; // the server closes the connection (RFC 5321, 4.1.1.10)
      } else {
        say(socket, "250 ok");
      }
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
