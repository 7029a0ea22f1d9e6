package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

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
}
