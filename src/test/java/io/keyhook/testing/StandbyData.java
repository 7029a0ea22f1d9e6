package io.keyhook.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * The data of a streaming standby: a base backup of a server that runs, as PostgreSQL's documentation has it ("Making a Base
 * Backup Using the Low Level API"). The embedded binaries have no pg_basebackup, and an older one refuses a newer server.
 */
final class StandbyData {
  /** Directories whose content is not copied, and files that are not. */
  private static final Set<String> EMPTY = Set.of("pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_stat_tmp");
  private static final Set<String> LEFT_OUT = Set.of("postmaster.pid", "postmaster.opts", "pg_internal.init");

  private StandbyData() {}

  /**
   * @param primary address of its superuser
   * @param from the primary's directory
   * @param to the standby's; made
   */
  static void copy(URI primary, Path from, Path to) throws SQLException, IOException {
    Files.createDirectories(to);
    Files.copy(from.resolve("postgres.password"), to.resolve("postgres.password"), StandardCopyOption.COPY_ATTRIBUTES);
    try (DirectoryStream<Path> binaries = Files.newDirectoryStream(from, "binaries-*")) {
      for (Path each : binaries) {
        copyTree(each, to.resolve(each.getFileName())); // unpacking them takes longer
      }
    }
    Path data = to.resolve("postgres");
    try (Connection connection = TestDatabase.connect(primary); Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_backup_start('standby', true)");
      copyTree(from.resolve("postgres"), data);
      try (ResultSet label = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
        label.next();
        Files.writeString(data.resolve("backup_label"), label.getString(1));
      }
    }
    String[] user = primary.getUserInfo().split(":");
    Files.writeString(data.resolve("postgresql.auto.conf"), """

        synchronous_standby_names = ''
        primary_conninfo = 'host=%s port=%d user=%s password=%s'
        """.formatted(primary.getHost(), primary.getPort(), user[0], user[1]), StandardOpenOption.APPEND);
    Files.createFile(data.resolve("standby.signal"));
  }

  private static void copyTree(Path from, Path to) throws IOException {
    Files.walkFileTree(from, new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
        Files.copy(directory, to.resolve(from.relativize(directory)), StandardCopyOption.COPY_ATTRIBUTES);
        return EMPTY.contains(from.relativize(directory).toString()) ? FileVisitResult.SKIP_SUBTREE
            : FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        if (!LEFT_OUT.contains(file.getFileName().toString())) {
          try {
            Files.copy(file, to.resolve(from.relativize(file)), LinkOption.NOFOLLOW_LINKS,
                StandardCopyOption.COPY_ATTRIBUTES);
          } catch (NoSuchFileException deletedMeanwhile) {
            // recovery deletes it too
          }
        }
        return FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        if (e instanceof NoSuchFileException) { // deleted meanwhile
          return FileVisitResult.CONTINUE;
        }
        throw e;
      }
    });
  }
}
