package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Tool;
import io.keyhook.testing.Waiting;
import java.io.BufferedReader;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ten thousand connections that say nothing, or half of something, and everybody else is served. */
class IdleConnectionsTest {
  private static final int CONNECTIONS = 10_000;
  /** In a process of its own: each connection is an open file at either end. */
  private static final String CLIENT = """
      import socket, sys
      open_ones = []
      for i in range(int(sys.argv[2])):
          one = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
          if i % 2:
              one.sendall(b"POST /api/validate HTTP/1.1\\r\\nHost: k\\r\\nContent-Le")
          open_ones.append(one)
      print("open", len(open_ones), flush=True)
      sys.stdin.read()
      """;

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Test
  void othersAreServedBesideTenThousandIdleConnections() throws Exception {
    Process client = new ProcessBuilder(Tool.require("python3"), "-c", CLIENT,
        Integer.toString(keyhook.node().uri().getPort()), Integer.toString(CONNECTIONS))
        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader said = client.inputReader()) {
      assertThat(said.readLine()).isEqualTo("open " + CONNECTIONS);
      keyhook.api().get("/api/account").expect(200);
      keyhook.api().anonymous().validate(keyhook.license(1).key(), "device").expect(200);
      new Wire(keyhook.node().uri()).send("GET", "/health/ready", new byte[0]).expect(200);
    } finally {
      client.getOutputStream().close();
      if (!client.waitFor(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)) {
        client.destroyForcibly();
      }
    }
    keyhook.api().get("/api/account").expect(200);
  }
}
