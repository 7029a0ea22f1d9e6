package io.keyhook.attempt;

// Clients share sessions only where they share Netty's context, and its cache is bounded in no other way.
import io.netty.handler.ssl.OpenSsl;
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
 * host and port, whichever client made that (RFC 8446, 2.2). Whatever the engine, Java's trust managers decide whose certificate is
 * good. Belongs to one event loop.
 */
final class TlsSessions extends JdkSSLEngineOptions {
  /** Hosts whose latest session is kept. */
  private static final int MAX = 5_000;
  /** A resumed session is not verified again, so this is how long a receiver is trusted after its certificate has expired. */
  private static final Duration LIFETIME = Duration.ofMinutes(10);

  private final SslProvider provider;
  private SslContext context;

  /** What encrypts, and computes handshakes. */
  public enum Engine {
    /** Comes as a library for Linux with glibc, on x86-64 and AArch64. */
    BORINGSSL(SslProvider.OPENSSL),
    /** Takes several times as long for a handshake. */
    JAVA(SslProvider.JDK);

    private final SslProvider provider;

    Engine(SslProvider provider) {
      this.provider = provider;
    }

    /** Returns the fastest that works on this machine. */
    public static Engine fastest() {
      return OpenSsl.isAvailable() ? BORINGSSL : JAVA;
    }
  }

  TlsSessions(Engine engine) {
    provider = engine.provider;
    setUseWorkerThread(true); // what a handshake computes would delay all that the event loop does
  }

  /** Vert.x copies the options of each client. */
  @Override
  public TlsSessions copy() {
    return this;
  }

  @Override
  public SslContextFactory sslContextFactory() {
    return new DefaultSslContextFactory(provider, false) {
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
