package io.keyhook.bench.receiver;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The customers' servers, all of them on one event loop. A delivery's path says how it is answered:
 * {@code /ok/...} at once, {@code /delay/MILLISECONDS/...} later, {@code /hang/...} never, {@code /status/CODE/...} with that
 * status. Whatever follows only tells endpoints apart. What is counted, is counted by the first part of the path:
 * {@code GET /stats/ok}; {@code DELETE /stats} starts afresh. {@code POST /missing} tells how many of a set of sequence
 * numbers have not arrived, and {@code POST /open-loop} sends validations, see {@link OpenLoop}.
 *
 * <p>It prints its port when it is ready, and ends with its input.
 */
public final class Receiver extends VerticleBase {
  private static final String SEQUENCE = "\"deviceType\":\"bench-";
  private static final String EXPIRED = "\"event\":\"license.expired\"";
  private static final String EXPIRES_AT = "\"expiresAt\":\"";

  private final Map<String, Count> counts = new HashMap<>();
  private final OpenLoop openLoop;

  private Receiver(OpenLoop openLoop) {
    this.openLoop = openLoop;
  }

  public static void main(String[] args) throws IOException {
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
    OpenLoop openLoop = new OpenLoop();
    vertx.deployVerticle(openLoop)
        .compose(id -> vertx.deployVerticle(new Receiver(openLoop), new DeploymentOptions()))
        .onFailure(e -> {
          e.printStackTrace();
          System.exit(1);
        });
    while (System.in.read() >= 0) { // nothing is said
      continue;
    }
    System.exit(0);
  }

  @Override
  public Future<?> start() {
    return vertx.createHttpServer(new HttpServerOptions().setAcceptBacklog(8192))
        .requestHandler(this::handle)
        .listen(0, "127.0.0.1")
        .onSuccess(server -> System.out.println(server.actualPort()));
  }

  private void handle(HttpServerRequest request) {
    String[] path = request.path().split("/");
    switch (request.method() + " " + path[1]) {
      case "GET stats" -> answer(request, count(path[2]).toJson());
      case "DELETE stats" -> {
        counts.clear();
        answer(request, new JsonObject());
      }
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
        case "ok" -> request.response().end();
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
