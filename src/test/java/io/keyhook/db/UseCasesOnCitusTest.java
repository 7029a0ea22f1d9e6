package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;
import static org.junit.platform.launcher.EngineFilter.includeEngines;

import io.keyhook.testing.CitusCluster;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** What is promised of each use case holds on a distributed database, too: the tests of these packages run there once more. */
@EnabledIfEnvironmentVariable(named = CitusCluster.VARIABLE, matches = ".+", disabledReason = "It names no Citus cluster")
class UseCasesOnCitusTest {
  private static final List<String> PACKAGES = List.of("listen", "testendpoint", "alert", "webhook", "log", "account", "license",
      "delivery", "stats", "event", "audit");
  private static final List<String> CLASSES = List.of("http.IdempotencyTest", "http.PatchTest", "http.ForeignIdTest",
      "http.PermissionsTest");
  private static LauncherSession session;

  @BeforeAll
  static void open() {
    session = LauncherFactory.openSession(LauncherConfig.builder().enableLauncherSessionListenerAutoRegistration(false)
        .enableTestExecutionListenerAutoRegistration(false).build());
  }

  @AfterAll
  static void close() {
    session.close();
  }

  private static LauncherDiscoveryRequestBuilder request() {
    return LauncherDiscoveryRequestBuilder.request().filters(includeEngines("junit-jupiter"))
        .configurationParameter(CitusCluster.PARAMETER, "true");
  }

  @TestFactory
  Stream<DynamicTest> whatIsPromisedHoldsOnCitus() {
    TestPlan plan = session.getLauncher().discover(request()
        .selectors(PACKAGES.stream().map(one -> selectPackage("io.keyhook." + one)).toList())
        .selectors(CLASSES.stream().map(one -> selectClass("io.keyhook." + one)).toList())
        .filters(includeClassNamePatterns(".*Test")).build());
    Stream<Class<?>> classes = plan.getRoots().stream().flatMap(root -> plan.getChildren(root).stream())
        .map(container -> ((ClassSource) container.getSource().orElseThrow()).getJavaClass());
    return classes.map(one -> DynamicTest.dynamicTest(one.getName(), () -> run(one)));
  }

  private static void run(Class<?> type) {
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    session.getLauncher().execute(request().selectors(selectClass(type)).build(), listener);
    TestExecutionSummary summary = listener.getSummary();
    StringWriter failures = new StringWriter();
    summary.printFailuresTo(new PrintWriter(failures), 20);
    System.out.printf("On Citus: %s, %d tests succeeded %s%n", type.getSimpleName(), summary.getTestsSucceededCount(), failures);
    assertThat(failures.toString()).isEmpty();
  }
}
