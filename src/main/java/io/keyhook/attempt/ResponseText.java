package io.keyhook.attempt;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The first {@value #MAX_BYTES} bytes of a response's body, as people read them. A body that came compressed all the
 * same is decompressed, as much of it as is kept: both the work and the result are bounded by {@value #MAX_BYTES} bytes,
 * whatever it would grow to.
 */
final class ResponseText {
  private static final int MAX_BYTES = 4 * 1024;
  private static final int MAX_NAME = 32;

  private static final String CHARSET = "charset=";
  /** NUL and lone surrogates; a pair of them is one character. */
  private static final Pattern NO_TEXT = Pattern.compile("[\\x00\\p{Cs}]");

  private final String encoding;
  private final Charset charset;
  private final Buffer kept = Buffer.buffer();

  /**
   * @param contentEncoding the header (RFC 9110, 8.4); null: there is none
   * @param contentType the header (RFC 9110, 8.3); null: there is none
   */
  ResponseText(String contentEncoding, String contentType) {
    this.encoding = contentEncoding == null ? "" : contentEncoding.trim().toLowerCase(Locale.ROOT);
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

  void append(Buffer data) {
    if (kept.length() < MAX_BYTES) {
      kept.appendBuffer(data, 0, Math.min(data.length(), MAX_BYTES - kept.length()));
    }
  }

  /**
   * Decodes it in the charset of its byte order mark, or else of its type. Replaces what is not text by U+FFFD: malformed
   * bytes, NUL, which PostgreSQL does not store, and lone surrogates, which Java's UTF-32 and CESU-8 let through and
   * which no UTF-8 holds.
   *
   * @param length of the whole body as far as it came, in bytes
   */
  String read(int length) {
    byte[] bytes = kept.getBytes();
    return switch (encoding) {
      case "", "identity" -> text(bytes);
      case "gzip", "x-gzip" -> isGzip(bytes) ? text(inflated(bytes, gzipHeader(bytes), true)) : text(bytes);
      case "deflate" -> {
        byte[] inflated = inflated(bytes, 0, !isZlib(bytes));
        yield text(inflated.length == 0 ? bytes : inflated); // as plain text, where it is no such thing
      }
      default -> length == 0 ? "" : "(%s-compressed body, %d bytes)".formatted(name(), length);
    };
  }

  private String name() {
    return clean(encoding.substring(0, Math.min(encoding.length(), MAX_NAME)));
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

  private static String clean(String text) {
    return NO_TEXT.matcher(text).replaceAll("\uFFFD");
  }

  private static boolean isGzip(byte[] bytes) {
    return bytes.length >= 10 && bytes[0] == 0x1f && (bytes[1] & 0xff) == 0x8b && bytes[2] == 8;
  }

  /** RFC 1950, 2.2; many send the bare deflate of RFC 1951 instead. */
  private static boolean isZlib(byte[] bytes) {
    return bytes.length >= 2 && (bytes[0] & 0x0f) == 8 && ((bytes[0] & 0xff) << 8 | bytes[1] & 0xff) % 31 == 0;
  }

  /** Its length (RFC 1952, 2.3). */
  private static int gzipHeader(byte[] bytes) {
    int flags = bytes[3];
    int at = 10;
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

  /** Up to where it is cut off or damaged. */
  private static byte[] inflated(byte[] bytes, int from, boolean bare) {
    byte[] result = new byte[MAX_BYTES];
    Inflater inflater = new Inflater(bare);
    try {
      inflater.setInput(bytes, Math.min(from, bytes.length), Math.max(0, bytes.length - from));
      int length = 0;
      for (int more = 1; more > 0 && length < MAX_BYTES; length += more) {
        more = inflater.inflate(result, length, MAX_BYTES - length);
      }
    } catch (DataFormatException e) {
      // what came before is counted too
    }
    int length = (int) inflater.getBytesWritten();
    inflater.end();
    return Arrays.copyOf(result, length);
  }
}
