package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** A client of server-sent events whose data is JSON, on a thread of its own until the stream is over. */
public final class EventSource implements AutoCloseable {
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final InputStream in;
  private final BlockingQueue<JsonObject> untaken = new LinkedBlockingQueue<>();
  private final AtomicInteger comments = new AtomicInteger();
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

  private EventSource(InputStream in) {
    this.in = in;
    Thread reader = new Thread(this::read, "event-source");
    reader.setDaemon(true);
    reader.start();
  }

  /** Opens a stream, which must be one. */
  public static EventSource open(URI node, String credential, String path) {
    try {
      HttpResponse<InputStream> response = CLIENT.send(HttpRequest.newBuilder(node.resolve(path))
          .timeout(Waiting.LONG).header("Authorization", "Bearer " + credential).build(), BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).as(path).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
      assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
      return new EventSource(response.body());
    } catch (IOException e) {
      throw new AssertionError(path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void read() {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      String event = null;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(":")) {
          comments.incrementAndGet();
        } else if (line.startsWith("event: ")) {
          event = line.substring(7);
        } else if (line.startsWith("data: ")) {
          untaken.add(new JsonObject(line.substring(6)).put("of", event));
        }
      }
      ended.complete(true);
    } catch (IOException e) {
      ended.complete(false);
    }
  }

  /** The data of the next event, with its name as {@code of}; waits for it. */
  public JsonObject next() {
    return Waiting.next(untaken, "an event");
  }

  /** Those that came and nobody took. */
  public int untaken() {
    return untaken.size();
  }

  public int comments() {
    return comments.get();
  }

  /** Waits until it is over: true where it was ended in order, false where it was cut off. */
  public boolean awaitEnd() {
    try {
      return ended.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("The stream goes on", e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException alreadyCutOff) {
      // as it should be
    }
  }
}
