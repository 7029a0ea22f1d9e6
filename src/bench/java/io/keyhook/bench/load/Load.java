package io.keyhook.bench.load;

import static io.hyperfoil.http.steps.HttpStepCatalog.SC;

import io.hyperfoil.api.config.Benchmark;
import io.hyperfoil.api.config.BenchmarkBuilder;
import io.hyperfoil.api.config.PhaseBuilder;
import io.hyperfoil.api.config.SessionLimitPolicy;
import io.hyperfoil.core.impl.LocalSimulationRunner;
import io.hyperfoil.http.api.HttpMethod;
import io.hyperfoil.http.config.HttpPluginBuilder;
import io.hyperfoil.http.config.Protocol;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * The load generator: Hyperfoil in a process of its own, with its own class path, since it is built on another Vert.x
 * than Keyhook. It reads one {@link Order} a line and answers with one line when that is over; it ends with its input.
 *
 * <p>With a rate, requests start when they are due, whatever became of those before, and count from when they were due:
 * what waits for a connection waits on the clock of the figures. Without one, each of {@code users} sends its next when the
 * last is answered.
 */
public final class Load {
  private static final long GRACE_MILLIS = 1000;

  private static final String HOST = "127.0.0.1";

  private Load() {}

  static String authority(int port) {
    return HOST + ":" + port;
  }

  public static void main(String[] args) throws IOException {
    PrintStream answers = System.out;
    System.setOut(System.err); // where Hyperfoil's log goes
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      answers.println(run(Order.of(new JsonObject(line))).encode());
    }
    System.exit(0); // Netty's threads would go on
  }

  private static JsonObject run(Order order) {
    Tally tally = new Tally(order);
    BenchmarkBuilder benchmark = BenchmarkBuilder.builder()
        .name("validate")
        .threads(1)
        .failurePolicy(Benchmark.FailurePolicy.CANCEL)
        .addPlugin(HttpPluginBuilder::new)
        .ergonomics().repeatCookies(false).userAgentFromSession(false).autoRangeCheck(false).stopOnInvalid(false)
        .endErgonomics()
        .endPlugin();
    HttpPluginBuilder plugin = benchmark.plugin(HttpPluginBuilder.class);
    for (int port : order.ports()) {
      plugin.addHttp(plugin.decoupledHttp().protocol(Protocol.HTTP).host(HOST).port(port).allowHttp2(false)
          .sharedConnections(order.connections() / order.ports().size()));
    }
    phase(benchmark.addPhase("validate"), order)
        .duration(order.seconds() * 1000L)
        .maxDuration(order.seconds() * 1000L + order.timeoutMillis() + GRACE_MILLIS)
        .scenario().maxRequests(1).maxSequences(1)
        .initialSequence("validate")
        .step(tally::start)
        .step(SC).httpRequest(HttpMethod.POST)
        .authority(tally::authority)
        .path("/api/validate")
        .headerAppender((session, request) -> request.putHeader("content-type", "application/json"))
        .body(tally::body)
        .timeout(order.timeoutMillis(), TimeUnit.MILLISECONDS)
        .handler().status(tally::status).header(tally::header).onCompletion(tally::completed).endHandler()
        .endStep().endSequence().endScenario();
    new LocalSimulationRunner(benchmark.build()).run();
    return tally.toJson();
  }

  private static PhaseBuilder<?> phase(PhaseBuilder.Catalog catalog, Order order) {
    return order.rate() == 0 ? catalog.always(order.users())
        : catalog.constantRate(order.rate()).variance(false)
            .maxSessions(order.maxSessions()).sessionLimitPolicy(SessionLimitPolicy.CONTINUE);
  }
}
