package io.keyhook.target;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** Names to addresses. */
@FunctionalInterface
public interface Resolver {
  /** How long a name may take until the name servers are asked for a sign of life, and how long they have for that. */
  Duration PATIENCE = Duration.ofSeconds(2);

  /**
   * All addresses of a name; fails with {@link UnresolvedTargetException}, or with {@link NoNameServerException} if no name server
   * of this machine answers at all. Completes on the caller's context.
   */
  Future<List<InetAddress>> resolve(String host);

  /** Is told whether the name servers answer. */
  interface Watch {
    /** Watches nothing. */
    Watch NONE = new Watch() {
      @Override
      public void silent(Throwable why) {}

      @Override
      public void answers() {}
    };

    /** None answers; called again each time that this is found. */
    void silent(Throwable why);

    /** One answers again, once. */
    void answers();
  }

  /** Resolves by the options of Vert.x. Closed with the verticle that makes it. */
  static Resolver of(Vertx vertx) {
    return of(vertx, PATIENCE, Watch.NONE);
  }

  /**
   * The same.
   *
   * @param patience in the place of {@link #PATIENCE}
   */
  static Resolver of(Vertx vertx, Duration patience, Watch watch) {
    return DnsResolver.create(vertx, patience, watch);
  }
}
