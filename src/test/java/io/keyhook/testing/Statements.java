package io.keyhook.testing;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.ClientMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The SQL that the nodes of a process have sent, where tests run {@linkplain CitusCluster on Citus}. Any thread. */
public final class Statements {
  private static final Set<String> SENT = ConcurrentHashMap.newKeySet();

  private Statements() {}

  /** A Vert.x whose statements are noted. */
  static Vertx noted(VertxOptions options) {
    return Vertx.builder().with(options.setMetricsOptions(new MetricsOptions().setEnabled(true)))
        .withMetrics(any -> new Noting()).build();
  }

  /** The statements as they were sent, those to a server of Citus with the names of its shards. */
  public static Set<String> sent() {
    return Set.copyOf(SENT);
  }

  private static final class Noting implements VertxMetrics {
    @Override
    public ClientMetrics<?, ?, ?> createClientMetrics(SocketAddress server, String type, String namespace) {
      return new ClientMetrics<Object, Object, Object>() {
        @Override
        public Object requestBegin(String sql, Object request) {
          SENT.add(sql);
          return null;
        }
      };
    }
  }
}
