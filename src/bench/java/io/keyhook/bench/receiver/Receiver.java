package io.keyhook.bench.receiver;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PfxOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The customers' servers, all of them on one event loop. A delivery's path says how it is answered:
 * {@code /ok/...} and {@code /cold/...} at once, {@code /delay/MILLISECONDS/...} later, {@code /hang/...} never, {@code /status/CODE/...} with that
 * status. Whatever follows only tells endpoints apart. What is counted, is counted by the first part of the path:
 * {@code GET /stats/ok}; {@code DELETE /stats} starts afresh. {@code POST /missing} tells how many of a set of sequence
 * numbers have not arrived, and {@code POST /open-loop} sends validations, see {@link OpenLoop}.
 *
 * <p>The same is served over TLS on a port of its own, and on as many more as {@code POST /hosts} asks for: each is a host
 * of its own to a client. {@code GET /connections/one} tells how many were made to the first port since
 * {@code DELETE /stats}, and {@code DELETE /connections/one} closes them, as a restart does; the keys of session tickets
 * stay. {@code more} instead of {@code one} is for the other ports.
 * {@code POST /handshakes} connects to so many hosts, see {@link Handshakes}.
 *
 * <p>Its arguments are a store with its key, one with the authority, and the password of both. It prints its ports, for
 * HTTP and for HTTPS, when it is ready, and ends with its input.
 */
public final class Receiver extends VerticleBase {
  private static final String SEQUENCE = "\"deviceType\":\"bench-";
  private static final String EXPIRED = "\"event\":\"license.expired\"";
  private static final String EXPIRES_AT = "\"expiresAt\":\"";

  private final Map<String, Count> counts = new HashMap<>();
  private final OpenLoop openLoop;
  private final PfxOptions keys;
  private final Handshakes handshakes;
  private final Map<String, Secured> secured = Map.of("one", new Secured(), "more", new Secured());

  /** Connections over TLS. */
  private static final class Secured {
    private final Set<HttpConnection> open = new HashSet<>();
    private int made;

    void add(HttpConnection connection) {
      made++;
      open.add(connection);
      connection.closeHandler(closed -> open.remove(connection));
    }
  }

  private Receiver(OpenLoop openLoop, PfxOptions keys, PfxOptions trusted) {
    this.openLoop = openLoop;
    this.keys = keys;
    this.handshakes = new Handshakes(trusted);
  }

  public static void main(String[] args) throws IOException {
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
    OpenLoop openLoop = new OpenLoop();
    vertx.deployVerticle(openLoop)
        .compose(id -> vertx.deployVerticle(new Receiver(openLoop, store(args[0], args[2]), store(args[1], args[2])), new DeploymentOptions()))
        .onFailure(e -> {
          e.printStackTrace();
          System.exit(1);
        });
    while (System.in.read() >= 0) { // nothing is said
      continue;
    }
    System.exit(0);
  }

  private static PfxOptions store(String path, String password) {
    return new PfxOptions().setPath(path).setPassword(password);
  }

  @Override
  public Future<?> start() {
    Future<Integer> plain = listen(new HttpServerOptions(), connection -> { });
    Future<Integer> tls = listenTls("one");
    return Future.all(plain, tls).onSuccess(both -> System.out.println(plain.result() + " " + tls.result()));
  }

  private Future<Integer> listenTls(String which) {
    return listen(new HttpServerOptions().setSsl(true).setKeyCertOptions(keys), secured.get(which)::add);
  }

  private Future<Integer> listen(HttpServerOptions options, Handler<HttpConnection> connected) {
    return vertx.createHttpServer(options.setAcceptBacklog(8192))
        .requestHandler(this::handle)
        .connectionHandler(connected)
        .listen(0, "127.0.0.1")
        .map(HttpServer::actualPort);
  }

  /** One after the other, because each reads the key. */
  private Future<JsonArray> listen(int hosts, JsonArray ports) {
    return ports.size() == hosts ? Future.succeededFuture(ports)
        : listenTls("more").compose(port -> listen(hosts, ports.add(port)));
  }

