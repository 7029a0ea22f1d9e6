package io.keyhook.db;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Names files that are complete, and replaces none. */
final class NewName {
  private NewName() {}

  /**
   * Gives a file a name in its directory; then the name is on disk. The old name may still be there.
   *
   * @throws FileAlreadyExistsException another file has the name
   */
  static void give(Path unfinished, Path name) throws IOException {
    try {
      Files.createLink(name, unfinished);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) { // no links there, as on some mounts
      if (Files.exists(name)) {
        throw new FileAlreadyExistsException(name.toString());
      }
      Files.move(unfinished, name, StandardCopyOption.ATOMIC_MOVE);
    }
    try (FileChannel directory = FileChannel.open(name.toAbsolutePath().getParent())) {
      directory.force(true);
    }
  }
}
