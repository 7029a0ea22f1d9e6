package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Licenses;
import io.keyhook.http.StreamedFile.Piece;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** The file of an account's licenses, a page of the list a piece. */
final class LicenseExport {
  private final KeyhookClient client;

  LicenseExport(KeyhookClient client) {
    this.client = client;
  }

  /**
   * Makes the first piece.
   *
   * @param marked whether the file starts with a byte order mark
   */
  Future<Piece> first(Licenses.List query, boolean marked) {
    return piece(query, (marked ? CsvText.BYTE_ORDER_MARK : "") + LicenseCsv.header());
  }

  /** Makes the only piece: these licenses. */
  Future<Piece> only(Licenses.GetAll query, boolean marked) {
    return client.getLicenses(query).map(page ->
        new Piece(Buffer.buffer((marked ? CsvText.BYTE_ORDER_MARK : "") + LicenseCsv.header() + LicenseCsv.rows(page.data())), null));
  }

  private Future<Piece> piece(Licenses.List query, String before) {
    return client.listLicenses(query).map(page -> new Piece(Buffer.buffer(before + LicenseCsv.rows(page.data())),
        page.nextCursor() == null ? null : () -> piece(query.next(page.nextCursor()), "")));
  }
}
