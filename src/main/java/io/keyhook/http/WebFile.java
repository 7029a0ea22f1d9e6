package io.keyhook.http;

import io.keyhook.db.Hashes;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * A file of the web pages in memory, plain and compressed.
 *
 * @param isPage whether it is HTML, which browsers revalidate at each visit; other names change with their content
 * @param compressed null: compression gains nothing
 */
record WebFile(String contentType, boolean isPage, Variant plain, Variant compressed) {
  private static final int TAG_LENGTH = 20;

  record Variant(Buffer bytes, String etag) {}

  static WebFile of(String name, byte[] bytes) {
    String hash = hash(bytes).substring(0, TAG_LENGTH);
    byte[] gzip = gzip(bytes);
    return new WebFile(contentType(name), name.endsWith(".html"), new Variant(Buffer.buffer(bytes), '"' + hash + '"'),
        gzip.length < bytes.length ? new Variant(Buffer.buffer(gzip), '"' + hash + "-gzip\"") : null);
  }

  /** Returns the SHA-256 in hexadecimal. */
  static String hash(byte[] bytes) {
    return HexFormat.of().formatHex(Hashes.sha256(bytes));
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
      {
        def.setLevel(Deflater.BEST_COMPRESSION);
      }
    }) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static String contentType(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "svg" -> "image/svg+xml";
      case "png" -> "image/png";
      case "woff2" -> "font/woff2";
      default -> throw new IllegalStateException("No content type is known for " + name);
    };
  }
}
