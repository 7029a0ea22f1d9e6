package io.keyhook.http;

import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads a CSV body. */
final class CsvBody {
  private static final String EXPLAIN = "Send CSV, in UTF-8, with the header Content-Type: text/csv";

  private CsvBody() {}

  /**
   * Checks that FastCSV, which is optional for a host, is on the class path, before {@link LicenseCsv} is loaded.
   *
   * @throws FailureException if it is missing
   */
  static void requireLibrary() {
    if (CsvBody.class.getResource("/de/siegmar/fastcsv/reader/CsvReader.class") == null) {
      throw new Failure.NotImplemented("CSV needs the library de.siegmar:fastcsv, which is not installed on this server."
          + " Contact your administrator").exception();
    }
  }

  /** Returns the text of a body whose type is CSV and that is in UTF-8. */
  static String text(RoutingContext context) {
    if (!MediaType.CSV.isOf(context.request())) {
      throw new HttpException(415, EXPLAIN);
    }
    Buffer body = context.body().buffer();
    try {
      return body == null ? ""
          : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body.getBytes())).toString();
    } catch (CharacterCodingException e) {
      throw Check.invalid("body", "is not in UTF-8");
    }
  }
}
