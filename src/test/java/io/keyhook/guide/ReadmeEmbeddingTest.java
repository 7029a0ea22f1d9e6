package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Program;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The README's program, compiled and run as a project of its own would: with the dependencies that a host gets. */
class ReadmeEmbeddingTest {
  private static final Pattern PROGRAM = Pattern.compile("```java\n(import io\\.keyhook.*?)```", Pattern.DOTALL);
  private static final Set<String> MIGRATING = Set.of("flyway-core", "flyway-database-postgresql", "postgresql");

  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  @TempDir
  Path project;

  @Test
  void theProgramOfTheReadmeRunsAsWritten() throws IOException, InterruptedException {
    assertThat(run(program(), MIGRATING::contains)).contains("license.activated", "license.validated", "valid");
  }

  @Test
  void aHostThatMigratesElsewhereNeedsNoneOfTheOptionalLibraries() throws IOException, InterruptedException {
    String program = program().replace("    Keyhook.migrate(database);\n", "").replace("owner@example.com", "other@example.com")
        .replace(".pool(pool)", ".pool(pool).meterRegistry(new io.micrometer.core.instrument.simple.SimpleMeterRegistry())")
        .replace("KeyhookClient client = keyhook.client();", "KeyhookClient client = keyhook.client(); keyhook.router();");
    assertThat(run(program, library -> false)).contains("license.activated", "license.validated", "valid");
  }

  @Test
  void aLibraryThatIsMissingIsNamed() throws IOException, InterruptedException {
    String program = """
        public class Shop {
          public static void main(String[] args) {
            try {
              io.keyhook.Keyhook.migrate(java.net.URI.create(System.getenv("DATABASE_URI")));
            } catch (IllegalStateException e) {
              System.out.println(e.getMessage());
            }
          }
        }
        """;
    assertThat(run(program, library -> false)).anyMatch(line -> line.contains("org.flywaydb:flyway-core"));
  }

  private static String program() throws IOException {
    return PROGRAM.matcher(Files.readString(Path.of("README.md"))).results().map(match -> match.group(1)).findFirst()
        .orElseThrow();
  }

  private List<String> run(String program, Predicate<String> library) throws IOException, InterruptedException {
    Files.writeString(project.resolve("Shop.java"), program);
    Path java = Path.of(ProcessHandle.current().info().command().orElseThrow()).getParent();
    String classPath = hostClassPath(library);
    Map<String, String> environment = Map.of("DATABASE_URI", postgres.database().uri().toString(),
        "MASTER_KEY", Node.MASTER_KEY, "JWT_SECRET", Node.JWT_SECRET);
    Program.run(project, environment, "", List.of(java.resolve("javac").toString(), "-cp", classPath,
        "-proc:none", "-d", ".", "Shop.java"));
    return Program.run(project, environment, "", List.of(java.resolve("java").toString(), "-cp",
        classPath + File.pathSeparator + ".", "Shop"));
  }

  /** Keyhook, and of its dependencies those that are neither optional nor for tests. */
  private static String hostClassPath(Predicate<String> library) throws IOException {
    List<Pattern> absent = Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL)
        .matcher(Files.readString(Path.of("pom.xml"))).results().map(MatchResult::group)
        .filter(dependency -> dependency.contains("<optional>true") || dependency.contains("<scope>test"))
        .map(dependency -> dependency.replaceFirst("(?s).*?<artifactId>(.*?)</artifactId>.*", "$1"))
        .filter(library.negate()).map(artifact -> Pattern.compile(".*/" + Pattern.quote(artifact) + "-[0-9.]+[^/]*\\.jar"))
        .toList();
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .filter(entry -> !entry.endsWith("test-classes") && absent.stream().noneMatch(jar -> jar.matcher(entry).matches()))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
