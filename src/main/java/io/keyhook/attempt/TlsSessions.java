package io.keyhook.attempt;

// Clients share sessions only where they share Netty's context, and its cache is bounded in no other way; only a handler can
// be given the workers that compute handshakes.
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.spi.tls.DefaultSslContextFactory;
import io.vertx.core.spi.tls.SslContextFactory;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLEngine;
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

  private final Executor workers;
  private SslContext context;

  /**
   * @param workers compute what handshakes take, which would delay all that the event loop does
   */
  TlsSessions(WorkerExecutor workers) {
    this.workers = task -> workers.executeBlocking(Executors.callable(task), false);
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
          context = new OffLoop(super.create());
          SSLSessionContext sessions = context.sessionContext();
          sessions.setSessionCacheSize(MAX);
          sessions.setSessionTimeout((int) LIFETIME.toSeconds());
        }
        return context;
      }
    };
  }

  /** Leaves all that a handshake computes to the workers. */
  private final class OffLoop extends DelegatingSslContext {
    private OffLoop(SslContext context) {
      super(context);
    }

    @Override
    protected SslHandler newHandler(ByteBufAllocator allocator, boolean startTls, Executor executor) {
      return new SslHandler(new OffLoopEngine(newEngine(allocator)), startTls, workers);
    }

    @Override
    protected SslHandler newHandler(ByteBufAllocator allocator, String host, int port, boolean startTls, Executor executor) {
      return new SslHandler(new OffLoopEngine(newEngine(allocator, host, port)), startTls, workers);
    }

    @Override
    protected void initEngine(SSLEngine engine) {
      // Vert.x sets what it wants.
    }
  }
}
