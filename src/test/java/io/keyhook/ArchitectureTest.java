package io.keyhook;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.lang.reflect.Field;
import java.util.Set;
import java.util.regex.Pattern;

/** The layout that DESIGN.md draws. */
@AnalyzeClasses(packages = "io.keyhook", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] DOMAINS =
      {"io.keyhook.account..", "io.keyhook.audit..", "io.keyhook.idempotency..", "io.keyhook.license..",
          "io.keyhook.webhook..", "io.keyhook.event..", "io.keyhook.target..", "io.keyhook.attempt..", "io.keyhook.delivery..",
          "io.keyhook.log..", "io.keyhook.signing..", "io.keyhook.listen..", "io.keyhook.testendpoint..", "io.keyhook.stats.."};

  /** Beside them, {@code db} has what all stores stand on: connections, migrations, partitions. */
  private static final DescribedPredicate<JavaClass> STORES = DescribedPredicate.describe("are stores", type ->
      type.getSimpleName().endsWith("Store") || type.getPackageName().equals("io.keyhook.db")
          || type.getEnclosingClass().map(ArchitectureTest::isStore).orElse(false));
  private static final Set<String> RUNNING = Set.of("query", "preparedQuery", "prepare");
  private static final Pattern STATEMENT = Pattern.compile(
      "\\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE|CREATE|ALTER|DROP|TRUNCATE|SET|LOCK|COPY|CALL)\\s");

  private static boolean isStore(JavaClass type) {
    return STORES.test(type);
  }

  /** Statements take their parameters as tuples. */
  @ArchTest
  static final ArchRule onlyStoresRunStatements = noClasses().that(DescribedPredicate.not(STORES))
      .should().dependOnClassesThat().areAssignableTo(Tuple.class)
      .orShould().callMethodWhere(DescribedPredicate.describe("runs a statement", (JavaMethodCall call) ->
          call.getTargetOwner().isAssignableTo(SqlClient.class) && RUNNING.contains(call.getName())))
      .orShould().dependOnClassesThat().resideInAPackage("java.sql..");

  @ArchTest
  static final ArchRule onlyStoresHoldSql = fields().that().areStatic().and().haveRawType(String.class)
      .and().areDeclaredInClassesThat(DescribedPredicate.not(STORES))
      .should(new ArchCondition<JavaField>("not hold a statement") {
        @Override
        public void check(JavaField field, ConditionEvents events) {
          events.add(new SimpleConditionEvent(
              field, !STATEMENT.matcher(constant(field)).lookingAt(), field.getFullName() + " holds SQL"));
        }
      });

  private static String constant(JavaField field) {
    try {
      Field constant = field.reflect();
      constant.setAccessible(true);
      return (String) constant.get(null);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  @ArchTest
  static final ArchRule noHttpServerBelowHttp = noClasses().that().resideOutsideOfPackages("io.keyhook.http..")
      .should().dependOnClassesThat(DescribedPredicate.describe("are of an HTTP server", (JavaClass type) ->
          type.isAssignableTo(HttpServer.class) || type.isAssignableTo(HttpServerRequest.class)
              || type.isAssignableTo(HttpServerResponse.class)));

  @ArchTest
  static final ArchRule noWebServerBelowHttp = noClasses().that().resideInAnyPackage(DOMAINS)
      .should().dependOnClassesThat(resideInAPackage("io.vertx.ext.web..")
          .and(DescribedPredicate.not(resideInAnyPackage("io.vertx.ext.web.client..", "io.vertx.ext.web.codec.."))));

  /** But for the client that sends attempts, the one that is a command, and the router that a host mounts. */
  @ArchTest
  static final ArchRule noHttpBelowHttp = noClasses()
      .that().resideOutsideOfPackages("io.keyhook.http..", "io.keyhook.attempt..", "io.keyhook.forward..")
      .and().doNotHaveFullyQualifiedName("io.keyhook.Keyhook")
      .and().doNotHaveFullyQualifiedName("io.keyhook.Deployment")
      .should().dependOnClassesThat().resideInAnyPackage("io.vertx.core.http..", "io.vertx.ext.web..", "java.net.http..")
      .orShould().dependOnClassesThat().resideInAPackage("io.keyhook.http..");

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
