package io.keyhook.attempt;

// What a response means for its connection, by Netty's headers, which Vert.x does not show before it uses the connection again.
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * What a response means for its connection: whether more belongs to it, and whether another request may follow (RFC 9112, 6 and
 * 9). Where two readers can differ on where the response ends, none may.
 */
final class Persistence {
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int MAX_GOODBYE = 1024;

  private Persistence() {}

  /** Whether the final response is yet to come (RFC 9110, 15.2). */
  static boolean isInterim(int status) {
    return status / 100 == 1 && status != SWITCHING_PROTOCOLS;
  }

  /** Whether the response ends with its head, whatever its head says (RFC 9110, 15.2, 15.3.5, 15.3.6 and 15.4.5). */
  static boolean hasNoBody(int status) {
    return status / 100 == 1 || status == 204 || status == 205 || status == 304;
  }

  /** Whether its head announces a body. */
  static boolean announcesBody(HttpResponse response) {
    return response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING) || HttpUtil.getContentLength(response, 0L) > 0;
  }

  /** Whether its head says where its body ends: after a length, with the last chunk, or with the connection. */
  static boolean tellsItsEnd(HttpResponse response) {
    return response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
        || response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING) || !HttpUtil.isKeepAlive(response);
  }

  /**
   * Reads {@code chunked} as applied once, however often and wherever the head names it, as curl and browsers do.
   *
   * @return whether another reader may understand the head in another way
   */
  static boolean mendTransferEncoding(HttpResponse response) {
    HttpHeaders headers = response.headers();
    List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
    if (codings.isEmpty() || codings.size() == 1 && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.get(0).trim())) {
      return false;
    }
    if (HttpUtil.isTransferEncodingChunked(response)) {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    return true;
  }

  /** Whether the connection ends with the response. */
  static boolean ends(HttpResponse response) {
    return response.status().code() == SWITCHING_PROTOCOLS
        || !HttpUtil.isKeepAlive(response)
        || response.protocolVersion() != HttpVersion.HTTP_1_1
            && response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING);
  }

  /** Whether it was sent because no request came for long (RFC 9110, 15.5.9). */
  static boolean isGoodbye(HttpResponse response) {
    return response.status().code() == REQUEST_TIMEOUT && !HttpUtil.isKeepAlive(response);
  }

  /** The same, of bytes that no request has asked for. */
  static boolean isGoodbye(ByteBuf bytes) {
    String text = bytes.toString(bytes.readerIndex(), Math.min(bytes.readableBytes(), MAX_GOODBYE),
        StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    return text.startsWith("http/1.0 408 ") || text.startsWith("http/1.1 408 ") && text.contains("\nconnection: close");
  }
}
