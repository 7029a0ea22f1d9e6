package io.keyhook.db;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts and stops the process that serves a cluster: the postmaster, which is the parent of all of PostgreSQL's. The
 * caller holds the {@link DirectoryLock}.
 */
final class Postmaster {

  private static final Logger LOG = LoggerFactory.getLogger(Postmaster.class);
  /** How long the children of a killed server may take to see that it is gone; until then no new one starts. */
  private static final Duration ORPHANS = Duration.ofSeconds(30);
  private static final Pattern PORT = Pattern.compile("\"-p\" \"(\\d{1,5})\"");

  private final PostgresCluster cluster;
  private final PostgresBinaries binaries;
  private final Path data;
  private final ServerLog log;

  Postmaster(PostgresCluster cluster, PostgresBinaries binaries) {
    this.cluster = cluster;
    this.binaries = binaries;
    data = cluster.data();
    log = cluster.log();
  }

  /** The port of the last start. */
  OptionalInt lastPort() throws IOException {
    return lastPort(data);
  }

  static OptionalInt lastPort(Path data) throws IOException {
    Path options = data.resolve("postmaster.opts");
    Matcher port = PORT.matcher(Files.exists(options) ? Files.readString(options) : "");
    return port.find() ? OptionalInt.of(Integer.parseInt(port.group(1))) : OptionalInt.empty();
  }

  /**
   * Makes way for a new server where a killed one, or a killed process, left a pid file. A server that still runs is
   * stopped: it could be taken over, but a new one has our settings, and is our child, so that we learn of its end.
   */
  void clearLeftover() throws IOException, InterruptedException {
    Path file = pidFile();
    if (!Files.exists(file)) {
      return;
    }
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    String pid = lines.isEmpty() ? "" : lines.get(0).strip();
    if (!pid.matches("-?\\d+")) {
      LOG.warn("Deleting {}, which a crash left without a pid", file);
      Files.delete(file);
      return;
    }
    ProcessHandle holder = ProcessHandle.of(Long.parseLong(pid)).orElse(null);
    if (holder == null) {
      return;
    }
    if (runsHere(holder)) {
      LOG.warn("Stopping PostgreSQL (process {}), which an earlier Keyhook left running on {}", holder.pid(), data);
      if (!stop(holder)) {
        throw new EmbeddedServerException("PostgreSQL (process " + holder.pid() + "), which an earlier Keyhook left"
            + " running on " + data + ", does not stop: end that process and start again");
      }
    } else {
      // PostgreSQL would not start while any process has that pid. It takes its parent's pid for stale, and then still
      // checks that no other process uses the shared memory named in the file, which deleting the file would prevent.
      lines.set(0, Long.toString(ProcessHandle.current().pid()));
      Files.write(file, lines);
    }
  }

  private Path pidFile() {
    return data.resolve("postmaster.pid");
  }

  private boolean runsHere(ProcessHandle process) {
    ProcessHandle.Info info = process.info();
    return info.command().orElse("").contains("/postgres")
        && List.of(info.arguments().orElse(new String[0])).contains(data.toString());
  }

  /** Starts the server, a child of this process, and returns at once. Its failures are in its log and exit code. */
  Process launch(int port) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("-D", data.toString(), "-p", Integer.toString(port)));
    PostgresSettings.ofThisMachine().forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
    ProcessBuilder process = binaries.process(log, "postgres", arguments);
    PostgresBinaries.inOwnSession(process);
    return process.start();
  }

  /** Starts the server and returns when it answers queries. */
  Process launchAndAwait(int port) throws IOException, InterruptedException {
    Readiness readiness = new Readiness(port, PostgresCluster.NAME, cluster.password());
    log.rotate();
    long deadline = System.nanoTime() + ORPHANS.toNanos();
    while (true) {
      long logged = log.end();
      Process postmaster = launch(port);
      try {
        if (readiness.await(postmaster)) {
          return postmaster;
        }
      } catch (InterruptedException | RuntimeException e) {
        stop(postmaster.toHandle());
        throw e;
      }
      boolean blocked = Files.exists(pidFile());
      if (!blocked || System.nanoTime() > deadline) {
        throw new EmbeddedServerException("PostgreSQL did not start (exit code " + postmaster.exitValue()
            + "); the end of " + log.file() + ": " + log.tail(logged));
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  /**
   * Stops a server: what clients have open is rolled back, and a checkpoint makes the next start quick. A server that
   * takes too long with that is stopped without it, and recovers at the next start.
   *
   * @return false if it runs still, after 40 s
   */
  boolean stop(ProcessHandle postmaster) throws IOException, InterruptedException {
    signal(postmaster, "INT");
    if (ends(postmaster, 25)) {
      return true;
    }
    LOG.warn("PostgreSQL (process {}) does not stop within 25 s: stopping it without a checkpoint", postmaster.pid());
    signal(postmaster, "QUIT");
    if (ends(postmaster, 10)) {
      return true;
    }
    postmaster.destroyForcibly();
    return ends(postmaster, 5);
  }

  private void signal(ProcessHandle postmaster, String name) throws IOException, InterruptedException {
    if (!postmaster.isAlive()) {
      return;
    }
    Process kill = binaries.process(log, "pg_ctl", List.of("kill", name, Long.toString(postmaster.pid()))).start();
    if (!kill.waitFor(10, TimeUnit.SECONDS)) {
      kill.destroyForcibly();
    }
  }

  private static boolean ends(ProcessHandle process, long seconds) throws InterruptedException {
    try {
      process.onExit().get(seconds, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("waiting for process " + process.pid(), e);
    }
  }
}
