package io.keyhook.bus;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** Why a request was not carried out. Contains only what a caller may see. */
public sealed interface Failure {
  /** The stable code, for programs. */
  String code();

  /** The message for people: what is wrong and how to fix it. */
  String message();

  /** An invalid field; {@code field} is its name in the request. */
  record FieldError(String field, String message) {}

  /**
   * Invalid input, with all invalid fields.
   *
   * @param errors 1 to {@value FieldErrors#MAX}, as {@link FieldErrors} collects them
   */
  record Invalid(List<FieldError> errors) implements Failure {
    public Invalid {
      errors = List.copyOf(errors);
      if (errors.isEmpty() || errors.size() > FieldErrors.MAX) {
        throw new IllegalArgumentException("An error has 1 to " + FieldErrors.MAX + " entries, not " + errors.size());
      }
    }

    @Override
    public String code() {
      return "INVALID_REQUEST";
    }

    @Override
    public String message() {
      return errors.stream().map(e -> e.field() + " " + e.message()).collect(Collectors.joining("; "));
    }
  }

  record Unauthorized(String message) implements Failure {
    @Override
    public String code() {
      return "UNAUTHORIZED";
    }
  }

  /** The cookie's session does not exist or has ended. */
  record SessionEnded() implements Failure {
    @Override
    public String code() {
      return "SESSION_ENDED";
    }

    @Override
    public String message() {
      return "The session has ended; log in";
    }
  }

  /** The caller is known, but has no permission. */
  record Forbidden(String code, String message) implements Failure {}

  record NotFound(String message) implements Failure {
    @Override
    public String code() {
      return "NOT_FOUND";
    }
  }

  /** The state of the resource does not allow the request. */
  record Conflict(String code, String message) implements Failure {}

  /** The request is well-formed, but contradicts an earlier one. */
  record Unprocessable(String code, String message) implements Failure {}

  record PlanUpgradeRequired(String message) implements Failure {
    @Override
    public String code() {
      return "PLAN_UPGRADE_REQUIRED";
    }
  }

  record PlanLimitReached(String message) implements Failure {
    @Override
    public String code() {
      return "PLAN_LIMIT_REACHED";
    }
  }

  record RateLimited(Duration retryAfter) implements Failure {
    @Override
    public String code() {
      return "RATE_LIMITED";
    }

    @Override
    public String message() {
      return "Too many requests; retry in " + retryAfter.toSeconds() + " s";
    }
  }

  /** The database is unavailable or the node is overloaded. Whether anything was done may be unknown; the caller can retry. */
  record Unavailable(String message) implements Failure {
    @Override
    public String code() {
      return "UNAVAILABLE";
    }
  }

  /** This installation lacks an optional library that the request needs. */
  record NotImplemented(String message) implements Failure {
    @Override
    public String code() {
      return "NOT_IMPLEMENTED";
    }
  }

  /** A defect in Keyhook; the log has the cause. */
  record Internal() implements Failure {
    @Override
    public String code() {
      return "INTERNAL_ERROR";
    }

    @Override
    public String message() {
      return "An internal error occurred; the server's log has the details";
    }
  }

  default FailureException exception() {
    return new FailureException(this, null);
  }
}
