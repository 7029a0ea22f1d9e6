package io.keyhook.db;

import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** PgBouncer before a database, with fewer sessions than a node has connections, so that they are shared. */
final class PgBouncer implements AutoCloseable {
  private static final int SESSIONS = 6;

  private final Program program;
  private final URI uri;

  private PgBouncer(Program program, URI uri) {
    this.program = program;
    this.uri = uri;
  }

  /**
   * @param mode {@code session} or {@code transaction}
   * @param sessions that it opens for a user at most
   */
  static PgBouncer before(URI database, Path directory, Pooler mode, int sessions) throws IOException {
    Path binary = Stream.of("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer").map(Path::of)
        .filter(Files::isExecutable).findFirst().orElseThrow(() -> Tool.missing("pgbouncer is not on this machine"));
    int port = Program.freePort();
    String[] user = database.getUserInfo().split(":");
    // It does not run as root, and must be able to read its files as somebody else.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path users = Files.writeString(directory.resolve("users.txt"), "\"" + user[0] + "\" \"" + user[1] + "\"\n");
    Path settings = Files.writeString(directory.resolve("pgbouncer.ini"), """
        [databases]
        * = host=127.0.0.1 port=%d
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = plain
        auth_file = %s
        pool_mode = %s
        default_pool_size = %d
        max_client_conn = 500
        """.formatted(database.getPort(), port, users, mode, sessions));
    List<String> command = new ArrayList<>(List.of(binary.toString()));
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("-u", "nobody"));
    }
    command.add(settings.toString());
    return new PgBouncer(Program.serve(directory, Map.of(), port, command),
        URI.create(database.toString().replace(":" + database.getPort() + "/", ":" + port + "/")));
  }

  static PgBouncer before(URI database, Path directory, Pooler mode) throws IOException {
    return before(database, directory, mode, SESSIONS);
  }

  URI uri() {
    return uri;
  }

  String log() throws IOException {
    return program.output();
  }

  @Override
  public void close() {
    program.close();
  }
}
