package io.keyhook.bus;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** Why a request was not carried out: all that a caller can be told, and nothing else. */
public sealed interface Failure {
  /** Stable, for programs. */
  String code();

  /** For people: what is wrong and what to do. */
  String message();

  /** One bad field; {@code field} is its name in the request. */
  record FieldError(String field, String message) {}

  /**
   * Bad input, with every field that is wrong.
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

  /** Nobody is logged in with this cookie, or no longer. */
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

  /** The caller is known, and may not. */
  record Forbidden(String code, String message) implements Failure {}

  record NotFound(String message) implements Failure {
    @Override
    public String code() {
      return "NOT_FOUND";
    }
  }

  /** The thing is in a state that the request cannot work on. */
  record Conflict(String code, String message) implements Failure {}

  /** The request is well-formed and contradicts one that was carried out. */
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

  /** The database is away or too much is waiting. Nothing was done, or it is not known; the request may be repeated. */
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

  /** A defect of ours; the log has the cause. */
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
