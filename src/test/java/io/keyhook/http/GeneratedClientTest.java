package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.keyhook.testing.Api;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Packages;
import io.keyhook.testing.Program;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The document passes a linter, and generators make clients of it that work, with the defaults of each generator: a
 * program with each client creates licenses and a webhook, validates, is refused, pages through a list and reads a
 * delivery of each event.
 */
class GeneratedClientTest {
  private static final String RESOURCES = "/io/keyhook/client/";
  private static final Path JARS = Path.of("target", "clients").toAbsolutePath();
  private static final int EVENTS = 5;
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin");
  /** These run once: optimizing them takes more than it saves. */
  private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final ExecutorService THREADS = Executors.newCachedThreadPool();
  private static HttpServer receiver;
  /** Whose program runs. */
  private static volatile Api owner;

  @TempDir
  Path directory;

  private Path document;

  @BeforeAll
  static void listen() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext("/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
    });
    receiver.createContext("/delivered", exchange -> {
      Waiting.until("a delivery of each event", () -> events() == EVENTS);
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    receiver.setExecutor(THREADS); // the wait must not keep the deliveries
    receiver.start();
  }

  @AfterAll
  static void stopListening() {
    receiver.stop(0);
    THREADS.shutdownNow();
  }

  /** How many events have been delivered to the owner's webhook. */
  private static long events() {
    return owner.get("/api/deliveries?status=delivered").data().stream().map(one -> one.getString("event")).distinct().count();
  }

  @BeforeEach
  void download() throws IOException {
    document = Files.writeString(directory.resolve("openapi.json"),
        keyhook.api().anonymous().get("/openapi.json").expect(200).body());
  }

  @Test
  void theLinterHasNothingToSay() throws Exception {
    Path packages = Packages.node(GeneratedClientTest.class, RESOURCES);
    copy("redocly.yaml");
    assertThat(run(Map.of("REDOCLY_TELEMETRY", "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
        bin(packages, "redocly"), "lint", "--config", "redocly.yaml", "--format", "stylish", document.toString()))
        .noneMatch(line -> line.matches("\\s+\\d+:\\d+\\s+(error|warning)\\s.*"));
  }

  @Test
  void theJavaClientWorks() throws Exception {
    generate("java", "client", "--library", "native");
    Path scenario = copy("Scenario.java");
    String libraries = JARS.resolve("java") + File.separator + "*";
    List<String> javac = new ArrayList<>(List.of(JAVA.resolve("javac").toString(), "-J" + QUICK.get(0), "-J" + QUICK.get(1), "-nowarn", "-proc:none", "-d", "classes", "-cp",
        libraries, scenario.toString()));
    try (Stream<Path> sources = Files.walk(directory.resolve("client/src/main/java"))) {
      sources.map(Path::toString).filter(name -> name.endsWith(".java")).forEach(javac::add);
    }
    run(Map.of(), javac.toArray(String[]::new));
    assertWorks(Map.of(), JAVA.resolve("java").toString(), QUICK.get(0), QUICK.get(1), "-cp", "classes" + File.pathSeparator + libraries, "Scenario");
  }

  @Test
  void thePythonClientWorks() throws Exception {
    Path python = Packages.python(GeneratedClientTest.class, RESOURCES).resolve("bin/python");
    generate("python", "client");
    run(Map.of(), python.toString(), "-m", "compileall", "-q", "client/openapi_client");
    assertWorks(Map.of("PYTHONPATH", "client"), python.toString(), copy("scenario.py").toString());
  }

  @Test
  void theClientOfOpenapiPythonClientWorks() throws Exception {
    Path bin = Packages.python(GeneratedClientTest.class, RESOURCES).resolve("bin");
    assertThat(run(Map.of(), bin.resolve("openapi-python-client").toString(), "generate", "--path", document.toString(),
        "--output-path", "client").stream().filter(line -> line.startsWith("WARNING parsing")))
        .as("this generator knows no CSV in requests").containsExactly(
            "WARNING parsing POST /api/licenses/import within licenses. Endpoint will not be generated.");
    run(Map.of(), bin.resolve("python").toString(), "-m", "compileall", "-q", "client");
    assertWorks(Map.of("PYTHONPATH", "client"), bin.resolve("python").toString(), copy("scenario_attrs.py").toString());
  }

  @Test
  void theTypeScriptClientWorks() throws Exception {
    Path packages = Packages.node(GeneratedClientTest.class, RESOURCES);
    generate("typescript-fetch", "client");
    compile(packages, "scenario.ts");
    assertWorks(Map.of(), "node", "out/scenario.js");
  }

  @Test
  void theTypesOfOpenapiTypescriptWork() throws Exception {
    Path packages = Packages.node(GeneratedClientTest.class, RESOURCES);
    run(Map.of(), bin(packages, "openapi-typescript"), document.toString(), "-o", "keyhook.ts");
    compile(packages, "scenario_fetch.ts");
    assertWorks(Map.of(), "node", "out/scenario_fetch.js");
  }

  private void generate(String generator, String output, String... more) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(JAVA.resolve("java").toString(), QUICK.get(0), QUICK.get(1), "-jar",
        JARS.resolve("openapi-generator-cli.jar").toString(), "generate", "-i", document.toString(), "-g", generator,
        "-o", output));
    command.addAll(Arrays.asList(more));
    assertThat(run(Map.of(), command.toArray(String[]::new))).noneMatch(line -> line.contains(" ERROR ")
        || line.contains("Duplicate file path"));
  }

  private void compile(Path packages, String scenario) throws IOException, InterruptedException {
    Files.createSymbolicLink(directory.resolve("node_modules"), packages.resolve("node_modules"));
    copy("tsconfig.json");
    copy(scenario);
    run(Map.of(), bin(packages, "tsc"), "-p", ".");
  }

  private static String bin(Path packages, String name) {
    return packages.resolve("node_modules/.bin").resolve(name).toString();
  }

  private Path copy(String file) throws IOException {
    try (InputStream in = GeneratedClientTest.class.getResourceAsStream(RESOURCES + file)) {
      Path copied = directory.resolve(file);
      Files.copy(in, copied);
      return copied;
    }
  }

  private List<String> run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
    return Program.run(directory, environment, "", List.of(command));
  }

  /** For an account of the program's own. */
  private void assertWorks(Map<String, String> environment, String... command) throws IOException, InterruptedException {
    owner = keyhook.account("enterprise");
    String key = owner.post("/api/api-keys", new JsonObject().put("name", "A generated client").put("currentPassword", Node.PASSWORD)).expect(201).json()
        .getString("key");
    Map<String, String> all = new HashMap<>(environment);
    all.put("KEYHOOK_URL", keyhook.node().uri().toString());
    all.put("KEYHOOK_KEY", key);
    String url = "http://127.0.0.1:" + receiver.getAddress().getPort() + "/";
    all.put("RECEIVER_URL", url);
    all.put("DELIVERED_URL", url + "delivered");
    assertThat(run(all, command).stream().collect(Collectors.joining("\n"))).isEqualTo("""
        valid 1 of 1
        refused 403 MAX_ACTIVATIONS_REACHED
        status disabled
        problem 404 NOT_FOUND
        problem 400 INVALID_REQUEST expiresAt
        listed Short Studio
        delivered license.activated ada@example.com
        delivered license.disabled Studio
        delivered license.expired Short
        delivered license.validated device-1
        delivered webhook.test true""");
  }
}
