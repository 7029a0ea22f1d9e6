package io.keyhook.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Classes run in several processes at once, but one that measures how long something takes runs {@link Alone}. By locks on
 * two files: whoever waits for the room holds the door, so that a class that wants to be alone is the next to run.
 */
public final class Forks implements BeforeAllCallback, AfterAllCallback {
  private static final Path DIRECTORY = Path.of("target");
  private static final FileChannel DOOR = open("forks-door.lock");
  private static final FileChannel ROOM = open("forks-room.lock");

  private FileLock lock;

  /** No other class runs beside it. */
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  public @interface Alone {}

  private static FileChannel open(String name) {
    try {
      Files.createDirectories(DIRECTORY);
      return FileChannel.open(DIRECTORY.resolve(name),
          StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    if (isOutermost(context)) {
      boolean shared = !context.getRequiredTestClass().isAnnotationPresent(Alone.class);
      FileLock door = DOOR.lock();
      try {
        lock = ROOM.lock(0, Long.MAX_VALUE, shared);
      } finally {
        door.release();
      }
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    if (isOutermost(context)) {
      lock.release();
    }
  }

  /** Those on Citus run within another class, or wait for the cluster. */
  private static boolean isOutermost(ExtensionContext context) {
    return context.getRequiredTestClass().getEnclosingClass() == null && !CitusCluster.isWanted(context);
  }
}
