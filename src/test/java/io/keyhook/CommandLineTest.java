package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
  @ParameterizedTest
  @ValueSource(strings = {"conf/other.json", "other.json", "/etc/keyhook", "./keyhook", "README.md", "src"})
  void aPathIsTheConfigurationFileWhetherItExistsOrNot(String path) {
    CommandLine line = CommandLine.parse(path);
    assertThat(line.command()).isEqualTo(CommandLine.Command.SERVE);
    assertThat(line.file()).contains(Path.of(path));
  }

  @Test
  void withoutArgumentsANodeRuns() {
    CommandLine line = CommandLine.parse();
    assertThat(line.command()).isEqualTo(CommandLine.Command.SERVE);
    assertThat(line.file()).isEmpty();
  }

  @Test
  void aCommandMayBeFollowedByTheConfigurationFile() {
    assertThat(CommandLine.parse("migrate").command()).isEqualTo(CommandLine.Command.MIGRATE);
    assertThat(CommandLine.parse("distribute").command()).isEqualTo(CommandLine.Command.DISTRIBUTE);
    assertThat(CommandLine.parse("migrate", "a.json").file()).contains(Path.of("a.json"));
    assertThat(CommandLine.parse("rotate-master-key", "a.json").command())
        .isEqualTo(CommandLine.Command.ROTATE_MASTER_KEY);
    assertThat(CommandLine.parse("serve", "a.json").command()).isEqualTo(CommandLine.Command.SERVE);
  }

  @Test
  void aCommandTakesItsOperandsBeforeTheConfigurationFile() {
    CommandLine line = CommandLine.parse("create-account", "a@example.com", "free", "a.json");
    assertThat(line.operands()).containsExactly("a@example.com", "free");
    assertThat(line.file()).contains(Path.of("a.json"));
    assertThatThrownBy(() -> CommandLine.parse("create-account", "a@example.com"))
        .hasMessageStartingWith("The command is \"create-account EMAIL PLAN\".");
    assertThatThrownBy(() -> CommandLine.parse("reset-password", "--help")).isInstanceOf(CommandLine.UsageException.class);
  }

  @Test
  void spacesAroundAnOperandAreNoPartOfIt() {
    assertThat(CommandLine.parse("reset-password", " a@example.com\n").operands()).containsExactly("a@example.com");
  }

  @Test
  void versionAndHelpAreCommands() {
    assertThat(CommandLine.parse("--version").command()).isEqualTo(CommandLine.Command.VERSION);
    assertThat(CommandLine.parse("--help").command()).isEqualTo(CommandLine.Command.HELP);
  }

  @Test
  void theGuideExplainsEveryCommand() throws IOException {
    String guide = Files.readString(Path.of("src/main/resources/io/keyhook/http/web/docs/monitoring.html"));
    Stream<String> commands = Pattern.compile("(?m)^  (\\S+(?: [A-Z]+)*) ").matcher(CommandLine.USAGE).results()
        .map(command -> command.group(1));
    assertThat(commands).hasSize(CommandLine.Command.values().length)
        .allMatch(command -> guide.contains("<td><code>" + command + "</code></td>"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"migrat", "Migrate", "--migrate", "-h", "--config=a.json", ""})
  void whatIsNeitherCommandNorFileIsRefusedWithTheUsage(String argument) {
    assertThatThrownBy(() -> CommandLine.parse(argument)).isInstanceOf(CommandLine.UsageException.class)
        .hasMessageStartingWith("\"" + argument + "\" is neither a command nor a configuration file.\n"
            + "Usage: java -jar keyhook.jar [COMMAND] [CONFIGURATION FILE]\n");
    assertThatThrownBy(() -> CommandLine.parse("migrate", argument)).isInstanceOf(CommandLine.UsageException.class);
  }

  @Test
  void aSecondFileIsRefused() {
    assertThatThrownBy(() -> CommandLine.parse("a.json", "b.json")).hasMessageContaining("Only one configuration file");
  }
}
