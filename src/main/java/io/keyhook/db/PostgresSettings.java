package io.keyhook.db;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;

/** The settings of the embedded server, for a small machine that it shares with the application. */
final class PostgresSettings {

  private static final long MB = 1 << 20;

  private PostgresSettings() {}

  /** Given on the command line at every start, where they go before those in the data directory. */
  static Map<String, String> ofThisMachine() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return of(system.getTotalMemorySize());
  }

  /**
   * @param memory bytes that this machine or container has
   */
  static Map<String, String> of(long memory) {
    return Map.ofEntries(
        Map.entry("fsync", "on"),
        Map.entry("synchronous_commit", "on"),
        Map.entry("full_page_writes", "on"),
        Map.entry("listen_addresses", "127.0.0.1"),
        // a socket's path has 107 bytes at most, which a directory given by somebody else may exceed
        Map.entry("unix_socket_directories", ""),
        Map.entry("max_connections", "200"),
        Map.entry("shared_buffers", Math.min(512, Math.max(64, memory / 8 / MB)) + "MB"),
        Map.entry("effective_cache_size", Math.max(128, memory / 2 / MB) + "MB"),
        // containers have 64 MB of /dev/shm, where parallel workers meet
        Map.entry("max_parallel_workers_per_gather", "0"),
        Map.entry("random_page_cost", "1.1"),
        Map.entry("jit", "off"),
        Map.entry("max_wal_size", "2GB"),
        Map.entry("min_wal_size", "256MB"),
        Map.entry("checkpoint_timeout", "15min"),
        // the binaries for Linux have no lz4
        Map.entry("wal_compression", "pglz"),
        Map.entry("autovacuum_naptime", "10s"),
        Map.entry("autovacuum_vacuum_cost_delay", "1ms"),
        Map.entry("timezone", "UTC"),
        Map.entry("log_timezone", "UTC"),
        Map.entry("log_destination", "stderr"),
        Map.entry("logging_collector", "off"));
  }
}
