package io.keyhook.attempt;

// ReceiverCodec makes one line of folded ones before Netty joins them in quadratic time.
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpConstants;

/** Field lines that go on in the next line (RFC 9112, 5.2), in heads and in trailers. Linear in what is there. */
final class FoldedLines {
  private FoldedLines() {}

  /**
   * Makes one line of folded ones.
   *
   * @param line where the first one begins
   * @return up to where it may be read: behind the end of the last line, the next byte tells whether it goes on
   */
  static int unfold(ByteBuf in, int line) {
    int end = in.writerIndex();
    int lf = in.indexOf(line, end, HttpConstants.LF);
    while (lf >= 0) {
      boolean isEmpty = lf == line || lf == line + 1 && in.getByte(line) == HttpConstants.CR;
      if (isEmpty) {
        return end;
      } else if (lf + 1 == end) {
        return lf;
      } else if (in.getByte(lf + 1) != HttpConstants.SP && in.getByte(lf + 1) != '\t') {
        line = lf + 1;
      } else {
        in.setByte(lf, HttpConstants.SP);
        if (in.getByte(lf - 1) == HttpConstants.CR) {
          in.setByte(lf - 1, HttpConstants.SP);
        }
      }
      lf = in.indexOf(lf + 1, end, HttpConstants.LF);
    }
    return end;
  }

  /** Whether what was just read is the line of a chunk of size 0, which trailers follow. */
  static boolean isLastChunk(ByteBuf in, int from) {
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
