package io.keyhook;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.sqlclient.Tuple;

/** The layout that DESIGN.md draws. */
@AnalyzeClasses(packages = "io.keyhook", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] DOMAINS =
      {"io.keyhook.account..", "io.keyhook.audit..", "io.keyhook.license..",
          "io.keyhook.webhook..", "io.keyhook.event..", "io.keyhook.target..", "io.keyhook.attempt..", "io.keyhook.delivery..",
          "io.keyhook.log..", "io.keyhook.stats.."};

  /** Statements take their parameters as tuples. */
  @ArchTest
  static final ArchRule onlyStoresSpeakSql = noClasses()
      .that().haveSimpleNameNotEndingWith("Store").and().doNotHaveSimpleName("Outbox")
      .and().resideOutsideOfPackage("io.keyhook.db..")
      .should().dependOnClassesThat().areAssignableTo(Tuple.class);

  @ArchTest
  static final ArchRule noHttpServerBelowHttp = noClasses().that().resideOutsideOfPackages("io.keyhook.http..")
      .should().dependOnClassesThat(DescribedPredicate.describe("are of an HTTP server", (JavaClass type) ->
          type.isAssignableTo(HttpServer.class) || type.isAssignableTo(HttpServerRequest.class)
              || type.isAssignableTo(HttpServerResponse.class)));

  @ArchTest
  static final ArchRule noWebBelowHttp = noClasses().that().resideInAnyPackage(DOMAINS)
      .should().dependOnClassesThat().resideInAnyPackage("io.vertx.ext.web..");

  @ArchTest
  static final ArchRule onlyAttemptsAreSent = noClasses().that().resideOutsideOfPackage("io.keyhook.attempt..")
      .should().dependOnClassesThat().areAssignableTo(HttpClient.class)
      .orShould().dependOnClassesThat().resideInAPackage("io.vertx.ext.web.client..");

  @ArchTest
  static final ArchRule packagesHaveNoCycles = slices().matching("io.keyhook.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule theBusKnowsNoDomain = noClasses().that().resideInAPackage("io.keyhook.bus..")
      .should().dependOnClassesThat().resideInAnyPackage(DOMAINS)
      .orShould().dependOnClassesThat().resideInAnyPackage("io.keyhook.http..", "io.keyhook.db..", "io.keyhook.config..");

  /** But for the one that looks for a program in PATH. */
  @ArchTest
  static final ArchRule onlyTheProcessReadsTheEnvironment = noClasses()
      .that().doNotHaveFullyQualifiedName("io.keyhook.Main")
      .and().doNotHaveFullyQualifiedName("io.keyhook.db.PostgresBinaries")
      .should().callMethod(System.class, "getenv").orShould().callMethod(System.class, "getenv", String.class);

  /** Several run in one process. */
  @ArchTest
  static final ArchRule thereIsNoGlobalState = fields().that().areStatic().and().areDeclaredInClassesThat()
      .resideInAPackage("io.keyhook..").should().beFinal().andShould().notHaveModifier(JavaModifier.VOLATILE);
}
