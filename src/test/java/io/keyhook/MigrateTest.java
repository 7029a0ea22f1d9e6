package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.db.Programs;
import io.keyhook.db.SchemaVersion;
import io.keyhook.testing.Installation;
import io.keyhook.testing.KeyhookProcess;
import io.keyhook.testing.Node;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code migrate}, in a process of its own. */
class MigrateTest {
  private static final String UP_TO_DATE = "has schema version " + SchemaVersion.NEWEST + ". Migrations applied: ";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutSchema();

  @TempDir
  Path directory;

  @BeforeAll
  static void makeRoles() {
    keyhook.database().administer("""
        CREATE ROLE migrating LOGIN PASSWORD 'migrating'; CREATE SCHEMA keyhook AUTHORIZATION migrating;
        CREATE ROLE serving LOGIN PASSWORD 'serving'""");
  }

  @AfterAll
  static void dropRoles() {
    keyhook.database().administer("""
        DROP OWNED BY serving CASCADE; DROP OWNED BY migrating CASCADE; DROP ROLE serving, migrating""");
  }

  private static String as(String role) {
    return keyhook.database().uri().toString().replaceFirst("//[^@]*@", "//" + role + ":" + role + "@");
  }

  private String finished(int exitCode, Map<String, String> environment, String... arguments) {
    Map<String, String> all = new HashMap<>(Map.of(
        "KEYHOOK_AUTH_JWT_SECRET", Node.JWT_SECRET, "KEYHOOK_SECRETS_MASTER_KEY", Node.MASTER_KEY));
    all.putAll(environment);
    try (KeyhookProcess process = KeyhookProcess.start(directory, all, List.of(), arguments)) {
      assertThat(process.exitCode()).as(process.output()).isEqualTo(exitCode);
      return process.output();
    }
  }

  @Test
  void theSchemaIsBroughtUpToDateAsTheMigrationsRole() throws Exception {
    assertThat(finished(1, Map.of("KEYHOOK_DATABASE_URI", as("serving")), "migrate"))
        .contains("could not be migrated: ERROR: permission denied").doesNotContain("serving:serving");
    Path file = Files.writeString(directory.resolve("other.json"), new JsonObject().put("database",
        new JsonObject().put("uri", as("serving")).put("migrationUri", as("migrating"))).encode());
    int newest = Integer.parseInt(SchemaVersion.NEWEST);
    assertThat(finished(0, Map.of(), "migrate", file.toString())).contains(UP_TO_DATE + newest + ".");
    assertThat(keyhook.database().column("SELECT tableowner FROM pg_tables WHERE schemaname = 'keyhook' GROUP BY 1"))
        .containsExactly("migrating");
    assertThat(finished(0, Map.of(), "migrate", file.toString())).contains(UP_TO_DATE + "0.");
  }

  @Test
  void withoutADatabaseTheEmbeddedOneIsMigrated() {
    Programs.linkInto(directory.resolve("data"));
    assertThat(finished(0, Map.of("KEYHOOK_DATABASE_DIRECTORY", directory.resolve("data").toString()), "migrate"))
        .contains(UP_TO_DATE);
  }

  @Test
  void throughAPoolerAloneItSaysWhatItNeeds() {
    assertThat(finished(1, Map.of("KEYHOOK_DATABASE_URI", as("serving"), "KEYHOOK_DATABASE_POOLER", "transaction"), "migrate"))
        .contains("Set database.migrationUri");
  }

  @Test
  void aServerThatDoesNotAnswerIsNamed() {
    assertThat(finished(1, Map.of("KEYHOOK_DATABASE_URI", "postgresql://k:a-password@127.0.0.1:1/keyhook"), "migrate"))
        .contains("The database at 127.0.0.1:1").contains("refused").doesNotContain("a-password");
  }

  @Test
  void anUnknownCommandDoesNothing() {
    assertThat(finished(2, Map.of("KEYHOOK_DATABASE_URI", as("migrating")), "migrations"))
        .contains("\"migrations\" is neither a command nor a configuration file").contains(CommandLine.USAGE);
  }
}
