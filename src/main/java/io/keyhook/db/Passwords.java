package io.keyhook.db;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A password file of libpq (PostgreSQL's manual, "The Password File"): lines of host, port, database, user and password, of
 * which the first that matches counts. Holds secrets.
 */
final class Passwords {
  private static final Logger log = LoggerFactory.getLogger(Passwords.class);
  private static final EnumSet<PosixFilePermission> OTHERS = EnumSet.of(PosixFilePermission.GROUP_READ,
      PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_READ,
      PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_EXECUTE);
  private static final int FIELDS = 5;

  private final List<String> lines;

  private Passwords(List<String> lines) {
    this.lines = lines;
  }

  /**
   * @param given the file that the URI names; empty: {@code .pgpass} of the home directory, if there is one
   * @throws IllegalArgumentException the named file cannot be used
   */
  static Optional<Passwords> of(Optional<Path> given, Path home) {
    Path file = given.orElseGet(() -> home.resolve(".pgpass"));
    try {
      if (given.isEmpty() && !Files.isReadable(file)) {
        return Optional.empty();
      }
      if (isOpenToOthers(file)) {
        if (given.isPresent()) {
          throw new IllegalArgumentException("passfile must name a file that only its owner may read (chmod 600)");
        }
        log.warn("{} is ignored: others may read it (chmod 600)", file);
        return Optional.empty();
      }
      return Optional.of(new Passwords(Files.readAllLines(file)));
    } catch (IOException e) {
      throw new IllegalArgumentException("passfile must name a readable UTF-8 file (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  private static boolean isOpenToOthers(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        && !Collections.disjoint(Files.getPosixFilePermissions(file), OTHERS);
  }

  Optional<String> find(String host, int port, String database, String user) {
    for (String line : lines) {
      List<String> fields = line.startsWith("#") ? List.of() : fields(line);
      if (fields.size() == FIELDS && matches(fields.get(0), host.startsWith("/") ? "localhost" : host, host)
          && matches(fields.get(1), Integer.toString(port)) && matches(fields.get(2), database)
          && matches(fields.get(3), user)) {
        return Optional.of(fields.get(4));
      }
    }
    return Optional.empty();
  }

  private static boolean matches(String field, String... values) {
    return field.equals("*") || List.of(values).contains(field);
  }

  /** A backslash makes the character after it an ordinary one. The password, the last field, may hold colons all the same. */
  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == ':' && fields.size() < FIELDS - 1) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c == '\\' && i + 1 < line.length() ? line.charAt(++i) : c);
      }
    }
    fields.add(field.toString());
    return fields;
  }
}
