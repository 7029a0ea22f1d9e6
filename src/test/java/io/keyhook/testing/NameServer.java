package io.keyhook.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A DNS server on loopback that gives every name the same answer, but for the root, which it knows unless it is dead or cut off.
 * Nothing that it says may be cached.
 */
public final class NameServer implements AutoCloseable {
  private static final int A = 1;
  private static final int AAAA = 28;
  private static final int SERVFAIL = 2;
  private static final int MAX_DATAGRAM = 512;

  private final DatagramSocket socket;
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger losses = new AtomicInteger();
  private volatile Reply reply = new Reply.Silence();

  /** What it says. */
  public sealed interface Reply {
    /** Nothing. */
    record Silence() implements Reply {}

    /** Nothing at all. */
    record Dead() implements Reply {}

    /** SERVFAIL to everything, as a forwarder does that reaches no other server. */
    record CutOff() implements Reply {}

    /** Bytes that are no message. */
    record Junk() implements Reply {}

    /** A response code of RFC 1035, 4.1.1, such as 2 for SERVFAIL and 3 for NXDOMAIN. */
    record Failure(int code) implements Reply {}

    /** Addresses of both kinds, each for those who ask for its kind. */
    record Addresses(List<String> all) implements Reply {}
  }

  public NameServer() {
    try {
      socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread thread = new Thread(this::serve, "name-server");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve() {
    byte[] buffer = new byte[MAX_DATAGRAM];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        asked.incrementAndGet();
        byte[] answer = answer(ByteBuffer.wrap(buffer, 0, packet.getLength()));
        if (answer.length > 0) {
          socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      }
    } catch (IOException closed) {
      // the end of it
    }
  }

  private byte[] answer(ByteBuffer query) throws IOException {
    Reply now = reply;
    boolean root = query.get(12) == 0;
    if (root && losses.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      return new byte[0];
    } else if (now instanceof Reply.CutOff) {
      return message(query, SERVFAIL, List.of());
    } else if (root && !(now instanceof Reply.Dead)) {
      return message(query, 0, List.of());
    } else if (now instanceof Reply.Failure failure) {
      return message(query, failure.code(), List.of());
    } else if (now instanceof Reply.Addresses addresses) {
      return message(query, 0, addresses.all());
    }
    return now instanceof Reply.Junk ? new byte[] {1, 2, 3} : new byte[0];
  }

  private static byte[] message(ByteBuffer query, int code, List<String> all) throws IOException {
    int end = 12;
    while (query.get(end) != 0) {
      end += 1 + query.get(end);
    }
    int type = query.getShort(end + 1);
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    int count = 0;
    for (String text : all) {
      byte[] address = InetAddress.getByName(text).getAddress();
      if (type == (address.length == 4 ? A : AAAA)) {
        count++;
        // the name of the question, type, class IN, a time to live of 0, and the address
        records.write(ByteBuffer.allocate(12 + address.length).putShort((short) 0xc00c).putShort((short) type)
            .putShort((short) 1).putInt(0).putShort((short) address.length).put(address).array());
      }
    }
    byte[] question = new byte[end + 5 - 12];
    query.get(12, question);
    // a response, with recursion desired and available, to one question
    return ByteBuffer.allocate(12 + question.length + records.size()).putShort(query.getShort(0))
        .putShort((short) (0x8180 | code)).putShort((short) 1).putShort((short) count).putInt(0).put(question)
        .put(records.toByteArray()).array();
  }

  /** As Vert.x wants it. */
  public String address() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  /** From now on. */
  public void reply(Reply reply) {
    this.reply = reply;
  }

  /** The next queries for the root get lost. */
  public void loseRoot(int queries) {
    losses.set(queries);
  }

  public void addresses(String... all) {
    reply(new Reply.Addresses(List.of(all)));
  }

  /** How often. */
  public int asked() {
    return asked.get();
  }

  @Override
  public void close() {
    socket.close();
  }
}
