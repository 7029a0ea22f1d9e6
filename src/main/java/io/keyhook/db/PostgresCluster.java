package io.keyhook.db;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The data directory of the embedded server, for which "cluster" is PostgreSQL's word, with its password and log. */
final class PostgresCluster {

  /** The role of Keyhook, which owns the database of the same name and nothing else. */
  static final String NAME = "keyhook";
  private static final String PASSWORD = "postgres.password";

  private static final Logger LOG = LoggerFactory.getLogger(PostgresCluster.class);
  private static final Duration INITIALIZATION = Duration.ofMinutes(5);

  private final Path data;
  private final PostgresBinaries binaries;
  private final ServerLog log;
  private final String password;

  private PostgresCluster(Path data, PostgresBinaries binaries, ServerLog log, String password) {
    this.data = data;
    this.binaries = binaries;
    this.log = log;
    this.password = password;
  }

  /** Opens the cluster in {@code postgres} of the directory, or makes it. */
  static PostgresCluster openIn(Path directory, PostgresBinaries binaries) throws IOException, InterruptedException {
    Path data = dataIn(directory);
    Path version = data.resolve("PG_VERSION");
    Path passwordFile = directory.resolve(PASSWORD);
    boolean exists = existsIn(directory);
    if (exists && !Files.readString(version).strip().equals(binaries.majorVersion())) {
      throw new EmbeddedServerException(data + " was made by PostgreSQL " + Files.readString(version).strip()
          + ", and this is " + binaries.majorVersion() + ". With the release of Keyhook that made it, run the command"
          + " \"backup\". Then move the directory away, and run the command \"restore\" with this release");
    }
    if (!Files.exists(passwordFile)) {
      if (exists) {
        throw new EmbeddedServerException(passwordFile + " is missing, and " + data
            + " cannot be opened without it: restore it from the backup");
      }
      writePassword(passwordFile);
    }
    PostgresCluster cluster = new PostgresCluster(data, binaries, ServerLog.open(directory.resolve("postgres.log")),
        passwordIn(directory));
    if (!exists) {
      cluster.initialize(passwordFile);
    }
    return cluster;
  }

  static boolean existsIn(Path directory) {
    return Files.exists(dataIn(directory).resolve("PG_VERSION"));
  }

  static Path dataIn(Path directory) {
    return directory.resolve("postgres");
  }

  static String passwordIn(Path directory) throws IOException {
    return Files.readString(directory.resolve(PASSWORD)).strip();
  }

  private static void writePassword(Path file) throws IOException {
    byte[] secret = new byte[24];
    new SecureRandom().nextBytes(secret);
    Path scratch = Unfinished.directoryIn(file.getParent());
    Path written = ownerOnly(scratch.resolve("password"), HexFormat.of().formatHex(secret));
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    Unfinished.delete(scratch);
  }

  private static Path ownerOnly(Path file, String content) throws IOException {
    Files.createFile(file, OwnerOnly.FILE);
    return Files.writeString(file, content + "\n", StandardOpenOption.SYNC);
  }

  /** Collation and case rules are PostgreSQL's own, so that no update of the system's library breaks an index. */
  private void initialize(Path passwordFile) throws IOException, InterruptedException {
    LOG.info("Creating a new database in {}", data);
    Path scratch = Unfinished.directoryIn(data.getParent());
    Path made = scratch.resolve("postgres");
    run(binaries.process(log, "initdb", List.of("-D", made.toString(), "-U", "postgres", "-A", "scram-sha-256",
        "--pwfile=" + passwordFile, "-E", "UTF8", "--locale=C", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8")));
    Path script = ownerOnly(scratch.resolve("initialize.sql"), """
        CREATE ROLE %1$s LOGIN PASSWORD '%2$s';
        CREATE DATABASE %1$s OWNER %1$s;""".formatted(NAME, password));
    run(binaries.process(log, "postgres", List.of("--single", "-D", made.toString(), "-c", "exit_on_error=on",
        // a failed statement would be logged with its password
        "-c", "log_min_error_statement=panic", "postgres")).redirectInput(script.toFile()));
    Files.move(made, data, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel parent = FileChannel.open(data.getParent())) {
      parent.force(true);
    }
    Unfinished.delete(scratch);
  }

  private void run(ProcessBuilder builder) throws IOException, InterruptedException {
    long logged = log.end();
    Process process = builder.start();
    if (!process.waitFor(INITIALIZATION.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new EmbeddedServerException("The database in " + data + " was not made within " + INITIALIZATION.toMinutes()
          + " minutes: " + log.tail(logged));
    }
    if (process.exitValue() != 0) {
      throw new EmbeddedServerException("The database in " + data + " could not be made: " + log.tail(logged));
    }
  }

  Path data() {
    return data;
  }

  ServerLog log() {
    return log;
  }

  String password() {
    return password;
  }
}
