package io.keyhook.bench.receiver;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Validations at a constant rate out of the receiver's own process, so that one clock tells when each was due, when it was
 * answered and when its event arrived. A general load generator cannot know the last. It has an event loop of its own;
 * {@link #arrived} may be called on another.
 */
final class OpenLoop extends VerticleBase {
  private static final int CONNECTIONS = 512;
  private static final int TIMEOUT_MILLIS = 30_000;

  private HttpClient client;
  private volatile List<Stream> streams = List.of();

  @Override
  public Future<?> start() {
    client = vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(CONNECTIONS));
    return Future.succeededFuture();
  }

  /** A delivery came. */
  void arrived(int sequence, long nanos) {
    for (Stream stream : streams) {
      if (stream.holds(sequence)) {
        stream.arrived(sequence, nanos);
      }
    }
  }

  /**
   * One run: {@code port}, {@code first} sequence number, {@code warmUpSeconds} that do not count, {@code seconds} that do,
   * {@code drainSeconds} that events may take after the last answer, and {@code streams} of {@code name}, {@code rate} a
   * second, {@code keyPrefixes} of the accounts and {@code licenses} of each. A stream with {@code connections} has no rate:
   * each of them sends its next validation, of {@code total} in all, when the last is answered. The answer has, by the stream's name, what it
   * came to.
   */
  Future<JsonObject> run(JsonObject order) {
    Promise<JsonObject> over = Promise.promise();
    context.runOnContext(v -> new Run(order, over).start());
    return over.future();
  }

  private final class Run {
    private final JsonObject order;
    private final Promise<JsonObject> over;
    private final int port;
    private long lastAnswer;

    Run(JsonObject order, Promise<JsonObject> over) {
      this.order = order;
      this.over = over;
      this.port = order.getInteger("port");
    }

    void start() {
      List<Stream> all = new ArrayList<>();
      int first = order.getInteger("first");
      long now = System.nanoTime();
      for (int i = 0; i < order.getJsonArray("streams").size(); i++) {
        Stream stream = new Stream(order.getJsonArray("streams").getJsonObject(i), first, now,
            order.getInteger("warmUpSeconds"), order.getInteger("seconds"));
        first += stream.total();
        all.add(stream);
      }
      streams = all;
      for (Stream stream : all) {
        for (int i = 0; i < stream.connections(); i++) {
          sendNext(stream);
        }
      }
      vertx.setPeriodic(1, this::tick);
    }

    private void tick(long timer) {
      long now = System.nanoTime();
      boolean answered = true;
      boolean arrived = true;
      for (Stream stream : streams) {
        for (int i = stream.nextDue(now); i >= 0; i = stream.nextDue(now)) {
          send(stream, i);
        }
        answered &= stream.isAnswered();
        arrived &= stream.isArrived();
      }
      if (answered && (arrived || now - lastAnswer > order.getInteger("drainSeconds") * 1_000_000_000L)) {
        vertx.cancelTimer(timer);
        JsonObject result = new JsonObject();
        streams.forEach(stream -> result.put(stream.name(), stream.toJson()));
        streams = List.of();
        over.complete(result);
      }
    }

    private void sendNext(Stream stream) {
      int index = stream.next(System.nanoTime());
      if (index >= 0) {
        send(stream, index);
      }
    }

    private void send(Stream stream, int index) {
      Buffer body = Buffer.buffer(stream.body(index, ThreadLocalRandom.current()));
      client.request(new RequestOptions().setMethod(HttpMethod.POST).setHost("127.0.0.1").setPort(port)
              .setURI("/api/validate").setIdleTimeout(TIMEOUT_MILLIS).putHeader("content-type", "application/json"))
          .compose(request -> request.send(body))
          .compose(response -> response.end().map(response.statusCode()))
          .onComplete(status -> answered(stream, index, status), e -> answered(stream, index, 0));
    }

    private void answered(Stream stream, int index, int status) {
      lastAnswer = System.nanoTime();
      stream.answered(index, status, lastAnswer);
      sendNext(stream);
    }
  }
}
