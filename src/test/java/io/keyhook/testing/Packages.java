package io.keyhook.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Packages of other languages, at the versions that files among the test resources pin. Those of a directory of resources
 * are installed into a directory of {@code target/clients} once, and again after a pin has changed. Where they cannot be installed, the test is skipped, but fails
 * on a machine that sets {@code CI}.
 */
public final class Packages {
  private Packages() {}

  /** Installs what {@code package-lock.json} pins, and gives the directory with the {@code node_modules}. */
  public static Path node(Class<?> owner, String resources) {
    return install(owner, resources, List.of("package.json", "package-lock.json"), List.of(
        List.of(Tool.require("npm"), "ci", "--no-audit", "--no-fund")));
  }

  /** Installs what {@code requirements.txt} pins, and gives the virtual environment. */
  public static Path python(Class<?> owner, String resources) {
    return install(owner, resources, List.of("requirements.txt"), List.of(
        List.of(Tool.require("python3"), "-m", "venv", "--clear", "venv"),
        List.of("venv/bin/pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "-r", "requirements.txt")))
        .resolve("venv");
  }

  /** Loads what {@code Cargo.lock} pins, and gives the directory with both files, which is that of a package without code. */
  public static Path cargo(Class<?> owner, String resources) {
    return install(owner, resources, List.of("Cargo.toml", "Cargo.lock"), List.of(
        List.of(Tool.require("cargo"), "fetch", "--locked")));
  }

  private static synchronized Path install(
      Class<?> owner, String resources, List<String> pins, List<List<String>> commands) {
    String name = Path.of(resources).getFileName() + "-" + pins.get(0).replaceAll("\\W.*", "");
    Path directory = Path.of("target", "clients", name).toAbsolutePath();
    Path installed = directory.resolve("installed.txt");
    try (FileChannel channel = lock(directory)) {
      channel.lock(); // other processes run tests, too; closing releases it
      String wanted = pins.stream().map(pin -> text(owner, resources + pin)).collect(Collectors.joining());
      if (Files.exists(installed) && Files.readString(installed).equals(wanted)) {
        return directory;
      }
      for (String pin : pins) {
        Files.writeString(directory.resolve(pin), text(owner, resources + pin));
      }
      for (List<String> command : commands) {
        Program.run(directory, Map.of(), "", command);
      }
      Files.writeString(installed, wanted);
      return directory;
    } catch (AssertionError e) {
      throw Tool.missing("The packages of " + pins + " are not installed: " + e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static FileChannel lock(Path directory) throws IOException {
    Files.createDirectories(directory);
    return FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static String text(Class<?> owner, String resource) {
    try (InputStream in = owner.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
