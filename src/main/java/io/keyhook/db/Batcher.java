package io.keyhook.db;

import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Natural batching: while {@code lanes} statements are in flight, all that arrives gathers, and goes together in the next
 * one. At low load an item is a statement of its own; under load the cost of a round trip and a commit is shared.
 *
 * <p>Belongs to one event loop.
 *
 * @param <I> an item
 * @param <O> what comes of it
 */
public final class Batcher<I, O> {
  private record Item<I, O>(I input, Promise<O> output) {}

  private final int lanes;
  private final int maxBatch;
  private final int maxWaiting;
  private final Function<List<I>, Future<List<O>>> statement;
  private final ArrayDeque<Item<I, O>> waiting = new ArrayDeque<>();
  private int running;

  /**
   * @param lanes statements in flight at once
   * @param maxBatch items in one statement
   * @param maxWaiting items that may wait; one more is refused as {@link Failure.Unavailable}
   * @param statement answers one output an item, in their order
   */
  public Batcher(int lanes, int maxBatch, int maxWaiting, Function<List<I>, Future<List<O>>> statement) {
    this.lanes = lanes;
    this.maxBatch = maxBatch;
    this.maxWaiting = maxWaiting;
    this.statement = statement;
  }

  public Future<O> add(I input) {
    if (waiting.size() >= maxWaiting) {
      return Future.failedFuture(new Failure.Unavailable("Too many requests are waiting; try again").exception());
    }
    Item<I, O> item = new Item<>(input, Promise.promise());
    waiting.add(item);
    flush();
    return item.output.future();
  }

  /** How many wait for a statement. */
  public int waiting() {
    return waiting.size();
  }

  private void flush() {
    while (running < lanes && !waiting.isEmpty()) {
      int size = Math.min(maxBatch, waiting.size());
      List<Item<I, O>> batch = new ArrayList<>(size);
      for (int i = 0; i < size; i++) {
        batch.add(waiting.poll());
      }
      running++;
      run(batch).onComplete(done -> {
        running--;
        flush();
      });
    }
  }

  /** Never fails: what fails is told to the items. One that the database does not take fails alone. */
  private Future<Void> run(List<Item<I, O>> batch) {
    Future<List<O>> result;
    try {
      result = statement.apply(batch.stream().map(Item::input).toList());
    } catch (RuntimeException e) {
      result = Future.failedFuture(e);
    }
    return result.transform(done -> {
      if (done.succeeded()) {
        for (int i = 0; i < batch.size(); i++) {
          batch.get(i).output.complete(done.result().get(i));
        }
      } else if (batch.size() > 1 && !FailureException.isDatabaseAway(done.cause())) {
        int half = batch.size() / 2;
        return run(batch.subList(0, half)).compose(first -> run(batch.subList(half, batch.size())));
      } else {
        batch.forEach(item -> item.output.fail(done.cause()));
      }
      return Future.succeededFuture();
    });
  }
}
