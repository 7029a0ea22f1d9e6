package io.keyhook.testing;

import io.keyhook.Main;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Keyhook in a process of its own, as {@code java -jar} runs it, to be killed, stopped and woken. */
public final class NodeProcess implements AutoCloseable {
  private static final Pattern LISTENS = Pattern.compile("Keyhook listens on (\\S+);");
  private static final Pattern HELD = Pattern.compile("(?m)^keyhook_deliveries_held ([0-9.E]+)$");
  private static final Pattern ATTEMPTS = Pattern.compile("(?m)^keyhook_attempts_total\\{[^}]*} ([0-9.E]+)$");
  private static final List<String> OPTIONS = List.of("-Xmx256m");

  private final ChildJvm jvm;
  private final URI uri;

  private NodeProcess(ChildJvm jvm, URI uri) {
    this.jvm = jvm;
    this.uri = uri;
  }

  /** Runs Keyhook for as long as the test's JVM lives. */
  public static void main(String[] arguments) {
    Thread parent = new Thread(() -> {
      try {
        ChildJvm.awaitEndOfParent();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        Runtime.getRuntime().halt(1);
      }
    }, "parent");
    parent.setDaemon(true);
    parent.start();
    Main.main(arguments);
  }

  /**
   * Waits until it listens.
   *
   * @param settings nested as in {@code conf/keyhook.json}
   * @param environment of the process
   * @param output what it prints goes there; its settings are kept beside
   */
  static NodeProcess start(JsonObject settings, Map<String, String> environment, Path output) {
    Path file = output.resolveSibling(output.getFileName() + ".json");
    try {
      Files.createDirectories(output.toAbsolutePath().getParent());
      Files.writeString(file, settings.encode());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> all = new HashMap<>(environment);
    all.put("KEYHOOK_CONFIG", file.toAbsolutePath().toString());
    ChildJvm jvm = ChildJvm.start(NodeProcess.class, output, all, OPTIONS);
    try {
      return new NodeProcess(jvm, URI.create(jvm.awaitOutput(LISTENS).group(1)));
    } catch (RuntimeException | Error e) {
      jvm.close();
      throw e;
    }
  }

  /** As the first account, by its API key. */
  public Api api() {
    return Api.of(uri).bearer(Node.API_KEY);
  }

  public URI uri() {
    return uri;
  }

  public boolean isAlive() {
    return jvm.isAlive();
  }

  /** What it printed. */
  public String output() {
    return jvm.output();
  }

  /** SIGKILL. */
  public void kill() {
    jvm.kill();
  }

  /** SIGTERM; waits for its end. */
  public int stop() {
    jvm.terminate();
    return jvm.exitCode();
  }

  /** SIGSTOP. */
  public void freeze() {
    Signals.stop(List.of(jvm.handle()));
  }

  /** SIGCONT. */
  public void thaw() {
    Signals.resume(List.of(jvm.handle()));
  }

  /** Deliveries that it has under lease. */
  public int held() {
    return metric(HELD);
  }

  /** Attempts that it has made and that are over. */
  public int attempts() {
    return metric(ATTEMPTS);
  }

  private int metric(Pattern pattern) {
    Matcher matcher = pattern.matcher(api().anonymous().get("/metrics").expect(200).body());
    return (int) matcher.results().mapToDouble(found -> Double.parseDouble(found.group(1))).sum();
  }

  @Override
  public void close() {
    jvm.close();
  }
}
