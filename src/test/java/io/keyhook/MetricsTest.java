package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keyhook.config.Configuration;
import io.keyhook.testing.Answer;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.Program;
import io.keyhook.testing.Receiver;
import io.keyhook.testing.Tool;
import io.keyhook.testing.Waiting;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node counts is what its administrator looks at and is woken by. */
class MetricsTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode(new JsonObject()
      .put("delivery", new JsonObject().put("retryDelays", new JsonArray()).put("logArchive", "target")));

  private static final Pattern NAME = Pattern.compile("\\b(?:keyhook|jvm|process|system)_[a-z0-9_]+");
  private static final Pattern SAMPLE = Pattern.compile("^(?:# TYPE )?([a-z_0-9]+)[{ ]", Pattern.MULTILINE);

  /** Without the maximum that a timer publishes beside its histogram. */
  private static final Pattern TYPE = Pattern.compile("^# TYPE (keyhook_[a-z_0-9]+(?<!_max)) ", Pattern.MULTILINE);
  private static final Pattern ALERT = Pattern.compile("alert(?:: |name=\")(\\w+)");
  private static final String GUIDE = "src/main/resources/io/keyhook/http/web/docs/monitoring.html";

  @TempDir
  Path directory;

  /** A success and a failure of everything that is counted when it happens. */
  @BeforeAll
  static void use() {
    Receiver receiver = keyhook.receiver();
    keyhook.webhook(receiver, "license.validated");
    License license = keyhook.license(1);
    keyhook.api().validate(license.key(), "device").expect(200);
    receiver.take();
    keyhook.api().validate(license.key(), "other").expect(403);
    keyhook.api().get("/api/licenses/" + license.id()).expect(200);
    keyhook.api().unchecked().get("/nowhere").expect(404);
    Receiver failing = keyhook.receiver();
    failing.answer(Answer.status(500));
    keyhook.webhook(failing, "license.disabled");
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    failing.take();
    keyhook.license(new JsonObject().put("name", "L").put("expiresAt", Instant.now().plusSeconds(2).toString()));
    System.gc();
    Waiting.until("all of it is counted", () -> value("keyhook_deliveries_total{outcome=\"exhausted\"}") == 1
        && value("keyhook_expiries_lag_seconds_count") == 1 && scrape().contains("jvm_gc_pause_seconds_sum"));
  }

  private static String scrape() {
    return keyhook.api().get("/metrics").expect(200).body();
  }

  /** Of the sample that begins so; 0 where there is none. */
  private static double value(String sample) {
    return scrape().lines().filter(line -> line.startsWith(sample))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  private static Set<String> names(Pattern pattern, String text, int group) {
    return pattern.matcher(text).results().map((MatchResult found) -> found.group(group))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** What only a node with an embedded database has. */
  private static String disk() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    NodeMetrics.registerDisk(registry,
        Configuration.of(new JsonObject()).database().on(URI.create("postgresql://keyhook@127.0.0.1/keyhook")));
    return registry.scrape();
  }

  @ParameterizedTest
  @ValueSource(strings = {"conf/alerts.yml", "conf/grafana-dashboard.json", GUIDE})
  void everyMetricThatTheAlertsTheDashboardAndTheGuideNameExists(String file) throws Exception {
    Set<String> named = names(NAME, Files.readString(Path.of(file)), 0);
    assertThat(named).hasSizeGreaterThan(10);
    assertThat(names(SAMPLE, scrape() + disk(), 1)).containsAll(named);
  }

  @Test
  void theGuideExplainsEveryMetric() throws Exception {
    assertThat(names(NAME, Files.readString(Path.of(GUIDE)), 0)).containsAll(names(TYPE, scrape() + disk(), 1));
  }

  @Test
  void requestsAreCountedByRouteAndStatus() {
    assertThat(value("keyhook_http_requests_seconds_count{method=\"POST\",route=\"/api/validate\",status=\"2xx\"}")).isOne();
    assertThat(value("keyhook_http_requests_seconds_count{method=\"POST\",route=\"/api/validate\",status=\"4xx\"}")).isOne();
    assertThat(value("keyhook_http_requests_seconds_count{method=\"GET\",route=\"/api/licenses/:id\",status=\"2xx\"}")).isOne();
    assertThat(value("keyhook_http_requests_seconds_count{method=\"any\",route=\"none\",status=\"4xx\"}")).isOne();
    assertThat(value("keyhook_http_responses_total{code=\"403\"}")).isOne();
  }

  @Test
  void deliveriesAreCountedByOutcomeAndAttemptsByError() {
    assertThat(value("keyhook_deliveries_total{outcome=\"delivered\"}")).isOne();
    assertThat(value("keyhook_attempts_errors_total{error=\"status\"}")).isOne();
    assertThat(value("keyhook_deliveries_first_attempt_delay_seconds_count")).isEqualTo(2);
    assertThat(value("keyhook_validations_total{result=\"max_activations_reached\"}")).isOne();
    assertThat(value("keyhook_events_total{type=\"license.activated\"}")).isOne();
    assertThat(value("keyhook_partitions_ahead_seconds")).isEqualTo(Duration.ofDays(30).toSeconds());
    await("ready").atMost(Waiting.LONG).until(() -> value("keyhook_ready") == 1);
  }

  @Test
  void promtoolFindsNothingToComplainOf() throws Exception {
    String promtool = Tool.require("promtool");
    assertThat(Program.run(directory, Map.of(), scrape(), List.of(promtool, "check", "metrics"))).isEmpty();
  }

  @Test
  void eachFaultFiresItsAlertAndAHealthyNodeNone() throws Exception {
    String promtool = Tool.require("promtool");
    Path faults = Path.of("src/test/resources/io/keyhook/alerts-test.yml").toAbsolutePath();
    assertThat(Program.run(directory, Map.of(), "", List.of(promtool, "test", "rules", faults.toString()))).contains("  SUCCESS");
    assertThat(names(ALERT, Files.readString(Path.of("conf/alerts.yml")), 1)).hasSize(19)
        .isEqualTo(names(ALERT, Files.readString(faults), 1));
  }

  @Test
  void eachOutageOfTheGuideFiresItsAlerts() throws Exception {
    String promtool = Tool.require("promtool");
    Path outages = Path.of("src/test/resources/io/keyhook/outages-test.yml").toAbsolutePath();
    assertThat(Program.run(directory, Map.of(), "", List.of(promtool, "test", "rules", outages.toString()))).contains("  SUCCESS");
    Map<String, Set<String>> fired = new TreeMap<>();
    for (String outage : Files.readString(outages).split("  - name: ", -1)) {
      if (!outage.startsWith("#")) {
        fired.put(outage.lines().findFirst().orElseThrow(), names(ALERT, outage, 1));
      }
    }
    Map<String, Set<String>> documented = new TreeMap<>();
    Matcher row = Pattern.compile("<h3 id=\"([a-z-]+)\">(.*?)</dl>", Pattern.DOTALL).matcher(Files.readString(Path.of(GUIDE)));
    while (row.find()) {
      documented.put(row.group(1), names(Pattern.compile("Keyhook[A-Z]\\w+"), row.group(2), 0));
    }
    assertThat(documented).hasSize(10).isEqualTo(fired);
  }

  @Test
  void noLabelIsNamedAsOneOfPrometheusItself() {
    assertThat(scrape()).doesNotContain("instance=\"", "job=\"");
  }
}
