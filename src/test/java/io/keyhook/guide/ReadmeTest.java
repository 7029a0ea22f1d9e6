package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Tool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the README work as written. */
class ReadmeTest {
  private static final Pattern SHELL_BLOCK = Pattern.compile("^```sh\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @TempDir
  Path directory;

  @Test
  void theTourLeadsFromALicenseToVerifiedDeliveries() throws IOException {
    List.of("curl", "jq", "python3").forEach(Tool::require);
    int receiver = freePort();
    Path visitor = Files.createDirectory(directory.resolve("visitor"));
    try (Shell shell = new Shell(Tool.require("bash"), visitor, directory.resolve("output"))) {
      for (String block : tour()) {
        shell.run(block
            .replace("http://127.0.0.1:8080", keyhook.node().uri().toString())
            .replace("kh_the_key_that_was_printed", Node.API_KEY)
            .replace("http://127.0.0.1:9000", "http://127.0.0.1:" + receiver)
            .replace("(\"127.0.0.1\", 9000)", "(\"127.0.0.1\", " + receiver + ")"));
        // A reader takes longer than a delivery.
        keyhook.awaitEmptyQueue();
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> verified(shell.output()).size() == 5);
      assertThat(verified(shell.output())).extracting(delivery -> delivery.split(" ")[0]).containsExactlyInAnyOrder(
          "webhook.test", "license.activated", "license.validated", "license.activated", "license.disabled");
      assertThat(verified(shell.output()).stream().distinct()).as("a redelivery has its delivery's id").hasSize(4);
      assertThat(shell.output()).contains("\"success\": true", "\"valid\": true", "\"status\": \"delivered\"",
          "\"code\": \"LICENSE_DISABLED\"");
    }
  }

  private static List<String> tour() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    int start = readme.indexOf("\n## A tour\n");
    String tour = readme.substring(start, readme.indexOf("\n## ", start + 1));
    return SHELL_BLOCK.matcher(tour).results().map(block -> block.group(1)).toList();
  }

  private static List<String> verified(String output) {
    return output.lines().filter(line -> line.startsWith("verified ")).map(line -> line.substring(9)).toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
