package io.keyhook.bus;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Requests about the alerts that a team member receives by mail and Slack, and their responses. */
public interface Alerts {
  int SLACK_URL_BYTES = 2048;

  /** What an alert reports. The names are stored and public, so they never change. */
  enum Cause {
    WEBHOOK_FAILING("webhook.failing"),
    WEBHOOK_RECOVERED("webhook.recovered"),
    WEBHOOK_DEACTIVATED("webhook.deactivated"),
    LICENSE_EXPIRING("license.expiring"),
    PLAN_LIMIT("plan.limit");

    private final String wireName;

    Cause(String wireName) {
      this.wireName = wireName;
    }

    /** The name in the API and in the database. */
    public String wireName() {
      return wireName;
    }

    /** Returns empty if there is no cause of this name. */
    public static Optional<Cause> named(String wireName) {
      return Arrays.stream(values()).filter(cause -> cause.wireName.equals(wireName)).findAny();
    }

    /** Returns the names of all causes. */
    public static List<String> names() {
      return Arrays.stream(values()).map(Cause::wireName).toList();
    }
  }

  /** Reads the caller's settings. Fails with {@link Failure.Forbidden} (USER_ONLY) unless the caller is a user. */
  record Get(Caller caller) {}

  /**
   * The settings of a team member.
   *
   * @param causes by their names; empty: no alerts
   * @param mail whether alerts are sent to {@code email}
   * @param email of the team member
   * @param mailAvailable whether this server sends mail
   * @param slackHost of the URL that alerts are posted to; null: none
   */
  record Settings(List<String> causes, boolean mail, String email, boolean mailAvailable, String slackHost) {}

  /**
   * Changes the present fields of the caller's settings and leaves the others. Fails as {@link Get} does.
   *
   * @param causes each once; null: none
   * @param slackUrl of an incoming webhook, which is a secret; null: none
   */
  record Update(Caller caller, Field<List<String>> causes, Field<Boolean> mail, Field<String> slackUrl) {
    public Update {
      Check check = Check.that().text("slackUrl", slackUrl.value(), SLACK_URL_BYTES);
      if (causes.present()) {
        List<String> named = causes.value() == null ? List.of() : causes.value().stream().distinct().toList();
        check.is("causes", Cause.names().containsAll(named), "contains an unknown cause; choose from " + String.join(", ", Cause.names()));
        causes = Field.of(named);
      }
      check.kept("mail", mail).done();
    }

    /** Returns the names of the fields that are present. */
    public List<String> changed() {
      return Field.present(Map.of("causes", causes, "mail", mail, "slackUrl", slackUrl));
    }

    @Override
    public String toString() {
      return "Update[changed=" + changed() + "]";
    }
  }

  /** Sends a test message by each channel that the caller has turned on. Fails as {@link Get} does, and with CONFLICT if there is none. */
  record Test(Caller caller) {}

  /**
   * The outcome of a test.
   *
   * @param mail null: mail is off
   * @param slack null: no Slack URL is set
   */
  record TestResult(Outcome mail, Outcome slack) {}

  /**
   * @param error what went wrong, for people; null: nothing
   */
  record Outcome(boolean success, String error) {
    public static final Outcome SENT = new Outcome(true, null);

    public static Outcome failed(String error) {
      return new Outcome(false, error);
    }
  }
}
