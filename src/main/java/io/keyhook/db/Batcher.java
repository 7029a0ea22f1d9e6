package io.keyhook.db;

import io.keyhook.bus.DatabaseError;
import io.keyhook.bus.Failure;
import io.keyhook.fair.Turns;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Natural batching: while {@code lanes} statements are in flight, all that arrives gathers, and goes together in the next
 * one. What arrives in one turn of the event loop goes together too. At low load an item is a statement of its own; under
 * load the cost of a round trip and a commit is shared. Where items come while others are under way, a {@link Pace} lets more
 * of them gather: a statement for each would leave no processor to others.
 *
 * <p>What gathers {@linkplain Turns takes turns}, tenant by tenant.
 *
 * <p>What fails with a {@link TimeoutException} fails those that wait behind it too: they have waited as long. Each
 * {@linkplain Grouping#place place} has lanes and a waiting room of its own, so that a server that is away costs only those
 * who need it.
 *
 * <p>Belongs to one event loop.
 *
 * @param <I> an item
 * @param <O> what comes of it
 */
public final class Batcher<I, O> {
  /** Of items that may wait, where their number is bounded elsewhere. */
  public static final int UNLIMITED = Integer.MAX_VALUE / 4;

  /** For items whose callers wait for the answer. */
  private static final Pace PROMPT = new Pace(Duration.ZERO, Duration.ofMillis(4), 16);
  /** So half of the time at most is spent in statements. */
  private static final int TIMES = 2;

  /**
   * When the next statement starts, counted from the start of the one before it: after twice the time that the last one took,
   * if an item came meanwhile while another was under way. As statements take longer on a busy machine, fewer and larger ones
   * are made there.
   *
   * @param least the least time; zero: an item that comes alone never waits
   * @param most the most
   * @param enough items that never wait longer, if so many wait for the statement
   */
  public record Pace(Duration least, Duration most, int enough) {
    private long nanos(boolean crowded, long took) {
      return Math.max(least.toNanos(), crowded ? Math.min(most.toNanos(), TIMES * took) : 0);
    }
  }

  private record Item<I, O>(I input, Promise<O> output) {}

  /** As it passes on the event loop. */
  interface Time {
    long nanos();

    /** Completes after so many. */
    Future<?> pause(long nanos);

    /** Runs a task after all that this turn of the event loop still does. */
    void afterThisTurn(Runnable task);
  }

  /** Which items share a statement, and which wait for each other. What it says of a tenant may change at any time. */
  public interface Grouping {
    /** All share statements. */
    Grouping NONE = new Grouping() {
      @Override
      public Object group(Object tenant) {
        return null;
      }

      @Override
      public Object place(Object tenant) {
        return null;
      }
    };

    /** Only items of tenants with an equal group share a statement; null is a group too. */
    Object group(Object tenant);

    /** Statements wait only for others that go to an equal place, one of a few; null is a place too. */
    Object place(Object tenant);
  }

  private final Time time;
  private final int lanes;
  private final int maxBatch;
  private final int maxWaiting;
  private final Pace pace;
  private final Function<I, ?> tenant;
  private final Grouping grouping;
  private final Function<List<I>, Future<List<O>>> statement;
  private final Map<Object, Place> places = new HashMap<>();
  private int waiting;

  /** For items whose callers wait for the answer. */
  public Batcher(Vertx vertx, int lanes, int maxBatch, int maxWaiting, Function<I, ?> tenant, Grouping grouping,
      Function<List<I>, Future<List<O>>> statement) {
    this(vertx, lanes, maxBatch, maxWaiting, PROMPT, tenant, grouping, statement);
  }

  /**
   * @param lanes statements in flight at once, to each place
   * @param maxBatch items in one statement
   * @param maxWaiting items that may wait for a place; one beyond its tenant's fair share is refused as
   *     {@link Failure.Unavailable}
   * @param pace of the statements to each place
   * @param tenant whose an item is; null is a tenant too
   * @param grouping of tenants
   * @param statement answers one output an item, in their order
   */
  public Batcher(Vertx vertx, int lanes, int maxBatch, int maxWaiting, Pace pace, Function<I, ?> tenant,
      Grouping grouping, Function<List<I>, Future<List<O>>> statement) {
    this(new Time() {
      @Override
      public long nanos() {
        return System.nanoTime();
      }

      @Override
      public Future<?> pause(long nanos) {
        return vertx.timer(nanos, TimeUnit.NANOSECONDS);
      }

      @Override
      public void afterThisTurn(Runnable task) {
        vertx.runOnContext(v -> task.run());
      }
    }, lanes, maxBatch, maxWaiting, pace, tenant, grouping, statement);
  }

  Batcher(Time time, int lanes, int maxBatch, int maxWaiting, Pace pace, Function<I, ?> tenant, Grouping grouping,
      Function<List<I>, Future<List<O>>> statement) {
    this.time = time;
    this.lanes = lanes;
    this.maxBatch = maxBatch;
    this.maxWaiting = maxWaiting;
    this.pace = pace;
    this.tenant = tenant;
    this.grouping = grouping;
    this.statement = statement;
  }

  public Future<O> add(I input) {
    Item<I, O> item = new Item<>(input, Promise.promise());
    Object whose = tenant.apply(input);
    Place place = places.computeIfAbsent(grouping.place(whose), key -> new Place());
    if (!place.add(whose, item)) {
      return Future.failedFuture(new Failure.Unavailable("Too many requests are waiting; retry").exception());
    }
    waiting++;
    return item.output.future();
  }

  /** How many wait for a statement. */
  public int waiting() {
    return waiting;
  }

  /** Where statements go. */
  private final class Place {
    private final Turns<Object, Item<I, O>> waiting = new Turns<>(maxWaiting);
    private int running;
    private long started = time.nanos() - pace.least.toNanos();
    private long took;
    /** Whether an item came while another was under way, since the last statement started. */
    private boolean crowded;
    private boolean flushing;
    private boolean pausing;

    private boolean add(Object whose, Item<I, O> item) {
      crowded |= running > 0 || waiting.size() > 0;
      if (!waiting.add(whose, item)) {
        return false;
      }
      if (!flushing) {
        flushing = true;
        time.afterThisTurn(() -> {
          flushing = false;
          flush();
        });
      }
      return true;
    }

    private void flush() {
      while (running < lanes && waiting.size() > 0 && !isGathering()) {
        List<Item<I, O>> batch = waiting.poll(maxBatch, grouping::group);
        Batcher.this.waiting -= batch.size();
        running++;
        long begun = time.nanos();
        started = begun;
        crowded = batch.size() > 1;
        run(batch).onComplete(done -> {
          running--;
          took = time.nanos() - begun;
          flush();
        });
      }
    }

    private boolean isGathering() {
      if (waiting.size() >= Math.min(pace.enough, maxBatch)) {
        return false;
      }
      long rest = started + pace.nanos(crowded, took) - time.nanos();
      if (rest > 0 && !pausing) {
        pausing = true;
        time.pause(rest).onComplete(over -> {
          pausing = false;
          flush();
        });
      }
      return rest > 0;
    }

    /** Never fails: its items do. Only where an item is to blame, the batch is split until that item fails alone. */
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
        } else if (batch.size() > 1 && DatabaseError.of(done.cause()).isItemsOwn()) {
          int half = batch.size() / 2;
          return run(batch.subList(0, half)).compose(first -> run(batch.subList(half, batch.size())));
        } else {
          batch.forEach(item -> item.output.fail(done.cause()));
          if (done.cause() instanceof TimeoutException) {
            drop(done.cause());
          }
        }
        return Future.succeededFuture();
      });
    }

    private void drop(Throwable cause) {
      List<Item<I, O>> dropped = new ArrayList<>(waiting.size());
      while (waiting.size() > 0) {
        dropped.add(waiting.poll());
      }
      Batcher.this.waiting -= dropped.size();
      dropped.forEach(item -> item.output.fail(cause));
    }
  }
}
