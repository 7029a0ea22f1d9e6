package io.keyhook.target;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** Names to addresses. */
@FunctionalInterface
public interface Resolver {
  /** How long a name may take until the name servers are asked for a sign of life. */
  Duration PATIENCE = Duration.ofSeconds(2);
  /** How long they have for that, however short the attempts are: a slow one is not down. */
  Duration PROBE = Duration.ofSeconds(2);

  /**
   * All addresses of a name; fails with {@link UnresolvedTargetException}, or with {@link NoNameServerException} if no name server
   * of this machine works. Completes on the caller's context.
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

    /** None works; called again each time that this is found. */
    void silent(Throwable why);

    /** One works again, once. */
    void answers();
  }

  /** Resolves by the options of Vert.x. Closed with the verticle that makes it. */
  static Resolver of(Vertx vertx) {
    return of(vertx, PATIENCE, PROBE, Watch.NONE);
  }

  /**
   * The same.
   *
   * @param patience in the place of {@link #PATIENCE}; 1 ms where it is less
   * @param probe in the place of {@link #PROBE}
   */
  static Resolver of(Vertx vertx, Duration patience, Duration probe, Watch watch) {
    return DnsResolver.create(vertx, patience, probe, watch);
  }
}
