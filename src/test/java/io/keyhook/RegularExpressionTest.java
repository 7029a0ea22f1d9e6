package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.lang.reflect.Field;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every regular expression that sees input from outside takes linear time: it is a constant, its unbounded quantifiers are
 * possessive, and one that has any is matched from the start, for a search begins again at every character.
 */
@AnalyzeClasses(packages = "io.keyhook", importOptions = ImportOption.DoNotIncludeTests.class)
class RegularExpressionTest {
  /** What these read, whoever runs the node has written, or it is part of the program. */
  private static final String[] INSIDE = {"io.keyhook.config..", "io.keyhook.db.."};
  private static final Set<String> OWN_PAGES = Set.of("io.keyhook.http.WebFiles", "io.keyhook.http.GuideFrame",
      "io.keyhook.http.VerificationCode");
  private static final Set<String> SEARCHES = Set.of("find", "results", "replaceAll", "replaceFirst", "split", "splitAsStream",
      "asPredicate", "hitEnd");
  /** An escape, a class of characters, or a quantifier without a bound, with the plus that makes it possessive. */
  private static final Pattern TOKEN = Pattern.compile(
      "\\\\[pP]\\{[^}]*\\}|\\\\.|\\[(?:\\\\.|[^\\]\\\\])+\\]|(?<unbounded>[*+]|\\{\\d+,\\})(?<possessive>\\+?)");

  @ArchTest
  static final ArchRule noneIsHiddenInAMethodOfString = ArchRuleDefinition.noClasses()
      .that().resideOutsideOfPackages(INSIDE).should().callMethod(String.class, "matches", String.class)
      .orShould().callMethod(String.class, "replaceAll", String.class, String.class)
      .orShould().callMethod(String.class, "replaceFirst", String.class, String.class)
      .orShould().callMethod(Pattern.class, "matches", String.class, CharSequence.class);

  @ArchTest
  static final ArchRule eachIsAConstant = ArchRuleDefinition.noClasses().that().resideOutsideOfPackages(INSIDE)
      .should().accessTargetWhere(DescribedPredicate.describe("compiles a regular expression outside of a constant",
          (JavaAccess<?> access) -> access.getTargetOwner().isEquivalentTo(Pattern.class)
              && access.getName().equals("compile") && !access.getOrigin().getName().equals("<clinit>")));

  @ArchTest
  static void eachIsLinear(JavaClasses classes) {
    classes.stream().filter(type -> !OWN_PAGES.contains(type.getName())
            && !type.getPackageName().equals("io.keyhook.config") && !type.getPackageName().equals("io.keyhook.db"))
        .forEach(type -> {
          boolean searches = type.getMethodCallsFromSelf().stream().map(call -> call.getTarget())
              .anyMatch(RegularExpressionTest::isSearch);
          type.getFields().stream().filter(field -> field.getRawType().isEquivalentTo(Pattern.class)
              && field.getModifiers().contains(JavaModifier.STATIC)).forEach(field ->
              assertThat(isLinear(pattern(field), searches)).as("%s, %s", field.getFullName(), pattern(field)).isTrue());
        });
  }

  private static boolean isSearch(AccessTarget.MethodCallTarget target) {
    return target.getOwner().getPackageName().equals("java.util.regex") && SEARCHES.contains(target.getName());
  }

  private static boolean isLinear(String pattern, boolean searches) {
    return TOKEN.matcher(pattern).results()
        .noneMatch(token -> token.group(1) != null && (searches || token.group(2).isEmpty()));
  }

  private static String pattern(JavaField field) {
    try {
      Field reflected = field.reflect();
      reflected.setAccessible(true);
      return ((Pattern) reflected.get(null)).pattern();
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({"a++b, true", "a+b, false", "a*, false", "a*+, true", "'a{2,}', false", "'a{2,}+', true", "'a{2,5}', true",
      "a?, true", "[a*+]x, true", "\\*\\+, true", "[\\]+]x, true", "(?:a++)*, false", "\\p{Cs}, true", ".*?b, false"})
  void aQuantifierThatGivesBackIsFound(String pattern, boolean linear) {
    assertThat(isLinear(pattern, false)).isEqualTo(linear);
  }

  @Test
  void aSearchHasNoQuantifierWithoutABound() {
    assertThat(isLinear("a++$", true)).isFalse();
    assertThat(isLinear("%(?![0-9]{2})", true)).isTrue();
  }
}
