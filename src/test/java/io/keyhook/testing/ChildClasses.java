package io.keyhook.testing;

import io.keyhook.Main;
import io.keyhook.db.Programs;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The class path of child processes, and an archive of the classes that a node loads (class data sharing), with which its start
 * computes two thirds of what it would. Both are made once for all processes that run tests, and again after a class has changed.
 * An archive takes classes from jars alone, so the directories of classes become jars.
 */
record ChildClasses(String path, Path archive) {
  private static final Path DIRECTORY = Path.of("target", "children").toAbsolutePath();
  private static final Pattern LISTENS = Pattern.compile("Keyhook listens on (\\S+);");

  private static ChildClasses made;

  static synchronized ChildClasses get() {
    try {
      if (made == null) {
        made = make();
      }
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ChildClasses make() throws IOException {
    Files.createDirectories(DIRECTORY);
    try (FileChannel channel = FileChannel.open(DIRECTORY.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock(); // other processes run tests, too; closing releases it
      List<String> path = new ArrayList<>();
      List<Path> directories = new ArrayList<>();
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
        if (Files.isDirectory(Path.of(entry))) {
          directories.add(Path.of(entry));
          path.add(jar(directories.size()).toString());
        } else if (Files.exists(Path.of(entry))) {
          path.add(entry);
        }
      }
      ChildClasses classes = new ChildClasses(String.join(File.pathSeparator, path), DIRECTORY.resolve("keyhook.jsa"));
      Path stamp = DIRECTORY.resolve("made-of.txt");
      String now = classes.path + "\n" + newest(directories);
      if (!Files.exists(stamp) || !Files.readString(stamp).equals(now)) {
        Files.deleteIfExists(stamp);
        Files.deleteIfExists(classes.archive);
        for (int i = 0; i < directories.size(); i++) {
          jar(directories.get(i), jar(i + 1));
        }
        classes.train();
        Files.writeString(stamp, now);
      }
      return classes;
    }
  }

  private static Path jar(int number) {
    return DIRECTORY.resolve("classes-" + number + ".jar");
  }

  /** When the last file of them changed, and how many there are. */
  private static String newest(List<Path> directories) throws IOException {
    long newest = 0;
    long files = 0;
    for (Path directory : directories) {
      try (Stream<Path> paths = Files.walk(directory)) {
        for (Path path : paths.toList()) {
          newest = Math.max(newest, Files.getLastModifiedTime(path).toMillis());
          files++;
        }
      }
    }
    return newest + " " + files;
  }

  private static void jar(Path directory, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(out);
        Stream<Path> paths = Files.walk(directory)) {
      zip.setLevel(Deflater.BEST_SPEED);
      for (Path path : paths.skip(1).sorted().toList()) {
        zip.putNextEntry(new ZipEntry(directory.relativize(path) + (Files.isDirectory(path) ? "/" : "")));
        if (Files.isRegularFile(path)) {
          Files.copy(path, zip);
        }
      }
    }
  }

  /** Lets a node start and stop, and keeps the classes that it loaded. */
  private void train() throws IOException {
    Path directory = Scratch.directory();
    try {
      Programs.linkInto(directory.resolve("data"));
      try (ChildJvm node = ChildJvm.start(Main.class.getName(), directory, directory.resolve("output.txt"), Map.of("KEYHOOK_HTTP_PORT", "0"),
          List.of("-cp", path, "-XX:ArchiveClassesAtExit=" + archive))) {
        URI uri = URI.create(node.awaitOutput(LISTENS).group(1));
        Api.of(uri).unchecked().validate("ABCD-1234-EFGH-5678", "device");
        node.terminate();
        node.exitCode();
      }
    } finally {
      Scratch.remove(directory);
    }
  }
}
