package io.keyhook;

import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.function.Supplier;

/**
 * Vert.x undeploys the children of a verticle all at once. This holds each back until those of the stages before it have
 * stopped: first what takes requests, then what works on them, then what sends, then what counts. Any thread.
 */
final class StopOrder {
  enum Stage { SERVING, WORKING, SENDING, COUNTING }

  private final Supplier<Future<Void>> begin;
  /** Null until the first verticle is to stop. */
  private Future<Void> begun;
  private final int[] running = new int[Stage.values().length];
  private final Promise<Void>[] empty = promises();

  /**
   * @param begin runs once, as the first one is to stop; none stops before its future has completed
   */
  StopOrder(Supplier<Future<Void>> begin) {
    this.begin = begin;
  }

  Deployable staged(Stage stage, Deployable verticle) {
    return new Deployable() {
      @Override
      public Future<?> deploy(Context context) throws Exception {
        return verticle.deploy(context).onSuccess(deployed -> enter(stage));
      }

      @Override
      public Future<?> undeploy(Context context) {
        return begin().transform(begun -> before(stage)).compose(done -> onContext(context, verticle))
            .onComplete(done -> leave(stage));
      }
    };
  }

  /** A verticle stops on its own event loop, whichever the stage before it ended on. */
  private static Future<Object> onContext(Context context, Deployable verticle) {
    return Future.future(promise -> context.runOnContext(v -> {
      try {
        verticle.undeploy(context).<Object>mapEmpty().onComplete(promise);
      } catch (Exception e) {
        promise.fail(e);
      }
    }));
  }

  private synchronized Future<Void> begin() {
    if (begun == null) {
      begun = begin.get();
    }
    return begun;
  }

  private synchronized void enter(Stage stage) {
    running[stage.ordinal()]++;
  }

  private synchronized void leave(Stage stage) {
    if (--running[stage.ordinal()] == 0) {
      empty[stage.ordinal()].tryComplete();
    }
  }

  private synchronized Future<Void> before(Stage stage) {
    Future<Void> all = Future.succeededFuture();
    for (int i = 0; i < stage.ordinal(); i++) {
      Future<Void> stopped = running[i] == 0 ? Future.succeededFuture() : empty[i].future();
      all = all.compose(done -> stopped);
    }
    return all;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Promise<Void>[] promises() {
    Promise[] promises = new Promise[Stage.values().length];
    java.util.Arrays.setAll(promises, i -> Promise.promise());
    return promises;
  }
}
