package io.keyhook.forward;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Requests with a bound for the whole response, in time and in bytes. For blocking threads. */
final class Http {
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
      .followRedirects(HttpClient.Redirect.NEVER).connectTimeout(CONNECTING).build();

  /**
   * Returns a response with as much of its body as was asked for.
   *
   * @param longest for connecting, the response and its body together
   * @param most bytes of the body; what follows is not read
   * @throws HttpTimeoutException it took too long
   * @throws IOException there was no response
   */
  HttpResponse<byte[]> send(HttpRequest request, Duration longest, int most) throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> sent = client.sendAsync(request, head -> new Beginning(most));
    try {
      return sent.get(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("no response within " + longest.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failed ? failed : new IOException(e.getCause());
    } finally {
      sent.cancel(true); // which closes the connection of a response that is not complete
    }
  }

  /** The beginning of a body. */
  private static final class Beginning implements BodySubscriber<byte[]> {
    private final int most;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> done = new CompletableFuture<>();
    private Flow.Subscription subscription;

    Beginning(int most) {
      this.most = most;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription opened) {
      subscription = opened;
      opened.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        byte[] bytes = new byte[Math.min(buffer.remaining(), most - kept.size())];
        buffer.get(bytes);
        kept.writeBytes(bytes);
      }
      if (kept.size() == most && done.complete(kept.toByteArray())) {
        subscription.cancel();
      }
    }

    @Override
    public void onError(Throwable e) {
      done.completeExceptionally(e);
    }

    @Override
    public void onComplete() {
      done.complete(kept.toByteArray());
    }
  }
}
