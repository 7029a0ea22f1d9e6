package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program of the guide in a Maven project of its own, with the guide's dependency and the class path that Maven resolves
 * for it. Maven takes what it can from the local repository of this build, and the rest from where it is configured to.
 */
class EmbeddingPageTest {
  private static final Pattern NETTY = Pattern.compile("/netty-[a-z0-9-]+-(4\\.[0-9.]+\\.Final)[^/]*\\.jar");
  private static final String[] MIGRATING = {"flyway-core", "flyway-database-postgresql", "postgresql"};
  private static final Map<List<String>, String> CLASS_PATHS = new HashMap<>();
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin");
  /** For what runs once: optimizing it takes more than it saves. */
  private static final String QUICK = "-XX:TieredStopAtLevel=1";

  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  /** Has Keyhook as {@code mvn install} puts it there. */
  @TempDir
  static Path repository;

  @TempDir
  Path project;

  @BeforeAll
  static void install() throws IOException {
    Path directory = Files.createDirectories(repository.resolve("io/keyhook/keyhook/0.1.0"));
    Files.copy(Path.of("pom.xml"), directory.resolve("keyhook-0.1.0.pom"));
    jar(Path.of("target", "classes"), directory.resolve("keyhook-0.1.0.jar"));
  }

  private static void jar(Path classes, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(out);
        Stream<Path> paths = Files.walk(classes)) {
      zip.setLevel(Deflater.BEST_SPEED);
      for (Path path : paths.toList()) {
        String name = classes.relativize(path).toString().replace('\\', '/');
        if (Files.isRegularFile(path)) {
          zip.putNextEntry(new ZipEntry(name));
          Files.copy(path, zip);
        }
      }
    }
  }

  @Test
  void theProgramOfTheGuideRunsAsWritten() throws IOException, InterruptedException {
    assertThat(run(program(), MIGRATING)).contains("license.activated", "license.validated", "valid");
  }

  @Test
  void aHostDeliversWebhooks() throws IOException, InterruptedException {
    String program = program().replace("owner@example.com", "webhooks@example.com")
        .replace(".put(\"http\"", ".put(\"delivery\", new JsonObject().put(\"allowInsecureTargets\", true))\n            .put(\"http\"")
        .replace("    vertx.deployVerticle(keyhook)", """
                var received = io.vertx.core.Promise.<Void>promise();
                var events = new java.util.concurrent.ConcurrentSkipListSet<String>();
                var server = vertx.createHttpServer().requestHandler(request -> request.body().onSuccess(body -> {
                  System.out.println("received " + body.toJsonObject().getString("event"));
                  request.response().end();
                  if (events.add(body.toJsonObject().getString("event")) && events.size() == 2) {
                    received.complete();
                  }
                }));
                server.listen(0, "127.0.0.1").compose(listening -> vertx.deployVerticle(keyhook))""")
        .replace("          .compose(shop -> client", """
                  .compose(shop -> client.createWebhook(io.keyhook.bus.Webhooks.Create.of(shop,
                      "http://127.0.0.1:" + server.actualPort() + "/", "license.activated", "license.validated")).map(shop))
                  .compose(shop -> client""")
        .replace("\"device-1\")))", "\"device-1\"))).compose(validation -> received.future().map(validation))");
    assertThat(run(program, MIGRATING)).contains("valid").filteredOn(line -> line.startsWith("received"))
        .containsExactlyInAnyOrder("received license.activated", "received license.validated");
    assertThat(postgres.database().count("delivery_queue")).as("deliveries whose results were not written").isZero();
  }

  @Test
  void aHostGetsOneVersionOfNetty() throws IOException, InterruptedException {
    List<String> versions = NETTY.matcher(classPath()).results().map(netty -> netty.group(1)).toList();
    assertThat(versions).hasSizeGreaterThan(10);
    assertThat(versions.stream().distinct()).containsExactly(versionInPom("netty"));
  }

  @Test
  void aHostThatMigratesElsewhereNeedsNoneOfTheOptionalLibraries() throws IOException, InterruptedException {
    String program = program().replace("    Keyhook.migrate(database);\n", "").replace("owner@example.com", "other@example.com")
        .replace(".pool(pool)", ".pool(pool).meterRegistry(new io.micrometer.core.instrument.simple.SimpleMeterRegistry())");
    program = program.replace("KeyhookClient client = keyhook.client();", """
        KeyhookClient client = keyhook.client();
              try {
                keyhook.router(java.util.Set.of(io.keyhook.RouterPart.DASHBOARD));
              } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
              }
              var server = vertx.createHttpServer().requestHandler(keyhook.router());
        """)
        .replace("          .compose(shop -> client", """
                  .compose(shop -> server.listen(0, "127.0.0.1")
                      .compose(listening -> client.createApiKey(new Accounts.CreateApiKey(shop, "shop")))
                      .compose(created -> get(vertx, server.actualPort(), created.key(), "/")
                          .compose(done -> get(vertx, server.actualPort(), created.key(), "/nothing"))
                          .compose(done -> get(vertx, server.actualPort(), created.key(), "/metrics"))
                          .compose(done -> get(vertx, server.actualPort(), created.key(), "/api/licenses"))
                          .compose(done -> get(vertx, server.actualPort(), created.key(), "/api/licenses/export")))
                      .map(shop))
                  .compose(shop -> client""")
        .replace("public class Shop {", """
        public class Shop {
          static io.vertx.core.Future<?> get(Vertx vertx, int port, String key, String path) {
            return io.vertx.ext.web.client.WebClient.create(vertx).get(port, "127.0.0.1", path).bearerTokenAuthentication(key)
                .send().onSuccess(response -> System.out.println(
                    response.statusCode() + " " + path + " " + response.bodyAsJsonObject().getString("detail")));
          }
        """);
    assertThat(run(program)).contains("license.activated", "license.validated", "valid")
        .anyMatch(line -> line.contains("org.mvnpm:htm:3.1.1 and org.webjars.npm:preact:10.27.2"))
        .anyMatch(line -> line.startsWith("404 / ")).anyMatch(line -> line.startsWith("404 /nothing "))
        .anyMatch(line -> line.startsWith("404 /metrics ")).anyMatch(line -> line.startsWith("200 /api/licenses "))
        .anyMatch(line -> line.startsWith("501 /api/licenses/export ") && line.contains("de.siegmar:fastcsv"));
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
    assertThat(run(program)).anyMatch(line -> line.contains("org.flywaydb:flyway-core"));
  }

  private static String program() {
    return Guide.page("embedding").file("Shop.java").text();
  }

  private static String dependency() {
    return Guide.page("embedding").blocksOf("dependency").get(0).text();
  }

  private List<String> run(String program, String... libraries) throws IOException, InterruptedException {
    Files.writeString(project.resolve("Shop.java"), program);
    String classPath = classPath(libraries);
    Map<String, String> environment = Map.of("DATABASE_URI", postgres.database().uri().toString(),
        "MASTER_KEY", Node.MASTER_KEY, "JWT_SECRET", Node.JWT_SECRET);
    Program.run(project, environment, "", List.of(JAVA.resolve("javac").toString(), "-J" + QUICK, "-cp", classPath,
        "-proc:none", "-d", ".", "Shop.java"));
    return Program.run(project, environment, "", List.of(JAVA.resolve("java").toString(), QUICK, "-cp",
        classPath + File.pathSeparator + ".", "Shop"));
  }

  /**
   * The class path that Maven resolves for a project that depends on Keyhook.
   *
   * @param libraries optional ones that the project adds
   */
  private String classPath(String... libraries) throws IOException, InterruptedException {
    String known = CLASS_PATHS.get(List.of(libraries));
    if (known != null) {
      return known;
    }
    Files.writeString(project.resolve("pom.xml"), """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <modelVersion>4.0.0</modelVersion>
          <groupId>com.example</groupId>
          <artifactId>shop</artifactId>
          <version>1</version>
          <repositories>
            <repository><id>local</id><url>%1$s</url></repository>
          </repositories>
          <pluginRepositories>
            <pluginRepository><id>local</id><url>%1$s</url></pluginRepository>
          </pluginRepositories>
          <dependencies>
        %2$s
          </dependencies>
        </project>
        """.formatted(
            Path.of(System.getProperty("localRepository", System.getProperty("user.home") + "/.m2/repository")).toUri(),
            dependency() + Arrays.stream(libraries).map(EmbeddingPageTest::dependency).collect(Collectors.joining())));
    Program.run(project, Map.of("MAVEN_OPTS", QUICK), "", List.of(Tool.require("mvn"), "-B", "-q", "-ntp", "-Dmaven.repo.local=" + repository,
        "org.apache.maven.plugins:maven-dependency-plugin:" + pluginVersion() + ":build-classpath",
        "-Dmdep.outputFile=classpath.txt"));
    String resolved = Files.readString(project.resolve("classpath.txt")).strip();
    CLASS_PATHS.put(List.of(libraries), resolved);
    return resolved;
  }

  /** As in Keyhook's own project, but not optional. */
  private static String dependency(String artifact) {
    String dependency = Pattern.compile("<dependency>(?:(?!</dependency>).)*?</dependency>", Pattern.DOTALL).matcher(pom())
        .results().map(MatchResult::group).filter(one -> one.contains("<artifactId>" + artifact + "</artifactId>"))
        .findFirst().orElseThrow();
    return Pattern.compile("\\$\\{(.*?)\\.version}").matcher(dependency.replace("<optional>true</optional>", ""))
        .replaceAll(property -> versionInPom(property.group(1)));
  }

  private static String versionInPom(String library) {
    return inPom(Pattern.compile("<" + library + "\\.version>(.*?)<"));
  }

  private static String pluginVersion() {
    return inPom(Pattern.compile("<artifactId>maven-dependency-plugin</artifactId>\\s+<version>(.*?)<"));
  }

  private static String inPom(Pattern pattern) {
    return pattern.matcher(pom()).results().map(match -> match.group(1)).findFirst().orElseThrow();
  }

  private static String pom() {
    try {
      return Files.readString(Path.of("pom.xml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
