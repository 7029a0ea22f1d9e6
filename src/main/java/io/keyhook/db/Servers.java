package io.keyhook.db;

import io.keyhook.db.ConnectionUri.Server;
import io.keyhook.db.ConnectionUri.Target;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnectOptions;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Chooses the server for each new connection, as libpq does: of several, the first that serves. A server is asked while the
 * one before it has not answered for {@value #HEAD_START_MILLIS} ms, so that one that is gone without a word holds nobody up
 * (RFC 8305). Who asks meanwhile gets the same answer. Any thread.
 *
 * <p>Vert.x leaves a connection open that it asked for TLS in vain, until the server gives up on it a minute later. So a
 * server is asked first, on a connection that is closed: once if it offers TLS, and else again after a minute.
 */
final class Servers {
  /** Whether the server is a standby, and whether a session may only read. */
  static final String STATE = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";

  private static final int HEAD_START_MILLIS = 250;
  private static final Duration ASK_AGAIN = Duration.ofMinutes(1);
  /** Length and code of the message (PostgreSQL's manual, "Message Formats"). */
  private static final Buffer SSL_REQUEST = Buffer.buffer().appendInt(8).appendInt(80877103);

  private final Vertx vertx;
  private final NetClientOptions transport;
  private final UnaryOperator<PgConnectOptions> settings;
  private final Future<Known> known;
  private final Set<Server> offerTls = ConcurrentHashMap.newKeySet();
  private final Map<Server, Long> refusedTlsNanos = new ConcurrentHashMap<>();
  private Future<SqlConnectOptions> choosing = Future.succeededFuture();

  /** What the URI and the files that it names say. */
  private record Known(ConnectionUri uri, Tls tls) {}

  /**
   * @param settings adds what Keyhook presupposes of a connection
   */
  Servers(Vertx vertx, URI uri, NetClientOptions transport, UnaryOperator<PgConnectOptions> settings) {
    this(vertx, transport, settings, vertx.executeBlocking(() -> {
      ConnectionUri parsed = ConnectionUri.parse(uri);
      return new Known(parsed, Tls.of(parsed));
    }, false));
  }

  private Servers(
      Vertx vertx, NetClientOptions transport, UnaryOperator<PgConnectOptions> settings, Future<Known> known) {
    this.vertx = vertx;
    this.transport = transport;
    this.settings = settings;
    this.known = known;
  }

  /**
   * Leads to one server of the cluster that these lead to.
   *
   * @param own adds what Keyhook presupposes of a connection there
   */
  Servers to(Worker worker, UnaryOperator<PgConnectOptions> own) {
    return new Servers(vertx, transport, own,
        known.map(all -> new Known(all.uri.at(worker.host(), worker.port()), all.tls)));
  }

  /** Options for one server, without the choice between several and with what Vert.x itself makes of TLS. Blocks. */
  static PgConnectOptions only(URI uri) {
    ConnectionUri parsed = ConnectionUri.parse(uri);
    if (parsed.servers().size() > 1 || parsed.target() != Target.ANY) {
      throw new IllegalArgumentException("A pool of your own connects to one server, whatever its state: let Keyhook connect"
          + " (database.uri) to use several servers or target_session_attrs");
    }
    Server server = parsed.servers().get(0);
    return options(parsed, Tls.of(parsed), server, server.isSocket() ? SslMode.DISABLE : parsed.sslMode());
  }

  /** Fails with a {@link ConnectException} if none serves now. */
  synchronized Future<SqlConnectOptions> next() {
    if (choosing.isComplete()) {
      choosing = known.compose(this::choose);
    }
    return choosing;
  }

  private Future<SqlConnectOptions> choose(Known known) {
    List<Server> servers = known.uri.servers();
    if (servers.size() == 1 && known.uri.target() == Target.ANY) {
      return connectable(known, servers.get(0)).map(SqlConnectOptions.class::cast);
    }
    AtomicBoolean found = new AtomicBoolean();
    List<Future<PgConnectOptions>> asked = new ArrayList<>();
    for (int i = 0; i < servers.size(); i++) {
      Server server = servers.get(i);
      asked.add(after(i * HEAD_START_MILLIS, asked)
          .compose(turn -> found.get() ? Future.failedFuture("not asked") : serving(known, server))
          .onSuccess(serves -> found.set(true)));
    }
    return Future.any(asked).transform(done -> IntStream.range(0, asked.size())
        .filter(i -> asked.get(i).succeeded()).mapToObj(i -> Future.<SqlConnectOptions>succeededFuture(asked.get(i).result()))
        .findFirst().orElseGet(() -> Future.failedFuture(new ConnectException("no server serves: "
            + IntStream.range(0, asked.size()).mapToObj(i -> servers.get(i) + ": " + asked.get(i).cause().getMessage())
                .collect(Collectors.joining("; "))))));
  }

  /** Completes after the time, or once all before have failed. */
  private Future<?> after(int millis, List<Future<PgConnectOptions>> before) {
    if (millis == 0) {
      return Future.succeededFuture();
    }
    Promise<Void> turn = Promise.promise();
    long timer = vertx.setTimer(millis, over -> turn.tryComplete());
    Future.any(List.copyOf(before)).onFailure(allFailed -> turn.tryComplete());
    return turn.future().onComplete(over -> vertx.cancelTimer(timer));
  }

  private Future<PgConnectOptions> serving(Known known, Server server) {
    return connectable(known, server).compose(options -> {
      Pool probe = PgBuilder.pool()
          .with(new PoolOptions().setMaxSize(1).setConnectionTimeout(transport.getConnectTimeout())
              .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS))
          .with(transport)
          .connectingTo(options)
          .using(vertx)
          .build();
      return probe.query(STATE).execute()
          .timeout(transport.getConnectTimeout(), TimeUnit.MILLISECONDS)
          .compose(rows -> {
            Row state = rows.iterator().next();
            return serves(known.uri.target(), state.getBoolean(0), state.getBoolean(1)) ? Future.succeededFuture(options)
                : Future.failedFuture(state.getBoolean(0) ? "is a standby" : "is read-only");
          })
          .onComplete(done -> probe.close());
    });
  }

  static boolean serves(Target target, boolean standby, boolean readOnly) {
    return switch (target) {
      case ANY -> true;
      case READ_WRITE -> !readOnly;
      case PRIMARY -> !standby;
    };
  }

  private Future<PgConnectOptions> connectable(Known known, Server server) {
    return mode(known.uri.sslMode(), server).map(mode -> settings.apply(options(known.uri, known.tls, server, mode)));
  }

  /** What the mode comes to with this server. */
  private Future<SslMode> mode(SslMode mode, Server server) {
    if (mode == SslMode.DISABLE || server.isSocket()) { // as libpq, which has no TLS on Unix sockets
      return Future.succeededFuture(SslMode.DISABLE);
    }
    return offersTls(server).compose(offers -> offers ? Future.succeededFuture(mode)
        : mode == SslMode.ALLOW || mode == SslMode.PREFER ? Future.succeededFuture(SslMode.DISABLE)
        : Future.failedFuture(new ConnectException(server + " offers no TLS, and sslmode asks for it")));
  }

  private Future<Boolean> offersTls(Server server) {
    Long refused = refusedTlsNanos.get(server);
    if (offerTls.contains(server) || refused != null && System.nanoTime() - refused < ASK_AGAIN.toNanos()) {
      return Future.succeededFuture(refused == null);
    }
    return askForTls(server).onSuccess(offers -> {
      if (offers) {
        refusedTlsNanos.remove(server);
        offerTls.add(server);
      } else {
        refusedTlsNanos.put(server, System.nanoTime());
      }
    });
  }

  private Future<Boolean> askForTls(Server server) {
    NetClient client = vertx.createNetClient(transport);
    return client.connect(server.socketAddress())
        .compose(socket -> {
          Promise<Boolean> answer = Promise.promise();
          socket.handler(bytes -> answer.tryComplete(bytes.getByte(0) == 'S'));
          socket.exceptionHandler(answer::tryFail);
          socket.closeHandler(closed -> answer.tryFail(new IOException(server + " closed the connection")));
          socket.write(SSL_REQUEST.copy());
          return answer.future();
        })
        .timeout(transport.getConnectTimeout(), TimeUnit.MILLISECONDS)
        .onComplete(done -> client.close());
  }

  /** Lead to the address of a server, if it is given, under the name of its host. */
  private static final class Options extends PgConnectOptions {
    private final Server server;

    Options(Server server) {
      this.server = server;
    }

    @Override
    public SocketAddress getSocketAddress() {
      return server.isSocket() ? super.getSocketAddress() : server.socketAddress();
    }
  }

  private static PgConnectOptions options(ConnectionUri uri, Tls tls, Server server, SslMode mode) {
    PgConnectOptions options = new Options(server)
        .setHost(server.host())
        .setPort(server.port())
        .setDatabase(uri.database())
        .setUser(uri.user())
        .setPassword(server.password().orElse(""))
        .setSslMode(mode);
    if (mode != SslMode.DISABLE) {
      options.setSslOptions(tls.clientOptions(mode));
    }
    uri.settings().forEach(options::addProperty);
    return options.addProperty("application_name", uri.applicationName().orElse(Database.APPLICATION_NAME));
  }
}
