package io.keyhook.attempt;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The first bytes of a response's body, as people read them. A body that came compressed all the same is decompressed, as much of it as
 * is kept: both the work and the result are bounded by so many bytes, whatever it would grow to.
 */
public final class ResponseText {
  /** How many bytes of a response the log has. */
  static final int LOGGED = 4 * 1024;
  private static final int MAX_NAME = 32;
  /** More than are decoded; of more, the body is unreadable. */
  private static final int MAX_ENCODINGS = 4;

  /** A checksum and a length. */
  private static final int GZIP_TRAILER = 8;

  private static final String CHARSET = "charset=";
  /** NUL and lone surrogates; a pair of them is one character. */
  private static final Pattern NO_TEXT = Pattern.compile("[\\x00\\p{Cs}]");

  /** In the order in which they were applied, without {@code identity}. */
  private final List<String> encodings;
  private final Charset charset;
  private final int max;
  private final Buffer kept = Buffer.buffer();

  /** Keeps {@value #LOGGED} bytes. */
  public ResponseText(List<String> contentEncodings, String contentType) {
    this(contentEncodings, contentType, LOGGED);
  }

  /**
   * @param contentEncodings the header's lines (RFC 9110, 8.4); empty: there are none
   * @param contentType the header (RFC 9110, 8.3); null: there is none
   * @param max how many bytes are kept
   */
  ResponseText(List<String> contentEncodings, String contentType, int max) {
    this.max = max;
    this.encodings = contentEncodings.stream().flatMap(line -> Arrays.stream(line.split(",", MAX_ENCODINGS + 1)))
        .map(name -> name.trim().toLowerCase(Locale.ROOT)).filter(name -> !name.isEmpty() && !name.equals("identity"))
        .limit(MAX_ENCODINGS + 1).toList();
    this.charset = charset(contentType == null ? "" : contentType.toLowerCase(Locale.ROOT));
  }

  /** UTF-8 where the type names none, or none that Java can read. */
  private static Charset charset(String contentType) {
    int at = contentType.indexOf(CHARSET, Math.max(0, contentType.indexOf(';')));
    if (at < 0) {
      return StandardCharsets.UTF_8;
    }
    int start = at + CHARSET.length();
    int end = contentType.indexOf(';', start);
    String name = contentType.substring(start, end < 0 ? contentType.length() : end).replace("\"", "").trim();
    try {
      return name.length() <= MAX_NAME && Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.UTF_8;
    } catch (IllegalArgumentException e) { // no name of a charset
      return StandardCharsets.UTF_8;
    }
  }

  /** Adds the next piece of the body. */
  public void append(Buffer data) {
    if (kept.length() < max) {
      kept.appendBuffer(data, 0, Math.min(data.length(), max - kept.length()));
    }
  }

  /**
   * Decodes it in the charset of its byte order mark, or else of its type. Replaces what is not text by U+FFFD: malformed
   * bytes, NUL, which PostgreSQL does not store, and lone surrogates, which Java's UTF-32 and CESU-8 let through and
   * which no UTF-8 holds.
   *
   * @param length of the whole body as far as it came, in bytes
   */
  public String read(int length) {
    byte[] bytes = kept.getBytes();
    if (encodings.size() > MAX_ENCODINGS) {
      return unreadable(length);
    }
    for (int i = encodings.size() - 1; i >= 0; i--) {
      switch (encodings.get(i)) {
        case "gzip", "x-gzip" -> bytes = isGzip(bytes, 0) ? gunzipped(bytes) : bytes;
        case "deflate" -> {
          byte[] inflated = inflated(bytes, !isZlib(bytes));
          bytes = inflated.length == 0 ? bytes : inflated; // as plain text, where it is no such thing
        }
        default -> {
          return unreadable(length);
        }
      }
    }
    return text(bytes);
  }

  private String unreadable(int length) {
    String names = String.join(", ", encodings);
    return length == 0 ? "" : "(%s-compressed body, %d bytes)".formatted(
        clean(names.substring(0, Math.min(names.length(), MAX_NAME))), length);
  }

  private String text(byte[] bytes) {
    int first = bytes.length < 2 ? 0 : (bytes[0] & 0xff) << 8 | bytes[1] & 0xff;
    String text = switch (first) {
      case 0xfeff, 0xfffe -> new String(bytes, StandardCharsets.UTF_16); // which skips the mark
      case 0xefbb -> new String(bytes, StandardCharsets.UTF_8);
      default -> new String(bytes, charset);
    };
    return clean(text.startsWith("\uFEFF") ? text.substring(1) : text);
  }

  /** Replaces what PostgreSQL or UTF-8 cannot hold. */
  static String clean(String text) {
    return NO_TEXT.matcher(text).replaceAll("\uFFFD");
  }

  private static boolean isGzip(byte[] bytes, int from) {
    return bytes.length >= from + 10 && bytes[from] == 0x1f && (bytes[from + 1] & 0xff) == 0x8b && bytes[from + 2] == 8;
  }

  /** RFC 1950, 2.2; many send the bare deflate of RFC 1951 instead. */
  private static boolean isZlib(byte[] bytes) {
    return bytes.length >= 2 && (bytes[0] & 0x0f) == 8 && ((bytes[0] & 0xff) << 8 | bytes[1] & 0xff) % 31 == 0;
  }

  /** Where it ends (RFC 1952, 2.3). */
  private static int gzipHeader(byte[] bytes, int from) {
    int flags = bytes[from + 3];
    int at = from + 10;
    if ((flags & 4) != 0 && at + 2 <= bytes.length) { // FEXTRA
      at += 2 + (bytes[at] & 0xff) + ((bytes[at + 1] & 0xff) << 8);
    }
    for (int zeroEnded : new int[] {8, 16}) { // FNAME, FCOMMENT
      if ((flags & zeroEnded) != 0) {
        while (at < bytes.length && bytes[at] != 0) {
          at++;
        }
        at++;
      }
    }
    return (flags & 2) != 0 ? at + 2 : at; // FHCRC
  }

  /** All members (RFC 1952, 2.2), up to where they are cut off or damaged. */
  private byte[] gunzipped(byte[] bytes) {
    byte[] result = new byte[max];
    int length = 0;
    Inflater inflater = new Inflater(true);
    try {
      for (int at = 0; isGzip(bytes, at) && length < max; ) {
        inflater.reset();
        int start = Math.min(gzipHeader(bytes, at), bytes.length);
        length += inflate(inflater, bytes, start, result, length);
        if (!inflater.finished()) {
          break;
        }
        at = start + (int) inflater.getBytesRead() + GZIP_TRAILER;
      }
    } finally {
      inflater.end();
    }
    return Arrays.copyOf(result, length);
  }

  /** Up to where it is cut off or damaged. */
  private byte[] inflated(byte[] bytes, boolean bare) {
    byte[] result = new byte[max];
    Inflater inflater = new Inflater(bare);
    try {
      return Arrays.copyOf(result, inflate(inflater, bytes, 0, result, 0));
    } finally {
      inflater.end();
    }
  }

  /** Returns how many bytes it has added to the result. */
  private int inflate(Inflater inflater, byte[] bytes, int from, byte[] result, int at) {
    inflater.setInput(bytes, from, bytes.length - from);
    try {
      int length = at;
      for (int more = 1; more > 0 && length < max; length += more) {
        more = inflater.inflate(result, length, max - length);
      }
    } catch (DataFormatException e) {
      // what came before is counted too
    }
    return (int) inflater.getBytesWritten();
  }
}
