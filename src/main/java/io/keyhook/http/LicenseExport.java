package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Page;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams licenses as a file. Reads a page from the database when the previous one has been sent, so that only one page
 * is in memory. An error in the middle closes the connection, so that half a file is not mistaken for a whole one.
 */
final class LicenseExport {
  private static final Logger log = LoggerFactory.getLogger(LicenseExport.class);
  /** How long a client may take to read a page. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final KeyhookClient client;
  private final RoutingContext context;
  private final boolean marked;
  private final HttpServerResponse response;
  private final Promise<Void> over = Promise.promise();

  private LicenseExport(KeyhookClient client, RoutingContext context, boolean marked) {
    this.marked = marked;
    this.client = client;
    this.context = context;
    this.response = context.response();
  }

  /**
   * @param marked whether the file starts with a byte order mark
   */
  static void send(
      KeyhookClient client, Admission<UUID> exports, RoutingContext context, Licenses.List query, boolean marked) {
    exports.run(query.caller().accountId(), () -> new LicenseExport(client, context, marked).send(query))
        .onFailure(context::fail);
  }

  /** Completes when the export ends. Fails only before the response has started. */
  private Future<Void> send(Licenses.List query) {
    context.addEndHandler(ended -> over.tryComplete());
    return client.listLicenses(query).compose(page -> {
      begin(query, page);
      return over.future();
    });
  }

  private void begin(Licenses.List query, Page<License> page) {
    SecurityHeaders.on(response).setStatusCode(200)
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/csv; charset=utf-8")
        .putHeader("Content-Disposition", "attachment; filename=\"licenses.csv\"");
    if (context.request().method() == HttpMethod.HEAD) {
      response.end();
      return;
    }
    response.setChunked(true);
    write((marked ? CsvText.BYTE_ORDER_MARK : "") + LicenseCsv.header() + LicenseCsv.rows(page.data()), query,
        page.nextCursor());
  }

  private void write(String text, Licenses.List query, String nextCursor) {
    response.write(text).timeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).onComplete(written -> {
      if (nextCursor == null) {
        response.end();
        return;
      }
      Licenses.List next = query.next(nextCursor);
      client.listLicenses(next).onComplete(
          page -> write(LicenseCsv.rows(page.data()), next, page.nextCursor()), this::breakOff);
    }, this::breakOff);
  }

  private void breakOff(Throwable e) {
    log.debug("An export of licenses failed: {}", e.getMessage());
    context.request().connection().close();
    over.tryComplete();
  }
}
