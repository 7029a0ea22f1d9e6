package io.keyhook.testing;

// A test resets connections of the database (RST), which NetSocket.close does not.
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between a node and the database, and goes away or slows down when the test says so. */
public final class Proxy implements AutoCloseable {
  private static final int STALL_STEP_MILLIS = 20;

  private final Vertx vertx;
  private final NetServer server;
  private final NetClient client;
  private final AtomicInteger abandoned = new AtomicInteger();
  private volatile URI leads;
  private final Set<NetSocket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger severed = new AtomicInteger();
  private volatile boolean cut;
  private volatile boolean stalled;
  private volatile boolean severing;
  private final AtomicBoolean losing = new AtomicBoolean();
  private volatile int bytesPerSecond;
  private volatile Duration delay = Duration.ZERO;

  Proxy(Vertx vertx, URI target) {
    this.vertx = vertx;
    this.leads = target;
    this.client = vertx.createNetClient();
    this.server = vertx.createNetServer().connectHandler(this::connect);
    Waiting.on(server.listen(0, "127.0.0.1"));
  }

  private void connect(NetSocket near) {
    if (cut) {
      near.close();
      return;
    }
    near.pause();
    near.exceptionHandler(reset -> { }); // its end is what counts
    sockets.add(near);
    int accepted = abandoned.get();
    URI server = leads;
    client.connect(server.getPort(), server.getHost()).onComplete(far -> {
      far.exceptionHandler(reset -> { });
      sockets.add(far);
      near.closeHandler(closed -> closed(near, far));
      far.closeHandler(closed -> closed(far, near));
      boolean even = connections.getAndIncrement() % 2 == 0;
      Way questions = new Way(far, even);
      Way answers = new Way(near, !even);
      near.handler(unlessAbandoned(accepted, data -> {
        if (data.toString(StandardCharsets.ISO_8859_1).contains("COMMIT") && losing.compareAndSet(true, false)) {
          answers.lost = true;
        }
        questions.pass(data);
      }));
      far.handler(unlessAbandoned(accepted, answers::pass));
      if (cut) {
        near.close();
      } else {
        near.resume();
      }
    }, e -> near.close());
  }

  private Handler<Buffer> unlessAbandoned(int accepted, Handler<Buffer> way) {
    return data -> {
      if (abandoned.get() == accepted) {
        way.handle(data);
      }
    };
  }

  private void closed(NetSocket socket, NetSocket other) {
    sockets.remove(socket);
    other.close();
  }

  /** One direction of a connection. What comes goes on in its order, whatever changes meanwhile. */
  private final class Way {
    private final NetSocket to;
    private final boolean endsEarly;
    private final ArrayDeque<Buffer> late = new ArrayDeque<>();
    private boolean lost;
    private long freeNanos = System.nanoTime();

    /**
     * @param endsEarly whether it is this way that is severed
     */
    Way(NetSocket to, boolean endsEarly) {
      this.to = to;
      this.endsEarly = endsEarly;
    }

    void pass(Buffer data) {
      late.add(data);
      unstalled().compose(v -> wait(data.length())).onSuccess(over -> write(late.poll()));
    }

    private Future<Void> unstalled() {
      return stalled ? vertx.timer(STALL_STEP_MILLIS).compose(waited -> unstalled()) : Future.succeededFuture();
    }

    private Future<Void> wait(int bytes) {
      long millis = delay.toMillis();
      if (bytesPerSecond > 0) {
        long now = System.nanoTime();
        freeNanos = Math.max(now, freeNanos) + bytes * 1_000_000_000L / bytesPerSecond;
        millis += (freeNanos - now) / 1_000_000;
      }
      return millis == 0 ? Future.succeededFuture() : vertx.timer(millis).mapEmpty();
    }

    private void write(Buffer data) {
      if (lost) {
        to.close();
      } else if (severing && endsEarly) {
        severed.incrementAndGet();
        to.write(data.slice(0, data.length() / 2)).onComplete(written -> to.close());
      } else {
        to.write(data);
      }
    }
  }

  /** From now on whatever passes takes so much longer, each way. */
  public void delay(Duration delay) {
    this.delay = delay;
  }

  /** From now on nothing passes, and nobody is told. */
  public void stall() {
    stalled = true;
  }

  /** Nothing passes on the connections that there are, ever again, and nobody is told; new ones are taken. */
  public void abandon() {
    abandoned.incrementAndGet();
  }

  /** Leads new connections to another server; those that there are stay where they are. */
  public void leadTo(URI server) {
    leads = server;
  }

  /** From now on each way of each connection takes so many bytes a second. */
  public void throttle(int bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** From now on connections end in the middle of what passes: every other one of a question, the rest of an answer. */
  public void sever() {
    severing = true;
  }

  /** The next commit reaches the database, and its connection ends instead of the answer. */
  public void loseAnswerToCommit() {
    losing.set(true);
  }

  /** Whether that commit has come. */
  public boolean hasLostAnswer() {
    return !losing.get();
  }

  /** How many connections ended in the middle. */
  public int severed() {
    return severed.get();
  }

  /** The database's address, by way of this proxy. */
  public URI before(URI database) {
    return URI.create(database.toString().replace(":" + leads.getPort() + "/", ":" + server.actualPort() + "/"));
  }

  /** Cuts every connection and refuses new ones. */
  public void cut() {
    cut = true;
    sockets.forEach(NetSocket::close);
  }

  /** Ends every connection with a reset; new ones are taken. */
  public void reset() {
    for (NetSocket socket : sockets) {
      Channel channel = ((NetSocketInternal) socket).channelHandlerContext().channel();
      channel.eventLoop().execute(() -> {
        if (channel.isOpen()) {
          channel.config().setOption(ChannelOption.SO_LINGER, 0);
          channel.close();
        }
      });
    }
  }

  /** Lets everything pass again, at once. */
  public void open() {
    cut = false;
    stalled = false;
    severing = false;
    bytesPerSecond = 0;
    delay = Duration.ZERO;
  }

  @Override
  public void close() {
    Waiting.on(server.close());
    Waiting.on(client.close());
  }
}
