package io.keyhook;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the arguments of the process say: {@code [COMMAND [OPERAND...]] [CONFIGURATION FILE]}.
 *
 * @param operands as many as the command takes, without spaces around them
 * @param file the configuration file, which need not exist
 */
record CommandLine(Command command, List<String> operands, Optional<Path> file) {
  /** What the process does. */
  enum Command {
    SERVE("serve", "run a node; this is also what happens without a command"),
    MIGRATE("migrate", "bring the database's schema up to date"),
    DISTRIBUTE("distribute", "distribute the database over the servers of a Citus cluster"),
    CHECK_CONFIG("check-config", "check the configuration, and connect to nothing"),
    DOCTOR("doctor", "check the database, the clock, DNS, outgoing HTTPS and the disk"),
    CREATE_ACCOUNT("create-account", "create an account, and print its password and API key", "EMAIL", "PLAN"),
    RESET_PASSWORD("reset-password", "give a team member a new password, and print it", "EMAIL"),
    ROTATE_MASTER_KEY("rotate-master-key", "encrypt all secrets with the current master key"),
    BACKUP("backup", "write all data to a file, while nodes run", "FILE"),
    RESTORE("restore", "fill an empty database from such a file", "FILE"),
    MOVE_DATABASE("move-database", "copy the embedded database to the one in database.uri"),
    LISTEN("listen", "forward a webhook's deliveries to an endpoint on this machine", "OPTIONS"),
    VERSION("--version", "print the version"),
    HELP("--help", "print this");

    private final String name;
    private final String description;
    private final List<String> operands;

    Command(String name, String description, String... operands) {
      this.name = name;
      this.description = description;
      this.operands = List.of(operands);
    }

    private String synopsis() {
      return Stream.concat(Stream.of(name), operands.stream()).collect(Collectors.joining(" "));
    }
  }

  static final String USAGE = "Usage: java -jar keyhook.jar [COMMAND] [CONFIGURATION FILE]\nCommands:\n"
      + Arrays.stream(Command.values()).map(command -> "  %-28s %s".formatted(command.synopsis(), command.description))
          .collect(Collectors.joining("\n"));

  /** Thrown where arguments are neither a command nor a file. The message says which, and how to call the program. */
  static final class UsageException extends RuntimeException {
    private UsageException(String problem) {
      super(problem + "\n" + USAGE, null, false, false);
    }
  }

  /**
   * Reads the arguments.
   *
   * @throws UsageException an argument is an unknown option or command, missing, or one too many
   */
  static CommandLine parse(String... arguments) {
    List<String> left = List.of(arguments);
    Optional<Command> named = Arrays.stream(Command.values())
        .filter(command -> !left.isEmpty() && command.name.equals(left.get(0))).findFirst();
    Command command = named.orElse(Command.SERVE);
    List<String> rest = left.subList(named.isPresent() ? 1 : 0, left.size());
    if (command == Command.LISTEN) { // which reads its options itself, and no configuration
      return new CommandLine(command, rest, Optional.empty());
    }
    int count = command.operands.size();
    if (rest.size() < count || rest.stream().limit(count).anyMatch(operand -> operand.isBlank() || operand.startsWith("-"))) {
      throw new UsageException("The command is \"" + command.synopsis() + "\".");
    }
    List<String> files = rest.subList(count, rest.size());
    for (String file : files) {
      if (!isFile(file)) {
        throw new UsageException("\"" + file + "\" is neither a command nor a configuration file.");
      }
    }
    if (files.size() > 1) {
      throw new UsageException("Only one configuration file can be given.");
    }
    return new CommandLine(command, rest.stream().limit(count).map(String::strip).toList(), files.stream().findFirst().map(Path::of));
  }

  /** Whether it is there, or is written as the name of a file, which the configuration then misses. */
  private static boolean isFile(String argument) {
    return !argument.isEmpty() && (Files.exists(Path.of(argument))
        || !argument.startsWith("-") && (argument.contains(".") || argument.contains("/") || argument.contains("\\")));
  }
}
