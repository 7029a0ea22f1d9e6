package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.MultiMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** An endpoint on a real socket: keeps what arrives, verifies its signatures, and answers as the test says. */
public final class Receiver implements AutoCloseable {
  private final HttpServer server;
  private final List<String> secrets = new CopyOnWriteArrayList<>();
  private final BlockingQueue<Delivery> untaken = new LinkedBlockingQueue<>();
  private final Queue<Delivery> all = new ConcurrentLinkedQueue<>();
  private final List<Delivery> forged = new CopyOnWriteArrayList<>();
  private final Queue<Answer> script = new ConcurrentLinkedQueue<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final List<Answer> answers = new CopyOnWriteArrayList<>();
  private volatile Answer usual = Answer.OK;
  private volatile boolean anyTime;

  Receiver(Vertx vertx) {
    server = vertx.createHttpServer()
        .connectionHandler(connection -> {
          connections.incrementAndGet();
          connection.exceptionHandler(killed -> { }); // its sender; the close handler is told too
          connection.closeHandler(closed -> connections.decrementAndGet());
        })
        .requestHandler(request -> request.body().onSuccess(body -> received(request, body)));
    Waiting.on(server.listen(0, "127.0.0.1"));
  }

  private void received(HttpServerRequest request, Buffer body) {
    Delivery delivery = new Delivery(request.path(), MultiMap.caseInsensitiveMultiMap().addAll(request.headers()),
        body.getBytes());
    if (secrets.stream().noneMatch(anyTime ? delivery::isSignedAtItsTimeWith : delivery::isSignedWith)) {
      forged.add(delivery);
    }
    // chosen before the test sees the delivery: what it says then is for the next one
    Answer next = script.poll();
    Answer answer = next == null ? usual : next;
    all.add(delivery);
    untaken.add(delivery);
    answer.to(request);
  }

  public String url() {
    return "http://127.0.0.1:" + server.actualPort() + "/hook";
  }

  /** Deliveries signed with it are good. */
  public void trust(String secret) {
    secrets.add(secret);
  }

  /** A sender's clock may say what it wants. */
  public void takeAnyTime() {
    anyTime = true;
  }

  /** To every request from now on. */
  public void answer(Answer answer) {
    usual = answer;
    answers.add(answer);
  }

  /** To the next requests, one each, before the usual one. */
  public void answerNext(Answer... next) {
    script.addAll(List.of(next));
    answers.addAll(List.of(next));
  }

  /** The next delivery that nobody took yet; waits for it. */
  public Delivery take() {
    Delivery delivery = Waiting.next(untaken, "a delivery to " + url());
    verify();
    return delivery;
  }

  public List<Delivery> take(int count) {
    List<Delivery> deliveries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      deliveries.add(take());
    }
    return deliveries;
  }

  /** All that ever arrived. */
  public List<Delivery> all() {
    return List.copyOf(all);
  }

  /** What arrived and nobody took. */
  public int untaken() {
    return untaken.size();
  }

  public int openConnections() {
    return connections.get();
  }

  /** Lets go of what a test has left waiting. */
  void release() {
    answers.forEach(Receiver::release);
  }

  private static void release(Answer answer) {
    if (answer instanceof Answer.Held held) {
      held.release();
    }
  }

  void verify() {
    assertThat(forged).as("deliveries that are not signed with a secret of this receiver").isEmpty();
  }

  @Override
  public void close() {
    Waiting.on(server.close());
    verify();
  }
}
