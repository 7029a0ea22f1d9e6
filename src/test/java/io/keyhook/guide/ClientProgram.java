package io.keyhook.guide;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Program;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Runs the client that the guide shows, in each language, against a node. */
abstract class ClientProgram {
  /** What was built of a language, for all tests of a class. */
  @TempDir
  static Path built;

  @TempDir
  Path directory;

  abstract Installation installation();

  static String nowhere() throws IOException {
    return "http://127.0.0.1:" + Program.freePort();
  }

  final String server() {
    return installation().node().uri().toString();
  }

  final String keySet(String account) {
    return installation().api().anonymous().get("/api/accounts/" + account + "/.well-known/jwks.json").expect(200).body();
  }

  final void prepare(ClientLanguage language) throws IOException, InterruptedException {
    language.prepare(built, directory, keySet(installation().api().get("/api/account").json().getString("id")));
  }

  final Path lease() {
    return directory.resolve("lease.json");
  }
}
