package io.keyhook.attempt;

// Netty refuses a whole response for one bad line of its head, and joins folded lines in quadratic time.
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpConstants;

/**
 * The field lines of a head, or of trailers, which Netty is to read (RFC 9112, 5). A folded line becomes one line. A line that
 * is no field is left out: it has no name, characters in the name that are not allowed there, no colon, or a control character
 * in its value. Linear in what is there.
 */
final class FieldLines {
  private static final String LENGTH = "content-length";
  private static final String ENCODING = "transfer-encoding";
  private static final String TOKEN = "!#$%&'*+-.^_`|~";

  private boolean interim;
  private boolean ended;
  private boolean doubtful;
  private boolean announcedBody;

  /**
   * A head begins.
   *
   * @param interim of an interim response: what it says of a body is left out, because it has none (RFC 9110, 15.2)
   */
  void begin(boolean interim) {
    this.interim = interim;
    ended = false;
    doubtful = false;
    announcedBody = false;
  }

  /** Whether the head has come to its end. */
  boolean haveEnded() {
    return ended;
  }

  /** Whether there was a line that another reader may understand in another way. */
  boolean areDoubtful() {
    return doubtful;
  }

  /** Whether the head of an interim response spoke of a body. */
  boolean announcedBody() {
    return announcedBody;
  }

  /**
   * Unfolds the lines, and leaves out those that are no fields: the buffer becomes shorter by them.
   *
   * @param from where the first one begins
   * @return up to where the buffer may be read: behind the end of the last line, the next byte tells whether it goes on
   */
  int mend(ByteBuf in, int from) {
    int end = in.writerIndex();
    int line = from;
    int to = from;
    int waiting = -1;
    ended = false;
    while (!ended && line < end) {
      int lf = endOfLine(in, line, end);
      if (lf < 0) {
        break;
      }
      int text = endOfText(in, line, lf);
      ended = text == line;
      if (!ended && lf + 1 == end) {
        waiting = lf;
        break;
      }
      doubtful |= lf - text > 1;
      if (ended || isKept(in, line, text)) {
        to = keep(in, line, text, lf, to);
      }
      line = lf + 1;
    }
    int gap = line - to;
    if (gap > 0) {
      in.setBytes(to, in, line, end - line);
      in.writerIndex(end - gap);
    }
    return waiting < 0 ? in.writerIndex() : waiting - gap;
  }

  /** Returns its LF, behind all lines that belong to it; negative: it has not come. */
  private static int endOfLine(ByteBuf in, int line, int end) {
    int lf = in.indexOf(line, end, HttpConstants.LF);
    boolean isEmpty = lf >= 0 && endOfText(in, line, lf) == line;
    while (!isEmpty && lf >= 0 && lf + 1 < end && isBlank(in.getByte(lf + 1))) {
      in.setByte(lf, HttpConstants.SP);
      if (in.getByte(lf - 1) == HttpConstants.CR) {
        in.setByte(lf - 1, HttpConstants.SP);
      }
      lf = in.indexOf(lf + 1, end, HttpConstants.LF);
    }
    return lf;
  }

  private static int endOfText(ByteBuf in, int line, int lf) {
    int end = lf;
    while (end > line && in.getByte(end - 1) == HttpConstants.CR) {
      end--;
    }
    return end;
  }

  /** Moves it to where the lines before it end, and returns its own end. */
  private static int keep(ByteBuf in, int line, int text, int lf, int to) {
    if (to < line) {
      in.setBytes(to, in, line, lf + 1 - line);
    }
    int behind = to + (text - line);
    if (lf - text > 1) { // line ends such as CR CR LF
      in.setByte(behind, HttpConstants.CR);
      in.setByte(behind + 1, HttpConstants.LF);
      return behind + 2;
    }
    return to + (lf + 1 - line);
  }

  private boolean isKept(ByteBuf in, int line, int end) {
    boolean isField = isField(in, line, end);
    doubtful |= !isField;
    boolean announces = interim && (isNamed(in, line, end, LENGTH) || isNamed(in, line, end, ENCODING));
    announcedBody |= announces;
    return isField && !announces;
  }

  private static boolean isField(ByteBuf in, int line, int end) {
    int at = line;
    while (at < end && isToken(in.getByte(at))) {
      at++;
    }
    if (at == line) {
      return false;
    }
    while (at < end && isBlank(in.getByte(at))) {
      at++;
    }
    return at < end && in.getByte(at) == ':' && in.forEachByte(at, end - at, FieldLines::isText) < 0;
  }

  private static boolean isToken(byte b) {
    return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || TOKEN.indexOf(b) >= 0;
  }

  /** Any byte over 0x7f is allowed (RFC 9110, 5.5). */
  private static boolean isText(byte b) {
    return b < 0 || b >= HttpConstants.SP && b != 0x7f || b == '\t';
  }

  private static boolean isBlank(byte b) {
    return b == HttpConstants.SP || b == '\t';
  }

  private static boolean isNamed(ByteBuf in, int line, int end, String name) {
    int same = 0;
    while (same < name.length() && line + same < end
        && Character.toLowerCase(in.getByte(line + same)) == name.charAt(same)) {
      same++;
    }
    return same == name.length();
  }
}
