package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in conf/ are what the programs that read them take. */
class ShippedFilesTest {
  @TempDir
  Path directory;

  @Test
  void systemdFindsNothingToComplainOf() throws Exception {
    String analyze = Tool.require("systemd-analyze");
    String java = ProcessHandle.current().info().command().orElseThrow();
    Path unit = Files.writeString(directory.resolve("keyhook.service"),
        Files.readString(Path.of("conf/keyhook.service")).replace("/usr/bin/java", java));
    assertThat(Program.run(directory, Map.of(), "", List.of(analyze, "verify", unit.toString()))).isEmpty();
    assertThat(Files.readString(unit)).contains("ExecReload=/bin/kill -HUP $MAINPID");
  }

  @Test
  void composeReadsItsFile() throws Exception {
    String compose = Files.readString(Path.of("conf/compose.yaml")).replaceAll("\\$\\{[A-Z_]+:\\?}", "secret");
    Path file = Files.writeString(directory.resolve("compose.yaml"), compose);
    List<String> command = List.of(Tool.require("compose-go"), file.toString());
    String model = String.join("\n", Program.run(directory, Map.of(), "", command));
    assertThat(model).contains("keyhook:secret@database:5432/keyhook", "read_only: true");
    Files.writeString(file, compose.replace("read_only:", "read_onyl:"));
    assertThatThrownBy(() -> Program.run(directory, Map.of(), "", command)).hasMessageContaining("read_onyl");
  }

  /** A volume would be made for every container, also for one that keeps nothing. */
  @Test
  void theImageHasPinnedTagsNoVolumeAndNoRoot() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("Dockerfile"));
    assertThat(lines.stream().filter(line -> line.startsWith("FROM "))).hasSize(2)
        .allMatch(line -> line.matches("FROM [a-z-]+:[0-9]+\\.[0-9]+\\.[0-9]+[-_.a-z0-9]*( AS [a-z]+)?"));
    assertThat(lines).noneMatch(line -> line.startsWith("VOLUME")).contains("USER 10001:10001");
  }
}
