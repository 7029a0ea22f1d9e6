package io.keyhook.http;

import io.keyhook.bus.PemKeyPair;
import io.keyhook.config.KeyhookOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate of a server, which is loaded again when its files change. It compares their content, because a file can be
 * replaced without a newer time. Belongs to one event loop; reads off it.
 */
final class ServerTls {
  /** A client must not hold a connection that it has not finished opening. */
  static final int HANDSHAKE_SECONDS = 5;
  /** That are offered, the preferred first. */
  static final List<HttpVersion> VERSIONS = List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1);

  private static final Logger log = LoggerFactory.getLogger(ServerTls.class);

  private final KeyhookOptions.Tls files;
  private PemKeyPair loaded;
  private String met = "";
  private String reported = "";

  ServerTls(KeyhookOptions.Tls files) {
    this.files = files;
  }

  /** Reads the files for the first time. */
  Future<KeyCertOptions> load(Vertx vertx) {
    return read(vertx).map(pair -> {
      loaded = pair;
      return options(pair);
    });
  }

  private Future<PemKeyPair> read(Vertx vertx) {
    return vertx.executeBlocking(() -> PemKeyPair.read(files.certificate(), files.key()), false);
  }

  private static KeyCertOptions options(PemKeyPair pair) {
    return KeyCertOptions.wrap(pair.keyManagers());
  }

  /**
   * Loads the files if they have changed. New connections get the new certificate. Files that cannot be used, as a certificate
   * whose key is not replaced, are reported once, and the server keeps the previous certificate.
   */
  void reload(Vertx vertx, HttpServer server) {
    read(vertx).compose(pair -> pair.equals(loaded) ? Future.<Boolean>succeededFuture()
        : server.updateSSLOptions(new ServerSSLOptions().setKeyCertOptions(options(pair))
            .setUseAlpn(true).setApplicationLayerProtocols(VERSIONS.stream().map(HttpVersion::alpnName).toList())
            .setSslHandshakeTimeout(HANDSHAKE_SECONDS).setSslHandshakeTimeoutUnit(TimeUnit.SECONDS)).onSuccess(updated -> {
              loaded = pair;
              reported = "";
              log.info("Loaded the changed certificate {}", files.certificate());
            })).onSuccess(done -> met = "").onFailure(this::report);
  }

  /** Reports what two looks in a row have met: one may come between two files, or while another event loop updates the server. */
  private void report(Throwable e) {
    String problem = e.getMessage() == null ? e.toString() : e.getMessage();
    boolean again = problem.equals(met);
    met = problem;
    if (again && !problem.equals(reported)) {
      reported = problem;
      log.warn("Could not load {} and its key; the server keeps the previous certificate: {}", files.certificate(), problem);
    }
  }
}
