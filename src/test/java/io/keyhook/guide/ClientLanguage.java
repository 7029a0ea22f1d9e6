package io.keyhook.guide;

import io.keyhook.testing.DotNet;
import io.keyhook.testing.Packages;
import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A language that the guide shows the client in, and how a program with it is built and run. */
enum ClientLanguage {
  NODE("Node.js and browsers", "node", "client.mjs", List.of(), List.of("node", "client.mjs")),
  PYTHON("Python", "python3", "client.py", List.of(), List.of("python3", "client.py")),
  PHP("PHP", "php", "client.php", List.of(), List.of("php", "client.php")),
  JAVA("Java", "java", "Client.java", List.of(
      List.of(Java.PATH + "c", "-J-XX:TieredStopAtLevel=1", "-d", "classes", "Client.java", "Keyhook.java"),
      List.of(Java.PATH.replaceFirst("java$", "jar"), "--create", "--file", "client.jar", "-C", "classes", "."),
      // so that the JVM loads what all calls need from an archive
      List.of(Java.PATH, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:ArchiveClassesAtExit=client.jsa", "-cp",
          "BUILT/client.jar", "Client", "validate", "http://127.0.0.1:1", "1", "0", "KEY", "device")),
      List.of(Java.PATH, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:SharedArchiveFile=BUILT/client.jsa", "-cp",
          "BUILT/client.jar", "Client")),
  GO("Go", "go", "client.go", List.of(List.of("go", "build", "-o", "client", ".")), List.of("BUILT/client")),
  CSHARP("C#", "npm", "Client.cs", List.of(List.of("csc", "-out:client.dll", "Client.cs", "Keyhook.cs")),
      List.of("dotnet", "BUILT/client.dll")),
  RUST("Rust", "cargo", "client.rs", List.of(List.of("cargo", "build", "--locked", "--offline", "--quiet")),
      List.of("BUILT/target/debug/client"));

  static final Path DRIVERS = Path.of("src/test/resources/io/keyhook/guide/client");

  private static final Map<String, String> ENVIRONMENT = Map.of("CGO_ENABLED", "0", "GOPROXY", "off", "GOTOOLCHAIN", "local",
      "GOFLAGS", "-mod=mod", "GO111MODULE", "on", "NODE_NO_WARNINGS", "1");

  private final String label;
  private final String tool;
  private final String driver;
  private final List<List<String>> build;
  private final List<String> run;

  /** Commands that run in the directory BUILT, and the one that runs what they build. */
  ClientLanguage(String label, String tool, String driver, List<List<String>> build, List<String> run) {
    this.label = label;
    this.tool = tool;
    this.driver = driver;
    this.build = build;
    this.run = run;
  }

  Guide.Block code() {
    return Guide.page("offline").blocks().stream().filter(block -> block.label().equals(label)).findAny().orElseThrow();
  }

  /**
   * Has the program for a directory. Without its compiler, the test is skipped, as {@link Tool#missing} says.
   *
   * @param built keeps what was built, for all tests
   */
  void prepare(Path built, Path directory, String keySet) throws IOException, InterruptedException {
    Tool.require(tool);
    if (build.isEmpty()) {
      writeTo(directory);
    } else if (!Files.exists(built.resolve(name()))) {
      Files.createDirectory(built.resolve(name()));
      buildIn(directoryIn(built), keySet);
    }
    Files.writeString(directory.resolve("keys.json"), keySet);
  }

  private void buildIn(Path directory, String keySet) throws IOException, InterruptedException {
    writeTo(directory);
    Files.writeString(directory.resolve("keys.json"), keySet);
    Files.writeString(directory.resolve("go.mod"), "module client\n\ngo 1.21\n");
    for (List<String> command : build) {
      Program.run(directory, ENVIRONMENT, "", in(directory, command));
    }
  }

  private void writeTo(Path directory) throws IOException {
    code().writeTo(directory);
    Files.copy(DRIVERS.resolve(driver), directory.resolve(driver), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Cargo keeps what it has built of the packages beside them. */
  private Path directoryIn(Path built) {
    return this == RUST ? Packages.cargo(ClientLanguage.class, "/io/keyhook/guide/client/rust/") : built.resolve(name());
  }

  private static List<String> in(Path directory, List<String> command) {
    return DotNet.command(command.stream().map(word -> word.replace("BUILT", directory.toString())).toList());
  }

  String run(Path built, Path directory, String... arguments) throws IOException, InterruptedException {
    return runWith(built, directory, List.of(), arguments);
  }

  /**
   * @param wrapper a command that runs what follows it
   */
  String runWith(Path built, Path directory, List<String> wrapper, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(in(directoryIn(built), run));
    command.addAll(List.of(arguments));
    return String.join("\n", Program.run(directory, ENVIRONMENT, "", command));
  }

  private static final class Java {
    private static final String PATH = Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }
}
