package io.keyhook.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A test that reads plans, locks or versions of rows, or changes tables, as only a server can be asked that has all rows itself, or that
 * is about what no distributed database has. It does not run {@linkplain CitusCluster on Citus}.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OnlyOnPostgresql.Condition.class)
public @interface OnlyOnPostgresql {
  /** Disables it on Citus. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return CitusCluster.isWanted(context) ? ConditionEvaluationResult.disabled("It is not for Citus")
          : ConditionEvaluationResult.enabled("It is on PostgreSQL itself");
    }
  }
}
