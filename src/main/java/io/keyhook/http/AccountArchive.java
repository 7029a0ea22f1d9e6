package io.keyhook.http;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Accounts.Export;
import io.keyhook.bus.Accounts.ExportPart;
import io.keyhook.bus.Accounts.Exported;
import io.keyhook.bus.Actor;
import io.keyhook.http.StreamedFile.Piece;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Everything of an account as a ZIP archive, with a file of JSON lines for each kind. Compresses off the event loop. */
final class AccountArchive {
  private static final ExportPart[] PARTS = ExportPart.values();

  private final KeyhookClient client;
  private final Vertx vertx;
  private final Actor by;
  private final String id;
  /** What has been compressed and not been sent. */
  private final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
  private final ZipOutputStream zip = new ZipOutputStream(compressed, StandardCharsets.UTF_8);

  AccountArchive(KeyhookClient client, Vertx vertx, Actor by, String id) {
    this.client = client;
    this.vertx = vertx;
    this.by = by;
    this.id = id;
  }

  Future<Piece> first() {
    return piece(0, null);
  }

  private Future<Piece> piece(int part, String cursor) {
    return client.exportAccount(new Export(by, id, PARTS[part], cursor)).compose(read -> {
      boolean ends = read.nextCursor() == null;
      boolean last = ends && part == PARTS.length - 1;
      return vertx.executeBlocking(() -> compress(part, cursor == null, read, last)).map(bytes -> new Piece(bytes,
          last ? null : () -> ends ? piece(part + 1, null) : piece(part, read.nextCursor())));
    });
  }

  private Buffer compress(int part, boolean begins, Exported read, boolean last) throws IOException {
    if (begins) {
      zip.putNextEntry(new ZipEntry(PARTS[part].file()));
    }
    zip.write(read.lines().getBytes(StandardCharsets.UTF_8));
    if (last) {
      zip.close();
    } else {
      zip.flush();
    }
    Buffer bytes = Buffer.buffer(compressed.toByteArray());
    compressed.reset();
    return bytes;
  }
}
