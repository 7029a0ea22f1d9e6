package io.keyhook.attempt;

// Netty takes the rest of a response for the status line of the next.
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpConstants;
import java.nio.charset.StandardCharsets;

/** Finds the status line of a response (RFC 9112, 4) among the bytes that may precede it. Linear in what comes. */
final class StatusLine {
  private static final byte[] VERSION = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);
  private static final int ANY_VERSION = "HTTP/".length();
  private static final int MAX_VERSION = 8;
  private static final int STATUS_DIGITS = 3;

  /** The last byte that was dropped in front of it. */
  private byte dropped = HttpConstants.LF;
  private boolean droppedText;

  /** A request was written: its response begins with a status line, or something precedes it. */
  void begin() {
    dropped = HttpConstants.LF;
    droppedText = false;
  }

  /** Whether more than blank lines has been dropped in front of the line. */
  boolean droppedText() {
    return droppedText;
  }

  /** Drops blanks, which Netty does not count as lines. Returns true when the line begins at the reader index. */
  boolean isBehindBlanks(ByteBuf in) {
    while (in.isReadable()) {
      byte first = in.getByte(in.readerIndex());
      if (!Character.isISOControl(first) && !Character.isWhitespace(first)) {
        return true;
      }
      in.skipBytes(1);
    }
    return false;
  }

  /** Drops whatever precedes it. Returns true when the line begins at the reader index; false: more bytes have to come. */
  boolean isBehindRest(ByteBuf in) {
    while (in.isReadable()) {
      int length = Math.min(VERSION.length, in.readableBytes());
      int same = 0;
      while (same < length && in.getByte(in.readerIndex() + same) == VERSION[same]) {
        same++;
      }
      if (same == length) {
        return length == VERSION.length;
      }
      if (same >= ANY_VERSION && dropped == HttpConstants.LF) {
        int end = endOfVersion(in);
        if (end == in.writerIndex()) {
          return false;
        }
        if (in.getByte(end) == HttpConstants.SP) {
          return true; // such as HTTP/2 200, which Netty refuses: no response comes behind it
        }
      }
      dropped = in.readByte();
      droppedText |= dropped != HttpConstants.CR && dropped != HttpConstants.LF;
    }
    return false;
  }

  /**
   * Makes the reason phrase one that Netty reads: it may be anything, and says nothing.
   *
   * @param lf where the line ends that begins at the reader index
   * @return the status; 0: there is none of three digits
   */
  static int mend(ByteBuf in, int lf) {
    int at = in.readerIndex();
    while (at < lf && !isBlank(in.getByte(at))) {
      at++;
    }
    while (at < lf && isBlank(in.getByte(at))) {
      at++;
    }
    int status = 0;
    int digits = at;
    while (at < lf && at < digits + STATUS_DIGITS && Character.isDigit(in.getByte(at))) {
      status = status * 10 + Character.digit(in.getByte(at++), 10);
    }
    if (at < digits + STATUS_DIGITS) {
      return 0;
    }
    for (int i = at; i < lf; i++) {
      if (Character.isISOControl(in.getByte(i))) {
        in.setByte(i, HttpConstants.SP);
      }
    }
    return status;
  }

  private static boolean isBlank(byte b) {
    return b == HttpConstants.SP || b == '\t';
  }

  private static int endOfVersion(ByteBuf in) {
    int at = in.readerIndex() + ANY_VERSION;
    int end = Math.min(in.writerIndex(), at + MAX_VERSION);
    while (at < end && (in.getByte(at) == '.' || Character.isDigit(in.getByte(at)))) {
      at++;
    }
    return at;
  }
}