  private void handle(HttpServerRequest request) {
    String[] path = request.path().split("/");
    switch (request.method() + " " + path[1]) {
      case "GET stats" -> answer(request, count(path[2]).toJson());
      case "DELETE stats" -> {
        counts.clear();
        secured.values().forEach(connections -> connections.made = 0);
        answer(request, new JsonObject());
      }
      case "GET connections" -> answer(request, new JsonObject().put("made", secured.get(path[2]).made));
      case "DELETE connections" -> {
        List.copyOf(secured.get(path[2]).open).forEach(HttpConnection::close);
        answer(request, new JsonObject());
      }
      case "POST hosts" -> request.body()
          .compose(body -> listen(body.toJsonObject().getInteger("count"), new JsonArray()))
          .onSuccess(ports -> answer(request, new JsonObject().put("ports", ports)));
      case "POST handshakes" -> request.body()
          .compose(body -> handshakes.run(vertx, body.toJsonObject().getJsonArray("ports")))
          .onComplete(result -> answer(request, result), e -> {
            e.printStackTrace();
            request.response().setStatusCode(500).end(String.valueOf(e));
          });
      case "POST missing" -> request.body().onSuccess(body -> answer(request, missing(body.toJsonObject())));
      case "POST open-loop" -> request.body()
          .compose(body -> openLoop.run(body.toJsonObject()))
          .onComplete(result -> answer(request, result), e -> {
            e.printStackTrace();
            request.response().setStatusCode(500).end(String.valueOf(e));
          });
      default -> receive(request, path);
    }
  }

  private static void answer(HttpServerRequest request, JsonObject json) {
    request.response().putHeader("content-type", "application/json").end(json.toBuffer());
  }

  private Count count(String kind) {
    return counts.computeIfAbsent(kind, name -> new Count());
  }

  private void receive(HttpServerRequest request, String[] path) {
    Count count = count(path[1]);
    count.begin();
    Promise<Void> over = Promise.promise();
    request.response().endHandler(answered -> over.tryComplete()).closeHandler(cut -> over.tryComplete());
    over.future().onComplete(done -> count.end());
    request.body().onSuccess(body -> {
      long now = System.nanoTime();
      String text = body.toString(StandardCharsets.ISO_8859_1);
      int sequence = sequence(text);
      count.receive(request.getHeader("webhook-id"), request.getHeader("x-webhook-attempt"), sequence, now);
      if (text.contains(EXPIRED)) {
        count.receiveExpired(expiresAt(text).until(Instant.now(), ChronoUnit.MICROS));
      }
      openLoop.arrived(sequence, now);
      switch (path[1]) {
        case "ok", "cold" -> request.response().end();
        case "delay" -> vertx.setTimer(Long.parseLong(path[2]), timer -> request.response().end());
        case "status" -> request.response().setStatusCode(Integer.parseInt(path[2])).end();
        case "hang" -> { } // it never answers
        default -> request.response().setStatusCode(404).end();
      }
    });
  }

  /** Of the validation that raised this event; -1: it had none. */
  private static int sequence(String body) {
    int at = body.indexOf(SEQUENCE);
    return at < 0 ? -1 : Integer.parseInt(body, at + SEQUENCE.length(), body.indexOf('"', at + SEQUENCE.length()), 10);
  }

  private static Instant expiresAt(String body) {
    int at = body.indexOf(EXPIRES_AT) + EXPIRES_AT.length();
    return Instant.parse(body.substring(at, body.indexOf('"', at)));
  }

  private JsonObject missing(JsonObject query) {
    BitSet arrived = count(query.getString("kind")).sequences();
    BitSet accepted = BitSet.valueOf(Base64.getDecoder().decode(query.getString("accepted")));
    int first = query.getInteger("first");
    long missing = accepted.stream().filter(sequence -> !arrived.get(first + sequence)).count();
    return new JsonObject().put("accepted", accepted.cardinality()).put("missing", missing);
  }
}
