package io.keyhook.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Bounded waits for signals. */
public final class Waiting {
  /** Long enough for a busy machine; no test passes by reaching it. */
  public static final Duration LONG = Duration.ofSeconds(30);

  private Waiting() {}

  /** What comes next, and is named for a failure. */
  public static <T> T next(BlockingQueue<T> queue, String name) {
    try {
      T next = queue.poll(LONG.toSeconds(), TimeUnit.SECONDS);
      assertThat((Object) next).as(name).isNotNull();
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Until a condition holds, which is named for a failure. */
  public static void until(String name, Callable<Boolean> condition) {
    await(name).atMost(LONG).until(condition);
  }

  /** The future's value; what it failed with, wrapped where it is a checked exception. */
  public static <T> T on(Future<T> future) {
    return on(future, LONG);
  }

  static <T> T on(Future<T> future, Duration atMost) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(atMost.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new CompletionException(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("Nothing happened within " + atMost.toSeconds() + " s", e);
    }
  }
}
