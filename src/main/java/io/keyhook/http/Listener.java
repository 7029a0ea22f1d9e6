package io.keyhook.http;

import io.keyhook.config.KeyhookOptions;
import io.keyhook.trace.Tracing;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.tracing.TracingPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** The socket that all instances of a server listen on. Any thread. */
public final class Listener {
  /** The longest time for which connections without a request stay open once the socket is closed. */
  private static final Duration LONGEST_IDLE = Duration.ofSeconds(2);

  private final KeyhookOptions.Http options;
  private final String group;
  private final AtomicInteger port;
  private final Tracing tracing;
  /** Stands for any free port. A negative number, which the instances of one server have in common. */
  private final int freePort = -ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
  /** Null while nobody has connected. */
  private volatile Supplier<Future<Void>> closing;

  /**
   * Creates the listener of one server.
   *
   * @param group of the configuration that names the host and port
   * @param port set to the port that is listened on
   * @param tracing off: the Vert.x records no spans of requests, whatever tracer it has
   */
  public Listener(KeyhookOptions.Http options, String group, AtomicInteger port, Tracing tracing) {
    this.options = options;
    this.group = group;
    this.port = port;
    this.tracing = tracing;
  }

  String host() {
    return options.host();
  }

  /** A certificate for one instance of the server; empty: it speaks plain HTTP. */
  Optional<ServerTls> tls() {
    return options.tls().map(ServerTls::new);
  }

  /** The port to ask Vert.x for. */
  int port() {
    return options.port() == 0 ? freePort : options.port();
  }

  Tracing tracing() {
    return tracing;
  }

  /** Whether Vert.x records a span of each request. */
  TracingPolicy tracingPolicy() {
    return tracing.isOn() ? TracingPolicy.ALWAYS : TracingPolicy.IGNORE;
  }

  void listening(int actualPort) {
    port.set(actualPort);
  }

  IOException refused(Throwable e) {
    return new IOException("cannot listen on " + options.host() + ":" + options.port() + " (" + group + ".host, " + group
        + ".port): " + e.getMessage(), e);
  }

  /** A connection was accepted. */
  void accepted(HttpConnection connection) {
    if (closing == null) {
      closing = RequestDecoder.closesListener(connection);
    }
  }

  /** Takes no more connections, and lets those that there are go on. A second call does nothing. */
  Future<Void> close() {
    Supplier<Future<Void>> socket = closing;
    return socket == null ? Future.succeededFuture() : socket.get();
  }

  /** How long connections without a request stay open once the socket is closed. Zero: they close at once. */
  Duration idle() {
    return options.drainDelay().compareTo(LONGEST_IDLE) < 0 ? options.drainDelay() : LONGEST_IDLE;
  }
}
