package io.keyhook.attempt;

// Clients share sessions only where they share Netty's context, and its cache is bounded in no other way.
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.spi.tls.DefaultSslContextFactory;
import io.vertx.core.spi.tls.SslContextFactory;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;

/**
 * One TLS context for all clients of a {@link Sender}, so that a connection resumes the session of an earlier one to the same
 * host and port, whichever client made that (RFC 8446, 2.2). Belongs to one event loop.
 */
final class TlsSessions extends JdkSSLEngineOptions {
  /** Hosts whose latest session is kept. */
  private static final int MAX = 5_000;
  /** A resumed session is not verified again, so this is how long a receiver is trusted after its certificate has expired. */
  private static final Duration LIFETIME = Duration.ofMinutes(10);

  private SslContext context;

  TlsSessions() {
    setUseWorkerThread(true); // what a handshake computes would delay all that the event loop does
  }

  /** Vert.x copies the options of each client. */
  @Override
  public TlsSessions copy() {
    return this;
  }

  @Override
  public SslContextFactory sslContextFactory() {
    return new DefaultSslContextFactory(SslProvider.JDK, false) {
      @Override
      public SslContext create() throws SSLException {
        if (context == null) {
          context = super.create();
          SSLSessionContext sessions = context.sessionContext();
          sessions.setSessionCacheSize(MAX);
          sessions.setSessionTimeout((int) LIFETIME.toSeconds());
        }
        return context;
      }
    };
  }
}
