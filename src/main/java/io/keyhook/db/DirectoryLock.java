package io.keyhook.db;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A directory that belongs to one server of one process, until it is closed or the process ends, however it ends. */
final class DirectoryLock implements AutoCloseable {

  /**
   * Closing any channel on a file drops all locks that the process holds on it (POSIX), so a second server of this
   * process must be refused before it opens the file.
   */
  private static final Set<Path> TAKEN_HERE = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel channel;

  private DirectoryLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * @param directory exists, as a real path
   * @throws EmbeddedServerException somebody has it
   * @throws IOException the lock file cannot be written
   */
  static DirectoryLock take(Path directory) throws IOException {
    if (!TAKEN_HERE.add(directory)) {
      throw inUse(directory, "this process");
    }
    FileChannel channel = null;
    try {
      Path file = directory.resolve("lock");
      channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.FILE);
      if (channel.tryLock() == null) {
        throw inUse(directory, "process " + Files.readString(file).strip());
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
      return new DirectoryLock(directory, channel);
    } catch (IOException | RuntimeException e) {
      TAKEN_HERE.remove(directory);
      if (channel != null) {
        channel.close();
      }
      throw e;
    }
  }

  /**
   * Returns whether a server has the directory.
   *
   * @param directory exists, as a real path
   */
  static boolean isTaken(Path directory) throws IOException {
    if (TAKEN_HERE.contains(directory)) {
      return true;
    }
    Path file = directory.resolve("lock");
    if (!Files.exists(file)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
      return lock == null;
    }
  }

  /** Gives the directory up. The file stays: deleting it would let two processes lock two files of one name. */
  @Override
  public synchronized void close() throws IOException {
    if (channel.isOpen()) {
      channel.close();
      TAKEN_HERE.remove(directory);
    }
  }

  private static EmbeddedServerException inUse(Path directory, String holder) {
    return new EmbeddedServerException(directory + " is in use by another Keyhook (" + holder
        + "): stop that one, or name another directory in database.directory");
  }
}
