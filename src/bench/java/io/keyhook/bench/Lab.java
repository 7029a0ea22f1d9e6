package io.keyhook.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * All that runs beside Keyhook, on free ports of the loopback interface: PostgreSQL, the receivers, the load generator; and
 * the Keyhooks that scenarios start. Closing it, as the end of this process does too, ends every process and deletes the
 * directory.
 */
public final class Lab implements AutoCloseable {
  private final Settings settings;
  private final Path directory;
  private final List<Child> children = new ArrayList<>(); // guarded by this
  private final AtomicInteger names = new AtomicInteger();
  private final Thread hook = new Thread(this::abandon, "bench-end");
  private PostgresServer postgres;
  private Machine machine;
  private Certificates certificates;
  private Receivers receivers;
  private LoadGenerator load;
  private Child lastKeyhook;
  private int sequence;

  private Lab(Settings settings, Path directory) {
    this.settings = settings;
    this.directory = directory;
  }

  static Lab open(Settings settings) throws IOException, SQLException {
    Lab lab = new Lab(settings, Files.createTempDirectory("keyhook-bench-"));
    Runtime.getRuntime().addShutdownHook(lab.hook);
    try {
      lab.postgres = PostgresServer.start(lab.directory);
      lab.machine = Machine.here(lab.postgres.version());
      lab.certificates = Certificates.make(lab.directory);
      lab.receivers = lab.startReceivers();
      lab.load = new LoadGenerator(lab.add(Child.talking("load", lab.directory, List.of("-Xmx2g", "-cp",
          settings.loadClasspath(), "io.keyhook.bench.load.Load"))), settings.connections());
      return lab;
    } catch (IOException | SQLException | RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  public Settings settings() {
    return settings;
  }

  /** Where the figures are from. */
  public Machine machine() {
    return machine;
  }

  public PostgresServer postgres() {
    return postgres;
  }

  public Receivers receivers() {
    return receivers;
  }

  /** Starts receivers in a process of their own: what is done to them delays no others. */
  public Receivers startReceivers() throws IOException {
    // A collector that hardly pauses: what stops here looks like a slow Keyhook.
    return new Receivers(add(Child.talking("receiver", newDirectory(), List.of("-Xms2g", "-Xmx2g", "-XX:+UseZGC",
        "-cp", System.getProperty("java.class.path"), "io.keyhook.bench.receiver.Receiver",
        certificates.keys().toString(), certificates.trusted().toString(), Certificates.PASSWORD))), settings.https());
  }

  public LoadGenerator load() {
    return load;
  }

  /** A directory of its own in the one that is deleted in the end. */
  public Path newDirectory() throws IOException {
    return Files.createDirectory(directory.resolve("work-" + names.incrementAndGet()));
  }

  /** A process that ends with this, and trusts the receivers' certificate. */
  public Child keyhook(Map<String, String> environment, List<String> jvmOptions) throws IOException {
    List<String> arguments = new ArrayList<>(jvmOptions);
    arguments.add("-Djavax.net.ssl.trustStore=" + certificates.trusted());
    arguments.add("-Djavax.net.ssl.trustStorePassword=" + Certificates.PASSWORD);
    arguments.addAll(List.of("-jar", settings.jar().toString()));
    lastKeyhook = add(Child.silent("keyhook", newDirectory(), environment, arguments));
    return lastKeyhook;
  }

  /** Runs a command of Keyhook's to its end, which is to be a good one. */
  public void run(Map<String, String> environment, String command) throws IOException {
    Child child = add(Child.silent(command, newDirectory(), environment, List.of("-jar", settings.jar().toString(), command)));
    child.expectEnd();
  }

  /** Hostile callers and a hostile receiver, in a process of their own. */
  public Attack attack() throws IOException {
    return new Attack(add(Child.talkingLast("attacker", newDirectory(), List.of("-Xmx1g",
        "-cp", System.getProperty("java.class.path"), "io.keyhook.bench.attack.Attacker"))));
  }

  /** The end of the log of the Keyhook that was started last: what to look at where something failed. */
  String lastWords() throws IOException {
    return lastKeyhook == null ? "No Keyhook was started" : lastKeyhook.lastWords();
  }

  /** The first of so many sequence numbers that no other validation of this run has. */
  public int sequences(int count) {
    int first = sequence;
    sequence += count;
    return first;
  }

  public Cpu cpu(Installation installation) throws IOException {
    return cpu(List.of(installation));
  }

  /** That of several nodes together. */
  public Cpu cpu(List<Installation> nodes) throws IOException {
    return cpu(nodes, List.of(postgres.pid()));
  }

  /** The same where the nodes' databases are on other servers, which these postmasters run. */
  public Cpu cpu(List<Installation> nodes, List<Long> postmasters) throws IOException {
    return Cpu.of(nodes.stream().map(Installation::pid).toList(), postmasters, receivers.pid(), load.pid());
  }

  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private synchronized Child add(Child child) {
    children.removeIf(other -> !other.isAlive());
    children.add(child);
    return child;
  }

  @Override
  public void close() throws IOException {
    end();
    Runtime.getRuntime().removeShutdownHook(hook);
  }

  /** This process is told to end before its time. */
  private void abandon() {
    try {
      end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void end() throws IOException {
    children.forEach(Child::tellToEnd);
    children.forEach(Child::close); // in its own time: a Keyhook with an embedded database has that to stop
    if (postgres != null) {
      postgres.close();
    }
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
