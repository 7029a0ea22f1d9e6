package io.keyhook;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the arguments of the process say: {@code [COMMAND] [CONFIGURATION FILE]}.
 *
 * @param file the configuration file, which need not exist
 */
record CommandLine(Command command, Optional<Path> file) {
  /** What the process does. */
  enum Command {
    /** Runs a node. The only one without a name. */
    SERVE(""),
    MIGRATE("migrate"),
    ROTATE_MASTER_KEY("rotate-master-key");

    private final String name;

    Command(String name) {
      this.name = name;
    }
  }

  static final String USAGE = "Usage: java -jar keyhook.jar [" + Arrays.stream(Command.values())
      .filter(command -> command != Command.SERVE).map(command -> command.name).collect(Collectors.joining(" | "))
      + "] [CONFIGURATION FILE]";

  /** Thrown where arguments are neither a command nor a file. The message says which, and how to call the program. */
  static final class UsageException extends RuntimeException {
    private UsageException(String problem) {
      super(problem + "\n" + USAGE, null, false, false);
    }
  }

  /**
   * @throws UsageException an argument is an option, an unknown command, or one too many
   */
  static CommandLine parse(String... arguments) {
    List<String> left = List.of(arguments);
    Command command = Arrays.stream(Command.values())
        .filter(named -> !left.isEmpty() && named.name.equals(left.get(0))).findFirst().orElse(Command.SERVE);
    List<String> files = command == Command.SERVE ? left : left.subList(1, left.size());
    for (String file : files) {
      if (!isFile(file)) {
        throw new UsageException("\"" + file + "\" is neither a command nor a configuration file.");
      }
    }
    if (files.size() > 1) {
      throw new UsageException("Only one configuration file can be given.");
    }
    return new CommandLine(command, files.stream().findFirst().map(Path::of));
  }

  /** Whether it is there, or is written as the name of a file, which the configuration then misses. */
  private static boolean isFile(String argument) {
    return !argument.isEmpty() && (Files.exists(Path.of(argument))
        || !argument.startsWith("-") && (argument.contains(".") || argument.contains("/") || argument.contains("\\")));
  }
}
