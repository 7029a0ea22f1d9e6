package io.keyhook.db;

import io.vertx.sqlclient.Pool;

/** One pool of those that follow each other in {@link Connections}, closed when nothing is under way on it. Any thread. */
final class PoolGeneration {
  private final Pool pool;
  private final long openedNanos = System.nanoTime();
  private volatile long answeredNanos = openedNanos;
  private int underWay;
  private boolean retired;

  PoolGeneration(Pool pool) {
    this.pool = pool;
  }

  Pool pool() {
    return pool;
  }

  /** {@link System#nanoTime()} when it was opened. */
  long openedNanos() {
    return openedNanos;
  }

  /** {@link System#nanoTime()} of the last answer; when it was opened if there was none. */
  long answeredNanos() {
    return answeredNanos;
  }

  /** Returns false where no call may begin any more. */
  synchronized boolean enter() {
    if (!retired) {
      underWay++;
    }
    return !retired;
  }

  void answered() {
    answeredNanos = System.nanoTime();
  }

  void leave() {
    boolean last;
    synchronized (this) {
      underWay--;
      last = retired && underWay == 0;
    }
    if (last) {
      pool.close();
    }
  }

  void retire() {
    boolean unused;
    synchronized (this) {
      unused = !retired && underWay == 0;
      retired = true;
    }
    if (unused) {
      pool.close();
    }
  }
}
