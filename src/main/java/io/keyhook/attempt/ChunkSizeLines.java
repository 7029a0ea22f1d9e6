package io.keyhook.attempt;

// Netty refuses chunk-size lines that receivers send.
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpConstants;

/**
 * The lines in front of the chunks of a response (RFC 9112, 7.1), which Netty is to read. Netty refuses blanks behind the
 * size, with which old servers pad it, and bytes over 0x7f in quoted extensions, which are allowed. Both become an
 * extension that Netty reads; no size, and no line's length, is changed. Reads each byte once, and skips the chunks.
 */
final class ChunkSizeLines {
  private enum Part { SIZE, CHUNK, CHUNK_END, NONE }

  private Part part = Part.NONE;
  /** Where the part begins, counted from the reader index; and how much of a line has come without its end. */
  private int ahead;
  private int searched;
  /** Bytes of the chunk that are yet to come. */
  private long left;

  /** The body begins. */
  void begin(boolean isChunked) {
    part = isChunked ? Part.SIZE : Part.NONE;
    ahead = 0;
    searched = 0;
  }

  /** So many bytes have been read from the buffer. */
  void read(int bytes) {
    ahead = Math.max(0, ahead - bytes);
  }

  /** Mends the lines that are complete, up to the end of the body. */
  void mend(ByteBuf in) {
    int end = in.writerIndex();
    int at = in.readerIndex() + ahead;
    while (part != Part.NONE && at < end) {
      if (part == Part.CHUNK) {
        int skipped = (int) Math.min(left, end - at);
        at += skipped;
        left -= skipped;
        if (left == 0) {
          part = Part.CHUNK_END;
        }
      } else {
        int lf = in.indexOf(at + searched, end, HttpConstants.LF);
        if (lf < 0) {
          searched = end - at;
          break;
        }
        if (part == Part.SIZE) {
          mend(in, at, lf);
        } else {
          part = Part.SIZE;
        }
        searched = 0;
        at = lf + 1;
      }
    }
    ahead = at - in.readerIndex();
  }

  private void mend(ByteBuf in, int line, int lf) {
    int at = line;
    left = 0;
    for (int digit; at < lf && (digit = Character.digit(in.getByte(at), 16)) >= 0 && left <= Integer.MAX_VALUE; at++) {
      left = left * 16 + digit;
    }
    boolean isSize = at > line && left <= Integer.MAX_VALUE;
    part = isSize && left > 0 ? Part.CHUNK : Part.NONE; // what is no size is Netty's to refuse
    if (isSize) {
      int end = lf > at && in.getByte(lf - 1) == HttpConstants.CR ? lf - 1 : lf;
      int blanks = at;
      while (blanks < end && (in.getByte(blanks) == HttpConstants.SP || in.getByte(blanks) == HttpConstants.HT)) {
        blanks++;
      }
      if (blanks > at && (blanks == end || in.getByte(blanks) == ';')) {
        in.setByte(at, ';');
      }
      for (int i = blanks; i < end; i++) {
        if (in.getByte(i) < 0) {
          in.setByte(i, 'x');
        }
      }
    }
  }

  /** Whether what was just read is the line of a chunk of size 0, which trailers follow. */
  static boolean isLast(ByteBuf in, int from) {
    int at = from;
    while (at < in.readerIndex() && Character.isWhitespace(in.getByte(at))) {
      at++;
    }
    int digits = at;
    while (at < in.readerIndex() && in.getByte(at) == '0') {
      at++;
    }
    return at > digits && (at == in.readerIndex() || Character.digit(in.getByte(at), 16) < 0);
  }
}
