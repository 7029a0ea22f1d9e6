package io.keyhook.db;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the server and its tools write to standard output and error, in one file and its predecessor. PostgreSQL's own
 * log collector bounds the number of files, not their size, and starts too late to hold why a start failed.
 */
final class ServerLog {

  static final long MAX_BYTES = 10 << 20;

  private static final int TAIL_BYTES = 4096;
  private static final int TAIL_LINES = 5;

  private final Path file;

  private ServerLog(Path file) {
    this.file = file;
  }

  static ServerLog open(Path file) throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(file, OwnerOnly.FILE);
    }
    return new ServerLog(file);
  }

  Path file() {
    return file;
  }

  /** Where the log ends now, in bytes: what comes after belongs to the program started next. */
  long end() throws IOException {
    return Files.size(file);
  }

  /**
   * Past {@link #MAX_BYTES}, moves the content to {@code .1} beside it. The server keeps the file open and appends, so
   * it is emptied and not renamed; a line written between the two steps is lost.
   */
  void rotate() throws IOException {
    if (end() > MAX_BYTES) {
      Path previous = file.resolveSibling(file.getFileName() + ".1");
      Files.copy(file, previous, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(0);
      }
    }
  }

  /** The last few lines after a position that {@link #end()} gave, in one line. */
  String tail(long from) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer bytes = ByteBuffer.allocate(TAIL_BYTES);
      channel.read(bytes, Math.max(from, channel.size() - TAIL_BYTES));
      List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
          .lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
      return lines.stream().skip(Math.max(0, lines.size() - TAIL_LINES)).collect(Collectors.joining(" | "));
    }
  }
}
